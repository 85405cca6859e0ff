"""data.unmask after data.mask."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest

from assay.engines.secretkeys import SecretKey
from assay.kernel.errors import Refused, UsageError
from assay.kernel.report import Coverage, Report
from assay.kernel.severity import Severity

KEY = SecretKey("tests", bytes(range(32)))
OTHER = SecretKey("other", bytes(32))
POLICY = """
columns:
  id: {method: fpe, digits: 9}
  email: {method: token, scope: person}
  card: {method: fpe, alphabet: digits}
  joined: {method: shift, by: id, days: 60}
  seen: {method: shift, by: id, days: 60}
  price: token
  note: {method: redact, as: token}
"""


def column(table, name):
    return table.column(name).to_pylist()


def test_what_the_key_masks_it_turns_back_to_the_last_type(masked, restored, people):
    out, report = masked(POLICY)
    for name in ("id", "card", "joined", "seen", "price"):
        assert all(a != b for a, b in zip(column(out, name), column(people, name), strict=True)), name
    assert not set(column(out, "email")) & set(column(people, "email")) - {None}
    back, said = restored(out, using=Report.from_dict(json.loads(json.dumps(report.to_dict()))))
    assert {n: column(back, n) for n in people.column_names} == {
        n: column(people, n) for n in people.column_names
    }
    assert back.schema.field("price").type == people.schema.field("price").type
    assert said.metric("cells_restored").value > 0 and not said.metric("cells_not_masked", column="id").value
    assert {f.rule for f in said.findings} == {"data.unmask.restored"}
    again, said = restored(out, policy=POLICY)
    assert column(again, "joined") == column(people, "joined")
    assert column(again, "price") == [str(p) for p in column(people, "price")]


def test_another_key_is_refused(masked, restored, people):
    out, report = masked(POLICY)
    with pytest.raises(Refused, match=KEY.id):
        restored(out, OTHER, using=report)
    with pytest.raises(Refused, match="not the key"):
        restored(out, OTHER, policy=POLICY)
    with pytest.raises(Refused, match="not the key"):
        restored(out, policy=POLICY.replace("scope: person", "scope: people"))
    with pytest.raises(UsageError, match="--key"):
        restored(out, None, policy=POLICY)
    formats = "columns:\n  id: {method: fpe, digits: 9}\n"
    wrong, said = restored(out, OTHER, policy=formats)  # nothing in a number can tell
    assert column(wrong, "id") != column(people, "id")
    assert [f.rule for f in said.findings if f.severity is Severity.MEDIUM] == ["data.unmask.unsure"]


@pytest.mark.parametrize(
    "kind",
    [pa.bool_(), pa.uint64(), pa.float32(), pa.date32(), pa.timestamp("ns", "UTC"), pa.decimal128(12, 3)],
)
def test_tokens_of_any_type_come_back(masked, restored, kind):
    values = {
        pa.bool_(): [True, False, None], pa.uint64(): [0, 2**64 - 1, None], pa.float32(): [1.5, -3.0, None],
        pa.date32(): [dt.date(1980, 5, 17), None], pa.decimal128(12, 3): [Decimal("1.500"), None],
    }.get(kind, [pd.Timestamp("2001-02-03 04:05:06.789", tz="UTC"), None])  # fmt: skip
    data = pa.table({"x": pa.array(values, kind)})
    out, report = masked("columns: {x: token}", data)
    back, _ = restored(out, using=report)
    assert column(back, "x") == column(data, "x")


def test_no_rows(masked, restored, people):
    out, report = masked(POLICY, people.slice(0, 0))
    assert out.num_rows == 0 and out.column_names == people.column_names
    back, _ = restored(out, using=report)
    assert back.num_rows == 0


def test_dates_whose_subject_is_gone_cannot_come_back(masked, restored):
    policy = "columns:\n  id: hash\n  joined: {method: shift, by: id}\n"
    out, report = masked(policy)
    with pytest.raises(UsageError, match="masked by hash"):
        restored(out, using=report)
    out, report = masked(policy.replace("hash", "drop"))
    assert "id" not in out.column_names
    with pytest.raises(UsageError, match="drop|not in the table"):
        restored(out, using=report)


def test_it_needs_what_it_needs(restored, people):
    with pytest.raises(UsageError, match="--policy"):
        restored(people)
    with pytest.raises(UsageError, match="no plan"):
        restored(people, using=Report.make(coverage=Coverage(1, 1), data={"plan": {"x": {}}, "key": KEY.id}))


def test_tokens_that_are_not_to_be_linked(masked, restored, people):
    out, report = masked("columns: {email: {method: token, equal: false}}")
    tokens = [t for t in column(out, "email") if t is not None]
    assert len(set(tokens)) == len(tokens)
    loss = report.data["loss"]["email"]
    assert not loss["equal_stay_equal"] and loss["reveals"] == "length" and loss["reversible"]
    assert column(restored(out, using=report)[0], "email") == column(people, "email")
