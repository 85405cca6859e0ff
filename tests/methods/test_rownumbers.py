"""Row numbers as text, there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.methods import rownumbers


@given(st.sets(st.integers(1, 300)))
def test_what_is_written_is_read_again(rows):
    assert rownumbers.read(rownumbers.written(rows)) == tuple(sorted(rows))


def test_it_is_written_short():
    assert rownumbers.written([9, 5, 6, 7, 3, 3]) == "3,5-7,9" and rownumbers.written([]) == ""
    assert rownumbers.read(" 3, 5 - 7 ,6") == (3, 5, 6, 7)


@pytest.mark.parametrize("text", ["x", "3,", "0", "5-3", "1-", "-1", "١", "1-99999999999999999", "9" * 30])
def test_what_is_no_row_is_told(text):
    with pytest.raises(ValueError, match="row"):
        rownumbers.read(text)
