from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import assay
from assay.checks.data.pii import check
from assay.kernel.errors import Missing
from assay.kernel.severity import Severity
from assay.methods.recognise.digits import luhn
from assay.treatments.data.mask import treat

EXAMPLES = Path(assay.__file__).parent / "examples"


def kinds(report, least=Severity.LOW):
    return {
        f.where["column"]: f.rule.removeprefix("data.pii.") for f in report.findings if f.severity >= least
    }


def card(rng):
    body = "4" + "".join(rng.choice(list("0123456789"), 14))
    return next(body + str(d) for d in range(10) if luhn(body + str(d)))


def people(n=300):
    rng = np.random.default_rng(0)
    first = rng.choice(["Maria", "John", "Ahmed", "Ingrid", "Wei", "Zorblax"], n)
    last = rng.choice(["Garcia", "Smith", "Okafor", "Lindqvist", "Zhang"], n)
    ssn = [f"{rng.integers(100, 600)}-{rng.integers(10, 99)}-{rng.integers(1000, 9999)}" for _ in range(n)]
    return pd.DataFrame(
        {
            "who": [
                f"{a} {i % 7} {b}" if False else f"{a} {b}"
                for i, (a, b) in enumerate(zip(first, last, strict=True))
            ],
            "first_name": first,
            "last_name": last,
            "contact": [
                f"{a}.{b}{i}@mail.example.org" for i, (a, b) in enumerate(zip(first, last, strict=True))
            ],
            "mobile": [f"+44 20 79{i:02d} {i:04d}" for i in rng.integers(10, 99, n)],
            "tel": [
                f"({rng.integers(200, 999)}) {rng.integers(200, 999)}-{rng.integers(1000, 9999)}"
                for _ in range(n)
            ],
            "fax": [f"0{rng.integers(30, 99)} {rng.integers(100000, 999999)}" for _ in range(n)],
            "pay": [card(rng) for _ in range(n)],
            "pay_spaced": [
                " ".join(c[i : i + 4] for i in range(0, 16, 4)) for c in (card(rng) for _ in range(n))
            ],
            "account": ["DE89370400440532013000"] * n,
            "social": ssn,
            "ip": [f"10.{a}.{b}.{c}" for a, b, c in rng.integers(0, 255, (n, 3))],
            "ip6": [f"2001:db8::{a:x}" for a in rng.integers(1, 65000, n)],
            "device": [":".join(f"{b:02x}" for b in row) for row in rng.integers(0, 255, (n, 6))],
            "home": [
                f"{i} Oak Hill {s}"
                for i, s in zip(rng.integers(1, 900, n), rng.choice(["Street", "Ave."], n), strict=True)
            ],
            "birth_date": pd.Timestamp("1960-01-01") + pd.to_timedelta(rng.integers(0, 9000, n), "D"),
            "note": [
                "call me at bob@example.com please" if i % 50 == 0 else "nothing to say" for i in range(n)
            ],
        }
    )


def decoys(n=300):
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "order_number": rng.integers(4 * 10**15, 5 * 10**15, n),
            "sku": [f"{rng.integers(100, 999)}-{rng.integers(1000, 9999)}" for _ in range(n)],
            "day": [
                f"20{rng.integers(10, 24)}-{rng.integers(1, 12):02d}-{rng.integers(1, 28):02d}"
                for _ in range(n)
            ],
            "clock": [
                f"{rng.integers(0, 23):02d}:{rng.integers(0, 59):02d}:{rng.integers(0, 59):02d}"
                for _ in range(n)
            ],
            "version": [f"{a}.{b}.{c}.{d}" for a, b, c, d in rng.integers(0, 9, (n, 4))],
            "amount": [f"{x:.2f}" for x in rng.random(n) * 10000],
            "city": rng.choice(
                ["San Jose", "Santa Rosa", "Austin", "Paris", "Charlotte", "Jackson", "Berlin"], n
            ),
            "product_name": rng.choice(["Blue Chair", "Oak Table", "Desk Lamp", "Office Chair"], n),
            "millis": rng.integers(1_500_000_000_000, 1_700_000_000_000, n),
            "nanos": rng.integers(15 * 10**17, 17 * 10**17, n),
            "uuid": [
                f"{a:08x}-{b:04x}-4000-8000-{c:012x}" for a, b, c in rng.integers(0, 2**31, (n, 3)) % 65536
            ],
            "handle": [f"@user{i}" for i in range(n)],
            "path": [f"/srv/{i}/a@b" for i in range(n)],
            "price": rng.random(n) * 1e6,
            "country": rng.choice(["Georgia", "Jordan", "Chad", "Peru"], n),
        }
    )


def test_bookings_exactly(table, work):
    report = check(table(EXAMPLES / "bookings" / "bookings.csv.gz"), work=work)
    expected = {"name": "name", "email": "email", "phone_number": "phone", "credit_card": "card"}
    assert kinds(report) == report.data["columns"] == expected
    assert {f.severity for f in report.findings} == {Severity.MEDIUM}
    assert report.coverage.complete


def test_adult_has_none_but_race(table, work):
    report = check(table(EXAMPLES / "income" / "adult.csv.gz"), work=work)
    assert report.data["columns"] == kinds(report) == {"race": "ethnicity"}
    assert report.findings[0].refs == ("GDPR:9",)
    assert report.findings[0].severity == Severity.MEDIUM  # nobody is named beside it


def test_every_kind_is_found(table, work):
    report = check(table(people()), work=work)
    assert report.data["columns"] == {
        "who": "name", "first_name": "name", "last_name": "name", "contact": "email", "mobile": "phone",
        "tel": "phone", "fax": "phone", "pay": "card", "pay_spaced": "card", "account": "iban", "social": "ssn",
        "ip": "ip", "ip6": "ip", "device": "mac", "home": "address", "birth_date": "birth_date",
    }  # fmt: skip
    assert report.data["inside"] == {"note": ["email"]}
    note = next(f for f in report.findings if f.where["column"] == "note")
    assert (note.severity, note.count) == (Severity.LOW, 6)


def test_decoys_are_left_alone(table, work):
    assert kinds(check(table(decoys()), work=work)) == {}


def test_no_value_is_shown(table, work):
    data = people()
    said = json.dumps(check(table(data), work=work).to_dict())
    for column in ("contact", "pay", "social", "who", "home"):
        assert not any(str(v) in said for v in data[column])


def test_cards_beside_nulls_read_as_floats(table, work):
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"pay": [float(card(rng)) if i % 3 else None for i in range(100)]})
    opened = table(data)
    report = check(opened, work=work)
    assert report.data["columns"] == {"pay": "card"}
    made = treat(opened, using=report, work=work)
    masked = pd.read_parquet(work.store.path(made.outputs["out"].digest)).pay
    assert masked.dropna().str.fullmatch(r"\*{12}\d{4}").all()
    assert masked.isna().sum() == 34


def test_odd_tables(table, work):
    data = pd.DataFrame(
        {
            "none": pd.Series([None] * 5, dtype="str"),
            "long": ["x" * 20_000 + "a@b.example"] * 5,
            "blob": [b"a"] * 5,
            "emoji 😀": ["😀@😀", "a@", "@b", "", " "],
        }
    )
    report = check(table(data), work=work)
    assert kinds(report) == {}
    assert {s.what for s in report.coverage.skipped} == {"column blob", "column long"}
    empty = check(table(pd.DataFrame({"email": pd.Series([], dtype="str")})), work=work)
    assert empty.findings == ()
    with pytest.raises(Missing):
        check(table(data), columns=("nosuch",), work=work)


def test_hostile_texts_take_no_time(table, work):
    import time

    texts = [
        "a@" * 5000,
        "1" * 10_000,
        "1 " * 5000,
        ("1-" * 5000),
        "A" * 10_000,
        "9.9" * 3000,
        "0:" * 5000,
        "1 a " * 2500,
    ]
    started = time.process_time()
    check(table(pd.DataFrame({"phone address": texts * 5, "t": texts * 5})), work=work)
    assert time.process_time() - started < 5


def test_a_sample_says_what_it_may_miss(table, work):
    data = pd.DataFrame({"mail": [f"user{k}@example.org" for k in range(5_000)], "n": range(5_000)})
    report = check(table(data), sample=1_000, work=work)
    assert report.data["columns"] == {"mail": "email"}
    assert not report.coverage.complete
    assert (report.coverage.examined, report.coverage.of) == (1_000, 5_000)
    missed = report.metric("miss_probability", share=0.001).value
    assert missed == pytest.approx(0.999**1_000)
    assert 1 - (1 - report.metric("share_found_at_95").value) ** 1_000 == pytest.approx(0.95)
    again = check(table(data), sample=1_000, work=work)
    assert again.metrics == report.metrics
    assert check(table(data), sample=9_999, work=work).coverage.complete


def test_a_sample_misses_no_more_often_than_it_says(table, work):
    rng = np.random.default_rng(0)
    share, drawn, total = 0.01, 100, 2_000
    holds = np.arange(total) < share * total
    missed = sum(not holds[rng.choice(total, drawn, replace=False)].any() for _ in range(2_000)) / 2_000
    assert missed <= (1 - share) ** drawn + 0.03


def test_special_categories_beside_a_name_are_grave(table, work):
    names = [f"{a} {b}" for a in ("Maria", "John", "Ahmed") for b in ("Garcia", "Smith", "Khan", "Jones")]
    faith = ["Catholic", "Muslim", "Jewish", "Hindu"] * 3
    alone = check(table(pd.DataFrame({"religion": faith})), work=work)
    assert alone.findings[0].severity == Severity.MEDIUM
    both = check(table(pd.DataFrame({"patient": names, "religion": faith})), work=work)
    found = {f.rule: f for f in both.findings}
    assert found["data.pii.religion"].severity == Severity.HIGH
    assert found["data.pii.religion"].refs == ("GDPR:9",)


@pytest.mark.slow
def test_every_kind_can_be_masked(table, work):
    import sys

    sys.path.insert(0, str(Path(__file__).parents[2]))
    from labelled import looked_at
    from labelled.measure import tables

    for data in tables(looked_at(rows=15)).values():
        opened = table(data)
        report = check(opened, work=work)
        if report.data["columns"]:
            made = treat(opened, using=report, work=work)
            masked = pd.read_parquet(work.store.path(made.outputs["out"].digest))
            for column, kind in report.data["columns"].items():
                if kind == "birth_date":  # of which the year stays
                    continue
                before = [str(v) for v in data.column(column).to_pylist() if v not in (None, "", "-", "n/a")]
                after = {str(v) for v in masked[column].dropna()}
                left = [v for v in before if v in after]
                assert len(left) <= 0.2 * len(before), column


def test_what_an_allow_list_takes_out_is_told_and_all_of_it_is_incomplete(table, work, tmp_path):
    data = {
        "mail": [f"u{k}@x.example" for k in range(30)],
        "who": ["Anna Smith", "Bob Jones", "Eve Brown"] * 10,
    }
    allow = tmp_path / "allow.yaml"
    allow.write_text("allow: {columns: [who], values: [u1@x.example]}")
    report = check(table(pa.table(data)), allow=allow, work=work)
    said = [f.message for f in report.findings if f.rule == "data.pii.allowed"]
    assert said == [
        "The allow list takes out columns who and 1 values of 1 columns; they were not looked at."
    ]
    assert report.coverage.complete
    for text in ("allow: {patterns: ['.+']}", "allow: {columns: ['*']}"):
        allow.write_text(text)
        report = check(table(pa.table(data)), allow=allow, work=work)
        assert not report.coverage.complete
        assert report.coverage.skipped[0].why == "the allow list leaves nothing to look at"


def test_a_table_without_a_header_row_is_told_of(table, work):
    data = pa.table({"ann@x.example": ["bob@x.example"] * 5, "+44 20 7946 0123": ["x"] * 5, "n": range(5)})
    (found,) = [f for f in check(table(data), work=work).findings if f.rule == "data.pii.header"]
    assert found.message == "2 columns are named as values are (email, phone); is there no header row?"
    assert "x.example" not in found.message and not found.where


def test_identifiers_that_stand_often_in_many_texts_take_little_time(table, work, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text("identifiers: {pair: {pattern: '[0-9]{2}'}}")
    data = pa.table({"note": [f"at 10:20 on 2024-01-02 order {k:06d}" for k in range(5_000)]})
    began = time.process_time()
    report = check(table(data), identifiers=own, work=work)
    assert time.process_time() - began < 3
    assert [(f.rule, f.count) for f in report.findings] == [("data.pii.pair", 5_000)]
