"""Whether a name that a pickle imports is harmless: an allow-list of exact pairs, and known dangers by name.

The lists lie in ``allowed/``: one file a library, lines of ``module: Name Name``. ``*.call.txt`` may be called
while loading; ``*.make.txt`` may be made without being called, and appear in no other way (their constructors open
files, or a loader treats them in a way of its own); ``*.use.txt`` may only be mentioned (a function stored in a model). A name that is on no list is
unknown, and unknown is never allowed. Names with a dot reach through one thing to another (``numpy``
``os.getpid``) and are allowed only where a list holds them as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from assay.methods.pickles.dangers import danger

Level = Literal["call", "make", "use", "unknown", "danger"]


_SUFFIXES: dict[str, Level] = {"call.txt": "call", "make.txt": "make", "use.txt": "use"}


@dataclass(frozen=True, slots=True)
class Judgement:
    """level: call, make or use, as the lists have it; unknown; danger. what: what a danger can do."""

    level: Level
    what: str = ""

    @property
    def allowed(self) -> bool:
        """Whether the name may be imported at all."""
        return self.level in ("call", "make", "use")


@cache
def allowed() -> Mapping[tuple[str, str], Level]:
    """Return the allow-list: (module, name) → call, make or use."""
    found: dict[tuple[str, str], Level] = {}
    for entry in sorted(files("assay.methods.pickles").joinpath("allowed").iterdir(), key=lambda e: e.name):
        if not entry.name.endswith(".txt"):
            continue
        level: Level = _SUFFIXES[entry.name.split(".", 1)[1]]
        for line in entry.read_text(encoding="utf-8").splitlines():
            module, _, names = line.partition(":")
            if line.startswith("#") or not names:
                continue
            for name in names.split():
                found.setdefault((module, name), level)
    return found


@cache
def _python2() -> tuple[Mapping[tuple[str, str], tuple[str, str]], Mapping[str, str]]:
    import _compat_pickle

    return _compat_pickle.NAME_MAPPING, _compat_pickle.IMPORT_MAPPING


def modern(module: str, name: str) -> tuple[str, str]:
    """Return the Python 3 name of a Python 2 one, as pickle does below protocol 3."""
    names, modules = _python2()
    return names.get((module, name)) or (modules.get(module, module), name)


class Names:
    """The judge of names, with those that the user vouches for."""

    def __init__(self, extra: Iterable[tuple[str, str]] = ()) -> None:
        self._extra = frozenset(extra)

    def judge(self, module: str, name: str, protocol: int = 4) -> Judgement:
        """Judge what ``find_class(module, name)`` would bring in under a protocol."""
        pair = (module, name)
        if protocol < 3:
            pair = modern(module, name)
        level = allowed().get(pair)
        if level is not None:
            return Judgement(level)
        what = danger(*pair)
        if what:
            return Judgement("danger", what)
        if pair in self._extra:
            return Judgement("call")
        return Judgement("unknown")
