from __future__ import annotations

import pytest

from assay.kernel.errors import Broken, of_the_machine


def test_what_the_machine_refuses_is_a_sentence(tmp_path):
    with pytest.raises(OSError) as caught, open("/dev/full", "w") as full:
        full.write("x")
        full.flush()
    told = of_the_machine(caught.value)
    assert isinstance(told, Broken)
    assert str(told) == "the output: no space is left there; make room, and run it again"


def test_any_other_error_is_left_as_it_is(tmp_path):
    with pytest.raises(OSError) as caught:
        (tmp_path / "nothing").read_bytes()
    assert of_the_machine(caught.value) is None
