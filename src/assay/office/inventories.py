"""What is installed in each image that was looked into: its latest bill of materials, and what that was held against last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from assay.kernel.asset import Asset
from assay.kernel.canonical import digest_of
from assay.kernel.report import Report
from assay.office import schema
from assay.office.rows import read

if TYPE_CHECKING:
    from assay.office.office import Office, Tx

OF = ("image.sbom", "image.vulnerabilities")  # the checks that leave one
AGAINST = ("advisories", "kev", "epss", "vex")  # what an image is held against
VULNERABILITIES = "image.vulnerabilities"


@dataclass(frozen=True, slots=True)
class InventoryRecord:
    """name, digest, uri: the image's. bill, form: digest of its bill of materials and how such a file is called.

    against: what it was held against last (``digest_against``), empty where it never was; checked, report: when, and with
    which report. at: when the image itself was looked into. within: the name under which an image of an index is kept instead.
    """

    name: str
    digest: str
    uri: str
    bill: str
    form: str
    at: str
    against: str = ""
    checked: str = ""
    report: str = ""
    within: str = ""

    @property
    def asset(self) -> Asset:
        """Return the bill as what stands in for the image, under the image's own name."""
        return Asset("image", self.name, f"object:{self.bill}", self.bill, "sbom")


def put(tx: Tx, report: Report, digest: str) -> None:
    """Remember the bill that a report on an image leaves; a bill that was judged again only says what it was held against."""
    image = report.subject
    bill = next((a for a in report.outputs if a.name == "sbom"), None)
    if report.check not in OF or image is None or bill is None or report.error:
        return
    now = InventoryRecord(image.name, image.digest, image.uri, bill.digest, bill.format, tx.now)
    raw = tx.get("inventories", image.name)
    if raw is not None:
        before = InventoryRecord(**{k: v for k, v in raw.items() if k in asdict(now)})
        if image.format == "sbom" and image.digest == before.bill:
            now = before
        elif before.digest == now.digest:
            now = replace(now, against=before.against, checked=before.checked, report=before.report)
    if report.check == VULNERABILITIES and "advisories" in report.inputs:
        held = digest_against({n: a.digest for n, a in report.inputs.items() if n in AGAINST})
        now = replace(now, against=held, checked=tx.now, report=digest)
    tx.write("inventories", now.name, asdict(now), digest=now.digest, at=now.at)


def digest_against(digests: Mapping[str, str]) -> str:
    """Return one digest of all that images are held against, by the name of each: advisories, kev, epss, vex."""
    return digest_of({n: digests[n] for n in AGAINST if n in digests})


def known(office: Office, name: str) -> InventoryRecord | None:
    """Return the inventory of an image by its name, or None."""
    table = schema.inventories.c
    found = office.rows(sa.select(table.value).where(table.key == name))
    return read(InventoryRecord, found[0][0]) if found else None


def tagged(office: Office, repository: str, digest: str) -> str:
    """Return the first name with a tag under which an image of a repository is kept, also as one of an index; empty where none."""
    table = schema.inventories.c
    of_it = (table.digest == digest) & table.key.startswith(f"{repository}:", autoescape=True)
    found = office.rows(sa.select(table.key).where(of_it).order_by(table.key).limit(1))
    return str(found[0][0]) if found else ""


def put_within(tx: Tx, record: InventoryRecord, name: str) -> None:
    """Remember that an image is kept under another name, and no more under its own; the next event vouches for it."""
    tx.write(
        "inventories", record.name, asdict(replace(record, within=name)), digest=record.digest, at=record.at
    )


def listing(office: Office) -> Iterator[InventoryRecord]:
    """Give the inventories in the order of their names."""
    table = schema.inventories.c
    for batch in office.batches(sa.select(table.value).order_by(table.key), 500):
        yield from (read(InventoryRecord, r[0]) for r in batch)
