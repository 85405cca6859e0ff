"""A package of the main environment upgraded: named as the cause, proved by rebuilding with the version that was recorded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from tests.works.provenance.planted import wheel
from tests.works.reproduction.small import READ, WRITE, Small

ROUNDING = "def tidy(x):\n    return x\n"
CUTTING = "def tidy(x):\n    return float(int(x))\n"
TIDIED = "import tinyround\nfor row in rows:\n    row['x'] = tinyround.tidy(float(row['x']) / 3)\n"
ONE_STEP = (
    "name: small\ndata: {points: {source: points.csv}}\nsteps:\n  scaled: {treat: scale.py, of: points}\n"
)


class Environment:
    """A virtual environment that finds Assay where this one does, and has a ``tinyround`` of its own."""

    def __init__(self, folder: Path) -> None:
        import venv

        self.folder, self.wheels = folder / "env", folder / "wheels"
        venv.EnvBuilder(symlinks=True).create(self.folder)
        self.wheels.mkdir()
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        self.site = self.folder / "lib" / version / "site-packages"
        source = Path(__file__).parents[3] / "src"
        (self.site / "ours.pth").write_text(f"{source}\n{sysconfig.get_path('purelib')}\n")
        self.python = self.folder / "bin" / "python"

    def install(self, version: str, code: str) -> None:
        """Put a version of ``tinyround`` in the place of whichever is there."""
        for info in self.site.glob("tinyround-*.dist-info"):
            for path in info.iterdir():
                path.unlink()
            info.rmdir()
        with zipfile.ZipFile(wheel(self.wheels, version, code)) as packed:
            packed.extractall(self.site)
        (self.site / "__pycache__").exists() and [
            p.unlink() for p in (self.site / "__pycache__").glob("tinyround*")
        ]

    def assay(self, folder: Path, *args: str):
        """Run the command line with it."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_")}
        command = [str(self.python), "-m", "assay", *args]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=env)
        return done.returncode, json.loads(done.stdout) if "json" in args else done.stdout + done.stderr


@pytest.fixture
def upgraded(tmp_path):
    """A pipeline that ran with tinyround 1.0, in an environment that has 2.0 now."""
    environment = Environment(tmp_path)
    small = Small(tmp_path, scale=READ + TIDIED + WRITE)
    small.write("assay.yaml", ONE_STEP)
    environment.install("1.0", ROUNDING)
    code, said = environment.assay(tmp_path, "run")
    assert code == 0, said
    environment.install("2.0", CUTTING)
    return small, environment


@pytest.mark.slow
def test_an_upgraded_package_is_the_likely_cause_and_rebuilding_with_the_recorded_one_proves_it(upgraded):
    small, environment = upgraded
    code, found = environment.assay(small.folder, "reproduce", "last", "--format", "json")
    assert code == 1 and found["verdict"] == "not_reproduced", found["said"]
    (cause,) = found["causes"]
    assert (cause["kind"], cause["proved"], cause["packages"]) == ("package", False, ["tinyround"])
    assert "tinyround 2.0 (recorded: 1.0)" in cause["said"] and "--wheels" in cause["said"]
    code, found = environment.assay(
        small.folder, "reproduce", "last", "--wheels", str(environment.wheels), "--format", "json"
    )
    assert code == 0 and found["verdict"] == "reproduced", found["said"]
    built = found["environment"]["interpreter"]
    assert "/cache/environments/python-" in built and not [
        p for p in found["environment"]["packages"] if p["imported"]
    ]
    code, found = environment.assay(small.folder, "reproduce", "last", "--python", built, "--format", "json")
    assert code == 0 and found["verdict"] == "reproduced"
    (environment.wheels / "tinyround-1.0-py3-none-any.whl").unlink()
    code, said = environment.assay(small.folder, "reproduce", "last", "--wheels", str(environment.wheels))
    assert code == 2 and "the recorded packages cannot be installed" in said


@pytest.mark.slow
def test_a_run_that_goes_wrong_by_the_main_environment_alone_is_diagnosed_as_elsewhere(upgraded):
    """The pipeline is as it was: what its scripts import is not."""
    small, environment = upgraded
    code, said = environment.assay(small.folder, "run", "--force")
    assert code == 0, said
    code, found = environment.assay(
        small.folder, "diagnose", "last", "--against", "last~1", "--format", "json"
    )
    assert code == 0 and found["conclusion"] == "elsewhere", found["said"]
    assert [c["what"] for c in found["culprits"]] == ["tinyround"]
    assert (
        "It is where the run was made, and not in the pipeline: the package `tinyround`, 2.0 (before: 1.0)"
        in found["said"][0]
    )
