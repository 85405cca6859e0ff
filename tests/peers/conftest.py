"""Unmodified peers, each in an environment of its own with the versions that it supports."""

from __future__ import annotations

import os
import shutil
import subprocess
import venv
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def environment() -> Callable[..., Path]:
    """Return the Python of an environment with these packages, made by pip on first use and kept.

    Skips the test where they cannot be installed. One that was left half made is made anew.
    """

    def make(name: str, *packages: str) -> Path:
        cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
        folder = cache / "assay-tests" / name
        ready, python = folder / "ready", folder / "bin" / "python"
        if ready.exists() and ready.read_text() == "\n".join(packages):
            return python
        if folder.is_symlink():
            folder.unlink()
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        command = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"{' '.join(packages)} cannot be installed here: {done.stderr[-200:]}")
        ready.write_text("\n".join(packages))
        return python

    return make
