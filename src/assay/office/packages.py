"""A package held against what the office entered: its files, its marks, the reports behind it, the decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from assay.office import hallmark, signing
from assay.office.hallmark import BUNDLE, DECIDED, DECISION, EXAMINED, STATEMENT, SUFFIX
from assay.office.problem import Problem

if TYPE_CHECKING:
    from assay.office.office import Office
    from assay.office.registry import PackageRecord


class Objects(Protocol):
    """Where objects lie."""

    def has(self, digest: str) -> bool:
        """Whether an object is there."""

    def verify(self, digest: str) -> bool:
        """Whether an object's bytes are those of its digest."""


def verify(office: Office, record: PackageRecord, place: Path, *, store: Objects) -> list[Problem]:
    """Return every change of a package's files, marks and reports against what the office entered."""
    from assay.engines.keys import verifier

    check = verifier(office.keyring.public_pem("hallmark"))
    problems = _files(record, signing.file_digests(place / "package"))
    problems += _reports(record, store)
    problems += _objects(record, store)
    kept = hallmark.kept(office, record, "examined")
    if kept is not None:
        problems += _marks(record, place, kept, check)
    for kind, file in hallmark.decisions(record).items():
        held = hallmark.kept(office, record, kind)
        if held is not None:
            problems += _same(place / file, held["statement"].encode())
            problems += _statement(record, held["statement"].encode(), DECIDED, check, file)
    return problems + _beside(office, record, place)


def _beside(office: Office, record: PackageRecord, place: Path) -> list[Problem]:
    """Return the marks that lie beside a package and that the office did not make; one that no longer stands may lie there."""
    standing = hallmark.marks(office, record)
    known = {BUNDLE: "examined", STATEMENT: "examined", DECISION: "decided"}
    known |= {path.name: path.name.removesuffix(SUFFIX) for path in place.glob(f"approval-*{SUFFIX}")}
    out = []
    for name, kind in known.items():
        if name in standing or not (place / name).exists():
            continue
        held = hallmark.kept(office, record, kind) or {}
        text = held.get("bundle" if name == BUNDLE else "statement")
        if text is None or _same(place / name, text.encode()):
            said = f"{name} lies beside the package, and the office made no such mark"
            out.append(Problem("extra", said, file=name))
    return out


def _files(record: PackageRecord, found: Mapping[str, str]) -> list[Problem]:
    entered = {n: d.removeprefix("sha256:") for n, d in record.files.items()}
    out = [
        Problem("missing", f"{n} is missing from the package", file=n) for n in entered.keys() - found.keys()
    ]
    out += [Problem("extra", f"{n} was added to the package", file=n) for n in found.keys() - entered.keys()]
    both = sorted(entered.keys() & found.keys())
    out += [
        Problem("changed", f"{n} is not what was registered", file=n) for n in both if entered[n] != found[n]
    ]
    return out


def _reports(record: PackageRecord, store: Objects) -> list[Problem]:
    out = []
    for step, digest in record.reports.items():
        if not store.has(digest):
            out.append(Problem("missing", f"the report of {step} is missing from the store", file=digest))
        elif not store.verify(digest):
            out.append(Problem("changed", f"the report of {step} is not what was registered", file=digest))
    return out


def _objects(record: PackageRecord, store: Objects) -> list[Problem]:
    """The store's copy of each file is what an export and a model's loading read."""
    reports = set(record.reports.values())
    return [
        Problem("changed", f"the store's copy of {name} is not what was registered", file=name)
        for name, digest in record.files.items()
        if digest not in reports and not store.verify(digest)
    ]


def _same(path: Path, entered: bytes) -> list[Problem]:
    try:
        if path.read_bytes() == entered:
            return []
        return [Problem("changed", f"{path.name} is not what the office signed", file=path.name)]
    except OSError:
        return [Problem("missing", f"{path.name} is missing", file=path.name)]


def _marks(
    record: PackageRecord, place: Path, kept: Mapping[str, str], check: Callable[[bytes, bytes], bool]
) -> list[Problem]:
    out = _same(place / BUNDLE, kept["bundle"].encode()) + _same(
        place / STATEMENT, kept["statement"].encode()
    )
    try:
        signed = signing.signed_digests(kept["bundle"].encode(), check)
        entered = {n: d.removeprefix("sha256:") for n, d in record.files.items()}
        if signed != entered:
            out.append(
                Problem("changed", "the bundle vouches for other files than were registered", file=BUNDLE)
            )
    except (ValueError, KeyError, TypeError, IndexError) as error:
        out.append(Problem("bad-signature", f"the bundle does not verify: {error}", file=BUNDLE))
    return out + _statement(record, kept["statement"].encode(), EXAMINED, check, STATEMENT)


def _statement(
    record: PackageRecord, raw: bytes, kind: str, check: Callable[[bytes, bytes], bool], file: str
) -> list[Problem]:
    try:
        hallmark.opened(record, raw, kind, check)
    except ValueError as error:
        return [Problem("bad-signature", f"{file} does not verify: {error}", file=file)]
    return []
