"""The process that answers a query: what it loads, what it may reach, how values come out of it, and that it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from assay.engines.logs import answering
from assay.engines.logs.asking import Job, asking
from assay.kernel.errors import Refused, UsageError

ENGINE = str(Path(find_spec("_duckdb").origin).parent)


@pytest.fixture
def ask(tmp_path):
    def ask_(sql, *, views=None, files=(), memory=1 << 30, rows=10, seconds=20.0):
        views = views or {}
        with asking(sql, memory, 1) as asked:
            asked.judged(list(views))
            return asked.answer(Job(views, list(files), str(tmp_path), rows, seconds))

    return ask_


def test_values_come_out_as_json_has_them(ask):
    sql = """SELECT TIMESTAMPTZ '2026-01-05 10:00:00+02' AS a, {'at': TIMESTAMPTZ '2026-01-05 10:00:00.5Z', 'of': [1, NULL]} AS b,
      sum(2) AS c, 1.25::DECIMAL(9,3) AS d, INTERVAL 3 HOUR AS e, DATE '2026-01-05' AS f, 'NaN'::DOUBLE AS g, '\\x01ab'::BLOB AS h,
      MAP {'k': 1} AS i, TIME '10:00:01' AS j, 2::HUGEINT ** 0 + 5 AS k, TIMESTAMP '2026-01-05 10:00:00' AS l, true AS m, NULL AS n"""
    row = dict(zip("abcdefghijklmn", ask(sql).rows[0], strict=True))
    assert row == {
        "a": "2026-01-05T08:00:00Z", "b": {"at": "2026-01-05T10:00:00.500000Z", "of": [1, None]}, "c": 2, "d": 1.25,
        "e": 10800.0, "f": "2026-01-05", "g": None, "h": "016162", "i": {"k": 1}, "j": "10:00:01", "k": 6.0,
        "l": "2026-01-05T10:00:00", "m": True, "n": None,
    }  # fmt: skip


def test_a_time_that_no_calendar_here_has_was_taken_for_too_much_memory(ask):
    assert ask("SELECT TIMESTAMPTZ '12000-01-01 00:00:00Z'").rows[0][0].startswith("12000-01-01")


def test_an_answer_without_end_is_given_as_far_as_was_asked(ask):
    answer = ask("SELECT * FROM range(3000000000)", rows=3, memory=100 << 20)
    assert answer.rows == ((0,), (1,), (2,)) and answer.truncated == "the first 3 rows"


def test_it_loads_nothing_but_the_engine(tmp_path):
    """DuckDB loads numpy and pandas to look at a parameter, which took five times as long as the query."""
    told = {"sql": "SELECT now(), sum(x) FROM range(9) t(x)", "memory": 1 << 30, "cores": 1}
    job = {"views": {}, "files": [], "scratch": str(tmp_path), "rows": 5, "seconds": 20}
    code = (
        "import json, runpy, sys; run = runpy.run_path(sys.argv[1])\n"
        "a = run['Answering'](run['_engine'](sys.argv[2]), json.loads(sys.argv[3]))\n"
        "assert a.tree()['kinds'] == ['SELECT'] and a.answer(json.loads(sys.argv[4]))['rows']\n"
        "print(sorted({m.partition('.')[0] for m in sys.modules} - set(sys.stdlib_module_names)))"
    )
    command = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        code,
        answering.__file__,
        ENGINE,
        json.dumps(told),
        json.dumps(job),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "['__main__', '_duckdb', 'pytz']\n"


@pytest.mark.parametrize(
    "source",
    ["read_csv('/etc/passwd')", "'/etc/passwd'", "read_text('{other}')", "read_parquet('https://example.org/x.parquet')", "glob('/*')"],
)  # fmt: skip
def test_it_reads_no_file_but_those_it_was_given(ask, tmp_path, source):
    """A view that reached elsewhere is refused by the connection itself, whoever wrote it."""
    other = tmp_path.parent / "other.txt"
    other.write_text("secret")
    with pytest.raises(
        UsageError, match=r"cannot be answered.*(Permission|disabled|Cannot access|does not exist)"
    ):
        ask("SELECT * FROM v", views={"v": f"SELECT * FROM {source.format(other=other)}"})


def test_it_writes_nothing(ask, tmp_path):
    for sql in ("COPY (SELECT 1) TO 'x.csv'", "ATTACH 'x.db'", "CREATE TABLE t(a INT)", "SET threads = 8"):
        with pytest.raises(Refused, match="only one SELECT"):
            ask(sql)
    assert not list(tmp_path.iterdir())


def test_it_is_stopped_when_its_time_is_up_and_when_its_memory_is(ask):
    with pytest.raises(Refused, match=r"more than 0\.3 s"):
        ask("SELECT count(*) FROM range(100000000000)", seconds=0.3)
    with pytest.raises(Refused, match="more memory"):
        ask("SELECT list(x) FROM range(300000000) t(x)", memory=64 << 20)


def test_it_is_gone_when_whoever_asked_turns_away():
    with pytest.raises(RuntimeError), asking("SELECT 1", 1 << 30, 1) as asked:
        process = asked._process
        raise RuntimeError
    assert process.poll() is not None
