"""A whole table's columns examined together, and what is to be said of each: sentence, severity, rules of law, remedy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay.methods.integrity.column import words
from assay.methods.recognise.evidence import Evidence
from assay.methods.recognise.headers import said
from assay.methods.recognise.kinds import DIRECT, KINDS, SPECIAL, Kind
from assay.methods.recognise.scan import Batch, Scan, Verdict

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.methods.recognise.custom import Allowed, Identifier

_REMEDY = {
    "card": "mask or tokenise it (`data.mask`): no model needs card numbers",
    "name": "mask it (`data.mask`), or leave it out",
    "credential": "withdraw it where it was issued, and keep its successor in a secret store",
}
_MASK = "mask it (`data.mask`), leave it out, or say why it is needed"


@dataclass(frozen=True)
class Told:
    """What is said of one kind in one column. whole: the column is of it; otherwise it stands inside of texts."""

    column: str
    type: str
    whole: bool
    rows: int
    share: float
    confidence: float
    evidence: tuple[Evidence, ...]
    severity: str
    message: str
    remedy: str
    refs: tuple[str, ...]


class Columns:
    """The columns of one table, fed batch by batch. columns: (name, type) in Assay's words of types.

    running: they are the text of a document, line by line.
    """

    def __init__(
        self,
        columns: Iterable[tuple[str, str]],
        identifiers: Sequence[Identifier] = (),
        allowed: Allowed | None = None,
        *,
        running: bool = False,
    ) -> None:
        self.allowed = [c for c, _ in columns if allowed and allowed.column(c)]
        wanted = [(c, t) for c, t in columns if c not in self.allowed]
        self.identifiers = {i.name: i for i in identifiers}
        values = allowed if allowed and allowed.says_values else None
        self.scans = [
            Scan(c, t, words(c), [i.form() for i in identifiers if i.fits(c)], running, values)
            for c, t in wanted
            if t in ("text", "integer", "number")
        ]
        self.born = [c for c, t in wanted if t in ("date", "timestamp") and said(c).hints("birth_date") == 2]
        self.rows = 0

    @property
    def names(self) -> list[str]:
        """Return the columns that are to be fed, in order."""
        return [s.name for s in self.scans]

    @property
    def permitted(self) -> dict[str, int]:
        """Return in how many rows of a column an allowed value stood."""
        return {s.name: s.permitted for s in self.scans if s.permitted}

    @property
    def nothing_left(self) -> bool:
        """Whether the allow list takes out all there is."""
        held = [s for s in self.scans if s.rows]
        if held or not self.allowed:
            return bool(held) and all(s.permitted == s.rows for s in held)
        return not self.scans and not self.born

    @property
    def left_out(self) -> str:
        """Return what the allow list takes out, as a sentence; "" where it takes out nothing."""
        said = (
            [f"columns {', '.join(self.allowed[:5])}{', …' if len(self.allowed) > 5 else ''}"]
            if self.allowed
            else []
        )
        if self.permitted:
            said.append(f"{sum(self.permitted.values()):,} values of {len(self.permitted)} columns")
        return f"The allow list takes out {' and '.join(said)}; they were not looked at." if said else ""

    def feed(self, batch: pa.RecordBatch) -> None:
        """Count one batch of exactly these columns."""
        self.rows += batch.num_rows
        for texts in (True, False):
            self._feed(
                [(s, batch.column(k)) for k, s in enumerate(self.scans) if (s.type == "text") is texts]
            )

    def _feed(self, columns: Iterable[tuple[Scan, pa.Array]]) -> None:
        """Feed columns of one sort, as many together as their texts allow."""
        from assay.methods.recognise.sieve import BYTES, Sieve

        held: list[tuple[Scan, Batch]] = []
        size = 0

        def sift() -> None:
            if held:
                sieve = Sieve([b.texts for _, b in held])
                for place, (one, its) in enumerate(held):
                    one.sift(its, sieve, place)
                held.clear()

        for scan, array in columns:
            taken = scan.take(array)
            if taken is None:
                continue
            if held and size + taken.texts.nbytes > BYTES:
                sift()
                size = 0
            held.append((scan, taken))
            size += taken.texts.nbytes
        sift()

    def feed_column(self, name: str, array: pa.Array) -> None:
        """Count values of one column, where columns are of different lengths."""
        self.rows = max(self.rows, len(array))
        for scan in self.scans:
            if scan.name == name:
                scan.feed(array)

    def told(self) -> list[Told]:
        """Return what is to be said, column by column; the kind of the whole column first."""
        first = {s.name: s.verdicts() for s in self.scans}
        kinds = {c: v[0].type for c, v in first.items() if v and v[0].whole}
        kinds |= dict.fromkeys(self.born, "birth_date")
        found = {s.name: s.verdicts(k for c, k in kinds.items() if c != s.name) for s in self.scans}
        kinds |= {c: v[0].type for c, v in found.items() if v and v[0].whole}
        out = []
        for scan in self.scans:
            beside = {k for c, k in kinds.items() if c != scan.name}
            out += [self._one(scan, verdict, beside) for verdict in found[scan.name]]
        for column in self.born:
            sentence = f"{column} is named as a date of birth and holds dates."
            evidence = (Evidence("column name", "says so", 3.5), Evidence("format", "it holds dates", 2.5))
            refs = KINDS["birth_date"].refs
            out.append(
                Told(
                    column, "birth_date", True, max(1, self.rows), 1.0, 0.95, evidence, "medium", sentence, _MASK, refs
                )
            )  # fmt: skip
        return out

    def _one(self, scan: Scan, verdict: Verdict, beside: set[str]) -> Told:
        own = self.identifiers.get(verdict.type)
        kind = Kind(own.title, own.severity, ()) if own else KINDS[verdict.type]
        about = "about " if verdict.estimated else ""
        if verdict.type == "name" and verdict.whole:
            share = f"{verdict.share:.2f} of its distinct values are known as such"
            sentence = f"{scan.name} holds people's names ({share})."
        elif verdict.whole:
            sentence = f"{scan.name} holds {kind.title} in {about}{verdict.rows:,} of {scan.rows:,} values."
        else:
            sentence = f"{scan.name} has {kind.title} inside {about}{verdict.rows:,} of {scan.rows:,} values."
        severity = kind.severity
        if not verdict.whole and own is None:
            severity = "medium" if severity == "high" else "low"
        elif verdict.type in SPECIAL and DIRECT & beside:
            severity = "high"
            sentence += " Beside it stand data that say whose they are."
        return Told(
            scan.name,
            verdict.type,
            verdict.whole,
            max(1, verdict.rows),
            verdict.share,
            verdict.confidence,
            verdict.evidence,
            severity,
            sentence,
            _REMEDY.get(verdict.type, _MASK),
            kind.refs,
        )


def answers(told: Sequence[Told], known: Iterable[str]) -> dict[str, Any]:
    """Return what a later step needs: each column's kind, the kinds inside texts, and the evidence.

    known: the kinds that data.mask finds inside texts; a column with another inside is hidden whole.
    """
    columns: dict[str, str] = {}
    inside: dict[str, list[str]] = {}
    evidence: dict[str, Any] = {}
    findable = set(known)
    for one in told:
        whole = one.whole or one.type not in findable
        if whole and one.column not in columns:
            columns[one.column] = one.type
            evidence[one.column] = {
                "type": one.type,
                "confidence": round(one.confidence, 4),
                "evidence": [e.to_dict() for e in one.evidence],
            }
        elif not whole:
            inside.setdefault(one.column, []).append(one.type)
    inside = {c: k for c, k in inside.items() if c not in columns}
    return {"columns": columns, "inside": inside, "evidence": evidence}
