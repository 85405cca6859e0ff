"""Which column of a table is hidden how, after policy, report and named columns have each had their say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from assay.kernel.errors import UsageError
from assay.kernel.handles import ColumnInfo
from assay.methods.masking.method import METHODS, Rule
from assay.methods.masking.policy import Policy


@dataclass(frozen=True)
class Choice:
    """A column and its rule. type: what data.pii says it holds; inside: the rule for each type found in its texts.

    was: the Arrow type of the column.
    """

    column: str
    rule: Rule
    type: str = ""
    inside: Mapping[str, Rule] = field(default_factory=dict)
    was: str = ""

    @property
    def keyed(self) -> bool:
        """Whether it is hidden under a key, given or drawn."""
        if self.inside:
            return any(r.of.key in ("may", "must") for r in self.inside.values())
        if self.rule.method == "redact":
            return self.rule.get("as") in ("hash", "token", "pseudonym")
        return self.rule.of.key in ("may", "must")

    @property
    def needs_key(self) -> bool:
        """Whether it cannot do without a key that is given."""
        tokens = [r.method == "token" for r in (self.rule, *self.inside.values())]
        return any(tokens) or (
            self.rule.method == "redact" and not self.inside and self.rule.get("as") == "token"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON, for the report; a key is no part of it."""
        out: dict[str, Any] = {"method": self.rule.method, "options": dict(self.rule.options)}
        out |= {"type": self.type} if self.type else {}
        out |= {"inside": {t: _plain(r) for t, r in self.inside.items()}} if self.inside else {}
        return out | {"was": self.was}

    @classmethod
    def from_dict(cls, column: str, raw: Mapping[str, Any]) -> Choice:
        """Read what to_dict wrote; KeyError or TypeError where it did not."""
        inside = {str(t): _rule(r) for t, r in dict(raw.get("inside", {})).items()}
        return cls(column, _rule(raw), str(raw.get("type", "")), inside, str(raw.get("was", "")))


def _plain(rule: Rule) -> dict[str, Any]:
    return {"method": rule.method, "options": dict(rule.options)}


def _rule(raw: Mapping[str, Any]) -> Rule:
    if raw["method"] not in METHODS:
        raise KeyError(raw["method"])
    return Rule(str(raw["method"]), dict(raw.get("options", {})))


@dataclass(frozen=True)
class Found:
    """What a report of data.pii found: columns wholly of a type, and types inside longer texts."""

    whole: Mapping[str, str] = field(default_factory=dict)
    inside: Mapping[str, list[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Found:
        """Read a report's data; UsageError where it is another report's."""
        whole, inside = data.get("columns"), data.get("inside", {})
        if not isinstance(whole, Mapping) or not isinstance(inside, Mapping) or not _words(whole.values()):
            raise UsageError(
                "the report given as `using` names no sensitive columns", remedy="give a report of data.pii"
            )
        return cls(
            {str(c): str(k) for c, k in whole.items()},
            {str(c): [str(k) for k in v] for c, v in inside.items()},
        )


def _words(values: Iterable[Any]) -> bool:
    """Whether each is a text: a report of data.profile has columns too, and says more of each."""
    return all(isinstance(one, str) for one in values)


def choose(
    columns: Iterable[ColumnInfo],
    found: Found,
    *,
    policy: Policy | None = None,
    named: Iterable[str] = (),
    rule: Rule,
    keep: Iterable[str] = (),
) -> list[Choice]:
    """Return what is done to which column, in the table's order; columns that stay as they are are not in it.

    rule: what becomes of named columns, and of found ones where no policy speaks.
    """
    out, kept, wanted = [], set(keep), set(named)
    for column in columns:
        name = column.name
        said = policy.of_column(name) if policy else None
        kind = found.whole.get(name, "")
        if said is not None:
            out.append(Choice(name, said, kind, was=column.native))
        elif name in wanted:
            out.append(Choice(name, rule, kind, was=column.native))
        elif name in kept:
            continue
        elif kind:
            out.append(Choice(name, _typed(policy, kind, rule), kind, was=column.native))
        elif found.inside.get(name):
            inside = {t: _typed(policy, t, rule) for t in found.inside[name]}
            # A column with something inside is left out where the method is to leave columns out.
            whole = (
                rule if rule.method in ("drop", "null") and policy is None else Rule("redact", rule.options)
            )
            out.append(Choice(name, whole, "", inside, column.native))
        elif policy is not None and policy.rest is not None:
            out.append(Choice(name, policy.rest, was=column.native))
    return [c for c in out if c.rule.method != "keep"]


def _typed(policy: Policy | None, kind: str, rule: Rule) -> Rule:
    if policy is None:
        return rule
    return policy.types.get(kind) or policy.types.get("*") or rule


def check_type(choice: Choice, column: ColumnInfo) -> None:
    """Raise UsageError where a method does not work on a column of that type."""
    takes = choice.rule.takes
    if takes and column.type not in takes and not choice.inside:
        raise UsageError(
            f"{choice.rule.method} takes {' or '.join(takes)}, and {choice.column} is {column.type}",
            where=choice.rule.place,
            remedy="choose another method",
        )
    if choice.rule.method == "round" and column.type == "integer" and not choice.rule.whole:
        raise UsageError(
            f"{choice.column} holds whole numbers, which that leaves as they are or makes fractions",
            where=choice.rule.place,
            remedy="say `to: 10`, say, or `digits: -1`",
        )
