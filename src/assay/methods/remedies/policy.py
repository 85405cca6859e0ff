"""The policy of corrective actions: a YAML file that says what is done about which violations, read with its lines."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from assay.kernel.canonical import sha256
from assay.kernel.errors import UsageError
from assay.kernel.severity import SEVERITIES, Severity
from assay.methods.document import Node, parse
from assay.methods.nearest import did_you_mean
from assay.methods.remedies.deeds import VERBS, Deed, deed
from assay.methods.schedules.schedule import length

LARGEST = 1 << 18
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_WHEN = ("check", "rule", "severity", "column", "consecutive", "metric", "below", "above", "status")
_RULE = ("name", "when", "do", "mode", "cooldown", "per_day")
_DAY = 86_400
_MOST = 100  # rules of a policy, and actions a day
Mode = Literal["act", "propose"]


@dataclass(frozen=True, slots=True)
class When:
    """Which executions a rule is about: those with a violation that fits, or with a metric beyond a bound.

    check, rule: names, with ``*``. severity: the least. columns: one of them, any where empty. consecutive: so many windows one
    after another. status: failed for executions that could not be carried out.
    """

    check: str = "*"
    rule: str = "*"
    severity: Severity = Severity.MEDIUM
    columns: tuple[str, ...] = ()
    consecutive: int = 1
    metric: str = ""
    below: float | None = None
    above: float | None = None
    status: str = "violations"

    def fits(
        self, check: str, violations: Sequence[Mapping[str, Any]], figures: Mapping[str, float], failed: bool
    ) -> bool:
        """Whether one execution is of that kind."""
        if not fnmatch.fnmatchcase(check, self.check):
            return False
        if self.status == "failed":
            return failed
        if self.metric:
            value = figures.get(self.metric)
            beyond = value is not None and (
                (self.below is not None and value < self.below)
                or (self.above is not None and value > self.above)
            )
            return not failed and beyond
        return any(self.fitting(v) for v in violations)

    def fitting(self, violation: Mapping[str, Any]) -> bool:
        """Whether a violation is of that kind."""
        where = violation.get("where") or {}
        columns = {str(where[k]) for k in ("column", "facet", "field") if k in where}
        return (
            fnmatch.fnmatchcase(str(violation.get("rule", "")), self.rule)
            and Severity.parse(str(violation.get("severity", "info"))) >= self.severity
            and (not self.columns or bool(columns & set(self.columns)))
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. cooldown: seconds in which the same is not done to the same endpoint again; per_day: how often at most."""

    name: str
    when: When
    do: tuple[Deed, ...]
    mode: Mode = "act"
    cooldown: int = 3_600
    per_day: int = 4


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules, in the order of the file; digest: of its bytes."""

    rules: tuple[Rule, ...] = ()
    digest: str = field(default="", compare=False)

    @property
    def channels(self) -> dict[str, str]:
        """Return the channels that it names → where."""
        return {str(c): d.place for r in self.rules for d in r.do for c in d.said.get("to", ())}


def read(raw: bytes, shown: str) -> Policy:
    """Read a policy from its bytes, which errors call ``shown``; UsageError with the line where it cannot be one."""
    if len(raw) > LARGEST:
        raise UsageError("a policy is no longer than 256 kB", where=shown)
    parts = parse(raw, shown, "`assay monitor policy` writes one").parts("a policy", ("rules",))
    if "rules" not in parts or not isinstance(parts["rules"].value, list) or not parts["rules"].value:
        place = parts["rules"].place if "rules" in parts else None
        said = "a policy has a list of `rules`"
        raise (
            place.error(said)
            if place
            else UsageError(said, where=shown, remedy="`assay monitor policy` writes one")
        )
    nodes = parts["rules"].value
    if len(nodes) > _MOST:
        raise parts["rules"].place.error(f"a policy has up to {_MOST} rules")
    rules: list[Rule] = []
    for number, node in enumerate(nodes, 1):
        rule = _rule(node, number)
        if rule.name in {r.name for r in rules}:
            raise node.place.error(f"there are two rules called {rule.name!r}", "rename one of them")
        rules.append(rule)
    return Policy(tuple(rules), sha256(raw))


def _rule(node: Node, number: int) -> Rule:
    parts = node.parts("a rule", _RULE)
    for needed in ("when", "do"):
        if needed not in parts:
            raise node.place.error(f"a rule has no `{needed}:`", "say when, and what is done")
    name = parts["name"].text("a name") if "name" in parts else f"rule-{number}"
    if not _NAME.fullmatch(name):
        raise parts["name"].place.error(
            f"a rule cannot be called {name[:40]!r}", "use letters, digits, -, _ and ."
        )
    mode = parts["mode"].text("mode") if "mode" in parts else "act"
    if mode not in ("act", "propose"):
        raise parts["mode"].place.error(f"mode cannot be {mode!r}", did_you_mean(mode, ("act", "propose")))
    return Rule(
        name,
        _when(parts["when"]),
        _do(parts["do"]),
        mode,  # type: ignore[arg-type]
        seconds(parts["cooldown"], "cooldown") if "cooldown" in parts else 3_600,
        whole(parts["per_day"], "per_day", 1, _MOST) if "per_day" in parts else 4,
    )


def _when(node: Node) -> When:
    parts = node.parts("`when`", _WHEN)
    bounds = {k: number(parts[k], k) for k in ("below", "above") if k in parts}
    if ("metric" in parts) != bool(bounds):
        raise node.place.error("a metric has a bound", "say metric: NAME with below: X or above: X")
    severity = parts["severity"].text("severity") if "severity" in parts else "medium"
    if severity not in SEVERITIES:
        raise parts["severity"].place.error(
            f"severity cannot be {severity!r}", did_you_mean(severity, SEVERITIES)
        )
    status = parts["status"].text("status") if "status" in parts else "violations"
    if status not in ("violations", "failed"):
        raise parts["status"].place.error(
            f"status cannot be {status!r}", did_you_mean(status, ("violations", "failed"))
        )
    return When(
        check=parts["check"].text("check") if "check" in parts else "*",
        rule=parts["rule"].text("rule") if "rule" in parts else "*",
        severity=Severity.parse(severity),
        columns=tuple(texts(parts["column"], "column")) if "column" in parts else (),
        consecutive=whole(parts["consecutive"], "consecutive", 1, 1000) if "consecutive" in parts else 1,
        metric=parts["metric"].text("metric") if "metric" in parts else "",
        below=bounds.get("below"),
        above=bounds.get("above"),
        status=status,
    )


def _do(node: Node) -> tuple[Deed, ...]:
    items = node.value if isinstance(node.value, list) else [node]
    if not items:
        raise node.place.error("a rule does nothing", f"say one of {', '.join(VERBS)}")
    return tuple(deed(item) for item in items)


def texts(node: Node, what: str) -> list[str]:
    """Return one text, or a list of them."""
    items = node.value if isinstance(node.value, list) else [node]
    return [item.text(what) for item in items]


def number(node: Node, what: str) -> float:
    """Return a number; its Node's UsageError for anything else."""
    value = node.value
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or value != value
        or abs(value) == float("inf")
    ):
        raise node.place.error(f"{what} takes a number, and is {node.shown}")
    return float(value)


def whole(node: Node, what: str, low: int, high: int) -> int:
    """Return a whole number within bounds."""
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise node.place.error(f"{what} takes a whole number from {low} to {high}, and is {node.shown}")
    return value


def seconds(node: Node, what: str) -> int:
    """Return a length of time in seconds, at most a year."""
    if node.value == 0:
        return 0
    try:
        found = length(node.text(what), what)
    except UsageError as error:
        raise node.place.error(error.what, error.remedy) from None
    if found > 366 * _DAY:
        raise node.place.error(f"{what} is at most a year")
    return found
