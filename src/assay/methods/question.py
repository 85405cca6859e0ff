"""What a bias check is asked: whose outcome, which groups, by whose conventions; from options, or from Clarify's own file."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from assay.kernel.errors import BadInput, UsageError
from assay.methods import facets, outcomes, resample
from assay.methods.bias import cddl
from assay.methods.cells import Cells
from assay.methods.facets import Group, Mask
from assay.methods.nearest import did_you_mean

Compat = Literal["docs", "clarify"]
MOST_CLASSES = 50


@dataclass(frozen=True, slots=True)
class Facet:
    """A column that tells groups apart; the group that may be disadvantaged is its values, or what is above a number."""

    name: str
    values: tuple[str, ...] = ()
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. excluded: columns that are no features; notes: what of a file was read and has no part in this;
    readings: how a value of it is understood, in sentences, where it could be understood otherwise.

    pre, post: the metrics that a file asks for, in its words; None where it says nothing. metrics: those that are told,
    all where none is named.
    """

    label: str
    facets: tuple[Facet, ...]
    positive: tuple[str, ...] = ()
    label_threshold: float | None = None
    predicted: str | None = None
    probability_threshold: float | None = None
    group_variable: str | None = None
    compat: Compat = "docs"
    excluded: tuple[str, ...] = ()
    pre: tuple[str, ...] | None = None
    post: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()

    def wants(self, *names: str) -> bool:
        """Whether one of these metrics is to be told."""
        return not self.metrics or any(n in self.metrics for n in names)

    @property
    def clarify(self) -> bool:
        """Whether the reference library's conventions are followed."""
        return self.compat == "clarify"

    @property
    def columns(self) -> list[str]:
        """Return the columns that are read to tell outcomes and groups, each once."""
        named = [self.label, *(f.name for f in self.facets), self.group_variable, self.predicted]
        return list(dict.fromkeys(n for n in named if n))


def question(
    *,
    label: str | None,
    facet: Sequence[str],
    positive: Sequence[str],
    facet_value: Sequence[str],
    facet_threshold: float | None,
    label_threshold: float | None,
    predicted: str | None = None,
    group_variable: str | None,
    compat: Compat | None,
    metric: Sequence[str] = (),
    known: Sequence[str] = (),
    given: Question | None = None,
) -> Question:
    """Return the question that options ask; what they leave out is as ``given``, a file's question, says.

    A value may be written ``facet=value`` where there are several facets. known: the metrics that can be asked for.
    UsageError where it is no whole question.
    """
    base = given or Question("", ())
    if positive and label_threshold is not None:
        raise UsageError("a good outcome is a value or above a threshold", remedy="give one of them")
    asked = replace(
        base,
        label=label or base.label,
        predicted=predicted or base.predicted,
        group_variable=group_variable or base.group_variable,
        compat=compat or base.compat,  # a file's own is Clarify's
    )
    if positive or label_threshold is not None:
        asked = replace(asked, positive=tuple(positive), label_threshold=label_threshold)
    if facet:
        own = tuple(_facet(f, list(facet), facet_value, facet_threshold) for f in dict.fromkeys(facet))
        asked = replace(asked, facets=own)
    elif facet_value or facet_threshold is not None:
        raise UsageError("a group was named and no column", remedy="say --facet COLUMN")
    for name in metric:
        if name not in known:
            raise UsageError(f"there is no metric {name!r} here", remedy=did_you_mean(name, known))
    asked = replace(asked, metrics=tuple(dict.fromkeys(metric)))
    if not asked.label:
        raise UsageError("which column holds the outcome?", remedy="say --label COLUMN")
    if not asked.facets:
        raise UsageError("which column tells groups apart?", remedy="say --facet COLUMN")
    return asked


def _facet(name: str, all_of: list[str], values: Sequence[str], threshold: float | None) -> Facet:
    mine = [
        v.partition("=")[2] if len(all_of) > 1 and v.partition("=")[0] in all_of else v
        for v in map(str, values)
        if len(all_of) == 1 or v.partition("=")[0] == name or v.partition("=")[0] not in all_of
    ]
    return Facet(name, tuple(mine), threshold)


@dataclass(frozen=True, slots=True)
class Part:
    """A facet's groups, or those that several make. more, small: how many were not examined; column: None of several."""

    name: str
    groups: list[Group]
    column: pa.ChunkedArray | None = None
    more: int = 0
    small: int = 0
    cuts: tuple[float, ...] = ()
    missing: int = 0

    @property
    def empty(self) -> bool:
        """Whether no row has the facet."""
        return self.column is not None and not facets.present(self.column).any()

    def unseen(self, least: int, judged: bool) -> list[str]:
        """Return what of the facet was not examined, in words; ``judged``: whether any group could be."""
        out = [f"{self.more} groups smaller than the {len(self.groups)} largest"] if self.more else []
        out += [f"{self.small} groups of fewer than {least} rows"] if self.small else []
        if not judged:
            out.append("no row has a value" if self.empty else f"no two groups of {least} rows to judge")
        return out


def parts(asked: Question, cells: Cells, *, intersect: bool, least: int) -> list[Part]:
    """Return each facet's groups, and then those of all facets together where they are to be crossed."""
    out = []
    for facet in asked.facets:
        column = cells.table.column(facet.name)
        threshold = facet.threshold
        if threshold is not None and len(asked.facets) > 1 and not facets.is_number(column):
            threshold = None  # it is meant for the facets that hold numbers
        cut: tuple[float, ...] = ()
        if not facet.values and threshold is None and not asked.clarify:
            cut = facets.cuts(column, cells.times)
        found, more = facets.groups(
            facet.name,
            column,
            facet.values,
            threshold,
            missing_joins=asked.clarify,
            cuts=cut,
            times=cells.times,
        )
        missing = cells.count(~facets.present(column))
        out.append(Part(facet.name, found, column, more, 0, cut, missing))
    if intersect:
        if len(out) < 2:
            raise UsageError("one facet has nothing to cross", remedy="name two or more: --facet A --facet B")
        there = [p.groups for p in out if p.groups]
        if len(there) == len(out):
            crossed, small, more = facets.crossed(there, least, cells.times)
            out.append(Part(" & ".join(p.name for p in out), crossed, None, more, small))
    return out


Kind = Literal["binary", "classes", "amount"]


def kind_of(asked: Question, truth: pa.ChunkedArray) -> tuple[Kind, list[Any]]:
    """Return what the outcome is, and the classes that each are held against the rest; UsageError where it is not said.

    Without a good value or a threshold: two values want one, up to MOST_CLASSES others are classes each in turn, and more
    than MANY numbers are an amount.
    """
    if asked.positive or asked.label_threshold is not None:
        return "binary", []
    held = outcomes.distinct(truth)
    if facets.is_number(truth) and len(held) > facets.MANY:
        return "amount", []
    if len(held) <= 2 or asked.clarify:
        raise UsageError("which outcome is good?", remedy="say --positive VALUE, or --label-threshold X")
    if len(held) > MOST_CLASSES:
        raise UsageError(
            f"{asked.label} has {len(held)} values, and each in turn is too many",
            remedy="name the good ones: --positive VALUE",
        )
    return "classes", held


def weights(table: pa.Table, name: str | None) -> Any:
    """Return the column of weights as floats, None where there is none; BadInput where one is no weight."""
    if name is None:
        return None
    values = outcomes.finite(table.column(name), name)
    for wrong, word in ((~np.isfinite(values), "missing or not finite"), (values < 0, "negative")):
        if wrong.any():
            raise BadInput(
                f"{int(wrong.sum())} weights are {word}",
                where=name,
                remedy="give every row a weight of 0 or more",
            )
    if not values.any():
        raise BadInput("every weight is 0", where=name, remedy="give rows a weight above 0")
    return values


def unweighted(asked: Question, weights: str | None) -> None:
    """UsageError where weights are given to an amount."""
    if weights is not None:
        raise UsageError(
            f"{asked.label} is an amount, and weights are counted where it is yes or no",
            where=weights,
            remedy="leave --weights out, or say which outcome is good: --positive VALUE, --label-threshold X",
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome that is looked at: which rows have it, which are told it (before training: have it), and its class where
    each takes its turn.
    """

    observed: Mask
    said: Mask
    name: str = ""
    of: dict[str, str] = field(default_factory=dict)


def observed_in(asked: Question, truth: pa.ChunkedArray, positive: Sequence[str]) -> Mask:
    """Return which rows have the good outcome; UsageError where none has."""
    found = outcomes.positive_rows(truth, positive, asked.label_threshold)
    if not found.any():
        raise UsageError(
            f"no row of {asked.label} is {', '.join(positive) or f'above {asked.label_threshold}'}",
            remedy=f"it holds {', '.join(map(str, outcomes.distinct(truth)[:6])) or 'nothing'}",
        )
    return found


def told(asked: Question, classes: Sequence[Any], truth: pa.ChunkedArray) -> Iterator[Outcome]:
    """Give the good outcome, or each class in turn, as the labels alone tell it."""
    if not classes:
        observed = observed_in(asked, truth, asked.positive)
        yield Outcome(observed, observed)
    for name in classes:
        rows = facets.matches(truth, [name])
        yield Outcome(rows, rows, str(name), {"class": str(name)})


def conditional(
    asked: Question,
    strata: Any,
    yes: Mask,
    d_rows: Mask,
    known: Mask,
    cells: Cells,
    rng: np.random.Generator | None = None,
) -> tuple[float, tuple[float, float] | None, str]:
    """Return the conditional demographic disparity with its interval, or NaN and the reason why there is none.

    Rows without a stratum are one of their own; the reference library leaves them out, and takes none among texts. rng: of
    the interval; None where it is not asked for.
    """
    if strata is None:
        return math.nan, None, "no group variable was named"
    absent = ~facets.present(strata) if asked.clarify else np.zeros(1, dtype=bool)
    if absent.any():
        if not facets.is_number(strata):
            why = "the reference library takes no group variable of texts where some are missing"
            return math.nan, None, why
        known = known & ~absent
    counted = [
        facets.strata(strata, yes, d_rows, known, held)
        for held in (cells.times, cells.sums, cells.squares)
        if held is not None
    ]
    value = cddl(counted[1 if len(counted) > 1 else 0])
    wanted = rng is not None and math.isfinite(value)
    whole = counted if len(counted) > 1 else [counted[0]] * 3
    return value, resample.conditional(whole, cddl, rng) if wanted and rng is not None else None, ""


def cut_words(part: Part) -> str:
    """Return where a facet of numbers was cut, as a sentence."""
    shown = ", ".join(f"{c:g}" for c in part.cuts)
    return f"{part.name} holds many numbers, and was cut at its quartiles: {shown}."


def conventions(asked: Question) -> dict[str, Any]:
    """Return by whose conventions a report is told and which groups were named, as its data."""
    return {
        "compat": asked.compat,
        "facets": [
            {"name": f.name, "values": list(f.values), "threshold": f.threshold} for f in asked.facets
        ],
    }
