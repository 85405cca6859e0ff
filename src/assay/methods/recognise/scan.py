"""One column held against every recogniser, batch by batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.methods.listed import listed
from assay.methods.recognise import names
from assay.methods.recognise.forms import FORMS, HINTED_PHONE, LONGEST, Form, is_whole

JUDGED = 50_000  # texts that passed a sieve and are judged one by one, per column and kind
NAMES_KEPT = 20_000  # distinct texts of a column asked whether they are names
WHOLE = 0.5  # the share of rows from which a column is of a kind
HINTED = 0.2  # the same where the column's name says so too


@dataclass
class Count:
    """Rows in which a kind is the whole value, or stands inside it; and how many passing texts were not judged."""

    whole: int = 0
    inside: int = 0
    judged: int = 0
    judged_rows: int = 0
    passed_rows: int = 0

    def scaled(self, count: int) -> int:
        """Return a count of judged rows brought up to all rows that passed the sieve."""
        if not self.judged_rows or self.judged_rows == self.passed_rows:
            return count
        return round(count * self.passed_rows / self.judged_rows)


@dataclass(frozen=True)
class Verdict:
    """What a column holds. whole: it is a column of this kind. rows: in how many rows. share: of those with a value."""

    type: str
    title: str
    whole: bool
    rows: int
    share: float
    estimated: bool = False


@dataclass
class Scan:
    """A column being scanned. words: those of its name."""

    name: str
    type: str
    words: tuple[str, ...]
    rows: int = 0
    long: int = 0
    counts: dict[str, Count] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)

    def forms(self) -> list[Form]:
        """Return the recognisers that this column is held against."""
        hinted = [HINTED_PHONE] if HINTED_PHONE.hints & set(self.words) else []
        listed = [f for f in FORMS if not (hinted and f.type == "phone")] + hinted
        if self.type == "text":
            return listed
        if self.type in (
            "integer",
            "number",
        ):  # a bare number says little without its check digits or its name
            wanted = {"card"} | {f.type for f in listed if f.hints & set(self.words) and f.type == "phone"}
            return [f for f in listed if f.type in wanted]
        return []

    def feed(self, array: pa.Array) -> None:
        """Count one batch of the column's values."""
        if self.type != "text" and _small(array) and {f.type for f in self.forms()} == {"card"}:
            self.rows += len(array) - array.null_count
            return
        texts, rows = _distinct(array)
        self.rows += int(rows.sum())
        if not len(texts):
            return
        lengths = pc.utf8_length(texts)
        if pc.max(lengths).as_py() > LONGEST:
            long = pc.greater(lengths, LONGEST).to_numpy(zero_copy_only=False)
            self.long += int(rows[long].sum())
            texts = pc.utf8_slice_codeunits(texts, 0, LONGEST)
        for form in self.forms():
            passed = np.flatnonzero(
                pc.match_substring_regex(texts, form.sieve).to_numpy(zero_copy_only=False)
            )
            if len(passed):
                self._judge(form, texts, rows, passed)
        if self.type == "text" and len(self.kept) < NAMES_KEPT:
            short = pc.less_equal(lengths, 80).to_numpy(zero_copy_only=False)
            for place in np.flatnonzero(short)[: NAMES_KEPT - len(self.kept)]:
                text = texts[int(place)].as_py()
                self.kept[text] = self.kept.get(text, 0) + int(rows[place])

    def _judge(self, form: Form, texts: pa.Array, rows: Any, passed: Any) -> None:
        count = self.counts.setdefault(form.type, Count())
        count.passed_rows += int(rows[passed].sum())
        room = max(0, JUDGED - count.judged)
        for place in passed[:room]:
            text, weight = texts[int(place)].as_py(), int(rows[place])
            count.judged += 1
            count.judged_rows += weight
            found = list(form.spans(text))
            if found and is_whole(text, found):
                count.whole += weight
            elif found:
                count.inside += weight

    def verdicts(self) -> list[Verdict]:
        """Return what the column holds: at most one kind as a whole, or else the kinds that occur in it."""
        if not self.rows:
            return []
        titles = {f.type: f.title for f in FORMS}
        hints = {f.type for f in FORMS if f.hints & set(self.words)}
        whole, inside = [], []
        for kind, count in self.counts.items():
            rows, within = count.scaled(count.whole), count.scaled(count.inside)
            share = rows / self.rows
            estimated = count.judged_rows < count.passed_rows
            least = HINTED if kind in hints else WHOLE
            if kind == "ip" and {"version", "ver", "release"} & set(self.words):
                continue
            if share >= least:
                whole.append(Verdict(kind, titles[kind], True, rows, share, estimated))
            elif self.type == "text" and rows + within and self._telling(kind, count):
                found = rows + within
                inside.append(Verdict(kind, titles[kind], False, found, found / self.rows, estimated))
        if whole:
            order = [f.type for f in FORMS]
            return [max(whole, key=lambda v: (v.share, -order.index(v.type)))]
        people = self._names()
        return [people] if people else sorted(inside, key=lambda v: (-v.rows, v.type))

    def _telling(self, kind: str, count: Count) -> bool:
        """Whether single occurrences are more than the chance that a check digit fits or a pattern repeats."""
        form = next(f for f in FORMS if f.type == kind)
        if not form.inside:
            return False
        found = count.whole + count.inside
        if kind in ("card", "national_id"):  # one run of digits in ten passes a check digit by chance
            return found >= 0.3 * count.judged_rows
        return True

    def _names(self) -> Verdict | None:
        total, full, first, last = names.shares(self.kept)
        said = set(self.words)
        person = bool(said & _PERSON)
        named = bool(said & _NAMED) and not said & _OTHERS
        if total < 5 or (total < 20 and not (person or named)):
            return None
        several = sum(1 for t in self.kept if " " in t.strip())
        if full >= 0.5 * total or (full >= 0.25 * total and (named or person) and several >= 0.8 * total):
            share = full / total
        elif named and (first >= 0.5 * total or (last >= 0.2 * total and said & _LAST)):
            share = max(first, last) / total
        elif first >= 0.8 * total and total >= 50:
            share = first / total
        else:
            return None
        return Verdict("name", "people's names", True, self.rows, share)


_NAMED = frozenset(
    {"name", "names", "firstname", "lastname", "surname", "fullname", "forename", "nom", "nombre"}
    | {"vorname", "nachname", "prenom"}
)
_LAST = frozenset({"last", "lastname", "surname", "family", "nachname"})
_PERSON = frozenset(
    {
        "customer",
        "guest",
        "patient",
        "person",
        "employee",
        "passenger",
        "author",
        "owner",
        "contact",
        "holder",
    }
)
_OTHERS = frozenset(
    {
        "product",
        "company",
        "file",
        "city",
        "country",
        "state",
        "brand",
        "item",
        "model",
        "hotel",
        "column",
        "store",
    }
)


def _distinct(array: pa.Array) -> tuple[pa.Array, Any]:
    """Return a batch's distinct values as texts, and in how many rows each stands."""
    encoded = as_text(array).dictionary_encode()
    places = encoded.indices.drop_null().to_numpy(zero_copy_only=False)
    rows = np.bincount(places, minlength=len(encoded.dictionary))
    return encoded.dictionary, rows


def _small(array: pa.Array) -> bool:
    """Whether no number has the twelve digits that the shortest card has."""
    if not (pa.types.is_integer(array.type) or pa.types.is_floating(array.type)):
        return False
    low, high = pc.min_max(array).values()
    return all(v.as_py() is None or abs(v.as_py()) < 1e11 for v in (low, high))


def as_text(array: pa.Array) -> pa.Array:
    """Return values as texts; a whole number read as a float, as beside nulls, is written without its point."""
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    if pa.types.is_floating(array.type):
        array = array.cast(pa.float64())
        whole = pc.and_(pc.equal(array, pc.floor(array)), pc.less(pc.abs(array), 2.0**63))
        plain = pc.if_else(whole, array, None).cast(pa.int64(), safe=False).cast(pa.string())
        return pc.if_else(whole, plain, array.cast(pa.string()))
    if pa.types.is_nested(array.type) or pa.types.is_binary(array.type):
        return pa.array([None if v is None else repr(v) for v in listed(array)], pa.string())
    return array if pa.types.is_string(array.type) else array.cast(pa.string())
