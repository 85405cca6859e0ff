"""Sentences on standard error, which a person reads and a log keeps."""

from __future__ import annotations

import os
import sys
import textwrap
from pathlib import Path
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


def say_fault(error: BaseException, more: str = "") -> None:
    """Tell whoever runs a server of a fault of ours in a request: its kind and its place, without values of a payload."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    say(f"assay: a request met a fault of ours: {type(error).__name__}{where}{more}")


def _width(stream: TextIO) -> int:
    try:
        return max(20, os.get_terminal_size(stream.fileno()).columns or _COLUMNS)
    except (OSError, ValueError):
        return _COLUMNS
