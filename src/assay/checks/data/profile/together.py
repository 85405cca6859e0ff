"""What stands out between columns: what goes together, what says the same, what gives a label away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from assay.checks.data.profile.said import finding, share
from assay.kernel.report import Finding
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.methods.profile.likeness import Alike
    from assay.methods.profile.pairs import Pair
    from assay.methods.profile.whole import Profile

WORDS = {
    "pearson": "Pearson's r",
    "spearman": "Spearman's rho",
    "cramers_v": "Cramér's V",
    "correlation_ratio": "the correlation ratio",
}
_LEAK = 0.98


def together(found: Profile, correlated: float, label: str | None) -> Iterator[Finding]:
    """Give the findings about pairs of columns; of each pair the strongest measure speaks."""
    said = {frozenset((a.a, a.b)) for a in found.alike}
    for one in found.alike:
        yield _alike(one)
    for pair in found.pairs:
        if pair.value is None or abs(pair.value) < correlated or _told(pair, found.pairs, correlated):
            continue
        if frozenset((pair.a, pair.b)) in said or (label is not None and label in (pair.a, pair.b)):
            continue
        yield finding(
            "correlated",
            Severity.INFO,
            f"{pair.a} and {pair.b} go together: {WORDS[pair.measure]} is {pair.value:.3f}.",
            {"pair": f"{pair.a} ~ {pair.b}"},
            "ask whether both are needed, and whether one of them stands for something that must not be used",
        )
    if label is not None:
        yield from _leaks(found, label)
    for a, b, phi in found.missing_together:
        if phi >= correlated:
            yield finding(
                "missing_together",
                Severity.INFO,
                f"{a} and {b} are missing in the same rows: the correlation of that is {phi:.3f}.",
                {"pair": f"{a} ~ {b}"},
                "one cause is behind both: find it before filling either",
            )


def _alike(one: Alike) -> Finding:
    place = {"column": one.b, "pair": f"{one.a} ~ {one.b}"}
    if one.how == "recoded":
        return finding(
            "recoded", Severity.LOW, f"{one.b} is {one.a} under other names: each value of one goes with one of the other.",
            place, "keep one of them",
        )  # fmt: skip
    of = "all rows" if one.share == 1 else f"{share(one.share)} of the rows"
    if not one.exact:
        of += " that were compared"
    return finding(
        "duplicate_column", Severity.LOW, f"{one.b} holds what {one.a} holds in {of}.", place,
        "keep one of them; where they differ, one is wrong",
    )  # fmt: skip


def _leaks(found: Profile, label: str) -> Iterator[Finding]:
    strongest: dict[str, Pair] = {}
    for pair in found.pairs:
        if label in (pair.a, pair.b) and pair.value is not None and abs(pair.value) >= _LEAK:
            other = pair.b if pair.a == label else pair.a
            held = strongest.get(other)
            if held is None or abs(pair.value) > abs(held.value or 0.0):
                strongest[other] = pair
    for other, pair in strongest.items():
        yield finding(
            "leakage",
            Severity.MEDIUM,
            f"{other} gives {label} away: {WORDS[pair.measure]} is {pair.value:.3f}.",
            {"column": other},
            "leave it out, unless it is known before the answer; `assay check data.leakage` looks closer",
        )


def _told(pair: Pair, pairs: Sequence[Pair], correlated: float) -> bool:
    """Whether the line has spoken already: of two numbers the ranks speak only where it does not."""
    return pair.measure == "spearman" and any(
        p.measure == "pearson" and (p.a, p.b) == (pair.a, pair.b) and abs(p.value or 0.0) >= correlated
        for p in pairs
    )
