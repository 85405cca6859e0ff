"""The demo, carried out once as a user types it; every test of the doors may copy it."""

from __future__ import annotations

import shutil
import sys

import pytest

ASSAY = [sys.executable, "-c", "from assay.doors.cli import main; main()"]


@pytest.fixture(scope="session")
def demo(demo):
    """The demo's folder, and what it printed as JSON."""
    return demo.folder, demo.run


@pytest.fixture
def copy(demo, tmp_path):
    """A copy of the finished demo, to be changed."""
    shutil.copytree(demo[0], tmp_path / "demo")
    return tmp_path / "demo"
