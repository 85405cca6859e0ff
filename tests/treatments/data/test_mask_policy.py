"""data.mask by a policy."""

from __future__ import annotations

import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assay.engines.secretkeys import SecretKey
from assay.kernel.errors import UsageError
from assay.kernel.severity import Severity
from assay.treatments.data import mask

KEY = SecretKey("tests", bytes(range(32)))
ROWS = 300


def column(table, name):
    return table.column(name).to_pylist()


def test_tables_masked_apart_still_join(masked, people):
    orders = pa.table(
        {
            "user": pa.array([str(k) for k in range(100)]),
            "email": [f"user{k}@mail.example" for k in range(100)],
        }
    )
    ids = people.select(["id", "email"])
    one, _ = masked("columns: {id: hash, email: {method: token, scope: person}}", ids)
    two, _ = masked("columns: {user: hash, email: {method: token, scope: person}}", orders)
    for left, right, a, b in (("id", "user", ids, orders), ("email", "email", ids, orders)):
        plain = pd.merge(
            a.to_pandas().astype({left: str}), b.to_pandas(), left_on=left, right_on=right, suffixes=("", "_")
        )
        joined = pd.merge(one.to_pandas(), two.to_pandas(), left_on=left, right_on=right, suffixes=("", "_"))
        assert len(joined) == len(plain) > 0
    other, _ = masked("columns: {user: hash, email: {method: token, scope: another}}", orders)
    assert not set(column(other, "email")) & set(column(one, "email"))
    thrown, report = masked("columns: {user: hash}", orders, key=None)
    assert not set(column(thrown, "user")) & set(column(two, "user"))
    assert "thrown away" in next(f.message for f in report.findings if f.rule == "data.mask.key")


def test_intervals_of_one_person_stay(masked, people):
    out, _ = masked("columns: {joined: {method: shift, by: id, days: 30}}")
    frame = out.to_pandas().assign(was=people.to_pandas().joined)
    moved = pd.to_datetime(frame.joined) - pd.to_datetime(frame.was)
    assert moved.groupby(frame.id).nunique().eq(1).all()
    assert moved.dt.days.abs().between(1, 30).all() and moved.nunique() > 20


def test_the_same_however_it_is_cut(masked, tmp_path, monkeypatch):
    from assay.engines.tables.handle import ArrowTable

    policy = "columns:\n  id: {method: fpe, digits: 9}\n  email: token\n  joined: {method: shift, by: id}\n  note: redact\n"
    policy += "  age: {method: noise, scale: 3}\n  city: {method: shuffle, window: 100}\n"
    whole, _ = masked(policy)
    plain = ArrowTable.batches
    monkeypatch.setattr(ArrowTable, "batches", lambda self, columns=None, size=0: plain(self, columns, 7))
    cut, _ = masked(policy)
    assert cut.to_pydict() == whole.to_pydict()
    thrown, report = masked("columns: {age: {method: noise, scale: 3}, city: shuffle}", key=None)
    assert {f.rule for f in report.findings if f.severity is Severity.LOW} == {"data.mask.seeded"}
    assert (
        thrown.to_pydict()
        == masked("columns: {age: {method: noise, scale: 3}, city: shuffle}", key=None)[0].to_pydict()
    )


def test_what_is_lost_and_what_still_shows(masked):
    out, report = masked(
        "columns:\n  age: {method: generalise, width: 20}\n  city: {method: generalise, prefix: 1}\n  email: hash\n"
        "  price: {method: round, to: 10}\n"
    )
    frame = out.select(["age", "city", "price"]).to_pandas()
    groups = frame.groupby(["age", "city", "price"]).size()
    assert report.metric("smallest_group").value == groups.min()
    assert report.metric("unique_share").value == round((groups == 1).sum() / ROWS, 6)
    assert report.metric("distinct_before", column="age").value == 60
    assert report.metric("distinct_after", column="age").value == frame.age.nunique()
    loss = report.data["loss"]
    assert loss["email"]["equal_stay_equal"] and not loss["email"]["reversible"]
    assert loss["email"]["distinct_before"] == loss["email"]["distinct_after"] == 90
    assert report.data["key"] == KEY.id and KEY.secret.hex() not in json.dumps(report.to_dict())


def test_few_values_are_told_apart_by_how_common_they_are(masked):
    _, report = masked("columns: {city: token, email: token}")
    assert [f.where["column"] for f in report.findings if f.rule == "data.mask.few_values"] == ["city"]


@pytest.mark.parametrize(
    ("unfit", "stands", "severity"),
    [("hide", "****", Severity.MEDIUM), ("null", None, Severity.MEDIUM), ("keep", "Wien", Severity.HIGH)],
)
def test_what_cannot_be_masked_is_never_passed_silently(masked, unfit, stands, severity):
    out, report = masked(f"columns: {{city: {{method: fpe, unfit: {unfit}}}}}")
    assert column(out, "city")[1] == stands
    assert report.metric("cells_not_masked", column="city").value == ROWS
    finding = next(f for f in report.findings if f.rule == "data.mask.unfit")
    assert finding.severity is severity and finding.count == ROWS
    out, report = masked(f"columns: {{id: {{method: fpe, unfit: {unfit}}}}}")  # ids of three digits
    assert column(out, "id")[3] == (1 if unfit == "keep" else None)


def test_unfit_stop_and_keep_beside_whole_numbers(masked):
    with pytest.raises(UsageError, match=r"policy.yaml:1.*cannot be masked"):
        masked("columns: {city: {method: fpe, unfit: stop}}")
    halves = pa.table({"x": [1.5, 2e7, None]})
    with pytest.raises(UsageError, match="unfit: null"):
        masked("columns: {x: {method: fpe, unfit: keep}}", halves)
    out, _ = masked("columns: {x: {method: fpe, unfit: null}}", halves)
    assert out.column("x").null_count == 2 and out.schema.field("x").type == pa.int64()


HOSTILE = [
    "",
    " ",
    "😀",
    "é" * 10,
    "a" * 100_000,
    "\x00",
    "\u202e12345678",
    "1" * 129,
    "NULL",
    None,
    "tok1_x",
    "<b>",
    "ÅÄÖ 12345678",
]


@pytest.mark.parametrize(
    "rule",
    ["keep", "full", "{method: full, length: true}", "partial", "{method: partial, last: 4}", "redact", "hash", "token", "fpe",
     "{method: fpe, alphabet: '0123456789abcdef', first: 1}", "{method: shift, by: x}", "{method: generalise, width: 5}",
     "{method: generalise, to: year}", "{method: generalise, prefix: 2}", "shuffle", "{method: pseudonym, kind: name}", "null"],
)  # fmt: skip
def test_hostile_values_go_through_every_method(masked, restored, rule):
    data = pa.table({"x": HOSTILE, "y": list(range(len(HOSTILE)))})
    out, report = masked(f"columns: {{x: {rule}}}", data)
    assert out.num_rows == len(HOSTILE) and column(out, "y") == column(data, "y")
    after = column(out, "x")
    if rule not in ("keep", "shuffle", "null"):
        assert after[9] is None  # a missing value stays missing
    if rule in ("hash", "token", "full"):
        assert not set(HOSTILE) & set(after) - {None}
    if rule == "token":
        back, _ = restored(out, using=report)
        assert column(back, "x") == HOSTILE
    if rule == "fpe":
        lost = report.metric("cells_not_masked", column="x").value
        assert lost == 10 and after[0] == "" and after.count("****") == 10  # `tok1_x` has the values


def test_a_hierarchy_that_the_policy_names(table, work, tmp_path, people):
    (tmp_path / "h.csv").write_text("Graz;Styria\nWien;Vienna\n", encoding="utf-8")
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        "key: tests\ncolumns: {city: {method: generalise, hierarchy: h.csv}}\n", encoding="utf-8"
    )
    assert mask.inputs_named({"policy": policy}) == {"hierarchies.h.csv": tmp_path / "h.csv", "key": "tests"}

    class File:
        root = tmp_path / "h.csv"

    made = mask.treat(table(people), policy=policy, hierarchies={"h.csv": File()}, work=work)
    out = pq.read_table(work.store.path(made.outputs["out"].digest))
    assert column(out, "city")[:3] == ["Styria", "Vienna", "****"]
    assert made.report.metric("cells_not_masked", column="city").value == 100


def test_it_needs_what_it_needs(masked):
    with pytest.raises(UsageError, match="needs? a key"):
        masked("columns: {email: token}", key=None)
    with pytest.raises(UsageError, match="--columns"):
        masked("columns: {email: hash}", columns=("email",))
    with pytest.raises(UsageError, match="no column 'idd'.*did you mean 'id'"):
        masked("columns: {joined: {method: shift, by: idd}}")
    with pytest.raises(UsageError, match="kind"):
        masked("columns: {city: pseudonym}")
