"""What is declared, checks and treatments: the folder is the register. Listing reads docstrings and imports nothing."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import assay
from assay.kernel.errors import Missing
from assay.methods.nearest import did_you_mean

Kind = Literal["check", "treatment"]
KINDS: tuple[Kind, ...] = ("check", "treatment")
_FOLDER: dict[Kind, str] = {"check": "checks", "treatment": "treatments"}
_VERB: dict[Kind, str] = {"check": "check", "treatment": "treat"}
_FUNCTION: dict[Kind, str] = {"check": "check", "treatment": "treat"}


@dataclass(frozen=True, slots=True)
class Listed:
    """A check or treatment as a list shows it: its name, one line, and the whole docstring."""

    name: str
    kind: Kind
    doc: str
    path: Path | None

    @property
    def summary(self) -> str:
        """Return the docstring's first line."""
        return self.doc.strip().splitlines()[0] if self.doc.strip() else ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A check or treatment, imported."""

    name: str
    kind: Kind
    doc: str
    module: ModuleType
    function: Callable[..., Any]


@cache
def own(kind: Kind) -> dict[str, Path]:
    """Return our own, name → file. ``checks/data/bias.py`` is ``data.bias``; a folder is one too."""
    root = Path(assay.__file__).parent / _FOLDER[kind]
    found: dict[str, Path] = {}
    for path in sorted(root.glob("*/*")):
        if path.name.startswith("_"):
            continue
        if path.suffix == ".py":
            found[f"{path.parent.name}.{path.stem}"] = path
        elif (path / "__init__.py").is_file():
            found[f"{path.parent.name}.{path.name}"] = path / "__init__.py"
    return found


@cache
def foreign(kind: Kind) -> dict[str, EntryPoint]:
    """Return those of other packages, named ``vendor.kind.name`` in the entry point group ``assay.checks``."""
    return {e.name: e for e in entry_points(group=f"assay.{_FOLDER[kind]}")}


def names(kind: Kind) -> list[str]:
    """Return every name, ours first."""
    return [*own(kind), *foreign(kind)]


def listing(kind: Kind) -> Iterator[Listed]:
    """Give each check or treatment with its docstring, without importing any of ours."""
    for name, path in own(kind).items():
        doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        yield Listed(name, kind, doc, path)
    for name, entry in foreign(kind).items():
        yield Listed(name, kind, f"from the package {entry.value}", None)


def load(kind: Kind, name: str) -> Loaded:
    """Import one by name; Missing with the nearest name when there is none."""
    mine = own(kind)
    if name in mine:
        module = importlib.import_module(f"assay.{_FOLDER[kind]}.{name}")
    elif name in foreign(kind):
        module = importlib.import_module(foreign(kind)[name].module)
    else:
        other: Kind = "treatment" if kind == "check" else "check"
        if name in names(other):
            raise Missing(f"{name} is a {other}, and no {kind}", remedy=f"say {_VERB[other]} {name}")
        raise Missing(f"there is no {kind} called {name!r}", remedy=did_you_mean(name, names(kind)))
    return Loaded(name, kind, module.__doc__ or "", module, getattr(module, _FUNCTION[kind]))
