"""Rules that turn scores into decisions by group: thresholds, scores mixed with a base rate, a band near the threshold.

A rule is numbers and names only. ``decided`` takes each row's score of yes, its group's place (-1 where it is of none that
was there when the rule was learnt) and a lot between 0 and 1, and returns the decisions and the scores that they are of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

EVERYBODY, NOBODY = -1e300, 1e300  # thresholds that all scores pass, or none

Floats = NDArray[np.float64]
Decided = tuple[NDArray[np.bool_], Floats]


class Rule(Protocol):
    """A way to decide."""

    @property
    def by_lot(self) -> bool:
        """Whether a lot is ever asked."""

    def decided(self, score: Floats, groups: Any, lot: Floats) -> Decided:
        """Return who is told yes, and the scores that this is of."""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON; ``from_json`` reads it."""


@dataclass(frozen=True, slots=True)
class Cut:
    """One group's thresholds: with the chance p the score is held against ``low``, else against ``high``; before that, with the
    chance ``ignore``, the score is not looked at and yes is told with the chance ``constant``.
    """

    low: float
    high: float
    p: float = 1.0
    ignore: float = 0.0
    constant: float = 0.0

    @property
    def by_lot(self) -> bool:
        """Whether a lot is asked."""
        return (0 < self.p < 1 and self.low != self.high) or self.ignore > 0

    def chance(self, score: Floats) -> Floats:
        """Return each row's chance of yes."""
        own = self.p * (score > self.low) + (1 - self.p) * (score > self.high)
        out: Floats = self.ignore * self.constant + (1 - self.ignore) * own
        return np.where(np.isfinite(score), out, 0.0)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """A cut a group. cuts: in the order of the groups; the last is of whoever is of none of them."""

    cuts: tuple[Cut, ...]

    @property
    def by_lot(self) -> bool:
        """Whether a lot is ever asked."""
        return any(c.by_lot for c in self.cuts)

    def chances(self, score: Floats, groups: Any) -> Floats:
        """Return each row's chance of yes."""
        out = np.zeros(len(score))
        for at, cut in enumerate(self.cuts):
            rows = groups == (at if at < len(self.cuts) - 1 else -1)
            out[rows] = cut.chance(score[rows])
        return out

    def decided(self, score: Floats, groups: Any, lot: Floats) -> Decided:
        """Return who is told yes; scores are as they were."""
        return lot < self.chances(score, groups), score

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        cuts = [
            {"low": c.low, "high": c.high, "p": c.p, "ignore": c.ignore, "constant": c.constant}
            for c in self.cuts
        ]
        return {"kind": "thresholds", "cuts": cuts}


@dataclass(frozen=True, slots=True)
class Mixed:
    """Scores of a group give way to its base rate with a chance. shares, rates: in the order of the groups, one more at the end.

    A score above ``threshold`` is yes.
    """

    shares: tuple[float, ...]
    rates: tuple[float, ...]
    threshold: float

    @property
    def by_lot(self) -> bool:
        """Whether a lot is ever asked."""
        return any(0 < s < 1 for s in self.shares)

    def decided(self, score: Floats, groups: Any, lot: Floats) -> Decided:
        """Return who is told yes, and scores some of which are the base rate."""
        at = np.where(groups < 0, len(self.shares) - 1, groups)
        mixed = np.where(lot < np.array(self.shares)[at], np.array(self.rates)[at], score)
        mixed = np.where(np.isfinite(score), mixed, np.nan)
        return mixed > self.threshold, mixed

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "kind": "mixed",
            "shares": list(self.shares),
            "rates": list(self.rates),
            "threshold": self.threshold,
        }


@dataclass(frozen=True, slots=True)
class Band:
    """Near the threshold a favoured group is told yes and everybody else no; elsewhere a score above the threshold is yes."""

    favoured: tuple[bool, ...]
    threshold: float
    margin: float

    @property
    def by_lot(self) -> bool:
        """Whether a lot is ever asked: never."""
        return False

    def decided(self, score: Floats, groups: Any, lot: Floats) -> Decided:
        """Return who is told yes; scores are as they were."""
        near = (score <= self.threshold + self.margin) & (score > self.threshold - self.margin)
        favoured = np.append(np.array(self.favoured, dtype=bool), False)[groups]
        return np.where(near & (groups >= 0), favoured, score > self.threshold), score

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        favoured = [bool(f) for f in self.favoured]
        return {"kind": "band", "favoured": favoured, "threshold": self.threshold, "margin": self.margin}


def from_json(raw: Any, groups: int) -> Rule:
    """Read a rule for so many groups; ValueError where it is none."""
    try:
        kind = raw["kind"]
        if kind == "thresholds":
            cuts = tuple(
                Cut(*(_number(c, n) for n in ("low", "high", "p", "ignore", "constant"))) for c in raw["cuts"]
            )
            for cut in cuts:
                _chances(cut.p, cut.ignore, cut.constant)
            return _whole(Thresholds(cuts), len(cuts), groups + 1)
        if kind == "mixed":
            shares, rates = (tuple(map(_plain, raw[n])) for n in ("shares", "rates"))
            _chances(*shares, *rates)
            return _whole(
                Mixed(shares, rates, _number(raw, "threshold")), min(len(shares), len(rates)), groups + 1
            )
        if kind == "band":
            favoured = tuple(bool(f) for f in raw["favoured"])
            return _whole(
                Band(favoured, _number(raw, "threshold"), _number(raw, "margin")), len(favoured), groups
            )
    except (KeyError, TypeError, AttributeError):
        raise ValueError("its rule cannot be read") from None
    raise ValueError("its rule is of a kind that is not known")


def _whole(rule: Rule, found: int, wanted: int) -> Rule:
    if found != wanted:
        raise ValueError("its rule is not of its groups")
    return rule


def _number(raw: Mapping[str, Any], name: str) -> float:
    return _plain(raw[name])


def _plain(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
        raise TypeError
    return float(value)


def _chances(*values: float) -> None:
    if not all(0 <= v <= 1 for v in values):
        raise ValueError("one of its chances is outside 0 to 1")


def lots(hashes: Any, salt: int) -> Floats:
    """Return a lot between 0 and 1 of each row's hash: the same row has the same lot, whenever it is asked."""
    from assay.methods.rowhash import mixed

    with np.errstate(over="ignore"):
        drawn = mixed(np.asarray(hashes, dtype=np.uint64) ^ mixed(np.array([salt], dtype=np.uint64)))
    out: Floats = (drawn >> np.uint64(11)).astype(np.float64) / float(1 << 53)
    return out


@dataclass(frozen=True, slots=True)
class Softened:
    """A rule that takes a share of the decisions, by lot; the others are by one threshold. To be measured, never kept."""

    rule: Rule
    share: float
    threshold: float

    @property
    def by_lot(self) -> bool:
        """Whether a lot is ever asked."""
        return True

    def decided(self, score: Floats, groups: Any, lot: Floats) -> Decided:
        """Return who is told yes; the lot that chooses is another than the rule's own."""
        decided, after = self.rule.decided(score, groups, lot)
        other = lots(lot.view(np.uint64), 1) < self.share
        return np.where(other, decided, score > self.threshold), after

    def to_json(self) -> dict[str, Any]:
        """Return the rule beneath."""
        return self.rule.to_json()
