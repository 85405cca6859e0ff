"""A home with versions of a model that bear the hallmark, three of them approved; made once, and copied for each test."""

from __future__ import annotations

import shutil

import pytest
from tests.works.inventory.conftest import Clock, enter

from assay.works.call import call
from assay.works.home import Home
from assay.works.marking import strike


@pytest.fixture(scope="session")
def approved(tmp_path_factory):
    """The folder of a home: m@1 to m@3 approved, m@4 awaiting, all marked; m@5 approved without a hallmark."""
    folder = tmp_path_factory.mktemp("approved")
    made = Home.create(folder, {"ASSAY_ACTOR": "ada"})
    made.office.clock = Clock()
    for number in range(1, 6):
        record = enter(made, "m", byte=bytes([number]))
        if number != 5:
            strike(made, record, "ada", "full")
        if number != 4:
            call("model.approve", {"name": f"m@{number}", "reason": "seen", "expires": "30d"}, home=made)
    made.close()
    return folder


@pytest.fixture
def home(approved, tmp_path):
    """That home, to be changed."""
    shutil.copytree(approved / ".assay", tmp_path / ".assay")
    opened = Home.open(tmp_path / ".assay", {"ASSAY_ACTOR": "ada"})
    opened.office.clock = Clock()
    yield opened
    opened.close()


@pytest.fixture
def clock(home):
    return home.office.clock


@pytest.fixture
def does(home):
    """Carry out an action upon endpoints."""
    return lambda verb, **given: call(f"endpoint.{verb}", given, home=home, actor="bob")
