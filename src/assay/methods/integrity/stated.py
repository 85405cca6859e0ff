"""Rules that people state, in YAML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from assay.kernel.errors import Missing, UsageError
from assay.kernel.severity import SEVERITIES
from assay.methods.expressions import parse
from assay.methods.nearest import did_you_mean

LARGEST = 1_000_000
MOST = 1_000
_KEYS = {"name", "holds", "when", "key", "determines", "by", "severity", "repair", "message"}


@dataclass(frozen=True)
class Stated:
    """A rule as a person wrote it: an expression that holds in every row, a key, or a dependency."""

    name: str
    holds: str = ""
    key: tuple[str, ...] = ()
    determines: str = ""
    by: tuple[str, ...] = ()
    severity: str = "high"
    message: str = ""
    repair: Mapping[str, Any] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns it names."""
        if self.holds:
            return parse(self.holds).columns
        return self.key or (*self.by, self.determines)


def read(text: bytes, where: str, columns: Iterable[str]) -> list[Stated]:
    """Read a rules file; UsageError or Missing names the rule and what is wrong with it.

    ``rules:`` is a list of ``{name, holds}``, ``{name, when, holds}``, ``{name, key: [columns]}`` or
    ``{name, determines: column, by: [columns]}``, each with an optional severity, message and
    ``repair: {set: column, to: expression}``.
    """
    from assay.methods.document import parse as parsed

    raw = parsed(text, where, "write `rules:` and below it `- holds: a <= b`").plain
    listed = raw.get("rules") if isinstance(raw, dict) else raw
    if not isinstance(listed, list) or not listed:
        raise UsageError(
            "there is no list of rules", where=where, remedy="write `rules:` and below it `- holds: a <= b`"
        )
    if len(listed) > MOST:
        raise UsageError(f"there are more than {MOST} rules", where=where)
    known = list(columns)
    return [_one(item, place, where, known) for place, item in enumerate(listed, 1)]


def _one(item: Any, place: int, where: str, known: list[str]) -> Stated:
    at = f"{where}, rule {place}"
    if isinstance(item, str):
        item = {"holds": item}
    if not isinstance(item, dict):
        raise UsageError("a rule is a text or a mapping", where=at)
    for key in item:
        if key not in _KEYS:
            raise UsageError(
                f"a rule has no {str(key)[:40]!r}", where=at, remedy=did_you_mean(str(key), sorted(_KEYS))
            )
    severity = str(item.get("severity", "high"))
    if severity not in SEVERITIES:
        raise UsageError(
            f"there is no severity {severity[:40]!r}", where=at, remedy=did_you_mean(severity, SEVERITIES)
        )
    if sum(k in item for k in ("holds", "key", "determines")) != 1:
        raise UsageError("a rule says one of holds, key and determines", where=at)
    holds = str(item.get("holds", ""))
    if "when" in item:
        if not holds:
            raise UsageError("`when` goes with `holds`", where=at)
        for part in (str(item["when"]), holds):
            parse(part)  # each by itself, so that no bracket of one closes the other's
        holds = f"not ({item['when']}) or ({holds})"
    repair = item.get("repair")
    if repair is not None and not (
        isinstance(repair, dict) and isinstance(repair.get("set"), str) and isinstance(repair.get("to"), str)
    ):
        raise UsageError("a repair is {set: column, to: expression}", where=at)
    stated = Stated(
        str(item.get("name") or holds or item.get("determines") or item.get("key"))[:120],
        holds,
        _names(item.get("key")),
        str(item.get("determines", "")),
        _names(item.get("by")),
        severity,
        str(item.get("message", ""))[:500],
        dict(repair) if repair else None,
    )
    if stated.determines and not stated.by:
        raise UsageError("`determines` goes with `by`", where=at)
    named = [*stated.columns]
    if repair:
        named += [repair["set"], *parse(repair["to"]).columns]
    for column in named:
        if column not in known:
            raise Missing(f"there is no column {column[:80]!r}", where=at, remedy=did_you_mean(column, known))
    return stated


def _names(raw: Any) -> tuple[str, ...]:
    if raw is None:
        return ()
    return tuple(dict.fromkeys(str(r) for r in raw)) if isinstance(raw, list) else (str(raw),)
