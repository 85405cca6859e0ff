"""What a registry demands: how many approve, who may not, how long it holds, what must be known first.

It is a YAML file of the home, ``registry.yaml``. Nothing in it is required; without it one person approves, for good.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assay.kernel.canonical import sha256
from assay.methods.document import Node, parse
from assay.methods.inventory.questions import QUESTIONS, Question
from assay.methods.nearest import did_you_mean
from assay.methods.plainfile import read_plain

FILE = "registry.yaml"
APART = ("registered", "trained")
DEMANDS = ("owner", "purpose", "tier", "answers", "image", "hallmark", "card")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
MOST_APPROVALS = 9
MOST_QUESTIONS = 100
_LARGEST = 1 << 18
_SPAN = re.compile(r"([1-9]\d{0,4})(d|w|y)")
_DAYS = {"d": 1, "w": 7, "y": 365}


@dataclass(frozen=True, slots=True)
class Rules:
    """What is asked of a model of one tier. expires: days that an approval holds, 0 for good. apart: who may not approve."""

    approvals: int = 1
    apart: tuple[str, ...] = ()
    expires: int = 0
    require: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """A registry's policy. approved_stages, approved_aliases: what only an approved model may bear. digest: of its file."""

    rules: Rules = Rules()
    by_tier: Mapping[str, Rules] = field(default_factory=dict)
    tiers: tuple[str, ...] = ("low", "medium", "high")
    stages: tuple[str, ...] = ("development", "staging", "production")
    approved_stages: tuple[str, ...] = ()
    approved_aliases: tuple[str, ...] = ()
    export_approved: bool = False
    questions: tuple[Question, ...] = QUESTIONS
    digest: str = ""

    def of(self, tier: str) -> Rules:
        """Return the rules for a tier. Where tiers have rules of their own, one must be named: none is not a way around."""
        rules = self.by_tier.get(tier, self.rules)
        if self.by_tier and "tier" not in rules.require:
            return replace(rules, require=(*rules.require, "tier"))
        return rules

    def asked(self, tier: str) -> tuple[Question, ...]:
        """Return the questions asked of a tier."""
        return tuple(q for q in self.questions if q.of(tier))


def days(text: str) -> int | None:
    """Return the days of ``90d``, ``12w`` or ``1y``; 0 for ``never``, None for anything else."""
    if text == "never":
        return 0
    found = _SPAN.fullmatch(text)
    return int(found.group(1)) * _DAYS[found.group(2)] if found else None


def read(path: Path) -> Policy:
    """Read a policy; UsageError with the line where it cannot be one."""
    raw = read_plain(
        path, _LARGEST, "the registry's policy", "`assay inventory policy --template` writes one"
    )
    return replace(_policy(parse(raw, str(path))), digest=sha256(raw))


def _policy(node: Node) -> Policy:
    names = (
        "approvals",
        "apart",
        "expires",
        "require",
        "tiers",
        "stages",
        "approved_only",
        "export",
        "by_tier",
        "questions",
    )
    parts = node.parts("the registry's policy", names)
    tiers = _names(parts, "tiers", Policy().tiers)
    stages = _names(parts, "stages", Policy().stages)
    rules = _rules(parts, Rules())
    own = {}
    for tier, inner in _mapping(parts, "by_tier").items():
        if tier not in tiers:
            raise inner.place.error(f"there is no tier {tier!r}", did_you_mean(tier, tiers))
        own[tier] = _rules(
            inner.parts(f"the tier {tier}", ("approvals", "apart", "expires", "require")), rules
        )
    only = _mapping(parts, "approved_only")
    if "approved_only" in parts:
        parts["approved_only"].parts("approved_only", ("stages", "aliases"))
    approved = _names(only, "stages", ())
    for stage in approved:
        if stage not in stages:
            raise only["stages"].place.error(f"there is no stage {stage!r}", did_you_mean(stage, stages))
    export = parts["export"].text("export") if "export" in parts else "any"
    if export not in ("any", "approved"):
        raise parts["export"].place.error(f"export cannot be {export!r}", "write any or approved")
    questions = _questions(parts["questions"], tiers) if "questions" in parts else QUESTIONS
    return Policy(
        rules, own, tiers, stages, approved, _names(only, "aliases", ()), export == "approved", questions
    )


def _rules(parts: Mapping[str, Node], base: Rules) -> Rules:
    changes: dict[str, Any] = {}
    if "approvals" in parts:
        node = parts["approvals"]
        if type(node.value) is not int or not 1 <= node.value <= MOST_APPROVALS:
            raise node.place.error(f"approvals is {node.shown}", f"write a number from 1 to {MOST_APPROVALS}")
        changes["approvals"] = node.value
    if "expires" in parts:
        node = parts["expires"]
        found = days(node.text("expires"))
        if found is None:
            raise node.place.error(f"expires cannot be {node.shown}", "write 90d, 12w, 1y or never")
        changes["expires"] = found
    for name, known in (("apart", APART), ("require", DEMANDS)):
        if name in parts:
            changes[name] = _names(parts, name, (), known)
    return replace(base, **changes)


def _mapping(parts: Mapping[str, Node], name: str) -> dict[str, Node]:
    return parts[name].mapping(name) if name in parts else {}


def _names(
    parts: Mapping[str, Node], name: str, otherwise: tuple[str, ...], known: Iterable[str] | None = None
) -> tuple[str, ...]:
    if name not in parts:
        return otherwise
    node = parts[name]
    if not isinstance(node.value, list):
        raise node.place.error(f"{name} must be a list, such as [a, b], and is {node.shown}")
    out = tuple(item.text(name) for item in node.value)
    for item, said in zip(node.value, out, strict=True):
        if known is not None and said not in known:
            raise item.place.error(f"{name} cannot hold {said!r}", did_you_mean(said, known))
        if not NAME.fullmatch(said):
            raise item.place.error(f"{said[:80]!r} is no name", "use letters, digits, -, _ and .")
    return tuple(dict.fromkeys(out))


def _questions(node: Node, tiers: tuple[str, ...]) -> tuple[Question, ...]:
    asked = node.mapping("questions")
    if len(asked) > MOST_QUESTIONS:
        raise node.place.error(f"there are more than {MOST_QUESTIONS} questions", "ask fewer")
    out = []
    for key, inner in asked.items():
        if not NAME.fullmatch(key):
            raise inner.place.error(
                f"{key[:80]!r} is no name of a question", "use letters, digits, -, _ and ."
            )
        if not isinstance(inner.value, dict):
            out.append(Question(key, inner.text(key).strip()))
            continue
        parts = inner.parts(f"the question {key}", ("ask", "tiers"))
        if "ask" not in parts:
            raise inner.place.error(f"the question {key} asks nothing", "say it with `ask:`")
        of = _names(parts, "tiers", (), tiers)
        out.append(Question(key, parts["ask"].text("ask").strip(), of))
    for question in out:
        if not question.ask or len(question.ask) > 500:
            raise node.place.error(f"the question {question.key} asks nothing, or more than 500 characters")
    return tuple(out)


TEMPLATE = """\
# The policy of this home's registry: save it as .assay/registry.yaml. Every line may be left out.
approvals: 1                # how many different people approve, 1 to 9
apart: []                   # who may not be among them: registered, trained
expires: never              # how long an approval holds: 90d, 12w, 1y
require: []                 # before it is approved: owner, purpose, tier, answers, image, hallmark, card
export: any                 # any, or approved: nothing else leaves the house
tiers: [low, medium, high]  # of risk
stages: [development, staging, production]
approved_only:              # what only an approved model may bear
  stages: [production]
  aliases: [champion]
by_tier:                    # where any stands here, a tier must be named before approval
  high:
    approvals: 2
    apart: [registered, trained]
    expires: 90d
    require: [owner, purpose, answers]
# questions:                # in the place of the ten that are built in: assay inventory questions
#   harm: Who is harmed when it is wrong?
#   appeal: {ask: "How does somebody object?", tiers: [high]}
"""
