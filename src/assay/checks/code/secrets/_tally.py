"""What one examination has found: secrets by where they stand, told once, and never whole."""

from __future__ import annotations

import hashlib
import secrets as entropy
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from assay.kernel.report import Coverage, Finding, Skipped
from assay.kernel.severity import Severity
from assay.methods.secrets.baseline import Baseline
from assay.methods.secrets.engine import Hit
from assay.methods.secrets.shown import fingerprint, masked

PRINTED = 2_000  # different secrets with a fingerprint under the key
CAP = 200  # findings told of one rule
_REFS = ("CWE-798", "CWE-312")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a secret stands. member: a path inside an archive, or a cell. note: what else is to be said of the place.
    inner: the path in the innermost archive.
    """

    file: str
    member: str = ""
    line: int = 0
    commit: str = ""
    note: str = ""
    inner: str = ""


@dataclass
class Told:
    """One secret in one file: where it stands first, how often, and why it is accepted, if it is."""

    hit: Hit
    spot: Spot
    count: int = 1
    accepted: str | None = None
    print: str = ""


@dataclass
class Past:
    """One secret in a history: where it came in first, when (seconds since 1970), and in how many objects it is."""

    hit: Hit
    spot: Spot
    when: int
    accepted: str | None
    count: int = 1


@dataclass
class Tally:
    """Collects secrets. mac: HMAC under the key that fingerprints are made with; drawn for this run where none is given."""

    mac: Callable[[bytes], bytes] | None = None
    baseline: Baseline | None = None
    examined: int = 0
    size: int = 0
    skipped: dict[str, str] = field(default_factory=dict)
    found: dict[tuple[str, bytes, str, str], Told] = field(default_factory=dict)
    gone: dict[tuple[str, bytes], Past] = field(default_factory=dict)
    deleted: set[tuple[str, str]] = field(
        default_factory=set
    )  # files of images that a later layer takes away
    diffs: list[str] = field(default_factory=list)  # how credentials leave Python files, with secrets masked
    _prints: dict[tuple[str, bytes], str] = field(default_factory=dict)
    _borne: set[tuple[str, bytes, str, str]] = field(default_factory=set)  # accepted by the baseline
    _drawn: bytes = field(default_factory=lambda: entropy.token_bytes(32))

    def add(self, hit: Hit, spot: Spot, accepted: str | None) -> None:
        """Note a secret at a place."""
        key = (hit.rule.name, hit.secret, spot.file, spot.member)
        known = self.found.get(key)
        if known is None:
            print_ = self._print(hit)
            if accepted is None and self.baseline is not None:
                accepted = self.baseline.reason(hit.rule.name, print_, _place(spot))
                self._borne |= {key} if accepted is not None else set()
            self.found[key] = Told(hit, spot, 1, accepted, print_)
        else:
            known.count += 1
            if accepted is None and key not in self._borne:
                known.accepted = None  # a comment in one place accepts nothing in another

    def add_past(self, hit: Hit, spot: Spot, when: int, accepted: str | None) -> None:
        """Note a secret in a history; it is told of where it came in first."""
        key = (hit.rule.name, hit.secret)
        known = self.gone.get(key)
        if known is None:
            self.gone[key] = Past(hit, spot, when, accepted)
            return
        known.count += 1
        if when < known.when:
            known.hit, known.spot, known.when = hit, spot, when
        if accepted is None:
            known.accepted = None

    def settle(self) -> None:
        """Say of each secret in a file since when it is in the history, and tell of those that are in no file any more."""
        for told in self.found.values():
            if told.spot.inner and (told.spot.file, told.spot.inner) in self.deleted:
                told.spot = replace(told.spot, note="deleted by a later layer, and in the image still")
        here: dict[tuple[str, bytes], list[Told]] = {}
        for (rule, secret, _, _), told in self.found.items():
            here.setdefault((rule, secret), []).append(told)
        for key, past in self.gone.items():
            came = f"{_name(past.spot.commit)} of {_day(past.when)}" if past.spot.commit else ""
            if key in here:
                for told in here[key]:
                    note = f"in the history since {came}" if came else "in the history too"
                    told.spot = replace(told.spot, commit=past.spot.commit, note=note)
                continue
            kept = f"{past.spot.note}{came}".rstrip(": ")
            spot = replace(past.spot, note=f"gone from the files, but {kept}")
            self.add(past.hit, spot, past.accepted)
            self.found[(*key, spot.file, spot.member)].count = past.count

    def skip(self, what: str, why: str) -> None:
        """Note that something was not examined."""
        if len(self.skipped) < 1_000:
            self.skipped.setdefault(what, why)

    def _print(self, hit: Hit) -> str:
        """Return a secret's fingerprint; past ``PRINTED`` of them, which takes its time, one of this run alone."""
        key = (hit.rule.name, hit.secret)
        if key not in self._prints:
            mac = self.mac if self.mac is not None and len(self._prints) < PRINTED else self._mac
            self._prints[key] = fingerprint(mac, *key)
        return self._prints[key]

    @property
    def accepted_ones(self) -> int:
        """Return how many secrets in how many files are accepted, by a comment or by the baseline."""
        return sum(told.accepted is not None for told in self.found.values())

    def _mac(self, data: bytes) -> bytes:
        return hashlib.blake2b(data, key=self._drawn, digest_size=32).digest()

    @property
    def secrets(self) -> int:
        """Return how many different secrets there are that nobody accepted."""
        return len({(k[0], k[1]) for k, told in self.found.items() if told.accepted is None})

    def findings(self) -> Iterator[Finding]:
        """Give a finding for each secret in each file, the gravest first; of one rule no more than ``CAP``."""
        told = sorted(
            self._named(), key=lambda pair: (-_severity(pair[0]), pair[0].spot.file, pair[0].spot.line)
        )
        shown: Counter[str] = Counter()
        rest: dict[str, list[Told]] = {}
        for one, name in told:
            rule = f"code.secrets.{one.hit.rule.name}"
            shown[rule] += 1
            if shown[rule] > CAP:
                rest.setdefault(rule, []).append(one)
                continue
            yield self._finding(rule, one, name)
        for rule, more in rest.items():
            worst = max(_severity(one) for one in more)
            message = f"{len(more):,} more of the kind: {more[0].hit.rule.title}."
            yield Finding(rule, worst, message, {}, more[0].hit.rule.remedy, _REFS, len(more))

    def _named(self) -> Iterator[tuple[Told, str]]:
        """Give each secret with what tells it from others of its kind in its file, whatever line it moves to."""
        seen: Counter[tuple[str, str, str, str]] = Counter()
        for one in sorted(
            self.found.values(), key=lambda t: (t.spot.file, t.spot.member, t.hit.line, t.hit.start)
        ):
            name = one.hit.field or masked(one.hit.secret)
            key = (one.hit.rule.name, one.spot.file, one.spot.member, name)
            seen[key] += 1
            yield one, name if seen[key] == 1 else f"{name} #{seen[key]}"

    def _finding(self, rule: str, one: Told, name: str) -> Finding:
        hit, spot = one.hit, one.spot
        where: dict[str, Any] = {"file": spot.file}
        where |= {"member": spot.member} if spot.member else {}
        where |= {"line": spot.line} if spot.line else {}
        where |= {"commit": spot.commit} if spot.commit else {}
        where |= {"field": name, "secret": one.print}
        said = f", {hit.said}" if hit.said else ""
        title = hit.rule.title[:1].upper() + hit.rule.title[1:]
        place = (
            f"{spot.file}{f' ({spot.member})' if spot.member else ''}{f':{spot.line}' if spot.line else ''}"
        )
        message = f"{title} in {place}: {masked(hit.secret)}{said}{f'; {spot.note}' if spot.note else ''}."
        if one.accepted is not None:
            message = f"Accepted ({one.accepted or 'no reason given'}). {message}"
            return Finding(rule, Severity.INFO, message, where, "", _REFS, one.count)
        return Finding(rule, _severity(one), message, where, hit.remedy or hit.rule.remedy, _REFS, one.count)

    def coverage(self) -> Coverage:
        """Return how many files and objects were looked at."""
        skipped = tuple(Skipped(what, why) for what, why in self.skipped.items())
        return Coverage(self.examined, self.examined + len(skipped), skipped, "files")


def _name(commit: str) -> str:
    return f"commit {commit[:12]}"


def _day(when: int) -> str:
    try:
        return datetime.fromtimestamp(when, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return "an unknown day"


def _severity(one: Told) -> Severity:
    return Severity.INFO if one.accepted is not None else Severity.parse(one.hit.severity)


def _place(spot: Spot) -> str:
    """Return a place as a baseline names it."""
    return f"{spot.file}/{spot.member}" if spot.member else spot.file


def placed(spot: Spot, line: int) -> Spot:
    """Return a place with its line."""
    return replace(spot, line=line)
