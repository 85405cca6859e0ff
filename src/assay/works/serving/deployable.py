"""Which package may answer requests: one that is APPROVED, whose hallmark verifies, and of which the log says the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from assay.kernel.errors import Refused

if TYPE_CHECKING:
    from assay.office.registry import PackageRecord
    from assay.works.home import Home


def deployable(home: Home, name: str) -> PackageRecord:
    """Return a package that may be deployed; Refused, with the reason, for any other. Missing where there is none.

    Looked at: its status as it reads now, its marks and each of its files (on disk and in the store), the signed decision
    behind the approval, and the event of the log that vouches for its row.
    """
    from assay.office import registry

    record = registry.usable(registry.get(home.office, name))
    if record.status != "APPROVED":
        raise Refused(f"{record.title} is {record.status}, {_why(record)}", remedy=_remedy(record))
    if record.hallmark is None:
        raise Refused(
            f"{record.title} bears no hallmark: a gate failed when it was registered",
            remedy="register it from a run whose gates pass",
        )
    blocked = _blocked(home, record)
    if blocked:
        raise Refused(
            f"{record.title} cannot be asked with raw rows: {blocked}",
            remedy="train on data without that treatment, or do it to what is sent and register the model by itself",
        )
    problem = _forged(home, record)
    if problem:
        raise Refused(
            f"{record.title} is not what was approved: {problem}",
            remedy=f"see `assay model verify {record.title}`",
        )
    return record


def _why(record: PackageRecord) -> str:
    if record.status == "REJECTED":
        return f"by {record.decided_by}: {record.reason}"
    if record.status == "EXPIRED":
        return f"since its approval ran out on {str(record.expires)[:10]}"
    return "and only an approved model answers requests"


def _remedy(record: PackageRecord) -> str:
    if record.status == "REJECTED":
        return "name another version"
    return f"have it approved: assay model approve {record.title} --reason WHY"


def _blocked(home: Home, record: PackageRecord) -> str:
    """Return why rows cannot be prepared for the model as its training data was; empty where they can."""
    from assay.methods.preparing.preparation import FILE, Preparation

    if FILE not in record.files:
        return ""
    try:
        found = Preparation.from_bytes(home.store.read(record.files[FILE]))
    except ValueError as error:
        return str(error)
    return found.blocked[0] if found.blocked else ""


def _forged(home: Home, record: PackageRecord) -> str:
    """Return what differs from what the office entered and signed; empty where nothing does."""
    from assay.office import packages
    from assay.works.marking import lay_marks

    place = lay_marks(home, record)
    problems = packages.verify(home.office, record, place, store=home.store)
    if problems:
        return problems[0].message
    return _undecided(home, record) or _unrecorded(home, record)


def _undecided(home: Home, record: PackageRecord) -> str:
    """The statement that the last approver signed must be there, and must say what the row says."""
    from assay.engines.keys import verifier
    from assay.office import hallmark

    kept = hallmark.kept(home.office, record, "decided")
    if kept is None:
        return "nobody's signed approval is kept of it"
    check = verifier(home.keyring.public_pem("hallmark"))
    try:
        said = hallmark.opened(record, kept["statement"].encode(), hallmark.DECIDED, check)
    except ValueError as error:
        return f"its approval does not verify: {error}"
    same = said.get("says") == "APPROVED" and said.get("expires") == record.expires
    return "" if same else "its row says another decision than was signed"


def _unrecorded(home: Home, record: PackageRecord) -> str:
    """The row must be the one that its latest event vouches for, and that event must be in the signed log."""
    from assay.office import history
    from assay.works.serving.vouched import unvouched

    found = history.latest(home.office, "packages", record.title)
    if found is None:
        return "the log has no event of it"
    if not _is_row(home, record.title, found[1]):
        return "its row was changed behind the log's back"
    return unvouched(home, f"packages/{record.title}", *found)


def _is_row(home: Home, key: str, text: str) -> bool:
    import sqlalchemy as sa

    from assay.office import schema
    from assay.office.rows import row_text

    rows = home.office.rows(sa.select(schema.packages).where(schema.packages.c.key == key))
    return bool(rows) and row_text(rows[0]._mapping) == text


def folder_of(home: Home, record: PackageRecord) -> Path:
    """Return the folder in which a package lies open, as it was verified."""
    from assay.works.marking import place_of

    return place_of(home, record) / "package"
