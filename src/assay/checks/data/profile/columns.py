"""What stands out in one column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assay.checks.data.profile.said import finding, share
from assay.kernel.report import Finding
from assay.kernel.severity import Severity

_FORMS = {
    "number": "numbers",
    "decimal comma": "numbers with a decimal comma",
    "percentage": "percentages",
    "amount of money": "amounts of money",
    "with a unit": "numbers with a unit",
}


def about_missing(name: str, about: Mapping[str, Any], rows: int) -> Iterator[Finding]:
    """Give what is missing, or seems to be."""
    at = {"column": name}
    gone = about["missing_fraction"]
    if about["kind"] == "missing":
        yield finding("all_missing", Severity.MEDIUM, f"{name} has no value in any row.", at, "drop it", rows)
    elif gone >= 0.05:
        yield finding(
            "missing",
            Severity.MEDIUM if gone >= 0.5 else Severity.LOW,
            f"{name} is missing in {about['missing']} of {rows} rows ({share(gone)}).",
            at,
            "find out why, before filling or dropping them",
            about["missing"],
        )
    if about.get("near_missing"):
        shown = ", ".join(repr(v) for v in about["near_missing_values"][:4])
        yield finding(
            "near_missing",
            Severity.LOW,
            f"{name} holds {about['near_missing']} values that look like missing ones ({shown}).",
            at,
            "read them as missing",
            about["near_missing"],
        )
    if "placeholder" in about:
        yield finding(
            "placeholder",
            Severity.LOW,
            f"{name} holds {about['placeholder']}, far from all its other values: it may stand for a missing or capped one.",
            at,
            "ask what it means, before taking it for a number",
        )


def about_values(name: str, about: Mapping[str, Any], rows: int) -> Iterator[Finding]:
    """Give what is odd about its values."""
    yield from _spoilt(name, about)
    yield from _written(name, about)
    yield from _ranging(name, about)
    yield from _telling(name, about)
    yield from _leaning(name, about, rows)


def _spoilt(name: str, about: Mapping[str, Any]) -> Iterator[Finding]:
    """Give what is wrong with values whatever they mean: one only, infinite, cut short, written in several ways."""
    at, kind = {"column": name}, about["kind"]
    if kind == "constant":
        yield finding(
            "constant", Severity.LOW, f"{name} holds one value only.", at, "drop it: it tells nothing"
        )
    if about.get("infinite"):
        yield finding(
            "infinite",
            Severity.MEDIUM,
            f"{name} holds {about['infinite']} infinite values; its moments are of the finite ones.",
            at,
            "find the division by zero they come from",
            about["infinite"],
        )
    if about.get("nul_characters"):
        yield finding(
            "nul_characters",
            Severity.LOW,
            f"{name} holds {about['nul_characters']} values with NUL characters.",
            at,
            "remove them: other tools cut texts there",
            about["nul_characters"],
        )
    if about.get("variants"):
        yield finding(
            "variants",
            Severity.LOW,
            f"{name} writes {about['variants']} values in more than one way, different in case or spaces only.",
            at,
            "write each value in one way",
            about["variants"],
        )


def _written(name: str, about: Mapping[str, Any]) -> Iterator[Finding]:
    """Give in what ways dates and numbers stand in texts."""
    at = {"column": name}
    shapes = about.get("date_shapes", {})
    if len(shapes) > 1:
        yield finding(
            "mixed_dates", Severity.LOW, f"{name} writes dates in several ways: {', '.join(shapes)}.", at,
            "write them as YYYY-MM-DD",
        )  # fmt: skip
    elif any(s.startswith("dd") for s in shapes):
        yield finding(
            "ambiguous_dates", Severity.INFO, f"{name} writes dates as {next(iter(shapes))} and is kept as text.",
            at, "write them as YYYY-MM-DD, so that day, month and year are told apart",
        )  # fmt: skip
    if (
        about.get("number_form") and about["type"] == "text"
    ):  # lengths of time and the like are shown as numbers
        yield finding(
            "numbers_as_text", Severity.LOW, f"{name} holds {_FORMS[about['number_form']]}, kept as text.", at,
            "read them as numbers, or say that they are codes",
        )  # fmt: skip
    if mixed := about.get("mixture"):
        told = ", ".join(f"{count} {word}" for word, count in mixed.items())
        yield finding(
            "mixed_types", Severity.LOW, f"{name} is text that mixes kinds of values: {told}.", at,
            "keep one kind of value in a column: move codes and remarks into one of their own",
        )  # fmt: skip


def _ranging(name: str, about: Mapping[str, Any]) -> Iterator[Finding]:
    """Give values that lie far out, and an order that they keep."""
    at, kind = {"column": name}, about["kind"]
    if kind == "numeric" and about["distinct"] > 10 and about.get("outliers", 0) > 0.05 * about["count"]:
        yield finding(
            "outliers", Severity.INFO,
            f"{name} has {about['outliers']} values outside Tukey's fences ({share(about['outliers'] / about['count'])}).",
            at, "look at the extremes and their rows; a heavy tail is not an error by itself", about["outliers"],
        )  # fmt: skip
    if about.get("monotonic") and kind not in ("id", "constant"):
        yield finding(
            "monotonic", Severity.INFO, f"{name} never goes the other way: it is {about['monotonic']} from row to row.", at,
            "the rows are in its order: split by it in time, and never by shuffling alone",
        )  # fmt: skip


def _telling(name: str, about: Mapping[str, Any]) -> Iterator[Finding]:
    """Give whether values tell rows apart and hardly anything else."""
    at, kind = {"column": name}, about["kind"]
    if kind == "id":
        yield finding(
            "unique",
            Severity.INFO,
            f"{name} is different in every row.",
            at,
            "use it as a key, never as a feature",
        )
    elif kind == "text" and about["distinct"] > 0.5 * about["count"] and about["distinct"] > 50:
        yield finding(
            "high_cardinality", Severity.INFO, f"{name} holds {about['distinct']} different texts.", at,
            "encode or leave it out before training",
        )  # fmt: skip


def _leaning(name: str, about: Mapping[str, Any], rows: int) -> Iterator[Finding]:
    """Give where most values lie to one side, or are one."""
    at, kind = {"column": name}, about["kind"]
    if kind == "numeric" and abs(about.get("skewness", 0.0)) > 5:
        yield finding(
            "skewed", Severity.INFO, f"{name} is very skewed (skewness {about['skewness']:.1f}).", at,
            "a logarithm or ranks may suit it better",
        )  # fmt: skip
    if kind == "numeric" and about.get("zeros", 0) > 0.5 * rows:
        yield finding(
            "zeros", Severity.INFO, f"{name} is zero in {about['zeros']} of {rows} rows ({share(about['zeros'] / rows)}).",
            at, "ask whether zero means none or not known", about["zeros"],
        )  # fmt: skip
    if (
        kind in ("categorical", "boolean")
        and about["count"]
        and about["top"][0]["count"] >= 0.9 * about["count"]
    ):
        first = about["top"][0]
        yield finding(
            "imbalance", Severity.INFO, f"{name} is {first['value']!r} in {share(first['count'] / about['count'])} of its values.",
            at, "ask whether the others are enough to learn from",
        )  # fmt: skip
