"""Each file of a tree read as what it is, and held to the rules of its language."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType

import assay.checks.code.review as home
from assay.methods.review.cells import Cells, cells
from assay.methods.review.python.program import Unreadable, review
from assay.methods.review.spot import Spot

MOST = 4 << 20
_ALLOWED = re.compile(r"#\s*assay:\s*allow\s+([a-z0-9_.,\s]+?)\s*(?:--\s*(\S.*))?$")


@cache
def rules(language: str) -> tuple[ModuleType, ...]:
    """Return the rules of a language: each module of the folder without an underscore is one."""
    found = sorted(m.name for m in pkgutil.iter_modules(home.__path__) if not m.name.startswith("_"))
    loaded = [importlib.import_module(f"{home.__name__}.{name}") for name in found]
    return tuple(m for m in loaded if language == m.LANGUAGE)


def language(name: str, head: str) -> str:
    """Return the language of a file, empty for one that is not reviewed."""
    low = name.lower().rpartition("/")[2]
    if low.endswith((".py", ".pyw")) or (head.startswith("#!") and "python" in head.splitlines()[0]):
        return "python"
    return "notebook" if low.endswith(".ipynb") else ""


def python(text: str) -> list[Spot]:
    """Return what the rules of Python name; Unreadable where it is none."""
    program = review(text)
    return [one for module in rules("python") for one in module.rule(program)]


def notebook(text: str) -> tuple[list[Spot], Cells]:
    """Return what the rules name in the cells of a notebook, in one program as they stand, and where each line is."""
    found = cells(text)
    return python(found.program), found


def allowed(spots: list[Spot], lines: list[str], said: Callable[[str], None]) -> Iterator[Spot]:
    """Leave out what a comment on the line allows with a reason: ``# assay: allow pickle_load -- our own file``."""
    for one in spots:
        line = lines[one.line - 1] if 0 < one.line <= len(lines) else ""
        found = _ALLOWED.search(line)
        if found and found[2] and one.rule in re.split(r"[,\s]+", found[1]):
            said(one.rule)
            continue
        yield one


__all__ = ["Unreadable", "allowed", "language", "notebook", "python", "rules"]
