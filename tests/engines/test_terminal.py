"""Sentences on standard error: wrapped at a terminal, whole in a pipe."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest

SENTENCE = "assay: /tmp/a-folder/that-has-a-name/model.pkl: it is no model that can be read here; " * 2


def said(columns: int) -> list[str]:
    """Return the lines that a terminal of so many columns is given; 0: one that does not say."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    code = "import sys; from assay.engines.terminal import say; say(sys.argv[1])"
    try:
        subprocess.run([sys.executable, "-c", code, SENTENCE], stderr=theirs, check=True, timeout=60)
        return os.read(ours, 1 << 16).decode().splitlines()
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize(("columns", "width"), [(60, 60), (0, 80), (120, 120)])
def test_a_terminal_is_given_lines_of_its_width_and_no_word_is_broken(columns, width):
    lines = said(columns)
    assert len(lines) > 1 and max(map(len, lines)) <= width
    assert " ".join(line.strip() for line in lines) == SENTENCE.strip()


def test_a_pipe_is_given_one_line_that_moves_no_cursor(capfd):
    from assay.engines.terminal import say

    say(SENTENCE + "\x1b[2J\nassay: forged")
    err = capfd.readouterr().err
    assert err.count("\n") == 1 and "\x1b" not in err and SENTENCE in err
