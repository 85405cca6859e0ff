"""Fixtures that every test may use: a table, and a check's hands."""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import hypothesis
import pytest

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command line does
# How long an example takes says more of what else the machine does than of what is tested. What must hold before
# a change lands is told alike each time it is asked; `make test-slow` draws new examples.
for profile, told_alike in (("gate", True), ("explore", False)):
    hypothesis.settings.register_profile(
        profile,
        deadline=None,
        derandomize=told_alike,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
hypothesis.settings.load_profile("gate")
ASSAY = [sys.executable, "-c", "from assay.doors.cli import main; main()"]


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Name bytes by their length: what is packed holds the time, and processes that share tests must agree on their names."""
    return f"{argname}-{len(val)}-bytes" if isinstance(val, bytes) else None


class Finished(NamedTuple):
    """A run that `assay run` finished: its folder, and what the command printed."""

    folder: Path
    run: dict[str, Any]

    def object(self, digest: str) -> Path:
        """The object of a digest in the store."""
        text = digest.removeprefix("sha256:")
        return self.folder / ".assay" / "objects" / text[:2] / text[2:]

    def step(self, name: str) -> dict[str, Any]:
        """A step as the command printed it."""
        return next(s for s in self.run["steps"] if s["name"] == name)

    def report(self, step: str) -> dict[str, Any]:
        """A step's report, from the store."""
        return json.loads(self.object(self.step(step)["report"]).read_text())

    def output(self, step: str, name: str = "out") -> Path:
        """What a step made."""
        return self.object(self.step(step)["outputs"][name]["digest"])

    def metric(self, step: str, name: str, **of: Any) -> float | None:
        """A metric's value; of names the group, the column, ..."""
        found = [
            m for m in self.report(step)["metrics"] if m["name"] == name and of.items() <= m["of"].items()
        ]
        assert found, (step, name, of)
        return found[0]["value"]


def _typed(folder: str, args: tuple[str, ...], env: dict[str, str], *streams: str) -> None:
    """What a process does that was forked for a command: as if it had been started for it."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    for number, path in enumerate(streams, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    sys.argv = ["assay", *args]
    from assay.doors.cli import main

    main()


# A command is a process of its own, forked from one that has read the libraries and run nothing: reading them takes most
# of a short command's time. How long a command takes to start is tested apart.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.preload"])


class Shell:
    """The command line as a user types it."""

    def run(self, folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
        """Run it in a folder."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_")}
        with tempfile.TemporaryDirectory() as place:
            out, err = Path(place, "out"), Path(place, "err")
            process = _FORKS.Process(target=_typed, args=(str(folder), args, env, str(out), str(err)))
            process.start()
            process.join()
            done = subprocess.CompletedProcess(
                [*ASSAY, *args], process.exitcode, out.read_text(), err.read_text()
            )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def __call__(self, folder: Path, *args: str, code: int = 0) -> str:
        """Return what it prints, where it ends with ``code``."""
        done = self.run(folder, *args)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def json(self, folder: Path, *args: str, code: int = 0) -> Any:
        """Return the JSON that it prints."""
        return json.loads(self(folder, *args, "--format", "json", code=code))

    def fails(self, folder: Path, *args: str, code: int = 2) -> str:
        """Return the one sentence that it fails with."""
        done = self.run(folder, *args)
        assert done.returncode == code, done.stdout + done.stderr
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
        return done.stderr


@pytest.fixture(scope="session")
def assay() -> Shell:
    """The command line."""
    return Shell()


@pytest.fixture(scope="session")
def demo(assay: Shell, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The demo, run once for all processes that test, in a copy for each; whoever changes it works on another."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "the-demo"
    shared.mkdir(exist_ok=True)
    made, printed = shared / "assay-demo", shared / "printed.json"
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not printed.exists():
            shutil.rmtree(made, ignore_errors=True)
            printed.write_text(assay(shared, "demo", "--to", str(made), "--format", "json"))
    folder = tmp_path_factory.mktemp("demo") / "assay-demo"
    shutil.copytree(made, folder)
    return Finished(folder, json.loads(printed.read_text().replace(str(made), str(folder))))


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


class PostgresServer:
    """A PostgreSQL server of our own, on a socket in a private folder."""

    def __init__(self, folder: Path) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        initdb = shutil.which("initdb") or (str(found[-1]) if found else None)
        if initdb is None:
            pytest.skip("PostgreSQL's own programs are not here: sudo apt install postgresql")
        self.folder, self.url = folder, f"postgresql://me@/postgres?host={folder}"
        self._control = str(Path(initdb).with_name("pg_ctl"))
        self._user: dict[str, object] = {}
        if os.getuid() == 0:  # the server refuses to run as root
            folder.chmod(0o755)
            shutil.chown(folder, "nobody")
            self._user = {"user": "nobody", "cwd": str(folder), "extra_groups": []}
        data = str(folder / "data")
        self._run(initdb, "-D", data, "-U", "me", "--auth=trust", "-E", "UTF8", "--no-sync", "--locale=C")

    def _run(self, *command: str) -> None:
        quiet = subprocess.DEVNULL
        subprocess.run(command, check=True, stdout=quiet, stderr=quiet, timeout=60, **self._user)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off -c shared_buffers=16MB"
        args = ("-D", str(self.folder / "data"), "-o", options, "-w", "-l", str(self.folder / "log"))
        self._run(self._control, *args, "start")

    def stop(self) -> None:
        """Stop it as a crash would."""
        self._run(self._control, "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")


def _server() -> Iterator[PostgresServer]:
    pytest.importorskip("psycopg")
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    try:
        server = PostgresServer(folder)
        server.start()
    except (subprocess.SubprocessError, OSError):
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip("PostgreSQL does not start here")
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a real PostgreSQL server of our own; skips where there is none."""
    for server in _server():
        yield server.url


@pytest.fixture
def fresh_database(postgres: str) -> str:
    """The URL of an empty database on the server."""
    import psycopg

    folder = postgres.partition("host=")[2]
    with psycopg.connect(host=folder, user="me", dbname="postgres", autocommit=True) as con:
        con.execute("DROP DATABASE IF EXISTS office")
        con.execute("CREATE DATABASE office")
    return f"postgresql://me@/office?host={folder}"


@pytest.fixture
def postgres_server() -> Iterator[PostgresServer]:
    """A real PostgreSQL server that may be stopped and started."""
    yield from _server()
