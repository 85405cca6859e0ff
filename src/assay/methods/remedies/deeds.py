"""What a rule may do, and what is said of each deed: every part held to its bounds, with its line.

alert, rollback, shift, fallback, quarantine, finding, retrain. A deed is a word (``rollback``) or a mapping of it to its parts
(``quarantine: {for: 1h}``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from assay.kernel.errors import UsageError
from assay.methods.document import Node
from assay.methods.nearest import did_you_mean
from assay.methods.schedules.schedule import length


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that is done. said: its parts as JSON, defaults filled in; place: file and line."""

    verb: str
    said: Mapping[str, Any] = field(default_factory=dict)
    place: str = ""


def deed(node: Node) -> Deed:
    """Return what a rule does; UsageError with the line where it is nothing that can be done."""
    if isinstance(node.value, str):
        verb, parts, place = node.value, dict[str, Node](), node.place
    else:
        found = node.mapping("what is done")
        if len(found) != 1:
            raise node.place.error("a deed is one verb with its parts", "write `- quarantine: {for: 1h}`")
        ((verb, inner),) = found.items()
        place = inner.place
        parts = {} if inner.value is None else _parts(verb, inner)
    if verb not in VERBS:
        raise place.error(f"nothing is done by {verb[:40]!r}", did_you_mean(verb, VERBS))
    for name, part in parts.items():
        if name not in PARTS[verb]:
            raise part.place.error(
                f"{verb} has no {name!r}", did_you_mean(name, PARTS[verb]) if PARTS[verb] else ""
            )
    try:
        return Deed(verb, VERBS[verb](parts), str(place))
    except UsageError as error:
        raise error if error.where else place.error(error.what, error.remedy) from None


def _parts(verb: str, node: Node) -> dict[str, Node]:
    if isinstance(node.value, dict):
        return dict(node.value)
    short = {"alert": "to", "retrain": "pipeline", "quarantine": "for", "fallback": "answer"}
    if verb in short:
        return {short[verb]: node}
    raise node.place.error(f"{verb} takes no {node.shown}")


def _alert(parts: Mapping[str, Node]) -> dict[str, Any]:
    """Somebody is told over channels of the home. to: their names."""
    if "to" not in parts:
        raise UsageError("an alert is to nobody", remedy="name channels: `alert: [ops]`")
    node = parts["to"]
    items = node.value if isinstance(node.value, list) else [node]
    if not items:
        raise node.place.error("an alert is to nobody", "name channels: `alert: [ops]`")
    return {"to": list(dict.fromkeys(item.text("a channel") for item in items))}


def _rollback(parts: Mapping[str, Node]) -> dict[str, Any]:
    """The endpoint goes back to the configuration before; never forth again to one that was rolled back from."""
    return {}


def _shift(parts: Mapping[str, Node]) -> dict[str, Any]:
    """The variants get other shares. weights: variant and share; away: true takes the traffic from those that it comes from."""
    if ("weights" in parts) == ("away" in parts):
        raise UsageError(
            "traffic is shifted to weights, or away", remedy="write `shift: {weights: {v1: 1, v2: 0}}`"
        )
    if "away" in parts:
        if parts["away"].value is not True:
            raise parts["away"].place.error("away is true, or left out")
        return {"away": True}
    weights = {k: _between(v, "a weight", 0, 1e9) for k, v in parts["weights"].mapping("weights").items()}
    if not any(weights.values()):
        raise parts["weights"].place.error("nobody would answer", "give one variant a weight above 0")
    return {"weights": weights}


def _fallback(parts: Mapping[str, Node]) -> dict[str, Any]:
    """A constant answers in the model's place until somebody takes it away. answer: the constant; rules: column, op, value and then,
    of which the first that fits a row answers it.
    """
    if "answer" not in parts:
        raise UsageError("a fallback answers something", remedy="write `fallback: {answer: 0}`")
    rules = []
    for item in parts["rules"].value if "rules" in parts and isinstance(parts["rules"].value, list) else []:
        inner = item.parts("a rule of a fallback", ("column", "op", "value", "then"))
        if len(inner) != 4:
            raise item.place.error("a rule of a fallback has column, op, value and then")
        rules.append({k: _scalar(v, k) for k, v in inner.items()})
    return {"when": "always", "rules": rules, "else": _scalar(parts["answer"], "answer")}


def _quarantine(parts: Mapping[str, Node]) -> dict[str, Any]:
    """Whoever sends what violates is refused for a while, where somebody stands out. for: how long (1h); share: of their own rows
    that must be bad (0.5); most: how many at most (5).
    """
    return {
        "for": _length(parts["for"], "for") if "for" in parts else 3_600,
        "share": _between(parts["share"], "share", 0, 1) if "share" in parts else 0.5,
        "most": int(_between(parts["most"], "most", 1, 1000)) if "most" in parts else 5,
    }


def _finding(parts: Mapping[str, Node]) -> dict[str, Any]:
    """A finding is opened with the diagnosis: which column, since which request, which callers and variants carry it."""
    return {}


def _retrain(parts: Mapping[str, Node]) -> dict[str, Any]:
    """A pipeline is run with the rows whose truth is known; what it registers (PENDING) is compared with what answers now on the
    latest quarter of them, which it was not trained on. pipeline: its file; data: the data set that the rows go into; label: its
    column of truths; window: how far back (30d); least: how many (100); with_old: whether the data set's own rows stay (true); set:
    step.param and value; shadow: whether the model is then proposed as a shadow (false).
    """
    for needed in ("pipeline", "data", "label"):
        if needed not in parts:
            raise UsageError(
                f"retraining has no {needed!r}",
                remedy="write `retrain: {pipeline: assay.yaml, data: bookings, label: y}`",
            )
    sets = parts["set"].mapping("set") if "set" in parts else {}
    with_old = parts["with_old"].value if "with_old" in parts else True
    if not isinstance(with_old, bool):
        raise parts["with_old"].place.error("with_old is true or false")
    return {
        "pipeline": parts["pipeline"].text("pipeline"),
        "data": parts["data"].text("data"),
        "label": parts["label"].text("label"),
        "window": _length(parts["window"], "window") if "window" in parts else 30 * 86_400,
        "least": int(_between(parts["least"], "least", 1, 1e9)) if "least" in parts else 100,
        "with_old": with_old,
        "set": {k: v.plain for k, v in sets.items()},
        "shadow": "shadow" in parts and parts["shadow"].value is True,
    }


def _scalar(node: Node, what: str) -> Any:
    if isinstance(node.value, (dict, list)):
        raise node.place.error(f"{what} takes one value, and is {node.shown}")
    return node.value


def _between(node: Node, what: str, low: float, high: float) -> float:
    value = node.value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise node.place.error(f"{what} takes a number from {low:g} to {high:g}, and is {node.shown}")
    return float(value)


def _length(node: Node, what: str) -> int:
    try:
        return length(node.text(what), what)
    except UsageError as error:
        raise node.place.error(error.what, error.remedy) from None


VERBS: Mapping[str, Callable[[Mapping[str, Node]], dict[str, Any]]] = {
    "alert": _alert,
    "rollback": _rollback,
    "shift": _shift,
    "fallback": _fallback,
    "quarantine": _quarantine,
    "finding": _finding,
    "retrain": _retrain,
}
PARTS: Mapping[str, tuple[str, ...]] = {
    "alert": ("to",),
    "rollback": (),
    "shift": ("weights", "away"),
    "fallback": ("answer", "rules"),
    "quarantine": ("for", "share", "most"),
    "finding": (),
    "retrain": ("pipeline", "data", "label", "window", "least", "with_old", "set", "shadow"),
}
TEMPLATE = """\
# What is done about violations. A rule fits an execution of a monitor by
# `when`, and does what `do` lists, in that order.
rules:
  - name: broken-input
    when:
      severity: high            # or graver: info, low, medium, high, critical
      # check: traffic.quality  # names may hold *
      # rule: traffic.quality.*
      # column: [lead_time]
      consecutive: 2            # so many windows one after another
    do:
      - finding                 # which column, since when, from whom
      # - alert: [ops]          # channels of channels.yaml in the home
      # - rollback              # to the configuration before
      # - shift: {away: true}   # from the variants that it comes from
      # - fallback: {answer: 0} # a constant, or rules before it
      # - quarantine: {for: 1h} # whoever sends it is refused so long
      # - retrain: {pipeline: assay.yaml, data: bookings, label: is_canceled}
    mode: propose               # act does it; propose waits to be accepted
    cooldown: 6h                # the same is not done to an endpoint before
    per_day: 3
"""
