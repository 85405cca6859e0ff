"""Fixtures that every test may use: a table, and a check's hands."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command line does


@pytest.fixture
def work(tmp_path: Path):
    """A Work with seed 7 that keeps what it is given under tmp_path."""
    from assay.engines.blobs import Store
    from assay.works.work import LocalWork

    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    return LocalWork(seed=7, scratch=scratch, store=Store(str(tmp_path / "store")), cores=2)


@pytest.fixture
def table(tmp_path: Path):
    """Open a DataFrame, an Arrow table or a path as a Table; all are closed at the end."""
    from assay.engines.tables import open_table

    opened = []

    def open_(source, name: str = "t"):
        scratch = Path(tempfile.mkdtemp(prefix="table", dir=tmp_path))
        handle = open_table(source, name=name, scratch=scratch)
        opened.append(handle)
        return handle

    yield open_
    for handle in opened:
        close = getattr(handle, "close", None)
        if close:
            close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a real PostgreSQL server of our own, on a socket in a private folder; skips where there is none."""
    pytest.importorskip("psycopg")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = shutil.which("initdb") or (str(found[-1]) if found else None)
    if initdb is None:
        pytest.skip("PostgreSQL's own programs are not here: sudo apt install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    as_user: dict[str, object] = {}
    if os.getuid() == 0:  # the server refuses to run as root
        folder.chmod(0o755)
        shutil.chown(folder, "nobody")
        as_user = {"user": "nobody", "cwd": str(folder), "extra_groups": []}
    data = str(folder / "data")
    control = str(Path(initdb).with_name("pg_ctl"))

    def run(*command: str) -> None:
        quiet = subprocess.DEVNULL
        subprocess.run(command, check=True, stdout=quiet, stderr=quiet, timeout=60, **as_user)

    try:
        run(initdb, "-D", data, "-U", "me", "--auth=trust", "-E", "UTF8", "--no-sync", "--locale=C")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off -c shared_buffers=16MB"
        run(control, "-D", data, "-o", options, "-w", "-l", str(folder / "log"), "start")
    except (subprocess.SubprocessError, OSError):
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip("PostgreSQL does not start here")
    yield f"postgresql://me@/postgres?host={folder}"
    run(control, "-D", data, "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder, ignore_errors=True)
