"""One file of the corpus, and the families that make them.

A family is a module of this folder with ``samples(folder) -> Iterator[Sample]``; its files are made when the tests
run and lie in ``folder``. One that also has ``quick(folder)`` gives a few that cost little, for the quick suite.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import tests.corpus


@dataclass(frozen=True)
class Sample:
    """A file or folder. why: what is in it, in words.

    fires: how a reader would load it, a name of ``tests/corpus/fire.py``; empty where no reader of it is installed.
    marker: the empty file or folder that its payload would make, where it makes one.
    """

    path: Path
    hostile: bool
    family: str
    why: str
    fires: str = ""
    marker: Path | None = None


def families() -> dict[str, ModuleType]:
    """Every family: the folder is the register."""
    found = {}
    for info in pkgutil.iter_modules(tests.corpus.__path__):
        if not info.name.startswith("test_"):
            module = importlib.import_module(f"tests.corpus.{info.name}")
            if hasattr(module, "samples"):
                found[info.name] = module
    return found


def made(family: str, folder: Path, *, quick: bool = False) -> Iterator[Sample]:
    """The samples of a family, in a folder of their own."""
    module = families()[family]
    place = folder / family
    place.mkdir(parents=True, exist_ok=True)
    make = getattr(module, "quick", None) if quick else module.samples
    yield from make(place) if make is not None else ()
