"""What is seen of a table while it is open, beside pandas; and what is never kept of it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from assay.engines.tables import describing
from assay.engines.tables.describing import describe


def test_it_says_what_pandas_says(table):
    lot = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "n": lot.normal(size=300),
            "i": lot.integers(0, 9, 300),
            "t": [None if k % 7 == 0 else f"person {k % 11}" for k in range(300)],
            "b": lot.random(300) < 0.5,
            "d": pd.date_range("2026-01-01", periods=300),
        }
    )
    frame.loc[::10, "n"] = np.nan
    told = describe(table(frame))
    assert told["rows"] == 300 and told["profiled"]
    columns = {c["name"]: c for c in told["columns"]}
    for name in ("n", "i"):
        assert np.isclose([columns[name][k] for k in ("min", "max", "mean")], [frame[name].min(), frame[name].max(), frame[name].mean()]).all()  # fmt: skip
    assert (
        columns["n"]["missing"] == frame["n"].isna().sum()
        and columns["t"]["missing"] == frame["t"].isna().sum()
    )
    assert abs(columns["i"]["values"] - 9) <= 1 and columns["b"]["values"] == 2
    assert (columns["t"]["shortest"], columns["t"]["longest"]) == (8, 9)
    assert columns["d"]["min"].startswith("2026-01-01") and columns["d"]["max"].startswith("2026-10-27")
    assert "person" not in json.dumps(told)  # no text of a row is kept


def test_infinity_counts_for_no_end_and_the_whole_is_json(table):
    told = describe(table(pd.DataFrame({"x": [1.0, np.inf, -np.inf, np.nan, 3.0]})))
    column = told["columns"][0]
    assert (column["min"], column["max"], column["mean"]) == (1.0, 3.0, 2.0)
    json.dumps(told, allow_nan=False)


def test_of_very_many_cells_only_names_and_types_are_told(table, monkeypatch):
    monkeypatch.setattr(describing, "MOST_CELLS", 5)
    told = describe(table(pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})))
    assert told["columns"] == [{"name": "a", "type": "integer"}, {"name": "b", "type": "text"}]
    assert "more than 5 cells" in told["skipped"] and "profiled" not in told


def test_of_very_many_columns_the_rest_are_counted(table, monkeypatch):
    monkeypatch.setattr(describing, "MOST_COLUMNS", 12)
    monkeypatch.setattr(describing, "_AT_ONCE", 5)
    told = describe(table(pd.DataFrame({f"c{i}": [i] for i in range(15)})))
    assert [c["min"] for c in told["columns"]] == list(map(float, range(12))) and told["left_out"] == 3


def test_no_row_at_all(table):
    told = describe(table(pd.DataFrame({"a": pd.Series([], dtype=float)})))
    assert told["rows"] == 0 and told["columns"][0] == {
        "name": "a",
        "type": "number",
        "missing": 0,
        "values": 0,
    }
