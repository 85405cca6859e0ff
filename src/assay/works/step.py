"""A step of a pipeline: what it does to what, and how assay.yaml says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from assay.kernel.errors import AssayError, UsageError
from assay.kernel.severity import SEVERITIES, Severity
from assay.kernel.verdict import Gate
from assay.methods.document import Node, Place
from assay.methods.nearest import did_you_mean, nearest
from assay.methods.tuning import read as read_tuning
from assay.works import declared
from assay.works.fitting import fits, trains
from assay.works.signature import Param, signature

Verb = Literal["check", "treat", "train", "do"]
VERBS: tuple[Verb, ...] = ("check", "treat", "train", "do")
_COMMON = ("of", "using", "gate", "after", "seed")
_REACH = (
    "network",
    "network_isolation",
    "encrypt_inter_container_traffic",
)  # of steps that run no script of their own
PROCESS = "process"  # what a step does that runs a script of the team's own


@dataclass(frozen=True, slots=True)
class Ref:
    """A named thing: a data set, a step's output, or one of its named outputs (``split.train``)."""

    name: str
    output: str = "out"

    def __str__(self) -> str:
        return self.name if self.output == "out" else f"{self.name}.{self.output}"


@dataclass(frozen=True, slots=True)
class Step:
    """One step. inputs: parameter (or channel) → what it is given; reports: parameter → the step it reads.

    keys: parameter → the name of the key that it works with. trainers: parameter → the script or train step it trains by.
    """

    name: str
    verb: Verb
    uses: str
    place: Place
    inputs: Mapping[str, Ref] = field(default_factory=dict)
    reports: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    trainers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    gate: Gate = field(default_factory=Gate)
    after: tuple[str, ...] | None = None
    seed: int | None = None
    reach: Mapping[str, Any] = field(default_factory=dict)  # what a check or treatment says of its network
    places: Mapping[str, Place] = field(default_factory=dict)  # where each of its parameters stands

    @property
    def script(self) -> Path | None:
        """Return the script that it runs in the sandbox, of a train step or a team's own treatment; else None."""
        script = self.params.get("script") if self.uses in ("train", PROCESS) else None
        return None if script is None else Path(script)

    @property
    def subject(self) -> Ref | None:
        """Return what it examines, the input called ``of``."""
        return next(iter(self.inputs.values()), None)


def is_script(uses: str) -> bool:
    """Whether what follows ``treat:`` is a script of the team's own, or the step it makes, and no treatment's name."""
    return uses.endswith(".py") or uses == PROCESS


def step_function(verb: Verb, uses: str) -> Any:
    """Return the function whose signature a step is checked against."""
    if verb == "check":
        return declared.load("check", uses).function
    if verb == "treat" and is_script(uses):
        from assay.works.processing import process

        return process
    if verb == "treat":
        return declared.load("treatment", uses).function
    from assay.works.deeds import DEEDS, train

    if verb == "train":
        return train
    if uses not in DEEDS:
        raise UsageError(f"there is no act called {uses!r}", remedy=did_you_mean(uses, DEEDS))
    return DEEDS[uses]


@dataclass(slots=True)
class _Given:
    """What a step gives to the parameters of what it uses, each kind by itself, as Step has it."""

    values: dict[str, Any]
    inputs: dict[str, Ref] = field(default_factory=dict)
    reports: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    trainers: dict[str, str] = field(default_factory=dict)
    reach: dict[str, Any] = field(default_factory=dict)

    def take(
        self, param: Param, value: Node, uses: str, data: Mapping[str, str], steps: Mapping[str, Node]
    ) -> None:
        """Take what is said of one parameter."""
        key = param.name
        if param.role == "input" and param.many:
            for each, ref in value.mapping(key).items():
                self.inputs[f"{key}.{each}"] = _ref(ref, param, uses, data, steps)
        elif param.role == "input" and param.kinds == ("key",):
            self.keys[key] = value.text("the name of a key")
        elif param.role == "input" and param.kinds == ("trainer",):
            self.trainers[key] = trains(value, steps)
        elif param.role == "input":
            self.inputs[key] = _ref(value, param, uses, data, steps)
        elif param.role == "report" and param.many:
            items = value.value if isinstance(value.value, list) else [value]
            self.reports |= {f"{key}.{name}": name for name in (_report(item, steps) for item in items)}
        elif param.role == "report":
            self.reports[key] = _report(value, steps)
        elif value.value is not None:  # nothing after the colon: as if it were not said
            self.values[key] = _value(param, value)

    def lacks(self, param: Param) -> bool:
        """Whether a parameter is needed beside what is given, and is not."""
        held = (self.values, self.inputs, self.reports, self.keys, self.trainers)
        return param.needed({*self.values, *self.inputs}) and not any(param.name in one for one in held)


def read_step(name: str, node: Node, data: Mapping[str, str], steps: Mapping[str, Node]) -> Step:
    """Read one step, and check it against the signature of what it uses; UsageError names file, line and nearest name.

    data, steps: all that it may name.
    """
    parts = node.mapping(f"the step {name!r}")
    verb = _said(name, node, parts)
    uses = parts[verb].text(verb)
    try:
        params = {p.name: p for p in signature(step_function(verb, uses))}
    except AssayError as error:
        raise parts[verb].place.error(error.what, error.remedy) from None
    step = Step(name, verb, uses, node.place, places={k: v.place for k, v in parts.items()})
    if verb == "train":
        step = replace(step, uses="train", params={"script": uses})
    elif verb == "treat" and is_script(uses):
        step = replace(step, uses=PROCESS, params={"script": uses})
    given = _Given(dict(step.params))
    subject = next((p for p in params.values() if p.role == "input"), None)
    if "of" in parts:
        given.inputs |= _of(parts["of"], uses, verb, subject, data, steps)
    elif subject is not None and subject.required:
        raise node.place.error(f"the step {name!r} has no `of:`", "name the data set or step it works on")
    for key, value in parts.items():
        if key in (verb, *_COMMON) and key not in ("using",):
            continue
        param = params.get(key)
        if param is None and key in _REACH and verb in ("check", "treat"):
            given.reach[key] = _reached(key, value)
            continue
        if param is None or param.role == "work" or param is subject:
            choices = [p.name for p in params.values() if p.role != "work" and p is not subject]
            raise value.place.error(f"{uses} takes no {key!r}", did_you_mean(key, [*choices, *_COMMON]))
        given.take(param, value, uses, data, steps)
    for param in params.values():
        if param is not subject and param.role != "work" and given.lacks(param):
            raise node.place.error(f"{uses} needs {param.name!r}: {param.doc or param.expected}")
    if verb == "train" and given.values.get("tune") is not None:
        try:
            read_tuning(given.values["tune"], tuple(given.inputs))
        except AssayError as error:
            raise parts["tune"].place.error(error.what, error.remedy) from None
    return replace(
        step,
        inputs=given.inputs,
        reports=given.reports,
        keys=given.keys,
        trainers=given.trainers,
        params=given.values,
        reach=given.reach,
        gate=_gate(parts.get("gate")),
        after=_after(parts.get("after"), steps),
        seed=_seed(parts.get("seed")),
    )


def _reached(key: str, node: Node) -> Any:
    """Return what a step says of its network, read as far as it can be wrong."""
    from assay.engines.egress.policy import read_network

    given = node.plain
    if key != "network":
        if given is not None and not isinstance(given, bool):
            raise node.place.error(f"{key} takes true or false, and is {node.shown}")
        return given
    try:
        read_network(node.mapping(key) and given)
    except AssayError as error:
        raise node.place.error(error.what, error.remedy) from None
    return given


def _said(name: str, node: Node, parts: Mapping[str, Node]) -> Verb:
    """Return the one verb that a step says."""
    verbs = [v for v in VERBS if v in parts]
    if len(verbs) == 1:
        return verbs[0]
    if verbs:
        raise node.place.error(
            f"the step {name!r} says {' and '.join(verbs)}", "a step says exactly one of them"
        )
    for key, value in parts.items():
        meant = nearest(key, VERBS)
        if meant and key not in _COMMON:
            raise value.place.error(f"{key!r} in the step {name!r} is no verb", f"did you mean {meant!r}?")
    raise node.place.error(
        f"the step {name!r} says none of {', '.join(VERBS)}",
        "a step says exactly one, such as `check: data.profile`",
    )


def _of(
    node: Node,
    uses: str,
    verb: Verb,
    subject: Param | None,
    data: Mapping[str, str],
    steps: Mapping[str, Node],
) -> dict[str, Ref]:
    if verb == "train" or (verb == "treat" and is_script(uses)):
        if isinstance(node.value, dict):
            return {channel: _ref(value, None, uses, data, steps) for channel, value in node.value.items()}
        return {"train" if verb == "train" else "data": _ref(node, None, uses, data, steps)}
    return {subject.name if subject else "of": _ref(node, subject, uses, data, steps)}


def _ref(
    node: Node, param: Param | None, uses: str, data: Mapping[str, str], steps: Mapping[str, Node]
) -> Ref:
    fits(node, param.kinds if param else (), uses, data, steps)
    name, _, output = node.text("the name of a data set or step").partition(".")
    return Ref(name, output or "out")


def _report(node: Node, steps: Mapping[str, Node]) -> str:
    name = node.text("the name of a step")
    if name not in steps:
        raise node.place.error(f"there is no step called {name!r}", did_you_mean(name, steps))
    return name


def _value(param: Param, node: Node) -> Any:
    try:
        return param.value(node.plain)
    except AssayError as error:
        raise node.place.error(error.what, error.remedy) from None


def _seed(node: Node | None) -> int | None:
    if node is None:
        return None
    if isinstance(node.value, bool) or not isinstance(node.value, int):
        raise node.place.error(f"seed takes a whole number, and is {node.shown}")
    return node.value


def _after(node: Node | None, steps: Mapping[str, Node]) -> tuple[str, ...] | None:
    if node is None:
        return None
    items = node.value if isinstance(node.value, list) else [node]
    return tuple(_report(item, steps) for item in items if item.value is not None)


def _gate(node: Node | None) -> Gate:
    """`gate: none`, `gate: high`, or `gate: [high, incomplete]`, which lets an incomplete report pass."""
    if node is None:
        return Gate()
    items = node.value if isinstance(node.value, list) else [node]
    words = ["none" if i.value is None else i.text("gate") for i in items]
    allowed = ("none", *SEVERITIES, "incomplete")
    at: Severity | None = Severity.HIGH
    for word, item in zip(words, items, strict=True):
        if word not in allowed:
            raise item.place.error(f"gate cannot be {word!r}", did_you_mean(word, allowed))
        if word == "none":
            at = None
        elif word != "incomplete":
            at = Severity.parse(word)
    return Gate(at, "incomplete" in words)
