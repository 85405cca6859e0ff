from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from assay.methods.monitor.statistics import Statistics, counted, read


def column(values, *more):
    return counted("x", [pa.array(values), *map(pa.array, more)])


def test_numbers_are_what_pandas_says_of_them():
    random = np.random.default_rng(2)
    values = random.normal(3, 2, 5_000)
    parts = [pa.array(list(values[:2_000]) + [None] * 7), pa.array(values[2_000:])]
    found, series = counted("x", parts), pd.Series(values)
    assert (found.inferred, found.present, found.missing) == ("Fractional", 5_000, 7)
    assert found.mean == pytest.approx(series.mean()) and found.total == pytest.approx(series.sum())
    assert found.deviation == pytest.approx(series.std(ddof=0))
    assert (found.least, found.most) == (series.min(), series.max())
    counts, edges = np.histogram(values, 10)
    assert [b[2] for b in found.buckets] == counts.tolist()
    assert [b[0] for b in found.buckets] == pytest.approx(edges[:-1].tolist())
    assert found.completeness == pytest.approx(5_000 / 5_007)


def test_the_upper_bound_belongs_to_the_last_bucket_alone():
    found = column(list(range(11)))
    assert found.buckets == [(float(i), float(i + 1), 2 if i == 9 else 1) for i in range(10)]
    assert column([4, 4]).buckets == [(4.0, 4.0, 2)]


def test_types_are_inferred_and_how_many_values_fit_each():
    assert column([1, 2, None]).inferred == "Integral"
    mixed = column([1.0, 2.5, 3.0, 4.0])
    assert (mixed.inferred, mixed.matches["Integral"]) == ("Fractional", 0.75)
    assert column([1.0, 2.0]).matches["Integral"] == 0.0  # written with a point
    texts = column(["1", "-2", "x", "1.5", None])
    assert (texts.inferred, texts.matches) == ("String", {"String": 1.0, "Integral": 0.5, "Fractional": 0.75})
    assert column([None, None]).inferred == "Unknown" and counted("x", []).inferred == "Unknown"
    assert column([True, False]).values == {"false": 1, "true": 1}
    assert column([float("nan"), 1.0]).missing == 1


def test_texts_are_counted_the_most_frequent_first(monkeypatch):
    found = column(["b", "a", "b"], ["a", "b", "c"])
    assert (
        found.values == {"b": 3, "a": 2, "c": 1}
        and list(found.values) == ["b", "a", "c"]
        and found.distinct == 3
    )
    from assay.methods.monitor import statistics

    monkeypatch.setattr(statistics, "MOST_VALUES", 2)
    assert column(["b", "a", "c"]).values is None and column(["b", "a", "c"]).distinct == 3


def test_numbers_that_no_float_can_add_up_are_no_fault():
    found = column([1e308, 1e308, -1e308, float("inf")])
    assert found.present == 4 and found.most == 1e308
    assert Statistics(4, {"x": found}).to_dict()["features"][0]["numerical_statistics"]["max"] == 1e308


def test_it_is_written_in_model_monitors_shape_and_read_again():
    made = Statistics(3, {c.name: c for c in (counted("n", [pa.array([1, 2, None])]), counted("s", [pa.array(["a", "b", "a"])]))})  # fmt: skip
    document = made.to_dict()
    assert document["dataset"] == {"item_count": 3} and document["features"][1] == {
        "name": "s",
        "inferred_type": "String",
        "string_statistics": {
            "common": {"num_present": 3, "num_missing": 0},
            "distinct_count": 2.0,
            "distribution": {
                "categorical": {"buckets": [{"value": "a", "count": 2}, {"value": "b", "count": 1}]}
            },
        },
    }
    numbers = document["features"][0]["numerical_statistics"]
    assert set(numbers) == {"common", "mean", "sum", "std_dev", "min", "max", "distribution"}
    assert numbers["distribution"]["kll"]["sketch"] == {
        "parameters": {"c": 0.64, "k": 2048.0},
        "data": [[1.0, 2.0]],
    }
    again = read(document)
    assert again.to_dict() == document and again.rows == 3


def test_what_is_none_is_refused():
    for bad in (None, {}, {"features": 3}, {"features": [{}]}, {"features": [{"name": "x", "numerical_statistics": {"common": {"num_present": "many"}}}]}):  # fmt: skip
        with pytest.raises(ValueError):
            read(bad)
