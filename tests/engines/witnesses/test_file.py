"""The file that keeps checkpoints: what it is not is refused at once."""

from __future__ import annotations

import os

import pytest

from assay.engines.witnesses.file import File
from assay.kernel.errors import BadInput


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_pipe_did_wait_for_ever_and_a_folder_was_a_fault(tmp_path, make):
    make(tmp_path / "kept")
    witness = File(str(tmp_path / "kept"))
    with pytest.raises(BadInput, match="no folder, pipe or device"):
        witness.keep(1, "note")
    with pytest.raises(BadInput, match="no folder, pipe or device"):
        witness.seen()


def test_lines_that_nest_without_end_are_no_checkpoints(tmp_path):
    (tmp_path / "kept").write_text("[" * 200_000)
    with pytest.raises(BadInput, match="no file of checkpoints"):
        File(str(tmp_path / "kept")).seen()
