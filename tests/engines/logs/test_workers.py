"""A process that takes log files in: what it loads."""

from __future__ import annotations

import json
import subprocess
import sys


def test_a_worker_looks_for_neither_pandas_nor_numpy(tmp_path):
    """pyarrow loads both to make its first array, which took longer than to take a file of 5 MB in."""
    record = {"eventTime": "2026-01-05T10:00:00Z", "eventID": "a", "eventName": "GetObject"}
    (tmp_path / "a.json").write_text(json.dumps({"Records": [record, record | {"eventID": "b"}]}))
    job = [[str(tmp_path / "a.json")], "cloudtrail", str(tmp_path / "out"), "n", {"known": {}}]
    command = [sys.executable, "-X", "importtime", "-m", "assay.engines.logs.workers"]
    done = subprocess.run(command, input=json.dumps(job) + "\n", capture_output=True, text=True, check=True)
    share = json.loads(done.stdout)["done"]
    assert [w["rows"] for w in share["written"]] == [2] and share["files"][0]["records"] == 2
    parts = [line.rpartition("|")[2].strip().split(".") for line in done.stderr.splitlines()]
    loaded = {
        name for name, *below in parts if below
    }  # a module that was looked for in vain has none below it
    assert "pyarrow" in loaded and not loaded & {"pandas", "numpy", "fsspec", "duckdb"}
