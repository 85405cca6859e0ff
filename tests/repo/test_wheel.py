"""The wheel, installed into an environment of its own, runs the whole journey: for root, and for an ordinary user."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def _run(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def installed():
    """A folder with the wheel and an environment that it is installed in, where any user may read."""
    folder = Path("/tmp") / f"assay-wheel-{os.getpid()}"
    folder.mkdir(mode=0o755)
    try:
        venv.create(folder / "env", with_pip=True)
        pip = [folder / "env" / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "-q"]
        _run([*pip, "wheel", "--no-deps", "-w", folder, ROOT])
        (wheel,) = folder.glob("assay-*.whl")
        _run([*pip, "install", "-c", ROOT / "constraints.txt", wheel])
        yield folder, wheel
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_the_wheel_holds_the_package_its_data_and_nothing_else(installed):
    names = zipfile.ZipFile(installed[1]).namelist()
    assert {n.split("/")[0] for n in names} == {"assay", f"assay-{installed[1].name.split('-')[1]}.dist-info"}
    for part in ("examples/bookings/bookings.csv.gz", "examples/start/assay.yaml", "py.typed"):
        assert f"assay/{part}" in names or not (ROOT / "src" / "assay" / part).exists()
    assert not [n for n in names if "__pycache__" in n or n.endswith(".pyc")]
    tracked = {
        str(p.relative_to(ROOT / "src"))
        for p in (ROOT / "src" / "assay").rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    }
    assert tracked <= set(names)


def _journey(folder, place, **user):
    """The demo, and the proofs of what it left, with nothing of the checkout in reach."""
    env = {"PATH": os.environ["PATH"], "HOME": str(place), "LANG": "C.UTF-8"}
    assay = [folder / "env" / "bin" / "assay"]
    given = {"cwd": place, "env": env, **user}
    run = json.loads(_run([*assay, "demo", "--to", "d", "--format", "json"], **given))
    assert run["outcome"] == "pass" and run["model"]["status"] == "PENDING"
    given["cwd"] = place / "d"
    assert json.loads(_run([*assay, "log", "verify", "--format", "json"], **given))["ok"]
    assert json.loads(_run([*assay, "model", "verify", "bookings", "--format", "json"], **given))["ok"]


def test_the_demo_runs_from_it(installed, tmp_path):
    _journey(installed[0], tmp_path)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_runs_it_too(installed):
    nobody = pwd.getpwnam("nobody")
    place = installed[0] / "home"
    place.mkdir()
    os.chown(place, nobody.pw_uid, nobody.pw_gid)
    _journey(installed[0], place, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
