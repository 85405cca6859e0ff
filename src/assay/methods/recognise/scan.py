"""One column held against every recogniser, batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.methods.listed import listed
from assay.methods.places import numbers, take, true
from assay.methods.recognise.cards import are_cards
from assay.methods.recognise.evidence import Candidate, Evidence
from assay.methods.recognise.forms import FORMS, HINTED_PHONE, LONGEST, PROSE, Form, is_whole
from assay.methods.recognise.headers import Said, said
from assay.methods.recognise.judging import Judge
from assay.methods.recognise.kinds import KINDS, PERSONAL, SPECIAL
from assay.methods.recognise.sieve import Sieve, matching

if TYPE_CHECKING:
    from assay.methods.recognise.custom import Allowed

JUDGED = 50_000  # texts that passed a sieve and are judged one by one, per column and kind
KEPT = (
    20_000  # distinct texts of a column that are kept, to be held against lists and forms that need its name
)
READ = 20_000  # running texts of a column that are searched for names and addresses one by one
SELDOM = 2_000  # in a column, one row in so many with a name or an address inside is chance, and is not told
WHOLE = 0.5  # the share of rows from which a column is of a kind
HINTED = 0.2  # the same where the column's name says so too
SURE = 0.5  # the confidence from which a column is of a kind


RARE = frozenset({"iban", "ssn", "mac", "crypto", "credential", "national_id"})
NUMBERED = frozenset({"card", "phone", "address", "ip"})  # none of them is without a digit
_DIGIT = "[0-9]"
# A street has a letter or two, a space or what is not of Latin letters.
_WORDED = r"[A-Za-z]{2}.* | .*[A-Za-z]{2}|[^\x00-\x{24f}]"
_RUNNING = (r"\S\s+\S+\s+\S+\s+\S", r"(?:^|\s)[a-zß-ÿ]{2}")  # four words or more, one of them written small
_RARE_SIEVE = "|".join(f"(?:{f.sieve})" for f in FORMS if f.type in RARE)


@dataclass
class Count:
    """Rows in which a kind is the whole value, or stands inside it; and how many passing texts were not judged.

    right: how many distinct texts of one batch are it whole, at most: of several batches they may be the same ones.
    """

    whole: int = 0
    inside: int = 0
    right: int = 0
    judged: int = 0
    judged_rows: int = 0
    passed_rows: int = 0

    def scaled(self, count: int) -> int:
        """Return a count of judged rows brought up to all rows that passed the sieve."""
        if not self.judged_rows or self.judged_rows == self.passed_rows:
            return count
        return round(count * self.passed_rows / self.judged_rows)


@dataclass(frozen=True)
class Batch:
    """A batch of a column. texts: its distinct ones, cut to LONGEST; rows: in how many each stands; lengths: uncut.

    small: they are numbers, and none has the digits of a card.
    """

    texts: pa.Array
    rows: Any
    lengths: Any
    small: bool

    def at(self, places: Any) -> tuple[list[str], list[int]]:
        """Return the texts at places, and their rows."""
        return take(self.texts, places).to_pylist(), self.rows[places].tolist()


@dataclass(frozen=True)
class Verdict:
    """What a column holds. whole: it is a column of this kind. rows: in how many rows. share: of those with a value.

    confidence: from 0 to 1, what the evidence comes to.
    """

    type: str
    title: str
    whole: bool
    rows: int
    share: float
    estimated: bool = False
    confidence: float = 1.0
    evidence: tuple[Evidence, ...] = ()


@dataclass
class Scan:
    """A column being scanned. words: those of its name. extra: further forms it is held against, of one's own.
    running: it is a document's text, in which a line may be a name and no more.

    allowed: values that are no finding; permitted: in how many rows one stood.
    """

    name: str
    type: str
    words: tuple[str, ...] = ()
    extra: Sequence[Form] = ()
    running: bool = False
    allowed: Allowed | None = None
    permitted: int = 0
    rows: int = 0
    long: int = 0
    counts: dict[str, Count] = field(default_factory=dict)
    prose: dict[str, Count] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)

    @cached_property
    def said(self) -> Said:
        """Return what its name says."""
        return said(self.name)

    def forms(self) -> list[Form]:
        """Return the recognisers that this column is held against."""
        return [*self._forms, *self.extra]

    @cached_property
    def _forms(self) -> list[Form]:
        phone = bool(HINTED_PHONE.hints & set(self.words)) or self.said.hints("phone") == 2
        hinted = [HINTED_PHONE] if phone else []
        listed_ = [f for f in FORMS if not (hinted and f.type == "phone")] + hinted
        if self.type == "text":
            return listed_
        if self.type in ("integer", "number"):
            # a bare number says little without its check digits or its name
            return [f for f in listed_ if f.type == "card" or f in hinted]
        return []

    @property
    def wanted(self) -> bool:
        """Whether its values are read at all: numbers whose name says nothing are looked at as cards only."""
        return self.type in ("text", "integer", "number")

    @cached_property
    def _speaks(self) -> bool:
        return bool(self.said.strong or self.said.weak)

    def feed(self, array: pa.Array) -> None:
        """Count one batch of the column's values."""
        batch = self.take(array)
        if batch is not None:
            self.sift(batch, Sieve([batch.texts]), 0)

    def take(self, array: pa.Array) -> Batch | None:
        """Count the rows of a batch and return its distinct texts, or None where nothing is left to look at."""
        small = self.type != "text" and _small(array)
        if small and not self._speaks and not self.extra and not _nine(array):
            self.rows += len(array) - array.null_count
            return None
        texts, rows = distinct(array)
        self.rows += int(rows.sum())
        if self.allowed is not None and len(texts):
            left = self.allowed.mask(texts)
            places = true(left)
            self.permitted += int(rows.sum() - rows[places].sum())
            texts, rows = take(texts, places), rows[places]
        if not len(texts):
            return None
        lengths = numbers(pc.utf8_length(texts))
        if lengths.max() > LONGEST:
            long = lengths > LONGEST
            self.long += int(rows[long].sum())
            texts = pc.utf8_slice_codeunits(texts, 0, LONGEST)
        return Batch(texts, rows, lengths, small)

    def sift(self, batch: Batch, sieve: Sieve, place: int) -> None:
        """Judge what each recogniser's sieve lets through. place: of the batch's texts in the sieve."""
        for form in self._forms:
            if batch.small and form.type == "card":
                continue
            first: tuple[str, ...] = ()
            if form.type in RARE:
                first = (_RARE_SIEVE,)
            elif form.type in NUMBERED:
                first = (_DIGIT,)
            if form.type == "address":
                first = (_DIGIT, _WORDED)
            self._judge(form, batch, sieve.places(place, *first, form.sieve))
        for form in self.extra:
            self._judge(form, batch, matching(batch.texts, form.sieve))
        if self.type == "text":
            for form in PROSE:
                self._read(form, batch, sieve.places(place, *(() if self.running else _RUNNING), form.sieve))
        self._keep(batch)

    def _keep(self, batch: Batch) -> None:
        if len(self.kept) >= KEPT:
            return
        short = np.flatnonzero(batch.lengths <= 400)
        for text, weight in zip(*batch.at(short[: KEPT - len(self.kept)]), strict=True):
            self.kept[text] = self.kept.get(text, 0) + weight

    def _read(self, form: Form, batch: Batch, passed: Any) -> None:
        """Search what is running text for names or addresses."""
        if not len(passed):
            return
        count = self.prose.setdefault(form.type, Count())
        count.passed_rows += int(batch.rows[passed].sum())
        for text, weight in zip(*batch.at(passed[: max(0, READ - count.judged)]), strict=True):
            count.judged += 1
            count.judged_rows += weight
            if next(form.spans(text), None) is not None:
                count.inside += weight

    def _judge(self, form: Form, batch: Batch, passed: Any) -> None:
        if not len(passed):
            return
        texts, rows, right = batch.texts, batch.rows, 0
        count = self.counts.setdefault(form.type, Count())
        count.passed_rows += int(rows[passed].sum())
        if form.type == "card" and len(passed) > 50:
            plain, valid = are_cards(take(texts, passed))
            count.whole += int(rows[passed[valid]].sum())
            right += int(valid.sum())
            count.judged_rows += int(rows[passed[plain]].sum())
            passed = passed[~plain]
        room = max(0, JUDGED - count.judged)
        chosen = passed[:room]
        for text, weight in zip(*batch.at(chosen), strict=True):
            count.judged += 1
            count.judged_rows += weight
            found = list(form.spans(text))
            if found and (is_whole(text, found) or (form.type == "address" and _is_address(text, found))):
                count.whole += weight
                right += 1
            elif found:
                count.inside += weight
        count.right = max(count.right, right)

    @cached_property
    def judge(self) -> Judge:
        """Return its values before the bench."""
        return Judge(self.said, self.type, list(self.kept))

    @cached_property
    def candidates(self) -> list[Candidate]:
        """Return every kind that it may be a column of, with the evidence; asked once all was fed."""
        if not self.rows:
            return []
        out: dict[str, Candidate] = {}
        for kind, count in self.counts.items():
            if kind not in KINDS:
                continue
            rows = count.scaled(count.whole)
            hint = 2 if kind == "phone" and HINTED_PHONE in self._forms else self.said.hints(kind)
            if rows / self.rows < (HINTED if hint else WHOLE):
                continue
            one = self.judge.form(kind, rows / self.rows, count.right)
            one.rows, one.estimated = rows, count.judged_rows < count.passed_rows
            out[kind] = one
        for one in self.judge.candidates():
            known = out.get(one.type)
            if known is None or known.odds < one.odds:
                out[one.type] = one
        return list(out.values())

    def verdicts(self, around: Iterable[str] = ()) -> list[Verdict]:
        """Return what the column holds: at most one kind as a whole, or else the kinds that occur in it.

        around: the kinds of the table's other columns; among a person's data a doubtful name is likelier one.
        """
        if not self.rows:
            return []
        beside = PERSONAL & set(around)
        sure = []
        for known in self.candidates:
            one = replace(known, evidence=list(known.evidence))
            if beside and one.hint and one.type in ("name", "address", "username"):
                one.add("neighbours", f"beside {', '.join(sorted(beside)[:4])}", 1.0)
            if one.confidence >= SURE:
                sure.append(one)
        own = [self._own(f.type, f.title) for f in self.extra]
        found = [v for v in own if v is not None]
        if sure:
            order = list(KINDS)
            best = max(sure, key=lambda c: (round(c.odds, 3), -order.index(c.type)))
            rows = best.rows if best.rows is not None else round(self.rows * best.share)
            share = best.share
            if best.type in SPECIAL or best.type == "name":
                rows = self.rows
            whole = Verdict(
                best.type,
                KINDS[best.type].title,
                True,
                rows,
                share,
                best.estimated,
                best.confidence,
                tuple(best.evidence),
            )
            if not any(v.whole for v in found):
                return [whole, *found]
        if any(v.whole for v in found):
            return sorted(found, key=lambda v: not v.whole)
        return [*found, *sorted(self._inside(), key=lambda v: (-v.rows, v.type))]

    def _own(self, kind: str, title: str) -> Verdict | None:
        count = self.counts.get(kind)
        if count is None or not count.whole + count.inside:
            return None
        whole, within = count.scaled(count.whole), count.scaled(count.inside)
        estimated = count.judged_rows < count.passed_rows
        is_whole_ = whole / self.rows >= WHOLE
        rows = whole if is_whole_ else whole + within
        why = (Evidence("custom", title, 0.0),)
        return Verdict(kind, title, is_whole_, rows, rows / self.rows, estimated, 1.0, why)

    def _inside(self) -> list[Verdict]:
        out = []
        for kind, count in self.counts.items():
            found = count.scaled(count.whole) + count.scaled(count.inside)
            if kind not in KINDS or self.type != "text" or not found or not self._telling(kind, count):
                continue
            estimated = count.judged_rows < count.passed_rows
            out.append(Verdict(kind, KINDS[kind].title, False, found, found / self.rows, estimated, 0.9))
        for kind, count in self.prose.items():
            found = count.scaled(count.inside)
            if found > (0 if self.running else self.rows // SELDOM):
                estimated = count.judged_rows < count.passed_rows
                out.append(Verdict(kind, KINDS[kind].title, False, found, found / self.rows, estimated, 0.9))
        return out

    def _telling(self, kind: str, count: Count) -> bool:
        """Whether single occurrences are more than the chance that a check digit fits or a pattern repeats."""
        if kind == "ip" and self.said.code:
            return False
        form = next(f for f in FORMS if f.type == kind)
        if not form.inside:
            return False
        found = count.whole + count.inside
        if kind in ("card", "national_id"):  # one run of digits in ten passes a check digit by chance
            return found >= 0.3 * count.judged_rows
        return True


def _is_address(text: str, found: list[tuple[int, int]]) -> bool:
    """Whether a text is a street with what stands around it: a floor, a town, a country."""
    covered = sum(stop - start for start, stop in found)
    return len(text) <= 160 and covered >= 0.3 * len(text) and "," in text


def distinct(array: pa.Array) -> tuple[pa.Array, Any]:
    """Return a batch's distinct values as texts, and in how many rows each stands."""
    encoded = as_text(array).dictionary_encode()
    places = numbers(encoded.indices.drop_null())
    rows = np.bincount(places, minlength=len(encoded.dictionary))
    return encoded.dictionary, rows


def _small(array: pa.Array) -> bool:
    """Whether no number has the twelve digits that the shortest card has."""
    if not (pa.types.is_integer(array.type) or pa.types.is_floating(array.type)):
        return False
    low, high = pc.min_max(array).values()
    return all(v.as_py() is None or abs(v.as_py()) < 1e11 for v in (low, high))


def _nine(array: pa.Array) -> bool:
    """Whether all whole numbers have nine digits, as US routing numbers have that do not begin with 0."""
    if not pa.types.is_integer(array.type):
        return False
    low, high = pc.min_max(array).values()
    return low.as_py() is not None and low.as_py() >= 10**8 and high.as_py() < 10**9


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
