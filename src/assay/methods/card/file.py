"""card.yaml, the facts that only people know, and the policy of what a card must say: read with their lines, and bounded."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assay.kernel.errors import UsageError
from assay.methods.card.fields import EXAMINED, FIELDS, PEOPLE, RISKS, Field, empty
from assay.methods.document import Node, Place, read
from assay.methods.nearest import did_you_mean

_LONGEST = 4_000  # characters of one value
_MOST = 50  # values of one field
_CLAIMS = ("task", "label", "framework", "digest", "rows", "metrics")
_RISK = ("risk", "mitigation")
_WRITE = "`assay model card --template -o card.yaml` writes one"
_POLICY = ("require", "waive")


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that people state and examinations measure. value: a text, or a number. place: file and line."""

    name: str
    value: str | float
    place: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What people say. said: field → its values, those that say nothing left out. more: fields of their own.

    mitigations: consideration → what is done about it. places: field → file and line where it stands.
    """

    said: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    more: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mitigations: Mapping[str, str] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)

    def of(self, name: str) -> tuple[str, ...]:
        """Return what is said of a field; nothing where it is empty."""
        return self.more.get(name[5:], ()) if name.startswith("more.") else self.said.get(name, ())

    def with_(self, given: Mapping[str, Iterable[str]]) -> Facts:
        """Return them with other values for some fields, those of the command line."""
        own = {n: kept for n, values in given.items() if (kept := _kept(values))}
        if "risk_tier" in own:
            own["risk_tier"] = (_risk(own["risk_tier"]),)
        return replace(self, said={**self.said, **own})


@dataclass(frozen=True, slots=True)
class Policy:
    """What a card must say. required: fields in order. waived: field → why it need not be said here."""

    required: tuple[str, ...]
    waived: Mapping[str, str] = field(default_factory=dict)


DEFAULT = Policy(tuple(f.name for f in (*PEOPLE, *EXAMINED) if f.required))


def template(title: str = "") -> str:
    """Return a commented card.yaml to begin with."""
    lines = [
        "# What only people know of a model. The rest of its card, data, metrics, bias, explanation and limits found, is",
        "# written from the reports. A field that is empty, TBD, todo or n/a counts as empty.",
        "# * must be said, or the gate fails; a policy (`policy:`) can add to what must, and waive it with a reason.",
        "",
    ]
    for one in PEOPLE:
        star = "* " if one.required else ""
        lines.append(f"# {star}{one.title}: {one.ask}")
        shown = " []" if one.many else f" {title}" if one.name == "title" and title else ""
        lines += [
            f"{one.name}:{shown}" if one.required or shown.strip("[] ") else f"# {one.name}:{shown}",
            "",
        ]
    lines += [
        "# What you state and reports measure: where they differ, the card is refused.",
        "# claims:",
        "#   task: binary",
        "#   label: churned",
        "#   metrics: {f1: 0.91}",
        "",
        "# Fields of your own; a policy may require them as more.NAME",
        "# more:",
        "#   impact_assessment: DPIA 2026-14",
        "",
    ]
    return "\n".join(lines)


def read_facts(path: Path) -> Facts:
    """Read a card.yaml; UsageError with file and line where it is none, or says what is not known."""
    top = read(path, _WRITE)
    if top.value is None:
        return Facts()
    known = (*(f.name for f in PEOPLE), "claims", "more")
    parts = top.mapping("a card.yaml")
    said: dict[str, tuple[str, ...]] = {}
    mitigations: dict[str, str] = {}
    for name, node in parts.items():
        if name in ("claims", "more"):
            continue
        if name not in known:
            near = did_you_mean(name, known)
            if name in FIELDS:
                near = f"{name} is filled by {FIELDS[name].check}; leave it out"
            elif name not in near:
                near += " Fields of your own go under `more:`"
            raise node.place.error(f"a card has no field {name!r}", near)
        values = _values(FIELDS[name], node, mitigations)
        if name == "risk_tier" and values:
            values = (_risk(values, node.place),)
        if values:
            said[name] = values
    more = _more(parts.get("more"))
    places = {n: str(node.place) for n, node in parts.items()}
    return Facts(said, more, mitigations, tuple(_claims(parts.get("claims"))), places)


def _values(of: Field, node: Node, mitigations: dict[str, str]) -> tuple[str, ...]:
    if node.value is None:
        return ()
    if not isinstance(node.value, list):
        return _kept([_text(of.name, node, mitigations)])
    if not of.many:
        raise node.place.error(f"{of.name} takes one text, and is a list", "write it after the colon")
    if len(node.value) > _MOST:
        raise node.place.error(f"{of.name} has {len(node.value)} entries", f"a card takes up to {_MOST}")
    return _kept(_text(of.name, item, mitigations) for item in node.value)


def _kept(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(" ".join(v.split()) for v in values if not empty(v))


def _text(name: str, node: Node, mitigations: dict[str, str]) -> str:
    if name == "considerations" and isinstance(node.value, dict):
        inner = node.parts("a consideration", _RISK)
        if "risk" not in inner:
            raise node.place.error("a consideration has no `risk`", "write `risk:` and `mitigation:`")
        risk = " ".join(_text(name, inner["risk"], mitigations).split())
        if "mitigation" in inner and not empty(done := _text("mitigation", inner["mitigation"], {})):
            mitigations[risk] = " ".join(done.split())
        return risk
    if node.value is None:
        return ""
    if isinstance(node.value, (dict, list)):
        raise node.place.error(f"{name} takes a text, and is {node.shown}", "write it in words")
    text = node.value if isinstance(node.value, str) else node.written or str(node.value)
    if len(text) > _LONGEST:
        raise node.place.error(f"{name} has {len(text):,} characters", f"a card takes {_LONGEST:,} of each")
    return text


def _risk(values: tuple[str, ...], place: Place | None = None) -> str:
    tier = values[0].lower()
    if tier not in RISKS:
        where = str(place) if place is not None else ""
        raise UsageError(
            f"risk_tier cannot be {values[0][:60]!r}", where=where, remedy=did_you_mean(tier, RISKS)
        )
    return tier


def _more(node: Node | None) -> dict[str, tuple[str, ...]]:
    if node is None or node.value is None:
        return {}
    out: dict[str, tuple[str, ...]] = {}
    for name, inner in node.mapping("`more`").items():
        if not name or len(name) > 60 or not all(c.isalnum() or c in "_- " for c in name):
            raise inner.place.error(f"{name[:60]!r} cannot name a field", "use letters, digits, _ and -")
        if len(out) >= _MOST:
            raise inner.place.error(f"`more` has over {_MOST} fields", "leave some out")
        values = _values(Field(name, name, "", many=True), inner, {})
        if values:
            out[name] = values
    return out


def _claims(node: Node | None) -> Iterable[Claim]:
    if node is None or node.value is None:
        return
    for name, inner in node.parts("`claims`", _CLAIMS).items():
        if name == "metrics":
            for metric, value in inner.mapping("`metrics`").items():
                yield Claim(f"metrics.{metric}", _number(metric, value), str(value.place))
        elif name == "rows":
            yield Claim(name, _number(name, inner), str(inner.place))
        elif not empty(text := _text(name, inner, {})):
            yield Claim(name, text.strip(), str(inner.place))


def _number(name: str, node: Node) -> float:
    value: Any = node.value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise node.place.error(f"the claim of {name} must be a number, and is {node.shown}")
    return float(value)


def read_policy(path: Path) -> Policy:
    """Read a policy: ``require`` adds fields, ``waive`` names those that need not be said, each with its reason."""
    top = read(path, "write `require: [maintenance]`, or `waive: {license: internal only}`")
    parts = top.parts("a card policy", _POLICY)
    known = list(FIELDS)
    added = parts["require"].value if "require" in parts else []
    required = list(DEFAULT.required)
    for item in added if isinstance(added, list) else [parts["require"]]:
        name = item.text("a field to require")
        if name not in FIELDS and not (name.startswith("more.") and len(name) > len("more.")):
            raise item.place.error(f"a card has no field {name!r}", did_you_mean(name, known))
        if name not in required:
            required.append(name)
    waived = {}
    node = parts.get("waive")
    for name, why in node.mapping("`waive`").items() if node is not None and node.value is not None else ():
        if name not in FIELDS:
            raise why.place.error(f"a card has no field {name!r}", did_you_mean(name, known))
        reason = "" if why.value is None else why.text("the reason")
        if empty(reason):
            raise why.place.error(
                f"{name} is waived without a reason", f"write `{name}: why it need not be said`"
            )
        waived[name] = " ".join(reason.split())[:500]
    return Policy(tuple(n for n in required if n not in waived), waived)
