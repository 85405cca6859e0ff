"""Columns of every kind of number encrypted in their own format, and back."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest

from assay.methods.masking.formatted import Formatted
from assay.methods.masking.fpe import FormatCipher, NumberCipher

KEY = bytes(range(32))


def formatted(*, forward):
    return Formatted(FormatCipher(KEY, ["0123456789"]), NumberCipher(KEY, 9), forward=forward)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 999_999_999, None], pa.int64()),
        ([1, 999_999_999, None], pa.uint64()),
        ([1.0, 999_999_999.0, None], pa.float64()),
        ([Decimal(1), Decimal(999_999_999), None], pa.decimal128(12, 0)),
        # a scale made the bound wider than Arrow's widest decimal, and data.mask failed
        ([Decimal("1.00"), Decimal("999999999.00"), None], pa.decimal128(38, 2)),
        ([Decimal("1.00"), Decimal("999999999.00"), None], pa.decimal256(60, 20)),
    ],
)
def test_whole_numbers_of_every_type_come_back(values, kind):
    done = formatted(forward=True).hide(pa.record_batch({"x": pa.array(values, kind)}), "x", 0)
    assert not done.unfit.any() and done.array.null_count == 1
    whole = formatted(forward=True).hide(pa.record_batch({"x": pa.array([1, 999_999_999, None])}), "x", 0)
    assert done.array == whole.array  # the same id is the same everywhere
    back = formatted(forward=False).hide(pa.record_batch({"x": done.array}), "x", 0)
    assert back.array.to_pylist() == [1, 999_999_999, None]


@pytest.mark.parametrize("kind", [pa.decimal128(38, 2), pa.decimal256(76, 10)])
def test_decimals_that_are_no_whole_numbers_are_unfit(kind):
    values = [Decimal("1.5"), Decimal(2**63), Decimal(-(2**63)), Decimal(7)]
    done = formatted(forward=True).hide(pa.record_batch({"x": pa.array(values, kind)}), "x", 0)
    assert done.unfit.tolist() == [True, True, True, False]
