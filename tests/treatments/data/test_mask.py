from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.checks.data.pii import check
from assay.kernel.errors import UsageError
from assay.kernel.report import Coverage, Report
from assay.methods.masking import partial as masking
from assay.treatments.data.mask import treat

DATA = pd.DataFrame(
    {
        "id": [1, 2, 3, 4],
        "email": ["johndoe@email.com", "a@b.example", None, "johndoe@email.com"],
        "card": ["4111111111111111", "5555-5555-5555-4444", "378282246310005", None],
        "note": ["ask ann@x.example or 123-45-6789", "fine", None, "two: a@x.example b@y.example"],
    }
)
FOUND = Report.make(
    coverage=Coverage(4, 4),
    data={"columns": {"email": "email", "card": "card"}, "inside": {"note": ["email", "ssn"]}},
)


def masked(table, work, **options):
    made = treat(table(DATA), work=work, **options)
    frame = pd.read_parquet(work.store.path(made.outputs["out"].digest))
    return frame.astype(object).where(frame.notna(), None), made.report


def test_partial(table, work):
    out, report = masked(table, work, using=FOUND)
    assert out.email.tolist() == ["*******@email.com", "*@b.example", None, "*******@email.com"]
    assert out.card.tolist() == ["************1111", "****-****-****-4444", "***********0005", None]
    assert out.note.tolist() == [
        "ask ***@x.example or ***-**-6789",
        "fine",
        None,
        "two: *@x.example *@y.example",
    ]
    assert out.id.tolist() == [1, 2, 3, 4]
    assert report.metric("cells_masked", column="email").value == 3
    assert report.metric("cells_masked", column="note").value == 2
    assert report.metric("cells_masked").value == 8


def test_redact_hash_and_drop(table, work):
    out, _ = masked(table, work, using=FOUND, method="redact")
    assert out.email.tolist() == ["****", "****", None, "****"]
    out, _ = masked(table, work, using=FOUND, method="hash", keep=("card",))
    assert out.email.dropna().str.fullmatch("[0-9a-f]{16}").all()
    assert out.email[0] == out.email[3] != out.email[1]
    assert out.card.tolist() == [*DATA.card[:3], None]
    again, _ = masked(table, work, using=FOUND, method="hash")
    assert again.email[0] != out.email[0]
    out, report = masked(table, work, using=FOUND, method="drop")
    assert list(out.columns) == ["id"]
    assert report.data["dropped"] == ["email", "card", "note"]


@pytest.mark.parametrize("method", ["partial", "redact", "hash", "full"])
def test_names_and_addresses_that_pii_finds_in_notes_are_hidden(table, work, method):
    notes = [f"Order {n} arrived late, said the driver" for n in range(50)]
    notes[3] = "Please ring Anna Kowalczyk about the refund; she lives at 12 Rue de la Paix, 75002 Paris"
    notes[9] = "Frau Dr. Zwiggelaar hat angerufen, bitte Herrn Özdemir informieren"
    data = table(pd.DataFrame({"note": notes}))
    found = check(data, work=work)
    assert found.data["inside"] == {"note": ["name", "address"]}
    made = treat(data, using=found, method=method, work=work)
    out = pd.read_parquet(work.store.path(made.outputs["out"].digest)).note.tolist()
    words = ("Anna", "Kowalczyk", "Paix", "75002", "Paris", "Zwiggelaar", "Özdemir")
    assert not [w for w in words if w in " ".join(out)], out
    assert out[0] == notes[0]
    assert "about the refund" in out[3] and "hat angerufen" in out[9]


def test_named_columns_and_none(table, work):
    out, _ = masked(table, work, columns=("id",))
    assert out.id.tolist() == ["****"] * 4
    out, report = masked(table, work)
    assert report.findings[0].rule == "data.mask.unchanged"
    assert out.email.dropna().tolist() == DATA.email.dropna().tolist()
    with pytest.raises(UsageError):
        masked(table, work, using=Report.make(coverage=Coverage(1, 1)))
    with pytest.raises(UsageError):
        masked(table, work, columns=("id", "email", "card", "note"), method="drop")


def test_what_was_masked_is_not_found_again(table, work):
    data = pd.DataFrame({"email": [f"person{i}@mail.example" for i in range(50)]})
    opened = table(data)
    made = treat(opened, using=check(opened, work=work), work=work)
    again = table(pd.read_parquet(work.store.path(made.outputs["out"].digest)))
    assert check(again, work=work).findings == ()


@given(st.text(max_size=60))
def test_partial_masks_take_any_text_and_never_say_more_than_they_may(text):
    for kind, mask in masking.PARTIAL.items():
        out = mask(text)
        assert isinstance(out, str)
        if kind in ("card", "phone", "ssn"):
            assert sum(c.isdigit() for c in out) <= 4
            assert not any(c.isalpha() for c in out)
        if kind == "email" and "@" in text:
            assert set(out.rpartition("@")[0]) <= {"*"}
