"""The demo, carried out once as a user types it; every test of the doors may copy it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

ASSAY = [sys.executable, "-c", "from assay.doors.cli import main; main()"]


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """The demo's folder, and what it printed as JSON."""
    folder = tmp_path_factory.mktemp("demo") / "assay-demo"
    env = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_")}
    command = [*ASSAY, "demo", "--to", str(folder), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


@pytest.fixture
def copy(demo, tmp_path):
    """A copy of the finished demo, to be changed."""
    shutil.copytree(demo[0], tmp_path / "demo")
    return tmp_path / "demo"
