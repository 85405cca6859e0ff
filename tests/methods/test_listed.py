"""Values that no calendar holds, as Python's own."""

from __future__ import annotations

import pyarrow as pa
import pytest

from assay.methods.listed import listed


@pytest.mark.parametrize(
    "kind", [pa.timestamp("us"), pa.timestamp("s"), pa.date32(), pa.timestamp("us", "UTC")]
)
def test_times_that_python_has_no_date_for_are_texts_that_differ(kind):
    ends = [2**31 - 1, -(2**31) + 5] if kind == pa.date32() else [2**62, -(2**62)]
    first, second, none = listed(pa.array([*ends, None], kind))
    assert isinstance(first, str) and isinstance(second, str) and first != second and none is None


def test_what_python_holds_is_its_own_and_an_unknown_zone_is_a_number():
    assert listed(pa.array([1, None])) == [1, None]
    assert listed(pa.array([{"x": 2**62}], pa.struct([("x", pa.timestamp("us"))])))[0].startswith("(a time")
    assert listed(pa.array([5], pa.timestamp("us", "Nowhere/Atall"))) == ["5"]
