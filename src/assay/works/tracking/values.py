"""What a run may be told: names, parameters, tags and metrics as they are kept, and what is none of them refused."""

from __future__ import annotations

import os
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assay.kernel.canonical import plain
from assay.kernel.errors import AssayError, UsageError
from assay.kernel.printable import printable

LONGEST_NAME = 250
LONGEST_VALUE = 8_000  # characters of a parameter or a tag
MOST_NAMES = 10_000  # of parameters, of tags, of metrics


def named(name: Any, what: str, held: Mapping[str, Any]) -> None:
    """Raise UsageError for what cannot be a name, or is one too many. held: the names that there are."""
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise UsageError(
            f"a {what} cannot be called {str(name)[:60]!r}", remedy="use up to 250 printable characters"
        )
    if name not in held and len(held) >= MOST_NAMES:
        raise UsageError(f"a run has at most {MOST_NAMES:,} {what}s")


def value_of(name: str, value: Any) -> Any:
    """Return a parameter as JSON: what is no number, text, list or mapping is told as text."""
    if hasattr(value, "item") and getattr(value, "size", 2) == 1:  # a NumPy number
        value = value.item()
    try:
        told = plain(value)
    except RecursionError:
        raise UsageError(f"the parameter {name!r} nests too deep", remedy="log its parts") from None
    except Exception as error:  # noqa: BLE001 - an object tells itself as text with code of its own
        raise _unsaid("parameter", name, value, error) from None
    if isinstance(told, float) and told - told != 0:
        told = str(told)
    if len(text_of("parameter", name, told)) > LONGEST_VALUE:
        raise UsageError(
            f"the parameter {name!r} is longer than {LONGEST_VALUE:,} characters",
            remedy="record it with run.output",
        )
    return told


def text_of(what: str, name: str, value: Any) -> str:
    """Return a value as text; UsageError where it tells itself as none."""
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001 - an object tells itself as text with code of its own
        raise _unsaid(what, name, value, error) from None


def _unsaid(what: str, name: str, value: Any, error: Exception) -> UsageError:
    return UsageError(
        f"the {what} {name!r} is a {type(value).__name__} that cannot be told as text: {type(error).__name__}",
        remedy="log it as text",
    )


def number_of(name: str, value: Any) -> float | str:
    """Return a metric's value; what is not finite as text, for JSON has no word for it."""
    try:
        number = float(value)
    except Exception:  # noqa: BLE001 - an object tells itself as a number with code of its own
        raise UsageError(
            f"the metric {name!r} is a {type(value).__name__} and no number",
            remedy="a parameter or a tag may be text",
        ) from None
    return number if number - number == 0 else str(number)


def whole(step: Any) -> int:
    """Return a step as a whole number; UsageError where it is none."""
    try:
        made = int(step)
        if made == step:
            return made
    except (TypeError, ValueError, OverflowError):
        pass
    raise UsageError(f"a step is a whole number, and {str(step)[:60]!r} is not that")


def sentence(error: BaseException) -> str:
    """Return an exception as one sentence with where it came from, without credentials or controls in it."""
    from assay.methods.recognise.credentials import hidden

    if isinstance(error, AssayError):
        said = error.for_the_log()
    else:
        lines = str(error).strip().splitlines()
        said = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "assay/works" not in f.filename.replace(os.sep, "/")]
    where = f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
    return printable(hidden(said))[:500] + where
