"""Each file of a tree read as what it is, and held to the rules of its language."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import assay.checks.code.review as home
from assay.methods.review import dockerfile, languages, resources, shell
from assay.methods.review.cells import Cells, cells
from assay.methods.review.python.program import Unreadable, review
from assay.methods.review.spot import Spot

MOST = 4 << 20
_ALLOWED = re.compile(
    r"#[ \t]{0,20}assay:[ \t]{0,20}allow[ \t]{1,20}([a-z0-9_.,\s]{1,200}?)\s*(?:--\s*(\S.*))?$"
)
_RESOURCES: Mapping[str, Callable[[str], Iterable[resources.Resource]]] = {
    "terraform": resources.terraform,
    "terraform_json": lambda text: resources.terraform_json(resources.document(text)),
    "cloudformation": lambda text: resources.cloudformation(resources.document(text)),
}
_LISTED: Mapping[str, Callable[[str], Iterable[object]]] = {
    "shell": shell.commands,
    "dockerfile": dockerfile.instructions,
}


@dataclass(frozen=True, slots=True)
class Read:
    """What the rules name in a file. source: what the lines of ``spots`` count in; cells: of a notebook, where each line stands.

    cut: why it was not followed to its end, empty where it was. template: whether it is one of CloudFormation.
    """

    spots: list[Spot]
    source: str
    cells: Cells | None = None
    cut: str = ""
    template: bool = False


@cache
def rules(language: str) -> tuple[ModuleType, ...]:
    """Return the rules of a language: each module of the folder without an underscore is one."""
    found = sorted(m.name for m in pkgutil.iter_modules(home.__path__) if not m.name.startswith("_"))
    loaded = [importlib.import_module(f"{home.__name__}.{name}") for name in found]
    return tuple(m for m in loaded if language == m.LANGUAGE)


def read(name: str, head: str, text: str) -> Read | None:
    """Return what the rules name in a file, None where it is no program; ValueError where it cannot be followed to its end."""
    kind = languages.by_name(name, head)
    if kind == languages.UNDECIDED:
        kind = languages.by_content(text)
    if not kind:
        return None
    if kind == "python":
        program = review(text)
        return Read(_named("python", program), text, cut=program.cut)
    if kind == "notebook":
        return notebook(text)
    if kind in ("workflow", "pipeline"):
        several = [one for one in resources.documents(text) if isinstance(one, dict)]
        if not several or (kind == "workflow" and len(several) > 1):
            raise Unreadable(f"it is no {kind}")
        taken = (
            several[0] if len(several) == 1 else {"documents": several}
        )  # GitLab's may begin with a header
        return Read(_named(kind, taken), text)
    if kind in _RESOURCES:
        found = list(_RESOURCES[kind](text))
        template = kind == "cloudformation"
        return Read(_named("cloud", found), text, template=template) if found or kind == "terraform" else None
    return Read(_named(kind, list(_LISTED[kind](text))), text)


def python(text: str) -> list[Spot]:
    """Return what the rules of Python name; Unreadable where it is none."""
    return _named("python", review(text))


def notebook(text: str) -> Read:
    """Return what the rules name in the cells of a notebook, in one program as they stand, and in what they hand to a shell."""
    found = cells(text)
    lines = {place: at for at, place in enumerate(found.places, 1)}
    handed = shell.of_lines((lines.get((cell, line), 1), row) for cell, line, row in found.shell)
    program = review(found.program)
    spots = _named("python", program) + _named("shell", list(handed))
    return Read(sorted(spots, key=lambda s: s.line), found.program, found, program.cut)


def allowed(spots: list[Spot], lines: Sequence[str], said: Callable[[str], None]) -> Iterator[Spot]:
    """Leave out what a comment on the line allows with a reason: ``# assay: allow pickle_load -- our own file``."""
    for one in spots:
        line = lines[one.line - 1] if 0 < one.line <= len(lines) else ""
        found = _ALLOWED.search(line.rstrip("\r\n")[-2_000:])
        if found and found[2] and one.rule in re.split(r"[,\s]+", found[1]):
            said(one.rule)
            continue
        yield one


def _named(language: str, thing: Any) -> list[Spot]:
    return [one for module in rules(language) for one in module.rule(thing)]
