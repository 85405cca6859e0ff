"""Arrays and plain values of a file that answers nothing: what is taken, what is refused, and forged tensors."""

from __future__ import annotations

import collections
import pickle

import numpy as np
import pytest

from assay.engines.models.contents import MOST, ContentsModel, holds, leaves
from assay.engines.models.converted import converted
from assay.engines.models.torchstored import Tensor, _Reader, _Storage


def test_what_is_nested_is_named_by_its_place_in_order():
    found = {"a": [1, {"b": "x"}], 7: (np.float32(2),), "c": collections.OrderedDict(d=None)}
    assert [n for n, _ in leaves(found)] == ["a.0", "a.1.b", "7.0", "c.d"]


@pytest.mark.parametrize(
    "found",
    [object(), {"a": {1, 2}}, {(1, 2): 3}, [b"raw"], np.array(["text"]), np.array([{}], dtype=object)],
)
def test_anything_else_is_not_taken(found):
    assert not holds(found)


def test_what_holds_itself_or_multiplies_ends():
    inner: list = []
    inner.append(inner)
    assert not holds(inner)
    laughs = ["ha"] * 10
    for _ in range(9):
        laughs = [laughs] * 10
    with pytest.raises(ValueError, match=f"{MOST:,}"):
        list(leaves(laughs))


def test_two_things_of_one_name_and_numbers_that_json_has_none_for_are_told():
    one = ContentsModel({"a.b": np.ones(1), "a": {"b": np.ones(1)}}, "numpy", "npz", "")
    with pytest.raises(ValueError, match=r"would be called a\.b"):
        converted(one)
    with pytest.raises(ValueError, match="JSON has no form"):
        converted(ContentsModel({"a": float("nan")}, "Python", "pickle", ""))


def _tensor(offset=0, size=(2, 3), stride=(3, 1)):
    return Tensor(_Storage("0", "float32"), offset, size, stride, "float32")


def test_a_view_is_read_as_it_lies():
    raw = np.arange(12, dtype="<f4").tobytes()
    np.testing.assert_array_equal(_tensor(1, (3, 2), (1, 4)).array(raw, "<"), [[1, 5], [2, 6], [3, 7]])
    np.testing.assert_array_equal(_tensor(2, (3, 2), (0, 1)).array(raw, "<"), [[2, 3]] * 3)
    assert _tensor(0, (0, 3)).array(b"", "<").shape == (0, 3)
    assert _tensor(3, (), ()).array(raw, "<") == 3


@pytest.mark.parametrize(
    "forged",
    [
        _tensor(7), _tensor(-1), _tensor(0, (2, 3), (9, 1)), _tensor(0, (2, 3), (-3, 1)), _tensor(0, (1 << 40,), (0,)),
        _tensor(0, (-1,), (1,)), _tensor(0, (2,), (1, 1)),
    ],
)  # fmt: skip
def test_a_forged_tensor_reads_nothing_beyond_its_storage(forged):
    with pytest.raises(ValueError, match=r"in it|zip\(\)"):
        forged.array(bytes(40), "<")


def test_a_reader_of_tensors_takes_no_other_name(tmp_path):
    path = tmp_path / "one.pkl"
    path.write_bytes(pickle.dumps(np.save))
    with path.open("rb") as content, pytest.raises(ValueError, match="never loaded"):
        _Reader(content, "one.pkl").load()
