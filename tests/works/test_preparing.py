"""Which treatments of a model's training data its package carries, and which keep it from being deployed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from assay.engines import tables
from assay.kernel.report import Coverage, Report
from assay.kernel.verdict import Gate, Verdict
from assay.treatments.data import mask, pca
from assay.works.bench import Bench
from assay.works.done import Done
from assay.works.preparing import prepared
from assay.works.step import Ref, Step

FRAME = pd.DataFrame(
    {
        "a": [1.0, 2, 4, 8],
        "b": [2.0, 1, 5, 9],
        "mail": [f"u{i}@post.example" for i in range(4)],
        "good": [0, 1, 0, 1],
    }
)


@pytest.fixture
def behind(tmp_path, table, work):
    """Return the preparation of a model behind one treatment of raw.parquet. columns: what training then saw."""
    FRAME.to_parquet(tmp_path / "raw.parquet")
    raw = replace(tables.pin(str(tmp_path / "raw.parquet")), name="raw")
    bench = Bench(work.store, tmp_path)

    def made(uses, *, data=None, outputs=None, columns=tuple(FRAME), params=None, reads=()):
        path = tmp_path / "seen.parquet"
        pd.DataFrame({c: FRAME[c] if c in FRAME else FRAME["a"] for c in columns}).to_parquet(path)
        seen = tables.pin(str(path))
        report = Report.make(coverage=Coverage(4, 4), data=data or {})
        place = Path("assay.yaml"), 1
        treated = Step("t", "treat", uses, place, inputs={"table": Ref("raw")}, params=params or {})
        held = {"out": seen, **(outputs or {})}
        one = Done(treated, "pass", outputs=held, inputs={"table": raw}, verdict=Verdict(report, Gate()))
        train = Step("m", "train", "train", place, inputs={"train": Ref("t")})
        maker = Done(train, "pass", inputs={"train": seen})
        return prepared(maker, {"t": one, "m": maker}, bench, reads, ("good",))

    return made


def test_what_was_fitted_is_carried_and_asked_for_by_its_raw_columns(behind, table, work):
    fitted = pca.treat(table(FRAME), columns=("a", "b"), components=1, work=work).outputs["fitted"]
    found = behind("data.pca", outputs={"fitted": fitted}, columns=("pc1", "good"))
    assert list(found.preparation.columns) == ["a", "b"] and found.preparation.reads == ("pc1",)
    assert not found.preparation.blocked and "applies t (data.pca) to each row" in found.said


def test_what_only_chooses_rows_or_columns_or_changes_what_is_not_read_is_left_out(behind, table, work):
    assert behind("data.split") is None and behind("data.drop", columns=("a", "good")) is None
    plan = mask.treat(table(FRAME), columns=("mail",), work=work).report.data["plan"]
    assert behind("data.mask", data={"plan": plan}, reads=("a", "b")) is None
    assert behind("data.mask", data={"plan": plan}, reads=("a", "mail")).preparation.columns == {
        "a": "number",
        "mail": "text",
    }


def test_what_looks_at_other_rows_or_under_a_key_blocks_where_the_model_reads_it(behind, table, work):
    (said,) = behind("data.kanonymity").preparation.blocked
    assert (
        said
        == "t (data.kanonymity) looks at more than one row, and the model reads what it writes: a, b, mail"
    )
    plan = mask.treat(table(FRAME), columns=("mail",), method="hash", work=work).report.data["plan"]
    found = behind("data.mask", data={"plan": plan}, reads=("a", "mail"))
    assert "under a key" in found.preparation.blocked[0] and "cannot be deployed" in found.said
    assert behind("data.mask", data={"plan": plan}, reads=("a",)) is None
