"""A home with three versions of a model, entered as registration enters them, and a clock that tests set."""

from __future__ import annotations

import pytest

from assay.office import registry
from assay.works.home import Home


class Clock:
    """Days of a year, from the first."""

    def __init__(self) -> None:
        self.day = 1

    def __call__(self) -> str:
        month, day = divmod(self.day - 1, 28)
        return f"2026-{month + 1:02d}-{day + 1:02d}T00:00:00.000Z"


def enter(home, name, actor="ada", byte=b"\0", **metadata):
    """Enter a package of one small file."""
    digest = home.store.put_bytes(byte * 16)
    with home.office.transaction() as tx:
        record = registry.enter(
            tx, home.office, name, digest=digest, files={"model.bin": digest}, reports={}, run="", actor=actor,
            metadata={"artifact": "model.bin", **metadata},
        )  # fmt: skip
        tx.record("model.register", record.urn, actor=actor)
    return record


@pytest.fixture
def home(tmp_path):
    """m@1 to m@3, registered by ada on the first day."""
    opened = Home.create(tmp_path, {"ASSAY_ACTOR": "ada"})
    opened.office.clock = Clock()
    for byte in (b"\1", b"\2", b"\3"):
        enter(opened, "m", byte=byte)
    yield opened
    opened.close()


@pytest.fixture
def clock(home):
    return home.office.clock


@pytest.fixture
def policy(home):
    """Write the home's policy."""
    return lambda text: (home.root / "registry.yaml").write_text(text)
