from __future__ import annotations

import pytest

from assay.engines.keys import FileKeyring
from assay.office.office import Office


@pytest.fixture
def opened(tmp_path):
    """Open (again) the office that lies in tmp_path."""
    offices = []

    def open_(folder=tmp_path, url=None):
        office = Office.open(
            url or f"sqlite:///{folder / 'office.db'}",
            keyring=FileKeyring(folder / "keys"),
            checkpoints=folder / "checkpoints",
            clock=lambda: "2026-01-01T00:00:00.000Z",
            origin="assay/test",
        )
        offices.append(office)
        return office

    yield open_
    for office in offices:
        office.close()


@pytest.fixture
def office(opened):
    """An office with ten events and a few rows."""
    from assay.kernel.asset import Asset
    from assay.office import catalogue

    office = opened()
    for number in range(10):
        with office.transaction() as tx:
            catalogue.put(tx, Asset("table", f"t{number}", f"t{number}.csv", f"sha256:{number:064x}", "csv"))
            tx.record("test.act", f"t{number}", actor="ada", detail={"number": number})
    return office
