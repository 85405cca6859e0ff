"""One column of the baseline held against the same column of new data: how far, by every measure that fits its kind."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from assay.methods.drift import distances, significance
from assay.methods.drift.counted import Counted, Pair, paired

Kind = Literal["number", "discrete", "category", "time", "empty"]

DISCRETE = 20  # numbers of so few different values are told apart by value
# What is worth a finding, by measure: 0.1 of PSI is commonly read as some shift; the others are set to like effects.
THRESHOLDS: Mapping[str, float] = {
    "psi": 0.1,
    "ks": 0.1,
    "wasserstein_normed": 0.1,
    "jensen_shannon": 0.1,
    "hellinger": 0.1,
    "total_variation": 0.1,
    "linf_simple": 0.1,
    "linf_robust": 0.1,
    "cramers_v": 0.1,
    "kl": 0.1,
}
JUDGED: Mapping[str, tuple[str, ...]] = {
    "number": ("psi", "ks", "wasserstein_normed"),
    "discrete": ("psi", "ks", "wasserstein_normed"),
    "time": ("psi", "ks"),
    "category": ("psi", "linf_simple"),
    "empty": (),
}
GRAVE = 2.5  # so many times the threshold is a great shift: 0.25 of PSI
BARS = 20
NAMED = 50  # new or vanished categories kept by name


@dataclass
class Compared:
    """What was found of one column.

    measures: by name, NaN where undefined. p: chances of what was seen if nothing changed, by question (``distribution``,
    ``missing``, ``new``, ``vanished``). new, vanished: categories of one side only and how often they come.
    """

    name: str
    kind: Kind
    old: Counted
    new_: Counted
    pair: Pair
    measures: dict[str, float] = field(default_factory=dict)
    p: dict[str, float] = field(default_factory=dict)
    adjusted: dict[str, float] = field(default_factory=dict)
    test: str = ""
    new: dict[str, int] = field(default_factory=dict)
    vanished: dict[str, int] = field(default_factory=dict)
    approximate: bool = False
    of: str = ""  # what of its values was compared: ``length`` of texts that mostly differ; else the values
    judged: tuple[str, ...] = ()
    thresholds: Mapping[str, float] = field(default_factory=dict)

    @property
    def size(self) -> float:
        """Return the greatest of the judged measures over its threshold: from 1 on it is worth a finding."""
        found = [self.measures[m] / self.thresholds[m] for m in self.judged if m in self.measures]
        return max((f for f in found if not math.isnan(f)), default=0.0)

    @property
    def strongest(self) -> str:
        """Return the judged measure that lies furthest above its threshold."""
        known = [m for m in self.judged if not math.isnan(self.measures.get(m, math.nan))]
        return max(known, key=lambda m: self.measures[m] / self.thresholds[m], default="")

    def drifted(self, alpha: float) -> bool:
        """Whether its values are distributed otherwise: too great to be chance, and great enough to matter."""
        p = self.adjusted.get("distribution", math.nan)
        return p < alpha and self.size >= 1


def compare(
    name: str,
    old: Counted,
    new: Counted,
    *,
    time: bool = False,
    bins: int = 10,
    judged: tuple[str, ...] = (),
    threshold: float | None = None,
) -> Compared:
    """Compare two counted columns. judged: the measures that decide; those that do not fit its kind are passed over."""
    pair = paired(old, new)
    kind: Kind = "category" if isinstance(old.values, list) else "time" if time else "number"
    if not len(pair.a):
        kind = "empty"
    elif kind == "number" and len(pair.a) <= DISCRETE:
        kind = "discrete"
    out = Compared(name, kind, old, new, pair)
    _shares(out)
    if pair.n and pair.m:
        (_category if kind == "category" else _number)(out, bins)
    out.judged = tuple(m for m in judged if m in out.measures) or JUDGED[kind]
    out.thresholds = dict.fromkeys(THRESHOLDS, threshold) if threshold is not None else THRESHOLDS
    return out


def _shares(out: Compared) -> None:
    old, new = out.old, out.new_
    for name, column in (("missing_old", old), ("missing_new", new)):
        lost = column.missing + column.infinite + sum(column.unread.values())
        out.measures[name] = lost / column.rows if column.rows else math.nan
    out.measures["missing_change"] = out.measures["missing_new"] - out.measures["missing_old"]
    gone = [c.rows - c.present for c in (old, new)]
    if any(gone) and old.rows and new.rows:
        out.p["missing"] = significance.two_shares(gone[0], old.rows, gone[1], new.rows)


def _number(out: Compared, bins: int) -> None:
    pair, m = out.pair, out.measures
    m["ks"] = distances.ks(pair)
    m["linf_simple"] = m["ks"]
    m["linf_robust"] = distances.linf_robust(m["ks"], pair.n, pair.m)
    spread = distances.deviation(pair.values, pair.a)
    if out.kind != "time":
        m["wasserstein"] = distances.wasserstein(pair)
        m["wasserstein_normed"] = distances.normed(m["wasserstein"], spread)
    m["mean_old"] = distances.mean(pair.values, pair.a)
    m["mean_new"] = distances.mean(pair.values, pair.b)
    m["std_old"], m["std_new"] = spread, distances.deviation(pair.values, pair.b)
    held = np.flatnonzero(pair.a)
    m["beyond_range"] = float(pair.b[: held[0]].sum() + pair.b[held[-1] + 1 :].sum()) / pair.m
    if out.kind == "discrete":
        a, b = pair.a, pair.b
        out.test = "chi-square"
        statistic, _, p, v = significance.homogeneity(a, b)
        m["homogeneity"], m["cramers_v"] = statistic, v
        out.p["distribution"] = p
    else:
        a, b = distances.binned(pair, distances.edges(pair, bins))
        out.test = "Kolmogorov-Smirnov"
        out.p["distribution"] = significance.ks_p(pair)
    _of_shares(m, a, b)


def _category(out: Compared, bins: int) -> None:
    pair, m = out.pair, out.measures
    _of_shares(m, pair.a, pair.b)
    m["linf_simple"] = distances.linf_simple(pair.a, pair.b)
    m["linf_robust"] = distances.linf_robust(m["linf_simple"], pair.n, pair.m)
    m["chi_square"], m["chi_square_p"] = significance.goodness(*distances.chi_square_merged(pair.a, pair.b))
    statistic, _, p, v = significance.homogeneity(pair.a, pair.b)
    m["homogeneity"], m["cramers_v"] = statistic, v
    out.test, out.p["distribution"] = "chi-square", p
    for side, here, there, found in (
        ("new", pair.b, pair.a, out.new),
        ("vanished", pair.a, pair.b, out.vanished),
    ):
        only = np.flatnonzero((there == 0) & (here > 0))
        m[f"{side}_categories"] = float(len(only))
        m[f"{side}_share"] = float(here[only].sum() / here.sum())
        if len(only):
            most = int(here[only].max())
            chance = significance.all_on_one_side(most, int(here.sum()), int(there.sum()))
            out.p[side] = min(1.0, chance * len(pair.a))
        for place in sorted(only.tolist(), key=lambda i: -int(here[i]))[:NAMED]:
            found[pair.values[place]] = int(here[place])


def _of_shares(m: dict[str, float], a: Any, b: Any) -> None:
    m["psi"] = distances.psi(a, b)
    m["jensen_shannon"] = distances.jensen_shannon(a, b)
    m["hellinger"] = distances.hellinger(a, b)
    m["total_variation"] = distances.total_variation(a, b)
    m["kl"] = distances.kl(a, b)


def bars(out: Compared) -> list[dict[str, Any]]:
    """Return shares of both samples to draw: up to 20 bins of equal width, or the commonest categories."""
    pair = out.pair
    if not pair.n or not pair.m:
        return []
    if out.kind == "category":
        return _category_bars(pair)
    if out.kind == "discrete":
        shown = [f"{v:g}" for v in pair.values.tolist()]
        return [
            {"value": v, "share": count / of, "of": side}
            for v, x, y in zip(shown, pair.a.tolist(), pair.b.tolist(), strict=True)
            for count, of, side in ((x, pair.n, "baseline"), (y, pair.m, "new"))
        ]
    both = np.cumsum(pair.a / pair.n + pair.b / pair.m) / 2
    low, high = (
        float(pair.values[min(int(np.searchsorted(both, q)), len(both) - 1)]) for q in (0.005, 0.995)
    )
    if not high > low:
        low, high = float(pair.values[0]), float(pair.values[-1])
    inner = np.linspace(low, high, BARS + 1)[1:-1]
    a, b = distances.binned(pair, inner)
    ends = [low, *inner.tolist(), high]
    rows = zip(ends[:-1], ends[1:], a.tolist(), b.tolist(), strict=True)
    return [
        {"low": low, "high": high, "share": count / of, "of": side}
        for low, high, x, y in rows
        for count, of, side in ((x, pair.n, "baseline"), (y, pair.m, "new"))
    ]


def _category_bars(pair: Pair) -> list[dict[str, Any]]:
    weight = pair.a / pair.n + pair.b / pair.m
    top = np.argsort(-weight, kind="stable")[:12]
    out = []
    for place in top.tolist():
        name = str(pair.values[place])
        out.append({"value": name, "share": int(pair.a[place]) / pair.n, "of": "baseline"})
        out.append({"value": name, "share": int(pair.b[place]) / pair.m, "of": "new"})
    if len(pair.a) > len(top):
        for counts, of, side in ((pair.a, pair.n, "baseline"), (pair.b, pair.m, "new")):
            rest = 1 - int(counts[top].sum()) / of
            out.append({"value": f"{len(pair.a) - len(top)} others", "share": max(0.0, rest), "of": side})
    return out


def furthest(pair: Pair) -> tuple[str, float, float]:
    """Return the category whose share changed most, and its two shares."""
    a, b = pair.a / pair.n, pair.b / pair.m
    at = int(np.argmax(np.abs(a - b)))
    return str(pair.values[at]), float(a[at]), float(b[at])
