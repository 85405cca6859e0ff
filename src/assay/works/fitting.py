"""What a step is given fits what it takes, told before anything runs: names, outputs, kinds, files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from assay.kernel.errors import Missing
from assay.methods.document import Node
from assay.methods.nearest import did_you_mean, nearest

if TYPE_CHECKING:
    from assay.works.pipeline import Pipeline

_PATTERN = set("*?[")


def installed(pipeline: Pipeline, only: Iterable[str] = ()) -> None:
    """Raise UsageError at the first step that works with a package which is not installed, before any step begins.

    only: the steps that are to be carried out, where not all are. A treatment names what it works with as ``NEEDS``: a module
    and the extra that brings it.
    """
    from importlib.util import find_spec

    from assay.engines.extras import install
    from assay.works import declared

    wanted = set(only) or set(pipeline.steps)
    for name, step in pipeline.steps.items():
        if step.verb != "treat" or name not in wanted or step.uses not in declared.names("treatment"):
            continue
        module, extra = getattr(declared.load("treatment", step.uses).module, "NEEDS", ("", ""))
        if module and find_spec(module) is None:
            said = f"the step {name!r} works with {module}, which is not installed"
            raise step.place.error(said, install(extra))


def fits(node: Node, kinds: Iterable[str], uses: str, data: Iterable[str], steps: Mapping[str, Node]) -> None:
    """Raise UsageError at ``node`` unless it names a data set, or a step's output, of one of ``kinds`` (all if none)."""
    text = node.text("the name of a data set or step")
    name, dot, output = text.partition(".")
    known = [*data, *steps]
    if name not in known:
        raise node.place.error(f"there is no data set or step called {name!r}", did_you_mean(name, known))
    verb = _verb(steps[name]) if name in steps else ""
    if dot and not verb:
        raise node.place.error(f"{name!r} is a data set and has no part {output!r}", f"write {name}")
    if verb == "do" or (verb == "check" and not dot):
        made = "registers" if verb == "do" else "only examines"
        raise node.place.error(
            f"the step {name!r} {made} and makes nothing to work on", "name what it works on itself"
        )
    gives = _gives(name, output, steps)
    wanted = {"model" if kind == "tree" else kind for kind in kinds}
    if wanted and gives not in wanted and verb != "check":
        raise node.place.error(f"{uses} works on a {' or a '.join(sorted(wanted))}, and {name} is a {gives}")


def trains(node: Node, steps: Mapping[str, Node]) -> str:
    """Return what a step trains by: a train step's name, a path, or ``itself``; UsageError for a step that trains nothing."""
    text = node.text("a training script, or the name of a train step")
    if text == "itself":
        return text
    if text in steps and _verb(steps[text]) != "train":
        raise node.place.error(f"the step {text!r} trains nothing", "name a train step, or a script")
    if text not in steps and not Path(text).suffix and "://" not in text:
        known = [name for name, step in steps.items() if _verb(step) == "train"]
        raise node.place.error(f"there is no train step called {text!r}", did_you_mean(text, known))
    return text


def _gives(name: str, output: str, steps: Mapping[str, Node]) -> str:
    """Return what a data set or a step's output is. A treatment says whether it makes models, or what its subject is."""
    from assay.works import declared

    verb = _verb(steps[name]) if name in steps else ""
    if verb == "train":
        return "model"
    parts = steps[name].value if verb == "treat" else None
    if not isinstance(parts, dict):
        return "table"
    if output == "fitted":
        return "model"  # a file, which goes where a tree or a model goes
    uses = parts["treat"].value
    module = declared.load("treatment", uses).module if uses in declared.names("treatment") else None
    gives = str(getattr(module, "GIVES", "table"))
    of = parts["of"].value if "of" in parts else None
    if gives != "subject" or not isinstance(of, str):
        return "table" if gives == "subject" else gives
    source, _, part = of.partition(".")
    seen = {k: v for k, v in steps.items() if k != name}  # steps in a circle are told elsewhere
    return _gives(source, part, seen)


def _verb(step: Node) -> str:
    parts = step.value if isinstance(step.value, dict) else {}
    return next((verb for verb in ("check", "treat", "train", "do") if verb in parts), "check")


def present(pipeline: Pipeline, wanted: Iterable[str]) -> None:
    """Raise Missing, with its line, for a data file or training script of the ``wanted`` steps that is not there."""
    for name in wanted:
        step = pipeline.steps[name]
        for ref in step.inputs.values():
            if ref.name in pipeline.data and _absent(pipeline.data[ref.name]):
                _complain(
                    Path(pipeline.data[ref.name]), str(pipeline.places[ref.name]), "name your data there"
                )
        script = step.script
        for param, source in step.trainers.items():
            path = pipeline.file.resolve().parent / source
            if source.endswith(".py") and not path.exists():
                place = step.places.get(param, step.place)
                _complain(path, str(place), "check the path")
        if script and not (path := pipeline.file.resolve().parent / str(script)).exists():
            _complain(path, str(step.place), f"check the path after `{step.verb}:`")


def _absent(source: str) -> bool:
    """Whether a source is a plain path to nothing; URLs, patterns and tables inside files are asked when opened."""
    return (
        "://" not in source
        and "::" not in source
        and not _PATTERN & set(source)
        and not Path(source).exists()
    )


def _complain(path: Path, where: str, otherwise: str) -> None:
    near = nearest(path.name, sorted(p.name for p in path.parent.iterdir())) if path.parent.is_dir() else None
    remedy = f"did you mean {near!r}?" if near else otherwise
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    raise Missing(f"there is no file '{shown}'", where=where, remedy=remedy)
