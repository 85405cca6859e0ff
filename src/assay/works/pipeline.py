"""assay.yaml: named data and steps, checked against signatures before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.kernel.errors import UsageError
from assay.methods.document import Node, Place, parse, read
from assay.methods.nearest import did_you_mean
from assay.works.behind import given_all
from assay.works.order import Needs, arrange
from assay.works.settings import Settings
from assay.works.signature import signature
from assay.works.step import Step, read_step, step_function

_NAME = "letters, digits, - and _"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Data sets, steps in an order that can run, and why each step waits for another."""

    name: str
    file: Path
    data: Mapping[str, str]
    steps: Mapping[str, Step]
    needs: Mapping[str, Needs]
    places: Mapping[str, Place] = field(default_factory=dict)  # where each data set stands
    seed: int = 7
    settings: Mapping[str, Any] = field(default_factory=dict)
    experiment: str = ""  # what its runs belong to; empty: the pipeline itself


def load(path: Path, sets: tuple[str, ...] = ()) -> Pipeline:
    """Read an assay.yaml. ``sets`` are ``step.param=value``; UsageError names file, line and nearest name."""
    top = read(path, "`assay init` writes one")
    parts = top.mapping("assay.yaml")
    known = ("name", "experiment", "data", "steps", "seed", "settings")
    for key, node in parts.items():
        if key not in known:
            raise node.place.error(f"{key!r} is not a part of assay.yaml", did_you_mean(key, known))
    if "steps" not in parts:
        raise top.place.error("has no `steps:`", "`assay init` writes an example")
    data = {n: _source(n, d, path) for n, d in _named(parts.get("data"), "data").items()}
    raw_steps = _apply(sets, _named(parts["steps"], "steps"))
    both = sorted(set(data) & set(raw_steps))
    if both:
        raise raw_steps[both[0]].place.error(f"{both[0]!r} names a data set and a step", "rename one of them")
    if not raw_steps:
        raise parts["steps"].place.error("has no step under `steps:`")
    steps = _told({name: read_step(name, node, data, raw_steps) for name, node in raw_steps.items()})
    needs = arrange(steps, frozenset(data))
    seed = parts["seed"].plain if "seed" in parts else 7
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise parts["seed"].place.error(f"seed takes a whole number, and {seed!r} is not that")
    settings = parts["settings"].mapping("settings") if "settings" in parts else {}
    for key, node in settings.items():  # each by itself, so that a mistake has its line
        Settings().updated({key: node.plain}, str(node.place))
    name = parts["name"].text("name") if "name" in parts else path.stem
    return Pipeline(
        name,
        path,
        data,
        {n: steps[n] for n in needs},
        needs,
        {n: d.place for n, d in _named(parts.get("data"), "data").items()},
        seed,
        {k: v.plain for k, v in settings.items()},
        experiment=_experiment(parts.get("experiment")),
    )


def _experiment(node: Node | None) -> str:
    if node is None:
        return ""
    text = node.text("experiment")
    if not 0 < len(text) <= 250 or not text.isprintable():
        raise node.place.error("an experiment has a name of up to 250 printable characters")
    return text


def _told(steps: dict[str, Step]) -> dict[str, Step]:
    """Give the steps that may have every report about their subject all there are, where they name none."""
    spec = {
        n: {p.name: p for p in signature(step_function(s.verb, s.uses))}
        for n, s in steps.items()
        if s.verb in ("check", "treat")
    }
    asking = frozenset(n for n, params in spec.items() if any(p.all_about for p in params.values()))
    return {n: given_all(s, spec[n], steps, asking) if n in asking else s for n, s in steps.items()}


def _named(node: Node | None, what: str) -> dict[str, Node]:
    if node is None or node.value is None:
        return {}
    out = node.mapping(what)
    for name, inner in out.items():
        if not name or not all(c.isalnum() or c in "-_" for c in name):
            raise inner.place.error(f"{name!r} cannot name a part of {what}; a name has {_NAME}")
    return out


def _source(name: str, node: Node, path: Path) -> str:
    if isinstance(node.value, str):
        text = node.value
    else:
        inner = node.mapping(f"the data set {name!r}")
        for key, value in inner.items():
            if key != "source":
                raise value.place.error(f"{key!r} is not a part of a data set", "it takes `source`")
        if "source" not in inner:
            raise node.place.error(f"the data set {name!r} has no `source`", "write `source: file.csv`")
        text = inner["source"].text("source")
    if not text.strip():
        raise node.place.error(f"the data set {name!r} has an empty `source`", "write `source: file.csv`")
    if "://" in text or Path(text).is_absolute():
        return text
    return str(path.resolve().parent / text)


def _apply(sets: tuple[str, ...], steps: dict[str, Node]) -> dict[str, Node]:
    out = dict(steps)
    for text in sets:
        left, eq, value = text.partition("=")
        step, dot, param = left.partition(".")
        if not (eq and dot and step and param):
            raise UsageError(f"--set {text!r} is not of the form step.param=value")
        if step not in out:
            raise UsageError(f"--set names the step {step!r}", remedy=did_you_mean(step, out))
        place = Place(f"--set {left}", 1)
        given = _given(value, place)
        inner = dict(out[step].mapping(f"step {step}"))
        head, *rest = param.split(".")
        if rest:  # one entry of a mapping: model.hyperparameters.max_depth=4
            held = dict(inner[head].value) if head in inner and isinstance(inner[head].value, dict) else {}
            inner[head] = Node(held | {".".join(rest): given}, place)
        else:
            inner[head] = given
        out[step] = Node(inner, out[step].place)
    return out


def _given(text: str, place: Place) -> Node:
    """Return what --set says as YAML says it, or as the text it is where that is no YAML."""
    if not text.strip():
        return Node("", place)
    try:
        return parse(text.encode("utf-8", "surrogatepass"), place.file)
    except UsageError:
        return Node(text, place)
