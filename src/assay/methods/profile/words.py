"""What the texts of a column look like: lengths, missing ones in disguise, shapes, dates, numbers, spellings."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.methods.profile.codes import Encoded
from assay.methods.profile.figures import quantile

TOP = 10
NEAR_MISSING = frozenset(
    [
        "?",
        "??",
        "-",
        "--",
        ".",
        "n/a",
        "na",
        "#n/a",
        "#na",
        "n.a.",
        "nan",
        "null",
        "nil",
        "none",
        "(null)",
        "<na>",
        "missing",
        "(missing)",
        "undefined",
        "#ref!",
        "#value!",
        "#div/0!",
    ]
)
_DATES = (
    ("yyyy-mm-dd", re.compile(r"\d{4}-\d{1,2}-\d{1,2}")),
    ("yyyy/mm/dd", re.compile(r"\d{4}/\d{1,2}/\d{1,2}")),
    ("yyyymmdd", re.compile(r"(19|20)\d{2}(0[1-9]|1[0-2])([0-2]\d|3[01])")),
    ("yyyy-mm-ddThh:mm", re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{1,2}:\d{2}(:\d{2})?(\.\d+)?")),
    ("yyyy-mm-ddThh:mm+zone", re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{1,2}:\d{2}(:\d{2})?(\.\d+)?\s?(Z|[+-]\d{2}:?\d{2})")),
    ("dd-dd-yyyy", re.compile(r"\d{1,2}-\d{1,2}-\d{4}")),
    ("dd/dd/yyyy", re.compile(r"\d{1,2}/\d{1,2}/\d{4}")),
    ("dd.dd.yyyy", re.compile(r"\d{1,2}\.\d{1,2}\.\d{4}")),
    ("dd-dd-dd", re.compile(r"\d{2}-\d{2}-\d{2}")),
    ("dd/dd/dd", re.compile(r"\d{1,2}/\d{1,2}/\d{2}")),
    ("dd.dd.dd", re.compile(r"\d{1,2}\.\d{1,2}\.\d{2}")),
    ("d Mon yyyy", re.compile(r"\d{1,2}[ -][A-Za-z]{3,9}\.?,?[ -]\d{2,4}")),
    ("Mon d, yyyy", re.compile(r"[A-Za-z]{3,9}\.? \d{1,2},? \d{4}")),
)  # fmt: skip
_LOOKED_AT = 2000  # distinct texts whose form is looked at
_SHAPED = 50_000  # distinct texts whose shape is told
_LONGEST = 200  # characters of a text that its shape is made from
_SHAPES = (
    (r"\p{Lu}\p{Ll}+", "\x01"), (r"\p{Lu}+", "\x02"), (r"\p{L}+", "\x03"), (r"\p{Nd}", "9"), (r"9{7,}", "9+"),
    ("\x01", "Aa"), ("\x02", "A"), ("\x03", "a"),
)  # fmt: skip
_NUMBER = (
    ("number", re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?([eE][+-]?\d+)?")),
    ("decimal comma", re.compile(r"[+-]?(\d+|\d{1,3}([. ]\d{3})+),\d+")),
    ("percentage", re.compile(r"[+-]?\d+([.,]\d+)?\s?%")),
    (
        "amount of money",
        re.compile(r"[$€£¥]\s?[+-]?\d[\d,. ]*|[+-]?\d[\d,. ]*\s?([$€£¥]|USD|EUR|GBP|CHF|JPY)"),
    ),
)


def texts(column: Encoded) -> dict[str, Any]:
    """Return lengths in characters, near-missing values, case and space variants, and the shapes of dates."""
    lengths = np.asarray(pc.utf8_length(column.values), dtype=np.int64)
    weights = column.counts
    order = np.argsort(lengths, kind="stable")
    out: dict[str, Any] = {
        "length": {
            "min": int(lengths.min()),
            "max": int(lengths.max()),
            "mean": float(np.dot(lengths, weights) / weights.sum()),
            "median": quantile(lengths[order], np.cumsum(weights[order]), 0.5),
        }
    }
    few = np.flatnonzero(lengths <= 12)
    candidates = column.values.take(few) if len(few) < len(lengths) else column.values
    trimmed = pc.utf8_lower(pc.utf8_trim_whitespace(candidates))
    near = np.asarray(pc.is_in(trimmed, value_set=_near(trimmed.type))).astype(bool)
    blank = np.asarray(pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(column.values)), 0)).astype(bool)
    hits = sorted({*few[near].tolist(), *np.flatnonzero(blank).tolist()})
    if hits:
        out["near_missing"] = int(weights[hits].sum())
        out["near_missing_values"] = [short(column.value(c)) for c in hits[:TOP]]
    control = np.asarray(pc.match_substring(column.values, "\0")).astype(bool)
    if control.any():
        out["nul_characters"] = int(weights[control].sum())
    if column.distinct <= 10_000:
        merged = pc.utf8_lower(pc.utf8_trim_whitespace(column.values)).to_pylist()
        variants = column.distinct - len(set(merged))
        if variants:
            out["variants"] = variants
    head = column.values.slice(0, _LOOKED_AT).to_pylist()
    dates = date_shapes(head)
    if dates:
        out["date_shapes"] = dates
    elif form := number_form(head):
        out["number_form"] = form
    elif mix := mixture(head, weights):
        out["mixture"] = mix
    if column.distinct > 1:
        out["shapes"] = shapes(column)
    return out


def shapes(column: Encoded) -> list[dict[str, Any]]:
    """Return the most frequent shapes with count and fraction of the rows that have a text.

    A digit stands as 9 (seven and more as 9+), a capitalised word as Aa, capitals as A, other letters as a, anything
    else as itself: ``Aa.Aa@a.a``, ``A-9999``. Of very many distinct texts the first 50,000 are told.
    """
    texts = pc.utf8_slice_codeunits(column.values.slice(0, _SHAPED), 0, _LONGEST)
    for pattern, shape in _SHAPES:
        texts = pc.replace_substring_regex(texts, pattern, shape)
    counts: defaultdict[str, int] = defaultdict(int)
    for shape, count in zip(texts.to_pylist(), column.counts[:_SHAPED].tolist(), strict=True):
        counts[shape] += count
    ordered = sorted(counts.items(), key=lambda s: (-s[1], s[0]))[:TOP]
    return [{"shape": short(s), "count": n, "fraction": n / column.present} for s, n in ordered]


def number_form(values: list[str]) -> str:
    """Return how texts that are nearly all numbers write them, or nothing: number, decimal comma, percentage, …."""
    given = [v.strip() for v in values if v.strip() and v.strip().lower() not in NEAR_MISSING]
    if len(given) < 2:
        return ""
    for form, pattern in (*_NUMBER, *_unit(given[0])):
        if sum(bool(pattern.fullmatch(v)) for v in given[:50]) < 0.9 * len(given[:50]):
            continue
        if sum(bool(pattern.fullmatch(v)) for v in given) >= 0.95 * len(given):
            return form
    return ""


def _unit(text: str) -> list[tuple[str, re.Pattern[str]]]:
    """Return the form of a number with a unit, where a text is one: all that follow it are to have the same unit."""
    found = _WITH_UNIT.fullmatch(text)
    return [("with a unit", re.compile(_PLAIN + r"\s?" + re.escape(found["unit"])))] if found else []


_PLAIN = r"[+-]?\d+(?:[.,]\d+)*"
_WITH_UNIT = re.compile(_PLAIN + r"\s?(?P<unit>[A-Za-zµ°Ω]{1,5}(?:/[A-Za-z]{1,4})?[²³]?)")


def mixture(values: list[str], counts: Any) -> dict[str, int]:
    """Return how many cells hold numbers, dates, truth values and other texts, where texts are of several such kinds.

    Empty unless at least two kinds have a twentieth of the distinct texts and of their cells, and one is no plain text.
    """
    cells: Counter[str] = Counter()
    distinct: Counter[str] = Counter()
    for text, count in zip(values, counts.tolist(), strict=False):
        text = text[:_LONGEST].strip()
        if text and text.lower() not in NEAR_MISSING:
            kind = next((k for k, test in _KINDS if test(text)), "other texts")
            cells[kind] += count
            distinct[kind] += 1
    least, fewest = 0.05 * cells.total(), 0.05 * distinct.total()
    common = [k for k, n in cells.items() if n >= least and distinct[k] >= fewest]
    return dict(cells.most_common()) if len(common) > 1 else {}


_KINDS: tuple[tuple[str, Callable[[str], object]], ...] = (
    ("dates", lambda t: any(pattern.fullmatch(t) for _, pattern in _DATES)),
    ("numbers", lambda t: any(pattern.fullmatch(t) for _, pattern in _NUMBER)),
    ("truth values", lambda t: t.lower() in ("true", "false")),
)


def _near(kind: pa.DataType) -> pa.Array:
    return pa.array(sorted(NEAR_MISSING), kind)


def date_shapes(values: list[str]) -> dict[str, int]:
    """Return how many of the distinct texts have each shape of a date; empty unless nearly all have one."""
    found: Counter[str] = Counter()
    given = [v.strip() for v in values if v.strip() and v.strip().lower() not in NEAR_MISSING]
    for place, text in enumerate(given):
        shape = next((n for n, pattern in _DATES if pattern.fullmatch(text)), None)
        if shape:
            found[shape] += 1
        if place >= 20 and found.total() * 2 < place:
            return {}
    return dict(found.most_common()) if len(given) > 1 and found.total() >= 0.95 * len(given) else {}


def short(value: Any) -> Any:
    """Return a value as it is shown: long texts cut, infinities as words."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if not isinstance(value, str) or len(value) <= 100 else value[:99] + "…"
