"""What one examination has found and may still spend; every format reports to it and asks it to look within."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from assay.checks.model.scan._view import View, opened
from assay.kernel.handles import Work
from assay.kernel.report import Coverage, Finding, Skipped
from assay.kernel.severity import Severity
from assay.methods.pickles.names import Names
from assay.methods.pickles.opcodes import Buffer

CAP = 50
IN_MEMORY = 4 << 20
FREE = 64 << 20
CWE_502 = "CWE-502"
FORMATS_WITHOUT_CODE = "skops, safetensors, ONNX or XGBoost JSON"


class Spent(Exception):
    """Archives hold more than may be unpacked."""


class Ground:
    """Findings, coverage and budget of one examination.

    room: bytes that may still be unpacked. ratio: how many times its packed size anything may take, past ``FREE``.
    """

    def __init__(self, *, work: Work, names: Names, depth: int, room: int, members: int, ratio: int) -> None:
        self.work, self.names, self.depth, self.room, self.members = work, names, depth, room, members
        self.ratio = ratio
        self.findings: list[Finding] = []
        self.formats: Counter[str] = Counter()
        self.seen = self.understood = self.opcodes = self.size = 0
        self._skipped: dict[str, str] = {}
        self._unknown: list[tuple[View, int, str]] = []
        self._vouched: dict[tuple[str, str], int] = {}
        self._numbers = itertools.count()
        self._total: Counter[str] = Counter()

    # ---- what was found

    def find(
        self,
        rule: str,
        severity: Severity,
        message: str,
        view: View,
        *,
        remedy: str = "",
        refs: tuple[str, ...] = (),
        count: int = 1,
        **where: Any,
    ) -> None:
        """Note a finding at a place inside a view."""
        rule = f"model.scan.{rule}"
        self._total[rule] += count
        if sum(f.rule == rule for f in self.findings) >= CAP:
            return
        place: dict[str, Any] = {"file": view.file}
        if view.member:
            place["member"] = view.member
        self.findings.append(Finding(rule, severity, message, place | where, remedy, refs, count))

    def not_understood(self, view: View, why: str, **where: Any) -> bool:
        """Note that a file, or the rest of it, could not be examined. Gives False."""
        self.find(
            "not_understood",
            Severity.HIGH,
            f"{view.place} could not be examined to its end: {why}.",
            view,
            remedy=f"do not load it; ask for the model as {FORMATS_WITHOUT_CODE}",
            **where,
        )
        self.skip(view.place, why)
        return False

    def lie(self, view: View, why: str, **where: Any) -> bool:
        """Note a header that says what the bytes do not bear out: readers that believe it reach past them. Gives False."""
        self.find(
            "header_lie",
            Severity.HIGH,
            f"{view.place} says what its bytes do not bear out: {why}.",
            view,
            remedy="do not load it; ask for the file again from who made it",
            refs=("CWE-130",),
            **where,
        )
        self.skip(view.place, why)
        return False

    def skip(self, what: str, why: str) -> None:
        """Note that something was not examined."""
        if len(self._skipped) < 1000:
            self._skipped.setdefault(what, why)

    def capped(self) -> Iterator[Finding]:
        """Give the findings; the last of a rule that was cut short counts the rest."""
        kept: Counter[str] = Counter()
        for finding in self.findings:
            kept[finding.rule] += finding.count
        last = {f.rule: i for i, f in enumerate(self.findings)}
        for i, f in enumerate(self.findings):
            rest = self._total[f.rule] - kept[f.rule] if last[f.rule] == i else 0
            yield Finding(f.rule, f.severity, f.message, f.where, f.remedy, f.refs, f.count + rest)

    def coverage(self) -> Coverage:
        """Return how many files were understood to their end."""
        skipped = tuple(Skipped(what, why) for what, why in self._skipped.items())
        return Coverage(min(self.understood, self.seen), self.seen, skipped, "files")

    # ---- what may be spent

    def tick(self, _at: int) -> bool:
        """Whether to stop."""
        return self.work.stopped

    def unpacked(self, chunks: Iterable[bytes], packed: int, known: int = 0) -> Buffer:
        """Return what the chunks make, in memory when it is small, else mapped from scratch; Spent past the bounds.

        known: how long they are in all, where that is certain: what will not fit is not begun.
        """
        if known > self.room:
            raise Spent
        most = max(FREE, packed * self.ratio)
        held: list[bytes] = []
        size = 0
        handle = path = None
        try:
            for chunk in chunks:
                size += len(chunk)
                self.room -= len(chunk)
                if self.room < 0 or size > most or self.work.stopped:
                    raise Spent
                held.append(chunk)
                if handle is None and size > IN_MEMORY:
                    path = self.work.scratch / f"unpacked{next(self._numbers)}"
                    handle = path.open("wb")
                if handle is not None:
                    handle.write(b"".join(held))
                    held.clear()
        except BaseException:
            if path is not None:
                path.unlink(missing_ok=True)
            raise
        finally:
            if handle is not None:
                handle.close()
        if path is None:
            return b"".join(held)
        data = opened(path)
        path.unlink()  # the mapping keeps the bytes; the name is no longer needed
        return data

    def spent(self, view: View) -> bool:
        """Note that unpacking a view would take more than is allowed. Gives False."""
        why = (
            "the examination was stopped" if self.work.stopped else "it unpacks to more than may be unpacked"
        )
        self.find(
            "bomb",
            Severity.HIGH,
            f"{view.place} was not unpacked to its end: {why}.",
            view,
            remedy="raise --expand, --members or --ratio if it is known to be that big",
            refs=("CWE-409",),
        )
        self.skip(view.place, why)
        return False

    # ---- bare numbers, which only the file beside them can vouch for

    def vouch(self, view: View, name: str, size: int) -> None:
        """Note that a view says that bare numbers of ``size`` bytes (at least, where below 0) lie in a file beside it."""
        inner = view.member.rsplit("!", 1)
        folder = (inner[-1] if view.member else view.file).rpartition("/")[0]
        path = f"{folder}/{name}" if folder else name
        key = (view.file, "!".join([*inner[:-1], path])) if view.member else (path, "")
        if len(self._vouched) < 10_000:
            self._vouched[key] = max(size, self._vouched.get(key, size), key=abs)

    def unknown(self, view: View, why: str) -> bool:
        """Put off a view of no known format until all are seen. Gives True, which ``settle`` may take back."""
        if len(self._unknown) >= 10_000:
            return self.not_understood(view, why)
        self._unknown.append((View(b"", view.file, view.member, view.depth), view.size, why))
        return True

    def settle(self) -> None:
        """Judge what was put off: what a file beside it vouched for, to the byte, is numbers; the rest is a finding."""
        for view, size, why in self._unknown:
            said = self._vouched.get((view.file, view.member))
            if said is not None and (size == said or 0 < -said <= size < -said + 4096):
                self.formats["numbers"] += 1
                continue
            self.understood -= 1
            if said is None:
                self.not_understood(view, why)
            else:
                self.lie(view, f"it has {size:,} bytes, and the model beside it needs {abs(said):,}")
        self._unknown.clear()

    # ---- looking within

    def examine(self, view: View) -> bool:
        """Examine what a view holds, and count it as a file. Gives whether it was understood to its end."""
        from assay.checks.model.scan._walk import examine_view

        self.seen += 1
        self.members -= view.depth > 0
        if self.members < 0:
            return self.spent(view)
        good = examine_view(view, self)
        self.understood += good
        return good
