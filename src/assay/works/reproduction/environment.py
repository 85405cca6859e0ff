"""The environment that a run recorded beside the one that it is rebuilt in: Python, packages, processors, system."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.interpreters import Interpreter, normal
from assay.kernel.errors import AssayError, UsageError

if TYPE_CHECKING:
    from assay.engines.blobs import Store
    from assay.works.provenance.past import Past

# Modules whose distribution has another name
_CALLED = {
    "sklearn": "scikit-learn", "skimage": "scikit-image", "cv2": "opencv-python", "PIL": "pillow", "yaml": "pyyaml",
    "bs4": "beautifulsoup4", "xgboost": "xgboost-cpu", "dateutil": "python-dateutil", "ibis": "ibis-framework",
}  # fmt: skip
_SCRIPT = 1 << 20  # bytes of a file of code that is read


@dataclass(frozen=True, slots=True)
class Surroundings:
    """python: what scripts are run with. recorded: what the run noted of its own. packages: those that differ, name →
    (recorded, here), "" where there is none. used: those that its scripts import."""

    python: Interpreter
    recorded: Mapping[str, Any]
    packages: Mapping[str, tuple[str, str]]
    used: frozenset[str]
    machine: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)

    @property
    def of_scripts(self) -> dict[str, tuple[str, str]]:
        """Return the packages that differ and that the scripts import."""
        return {n: v for n, v in self.packages.items() if n in self.used}

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "python": {"recorded": self.recorded.get("python"), "here": self.python.version},
            "interpreter": None if self.python.here else str(self.python.path),
            "machine": [{"what": n, "recorded": a, "here": b} for n, (a, b) in self.machine.items()],
            "packages": [
                {"name": n, "recorded": a or None, "here": b or None, "imported": n in self.used}
                for n, (a, b) in self.packages.items()
            ],
        }


def compare(past: Past, python: Interpreter, store: Store) -> Surroundings:
    """Return how the environment of a run and the one that its scripts are run in now differ."""
    from assay.engines.surroundings import surroundings

    recorded, now = past.document["environment"], surroundings()
    then = {normal(n): str(v) for n, v in recorded.get("packages", {}).items()}
    differ = {
        n: (then.get(n, ""), python.packages.get(n, "")) for n in sorted({*then, *python.packages})
        if then.get(n, "") != python.packages.get(n, "")
    }  # fmt: skip
    if not python.here:  # one that was built holds what the scripts need, and not what else was there
        differ = {n: v for n, v in differ.items() if v[1]}
    keys = ("system", "release", "machine", "processor", "cpus", "gpus", "image")
    machine = {k: (recorded[k], now[k]) for k in keys if k in recorded and recorded[k] != now[k]}
    return Surroundings(python, recorded, differ, frozenset(needed(past, store)), machine)


def needed(past: Past, store: Store) -> dict[str, str]:
    """Return the packages that a run's scripts import, name → the version that it recorded."""
    then = {normal(n): str(v) for n, v in past.document["environment"].get("packages", {}).items()}
    out: dict[str, str] = {}
    for module in sorted(_modules(past, store)):
        for name in _distributions(module):
            if name in then:
                out[name] = then[name]
                break
    return out


def _distributions(module: str) -> Iterable[str]:
    from importlib.metadata import packages_distributions

    yield from (normal(n) for n in packages_distributions().get(module, ()))
    if module in _CALLED:
        yield _CALLED[module]
    yield normal(module)


def _modules(past: Past, store: Store) -> set[str]:
    from assay.methods.imported import imported

    out: set[str] = set()
    own: set[str] = set()
    for text, path in scripts(past, store):
        out |= imported(text)
        own.add(Path(path).parts[0].removesuffix(".py"))
    return out - own


def scripts(past: Past, store: Store) -> Iterable[tuple[str, str]]:
    """Give the text and the path of every Python file that a run's scripts consist of, as far as they were kept."""
    from assay.works.provenance.recording import is_path

    for raw in past.document["steps"].values():
        value = raw["params"].get("script")
        if not is_path(value) or not value["digest"]:
            continue
        yield from files(value["digest"], store)


def files(digest: str, store: Store) -> Iterable[tuple[str, str]]:
    """Give the text and the path of every Python file of a tree in the store."""
    try:
        entries = json.loads(store.read(digest, 64 << 20))
        for entry in entries:
            if str(entry["path"]).endswith(".py"):
                yield (
                    store.read(f"sha256:{entry['sha256']}", _SCRIPT).decode("utf-8", "replace"),
                    str(entry["path"]),
                )
    except (AssayError, ValueError, LookupError, TypeError):
        return


def chosen(
    past: Past, store: Store, cache: Path, *, python: Path | None, wheels: Path | None, build: bool
) -> Interpreter:
    """Return what scripts are run with: a Python that is named, one that is built with the recorded versions, or this one."""
    from assay.engines import environments, interpreters

    if python is not None:
        if wheels is not None or build:
            raise UsageError(
                "a Python is named, and another is to be built",
                remedy="say one of --python, --wheels, --build",
            )
        return interpreters.other(python)
    if wheels is None and not build:
        return interpreters.here()
    then = {normal(n): str(v) for n, v in past.document["environment"].get("packages", {}).items()}
    return environments.build(needed(past, store), then, cache, wheels)
