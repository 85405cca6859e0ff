from __future__ import annotations

import sys
import textwrap

import pytest

from assay.engines.isolation import Grant, Limits, run, sandbox


@pytest.fixture(params=["full", "partial"])
def job(request, tmp_path, monkeypatch):
    """Run Python code in the sandbox, its walls built by the kernel directly; partial is forced by making full fail."""
    monkeypatch.setattr(sandbox, "_preferred", "kernel")
    if request.param == "partial":
        whole = sandbox._attempt

        def only_partial(argv, grant, attempt, *rest):
            return (None, "forced") if attempt == "full" else whole(argv, grant, attempt, *rest)

        monkeypatch.setattr(sandbox, "_attempt", only_partial)

    def run_(code, limits=None, env=None, read=()):
        out = tmp_path / "out"
        out.mkdir(exist_ok=True)
        grant = Grant(tuple(read), (out,), env or {}, limits or Limits(seconds=60), request.param)
        log = tmp_path / "log"
        ended = run([sys.executable, "-c", textwrap.dedent(code)], grant, log=log)
        assert ended.level == request.param
        return ended, log.read_text(), out

    run_.level = request.param
    return run_
