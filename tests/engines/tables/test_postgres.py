"""A real PostgreSQL server of our own, on a socket in a private folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.checks.data.profile import check
from assay.engines.tables import pin
from assay.kernel.errors import AssayError, Missing

pytest.importorskip("psycopg")
if not shutil.which("initdb") or not shutil.which("pg_ctl"):
    pytest.skip("PostgreSQL's own programs are not here", allow_module_level=True)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    as_user: dict[str, object] = {}
    if os.getuid() == 0:  # the server refuses to run as root
        folder.chmod(0o755)
        shutil.chown(folder, "nobody")
        as_user = {"user": "nobody", "cwd": str(folder), "extra_groups": []}
    data = folder / "data"

    def run(*command: str) -> None:
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, **as_user
        )

    try:
        run("initdb", "-D", str(data), "-U", "me", "--auth=trust", "-E", "UTF8", "--no-sync", "--locale=C")
    except (subprocess.SubprocessError, OSError):
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip("PostgreSQL does not start here")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c shared_buffers=16MB"
    run("pg_ctl", "-D", str(data), "-o", options, "-w", "-l", str(folder / "log"), "start")
    import psycopg

    with psycopg.connect(host=str(folder), user="me", dbname="postgres") as con:
        con.execute("CREATE TABLE t (a integer, b text, c double precision, d date, e boolean)")
        con.execute(
            "INSERT INTO t VALUES (3,'x',0.5,'2020-01-02',true), (1,NULL,1.5,NULL,false), (1,'y',NULL,NULL,NULL)"
        )
        con.execute("CREATE SCHEMA s")
        con.execute("CREATE TABLE s.u AS SELECT 1 AS k")
    yield f"postgresql://me@/postgres?host={folder}"
    run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder, ignore_errors=True)


def test_a_table_is_asked_where_it_lies(server: str, table, work):
    t = table(f"{server}::t")
    assert t.engine == "postgres" and t.rows == 3
    assert [c.type for c in t.columns] == ["integer", "text", "number", "date", "boolean"]
    assert t.arrow(["a", "b"]).to_pylist()[0] == {"a": 3, "b": "x"}
    assert sum(b.num_rows for b in t.batches()) == 3
    assert t.run(t.expr.a.sum()).column(0).to_pylist() == [5]
    assert [p.rule for p in t.problems] == ["data.unpinned"]
    r = check(t, work=work)
    assert r.metric("mean", column="a").value == pytest.approx(5 / 3)


def test_schemas_and_names_that_are_not_there(server: str, table):
    assert table(f"{server}::s.u").arrow().to_pylist() == [{"k": 1}]
    with pytest.raises(Missing, match="no table"):
        table(f"{server}::nothing")
    with pytest.raises(AssayError, match="question"):
        t = table(f"{server}::t")
        t.run(t.expr.b.cast("int64").sum())


def test_a_server_is_not_pinned(server: str):
    assert pin(f"{server}::t").digest == ""
