"""Rows prepared one by one are those that the treatments made of the training data, and only what is read is asked for."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assay.checks.data.integrity import check as integrity
from assay.methods.preparing.preparation import Preparation, typed, wanted
from assay.methods.preparing.steps import made
from assay.treatments.data import decorrelate, impact, mask, pca, repair


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(3)
    sex = rng.choice(["Female", "Male"], 800)
    changes = rng.integers(0, 4, 800)
    flag = changes > 0
    flag[[3, 500, 700]] ^= True
    frame = pd.DataFrame(
        {
            "sex": sex, "pay": rng.normal(10, 2, 800) + 3 * (sex == "Male"), "hours": rng.normal(40, 5, 800), "changes": changes,
            "flag": flag, "mail": [f"u{i}@post.example" for i in range(800)],
        }
    )  # fmt: skip
    frame.loc[5, "pay"] = np.nan
    return frame


def _out(made_, work):
    return pq.read_table(work.store.path(made_.outputs["out"].digest))


def _learnt(made_, work):
    return json.loads(work.store.read(made_.outputs["fitted"].digest))["learnt"]


def _treated(name, table, work, frame):
    if name == "data.pca":
        found = pca.treat(table(frame), columns=("pay", "hours"), keep=("flag",), components=2, work=work)
        return found, _learnt(found, work), ["pc1", "pc2"], {"pay", "hours"}
    if name == "data.decorrelate":
        found = decorrelate.treat(table(frame), facet=("sex",), columns=("pay", "hours"), work=work)
        return found, _learnt(found, work), ["pay"], {"pay", "hours", "sex"}
    if name == "data.impact":
        found = impact.treat(table(frame), facet=("sex",), columns=("pay",), work=work)
        return found, _learnt(found, work), ["pay"], {"pay", "sex"}
    if name == "data.repair":
        report = integrity(table(frame), work=work)
        learnt = {"rules": report.data["rules"], "kinds": ["derived_flag"]}
        return repair.treat(table(frame), using=report, work=work), learnt, ["flag"], {"flag", "changes"}
    found = mask.treat(table(frame), columns=("mail",), method="partial", work=work)
    return found, {"plan": found.report.data["plan"]}, ["mail"], {"mail"}


@pytest.mark.parametrize("name", ["data.pca", "data.decorrelate", "data.impact", "data.repair", "data.mask"])
def test_a_row_by_itself_is_treated_as_training_treated_it(name, rows, table, work):
    found, learnt, reads, needs = _treated(name, table, work, rows)
    step = made(name, learnt)
    assert step.writes(set(reads) | {"other"}) == set(reads) and not step.writes({"other"})
    assert wanted([step], reads) == needs
    kinds = {"flag": "boolean", "changes": "integer", "sex": "text", "mail": "text"}
    columns = {n: kinds.get(n, "number") for n in rows if n in needs}
    ready = Preparation.from_bytes(Preparation(columns, tuple(reads), ((name, name, learnt),)).to_bytes())
    whole = _out(found, work)
    assert set(ready.touched) == needs
    for at in (0, 3, 5, 500, 799):
        row = pa.Table.from_pandas(rows[list(columns)].iloc[[at]], preserve_index=False)
        told = ready.apply(typed(row, columns))
        for column in reads:
            ours, theirs = told.column(column)[0].as_py(), whole.column(column)[at].as_py()
            assert ours == (pytest.approx(theirs, rel=1e-12) if isinstance(theirs, float) else theirs), (
                at,
                column,
            )


def test_steps_follow_one_another_and_what_is_not_read_is_not_asked_for(rows, table, work):
    first, learnt, *_ = _treated("data.decorrelate", table, work, rows)
    second = pca.treat(
        table(_out(first, work).to_pandas()), columns=("pay", "hours"), components=1, work=work
    )
    chain = [made("data.decorrelate", learnt), made("data.pca", _learnt(second, work))]
    assert wanted(chain, ["pc1"]) == {"pay", "hours", "sex"} and wanted(chain, ["flag"]) == {"flag"}
    columns = {"pay": "number", "hours": "number", "sex": "text"}
    steps = (("a", "data.decorrelate", learnt), ("b", "data.pca", _learnt(second, work)))
    told = Preparation(columns, ("pc1",), steps).apply(pa.Table.from_pandas(rows[list(columns)]))
    assert told.column("pc1").to_pylist() == pytest.approx(_out(second, work).column("pc1").to_pylist())


def test_values_take_the_types_that_training_had():
    given = pa.table({"n": ["3", "4"], "i": [1.0, 2.0], "b": [0, 1], "f": [1, 2]})
    told = typed(given, {"n": "number", "i": "integer", "b": "boolean", "f": "number"})
    assert [str(t) for t in told.schema.types] == ["double", "int64", "bool", "double"]
    with pytest.raises(ValueError, match="'n' holds no numbers"):
        typed(pa.table({"n": ["x"]}), {"n": "number"})
    with pytest.raises(ValueError, match="wants the column 'm'"):
        typed(given, {"m": "number"})


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{}", b'{"schema":"assay.preparation/2"}', b"[" * 100_000, b'{"schema":"assay.preparation/1",'
            b'"columns":[],"reads":[],"steps":[{"step":"a","treatment":"os.system","learnt":{}}],"blocked":[]}']
)  # fmt: skip
def test_what_is_no_preparation_is_refused(raw):
    with pytest.raises(ValueError):
        Preparation.from_bytes(raw)


def test_rules_that_are_kept_are_those_of_the_columns_at_hand(rows, table, work):
    _, learnt, _, _ = _treated("data.repair", table, work, rows)
    step = made("data.repair", learnt)
    wrong = pa.table({"changes": [2], "flag": [False], "pay": [1.0]})
    for columns, flag in ((["changes", "flag"], True), (["flag", "pay"], False), (["flag", "changes"], True)):
        assert step.apply(wrong.select(columns)).column("flag").to_pylist() == [flag]
