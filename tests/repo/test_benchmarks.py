"""The benchmarks' own promises: a peer that cannot be had is one sentence, and stops no other comparison."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import venv
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[2] / "benchmarks"


def test_a_peer_that_cannot_be_had_is_one_sentence(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("bench_peers", HERE / "peers.py")
    peers = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "bench_peers", peers)
    spec.loader.exec_module(peers)
    monkeypatch.setattr(peers, "HERE", tmp_path / "benchmarks")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.setenv(name, "")
    monkeypatch.setattr(venv, "create", lambda folder, **_: _with_this_pip(Path(folder)))
    peer = peers.Peer("nobody", "", packages=("assay-peer-of-nobody",), environment="nobody")
    with pytest.raises(
        SystemExit, match="nobody cannot be had here, so nothing was compared: ERROR: No matching"
    ):
        peer.python()
    assert not (tmp_path / "benchmarks" / ".envs" / "nobody" / "ready").exists()


def _with_this_pip(folder):
    """A new environment takes seconds; this one's interpreter does."""
    (folder / "bin").mkdir(parents=True)
    python = folder / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    assert subprocess.run([python, "-c", ""], check=False).returncode == 0
