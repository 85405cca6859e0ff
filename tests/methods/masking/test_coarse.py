from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.kernel.errors import UsageError
from assay.methods.masking.coarse import Bands, Beginning, Calendar, Hierarchy, read_hierarchy


def hidden(way, values, kind=None):
    done = way.hide(pa.record_batch({"x": pa.array(values, kind)}), "x", 0)
    return done.array.to_pylist(), [] if done.unfit is None else done.unfit.tolist()


def test_ranges_of_one_width():
    out, unfit = hidden(Bands(10), [0, 9, 10, -1, 45, None])
    assert out == ["[0, 10)", "[0, 10)", "[10, 20)", "[-10, 0)", "[40, 50)", None]
    assert unfit == [False] * 6
    out, _ = hidden(Bands(0.1), [0.3, 0.05, 0.7])
    assert out == ["[0.3, 0.4)", "[0, 0.1)", "[0.7, 0.8)"]
    assert hidden(Bands(10), ["45", " 7.5", "x", "", "1e3", "nan", "inf"])[0] == [
        "[40, 50)",
        "[0, 10)",
        None,
        None,
        "[1000, 1010)",
        None,
        None,
    ]
    assert hidden(Bands(10), ["12_34", "12"])[1] == [True, False]
    assert hidden(Bands(10), [1.0, float("nan"), float("inf")])[1] == [False, True, True]


def test_edges_like_pandas_cut():
    values = np.random.default_rng(1).integers(-5, 110, 500)
    out, _ = hidden(Bands(edges=(0, 18, 65, 100)), values)
    labels = ["< 0", "[0, 18)", "[18, 65)", "[65, 100)", ">= 100"]
    cut = pd.cut(values, [-np.inf, 0, 18, 65, 100, np.inf], right=False, labels=labels)
    assert out == cut.tolist()


def test_top_and_bottom():
    assert hidden(Bands(10, top=90, bottom=20), [95, 90, 89, 19])[0] == [">= 90", ">= 90", "[80, 90)", "< 20"]


@given(st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=20), st.integers(1, 10**9))
def test_each_whole_number_lies_in_its_range(values, width):
    for value, text in zip(values, hidden(Bands(width), values)[0], strict=True):
        low, high = text[1:-1].split(", ")
        assert int(low) <= value < int(high) == int(low) + width


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("hour", "1980-05-17 13:00"), ("day", "1980-05-17"), ("week", "1980-W20"), ("month", "1980-05"),
        ("quarter", "1980-Q2"), ("year", "1980"), ("decade", "1980s"),
    ],
)  # fmt: skip
def test_dates(to, said):
    assert Calendar(to)(["1980-05-17T13:45:00", "1980-02-30", "17.5.1980", ""]) == [said, None, None, None]


@given(st.dates())
def test_weeks_like_strftime(date):
    assert Calendar("week")([date.isoformat()]) == [date.strftime("%G").zfill(4) + date.strftime("-W%V")]


def test_codes_keep_their_beginning():
    assert Beginning(3)(["80101", "801", "80", "", "😀😀😀😀"]) == ["801**", None, None, "", "😀😀😀*"]


def test_a_hierarchy_as_arx_writes_it(tmp_path):
    file = tmp_path / "h.csv"
    file.write_text("Graz;Styria;Austria\nLinz;Upper Austria;Austria\n\n", encoding="utf-8")
    steps = read_hierarchy(file, "policy.yaml:3")
    assert Hierarchy(steps, 1)(["Graz", "Linz", "Rome"]) == ["Styria", "Upper Austria", None]
    assert Hierarchy(steps, 2)(["Graz", "Linz"]) == ["Austria", "Austria"]
    file.write_text('"a,b",x\n', encoding="utf-8")
    assert read_hierarchy(file, "")["a,b"] == ("x",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a;b\nc;d;e\n", "line 2"),
        ("", "empty"),
        ("a\n", "levels"),
        ("a;b\na;c\n", "another way"),
        (b"\xff\xfe", "UTF-8"),
    ],
)
def test_a_hierarchy_that_is_none(tmp_path, text, said):
    file = tmp_path / "h.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError, match=said):
        read_hierarchy(file, "policy.yaml:3")
    with pytest.raises(UsageError, match="cannot be read"):
        read_hierarchy(tmp_path / "none", "policy.yaml:3")
