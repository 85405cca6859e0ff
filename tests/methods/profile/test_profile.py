"""The profile's algorithms against pandas and SciPy, which know nothing of codes."""

from __future__ import annotations

import math
import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.stats import contingency

from assay.methods.profile.codes import encode
from assay.methods.profile.column import describe, top
from assay.methods.profile.pairs import associations, cramers_v, ranks
from assay.methods.profile.rows import RowKeys
from assay.methods.profile.words import date_shapes

EXACT = 1e-9
FLOATS = st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 4))
INTS = st.integers(-(2**40), 2**40)


def column(values, kind=None) -> pa.ChunkedArray:
    array = pa.array(values, kind, from_pandas=True)
    cut = len(array) // 2
    return pa.chunked_array([array[:cut], array[cut:]])


def about(values, kind=None, name="x", stored="number"):
    return describe(name, encode(column(values, kind)), stored)


def decoded(encoded):
    return [None if c == encoded.distinct else encoded.value(int(c)) for c in encoded.codes]


@given(st.lists(st.none() | st.one_of(INTS, st.integers(-3, 3)), max_size=60))
def test_whole_numbers_survive_their_codes(values):
    encoded = encode(column(values, pa.int64()))
    assert decoded(encoded) == values
    assert list(encoded.values) == sorted({v for v in values if v is not None})
    assert encoded.missing == values.count(None) and encoded.counts.sum() == encoded.present


@given(st.lists(st.none() | st.text(max_size=4), max_size=60))
def test_texts_survive_their_codes(values):
    assert decoded(encode(column(values, pa.string()))) == values


@given(st.lists(st.none() | st.floats(allow_nan=False), max_size=60))
def test_fractions_survive_their_codes(values):
    assert decoded(encode(column(values, pa.float64()))) == values


def test_nan_is_missing_and_minus_zero_is_zero():
    encoded = encode(column([0.0, -0.0, np.nan, 1.0], pa.float64()))
    assert encoded.distinct == 2 and encoded.missing == 1


def test_other_types_have_codes_too():
    day = pa.array(["2020-01-02", None]).cast(pa.date32())
    assert encode(pa.chunked_array([day])).value(0) == "2020-01-02"
    moment = pa.array(["2020-01-02 03:04:05"]).cast(pa.timestamp("us"))
    assert encode(pa.chunked_array([moment])).value(0).startswith("2020-01-02 03:04:05")
    assert encode(column([True, False, None], pa.bool_())).value(1) is True
    assert encode(column([b"\xff", None], pa.binary())).value(0) == "ff"
    assert encode(column([[1, 2], [1, 2], None], pa.list_(pa.int64()))).distinct == 1
    assert encode(column([{"a": 1}], pa.struct([("a", pa.int64())]))).value(0) == "{'a': 1}"
    assert encode(column([None, None], pa.null())).missing == 2
    assert encode(column([2**64 - 1], pa.uint64())).values[0] == 2.0**64
    assert encode(pa.chunked_array([], pa.string())).rows == 0


@pytest.mark.parametrize("seed", range(4))
def test_moments_and_quantiles_are_those_of_pandas(seed):
    rng = np.random.default_rng(seed)
    values = [
        rng.normal(1e6, 3, 5000),
        rng.integers(0, 30, 5000),
        rng.pareto(3, 4000),
        rng.integers(-5, 5, 7),
    ][seed]
    series = pd.Series(values)
    got = about(values)
    expected = {
        "mean": series.mean(), "std": series.std(), "variance": series.var(), "skewness": series.skew(),
        "kurtosis": series.kurt(), "sum": series.sum(), "min": series.min(), "max": series.max(),
        "q05": series.quantile(0.05), "q25": series.quantile(0.25), "q50": series.median(),
        "q75": series.quantile(0.75), "q95": series.quantile(0.95), "mad": stats.median_abs_deviation(values),
        "iqr": stats.iqr(values), "cv": stats.variation(values, ddof=1),
    }  # fmt: skip
    for name, value in expected.items():
        assert got[name] == pytest.approx(value, rel=EXACT, abs=1e-12), name
    assert got["zeros"] == (series == 0).sum() and got["negatives"] == (series < 0).sum()
    assert sum(b["count"] for b in got["histogram"]) == len(series)


@settings(deadline=None)
@given(st.lists(FLOATS, min_size=1, max_size=50))
def test_quantiles_of_anything_are_numpys(values):
    got = about(values, pa.float64())
    for q in (5, 25, 50, 75, 95):
        assert got[f"q{q:02d}"] == pytest.approx(np.percentile(values, q), rel=EXACT, abs=1e-9)
    assert sum(b["count"] for b in got["histogram"]) == len(values)


def test_a_histogram_by_hand():
    bins = about([0, 0, 1, 39], pa.int64())["histogram"]
    assert len(bins) == 20 and bins[0] == {"low": 0.0, "high": 2.0, "count": 3} and bins[-1]["count"] == 1
    assert about([5, 5], pa.int64())["histogram"] == [{"low": 5.0, "high": 5.0, "count": 2}]


def test_infinite_and_enormous_values_leave_no_infinity():
    got = about([1.0, math.inf, -math.inf, 2.0], pa.float64())
    assert got["infinite"] == 2 and got["max"] == 2.0 and got["mean"] == 1.5
    got = about([1e308, -1e308, 1.0, 2.0], pa.float64())
    assert not any(isinstance(v, float) and not math.isfinite(v) for v in got.values())
    assert about([math.inf], pa.float64())["infinite"] == 1


def test_a_float_that_cannot_tell_wide_numbers_apart_does_not_make_them_one():
    """Fifty different keys past 2**63 were one constant, and all rows but one duplicates."""
    given = [2**64 - 1 - 7 * n for n in range(50)]
    for kind in (pa.uint64(), pa.decimal128(38, 0)):
        encoded = encode(column([*given, None], kind))
        assert encoded.distinct == 50 and encoded.missing == 1
        assert [encoded.value(int(c)) for c in encoded.codes[:50]] == given
        got = describe("x", encoded, "integer")
        assert (got["min"], got["max"]) == (min(given), max(given)) and got["kind"] == "numeric"
        assert got["std"] == pytest.approx(np.std(np.arange(50) * 7.0, ddof=1))
        assert got["iqr"] == pytest.approx(7 * 24.5) and got["mean"] == pytest.approx(2**64)
        keys = RowKeys(51)
        keys.add(encoded)
        assert len(keys.duplicates()) == 0


def test_decimals_keep_their_digits_and_small_ones_are_plain_numbers():
    wide = [Decimal("0.1111111111111111111111") + Decimal(n) / 10**25 for n in range(50)]
    got = about(wide, pa.decimal128(38, 28))
    assert got["distinct"] == 50 and got["min"] == "0.1111111111111111111111000000"
    assert got["std"] == pytest.approx(np.std(np.arange(50), ddof=1) / 1e25)
    money = about([Decimal("1.10"), Decimal("2.20")], pa.decimal128(10, 2))
    assert money["min"] == 1.1 and money["sum"] == pytest.approx(3.3)


@pytest.mark.parametrize("power", [-200, -100, 100, 200])
def test_moments_of_enormous_and_tiny_values_are_those_of_the_same_values_scaled(power):
    values = np.random.default_rng(1).normal(size=50)
    got, plain = about(list(values * 10.0**power), pa.float64()), about(list(values), pa.float64())
    for name in ("mean", "std"):
        assert got[name] / 10.0**power == pytest.approx(plain[name])
    for name in ("skewness", "kurtosis", "cv"):
        assert got[name] == pytest.approx(plain[name])


def test_the_spread_of_whole_numbers_past_2_to_the_53_is_exact():
    for first in (2**62, -(2**62), 2**53):
        got = about([first + n for n in range(50)], pa.int64())
        assert got["std"] == pytest.approx(np.std(np.arange(50.0), ddof=1))
        assert sum(b["count"] for b in got["histogram"]) == 50
    ends = about([-(2**63), 2**63 - 1], pa.int64())
    assert ends["std"] == pytest.approx(2**64 / math.sqrt(2)) and abs(ends["mean"]) <= 1024


def test_the_sum_of_large_whole_numbers_is_exact():
    assert about([2**62, 2**62, 2**62, -1], pa.int64())["sum"] == 3 * 2**62 - 1


def test_most_frequent_values_by_hand():
    encoded = encode(column(["b", "a", "b", None, "c", "a"], pa.string()))
    assert [(t["value"], t["count"]) for t in top(encoded, 2)] == [("b", 2), ("a", 2)]
    assert top(encoded, 2)[0]["fraction"] == pytest.approx(2 / 6)


@pytest.mark.parametrize(
    ("values", "kind", "name", "expected"),
    [
        ([1] * 30, None, "x", "constant"),
        ([None, None], pa.string(), "x", "missing"),
        ([0, 1, 1], None, "x", "boolean"),
        (["Yes", "no", None], None, "x", "boolean"),
        (list(range(30)), None, "x", "id"),
        ([i * 7 for i in range(30)], None, "x", "numeric"),
        ([i * 7 for i in range(30)], None, "user_id", "id"),
        ([f"u{i}" for i in range(30)], None, "x", "id"),
        (["red", "blue"] * 20 + ["green"], None, "x", "categorical"),
        ([f"some words {i % 40}" for i in range(50)], None, "x", "text"),
        (["01-07-15", "02-07-15", "17-12-15"], None, "x", "date"),
        ([0.5, 1.5, 2.5], None, "x", "numeric"),
    ],
)
def test_what_a_column_is_used_as(values, kind, name, expected):
    assert about(values, kind, name)["kind"] == expected


def test_near_missing_values_are_counted():
    got = about(["?", "N/A", " ", "-", "x", None, "NaN", "Nobody"], stored="text")
    assert got["near_missing"] == 5 and got["missing"] == 1


def test_long_texts_are_told_like_short_ones():
    values = ["?", "x", None]
    assert about(values, pa.large_string(), stored="text") == about(values, pa.string(), stored="text")


def test_a_lonely_99999_may_be_a_placeholder():
    assert about([*range(0, 4000, 7), *[99999] * 5])["placeholder"] == 99999
    assert about([*range(30, 400), -999, -999, -999])["placeholder"] == -999
    assert "placeholder" not in about(list(range(100_000)))


def test_dates_in_two_ways():
    assert date_shapes(["2020-01-02", "02/01/2020", "?"]) == {"yyyy-mm-dd": 1, "dd/dd/yyyy": 1}
    assert date_shapes(["2020-01-02", "hello"]) == {}


FRAMES = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", None]), st.integers(0, 2) | st.none(), st.sampled_from([0.5, 1.5, None])
    ),
    max_size=40,
)


@given(FRAMES)
def test_duplicates_are_those_of_pandas(rows):
    frame = pd.DataFrame(rows, columns=["a", "b", "c"], dtype=object)
    keys = RowKeys(len(rows))
    for name, kind in (("a", pa.string()), ("b", pa.int64()), ("c", pa.float64())):
        keys.add(encode(column([r["abc".index(name)] for r in rows], kind)))
    assert keys.duplicates().tolist() == np.flatnonzero(frame.duplicated()).tolist()


@pytest.mark.parametrize("columns", [3, 12, 40])
def test_duplicates_of_many_wide_columns(columns):
    rng = np.random.default_rng(columns)
    data = rng.integers(0, 100_000, (3000, columns))
    data[1000:1200] = data[500:700]
    data[2999] = data[0]
    keys = RowKeys(3000)
    for c in range(columns):
        keys.add(encode(column(data[:, c])))
    assert keys.duplicates().tolist() == np.flatnonzero(pd.DataFrame(data).duplicated()).tolist()


def test_ranks_are_those_of_scipy():
    values = np.random.default_rng(7).integers(0, 20, 500)
    encoded = encode(column(values))
    assert np.array_equal(ranks(encoded.counts)[encoded.codes], stats.rankdata(values))


def pairs_of(frame: pd.DataFrame):
    kinds = {n: (pa.float64() if frame[n].dtype != object else pa.string()) for n in frame}
    coded = [(n, encode(column(frame[n], kinds[n]))) for n in frame]
    numbers = [c for c in coded if c[1].nature == "number"]
    found = associations(numbers, [c for c in coded if c[1].nature == "text"])
    return {(p.a, p.b, p.measure): p for p in found}


@pytest.fixture(params=[False, True], ids=["whole", "with gaps"])
def frame(request) -> pd.DataFrame:
    rng = np.random.default_rng(11)
    n = 4000
    base = rng.normal(size=n)
    out = pd.DataFrame(
        {
            "x": base, "y": base**3 + rng.normal(size=n), "z": rng.integers(0, 9, n).astype(float),
            "far": 1e9 + base * 1e-1, "c": pd.Series(rng.choice(list("abcd"), n), dtype=object),
            "d": pd.Series(np.where(base > 0, "p", "q"), dtype=object),
        }
    )  # fmt: skip
    if request.param:
        for number, name in enumerate(out):
            out.loc[np.random.default_rng(number).random(n) < 0.2, name] = None
    return out


def test_correlations_are_those_of_pandas_and_scipy(frame):
    got = pairs_of(frame)
    for a, b in (("x", "y"), ("x", "z"), ("y", "z"), ("x", "far"), ("z", "far")):
        for measure in ("pearson", "spearman"):
            expected = frame[a].corr(frame[b], method=measure)
            assert got[a, b, measure].value == pytest.approx(
                expected, abs=EXACT if "far" not in (a, b) else 1e-6
            )
            assert got[a, b, measure].rows == frame[[a, b]].dropna().shape[0]


def test_the_correlation_ratio_is_that_of_analysis_of_variance(frame):
    got = pairs_of(frame)
    for a in ("c", "d"):
        for b in ("x", "y", "z"):
            part = frame[[a, b]].dropna()
            groups = [g[b].to_numpy(float) for _, g in part.groupby(a)]
            f = stats.f_oneway(*groups).statistic
            k, n = len(groups), len(part)
            expected = math.sqrt(f * (k - 1) / (f * (k - 1) + n - k))  # eta squared follows from F
            assert got[a, b, "correlation_ratio"].value == pytest.approx(expected, abs=EXACT)


def test_cramers_v_is_bergsmas(frame):
    part = frame[["c", "d"]].dropna()
    table = pd.crosstab(part["c"], part["d"]).to_numpy()
    n, (r, k) = table.sum(), table.shape
    chi2 = contingency.chi2_contingency(table, correction=False).statistic
    phi2 = max(0, chi2 / n - (k - 1) * (r - 1) / (n - 1))
    expected = math.sqrt(phi2 / min(k - (k - 1) ** 2 / (n - 1) - 1, r - (r - 1) ** 2 / (n - 1) - 1))
    assert pairs_of(frame)["c", "d", "cramers_v"].value == pytest.approx(expected, abs=EXACT)


def test_cramers_v_by_hand():
    assert cramers_v("a", "b", np.array([[500, 0], [0, 500]])).value == pytest.approx(1.0)
    assert cramers_v("a", "b", np.array([[250, 250], [250, 250]])).value == 0.0
    nothing = cramers_v("a", "b", np.array([[3, 0], [0, 0]]))
    assert nothing.value is None and nothing.reason


def test_a_pair_that_is_constant_where_both_are_held_has_no_number():
    frame = pd.DataFrame({"x": [1.0, 1.0, 2.0, None], "y": [3.0, 4.0, None, 5.0]})
    for pair in pairs_of(frame).values():
        assert pair.value is None and pair.rows == 2 and pair.reason


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=3, max_size=60))
def test_any_two_whole_number_columns_correlate_as_scipy_says(rows):
    frame = pd.DataFrame(rows, columns=["x", "y"]).astype(float)
    got = pairs_of(frame)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = {
            "pearson": stats.pearsonr(frame.x, frame.y)[0],
            "spearman": stats.spearmanr(frame.x, frame.y)[0],
        }
    for measure, value in expected.items():
        mine = got["x", "y", measure].value
        assert mine is None if math.isnan(value) else mine == pytest.approx(value, abs=EXACT)


def test_times_that_no_calendar_holds_are_shown():
    """A file may hold any 64 bits as a time; the profile failed on the year -144,168."""
    column = encode(pa.chunked_array([pa.array([-(2**62), 0, 2**62], pa.int64()).cast(pa.timestamp("us"))]))
    shown = [column.value(k) for k in range(3)]
    assert shown[1] == "1970-01-01 00:00:00" and all(isinstance(s, str) and s for s in shown)
