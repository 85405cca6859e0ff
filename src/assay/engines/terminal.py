"""Sentences on standard error, which a person reads and a log keeps."""

from __future__ import annotations

import os
import sys
import textwrap
from typing import TextIO

from assay.kernel.printable import printable

_COLUMNS = 80  # where a terminal does not say


def say(sentence: str) -> None:
    """Print a sentence: at a terminal wrapped at words to its width, elsewhere as one line that can be searched for.

    What it holds from outside moves no cursor and begins no line.
    """
    text = printable(sentence)
    if sys.stderr.isatty():
        text = textwrap.fill(
            text, _width(sys.stderr), subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def _width(stream: TextIO) -> int:
    try:
        return max(20, os.get_terminal_size(stream.fileno()).columns or _COLUMNS)
    except (OSError, ValueError):
        return _COLUMNS
