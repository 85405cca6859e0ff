"""What a commit would bring in: the index counts, what is known already does not, and a hook stops it."""

import os
import subprocess
import sys

import pytest
from tests.checks.code.test_secrets_history import ENV, Repo
from tests.methods.secrets import repository
from tests.methods.secrets.planted import Maker

from assay.doors.cli import main
from assay.kernel.errors import Refused, UsageError
from assay.methods.secrets.engine import Blob, Engine
from assay.works.staged import install, staged


@pytest.fixture
def repo(tmp_path):
    made = Repo(tmp_path / "r")
    made.commit(a_dot_py=f'OLD = "{Maker(1).github()}"\n')
    return made


def told(folder):
    found, left = staged(folder)
    assert left == []
    return [(f.file, f.member, f.line, f.rule) for f in found]


def test_a_staged_secret_is_told_and_an_old_one_is_not(repo):
    (repo.folder / "a.py").write_text(f'OLD = "{Maker(1).github()}"\nNEW = "{Maker(2).github()}"\n')
    assert told(repo.folder) == []  # it is not staged yet
    repo.git("add", "-A")
    (repo.folder / "a.py").write_text("OLD = None\n")
    (repo.folder / "sub").mkdir()
    assert told(repo.folder / "sub") == [("a.py", "", 2, "code.secrets.github_token")]


def test_the_first_commit_a_notebook_and_odd_names(tmp_path):
    made = Repo(tmp_path / "r")
    name = 'ö "x"\ty.ipynb'
    cell = f'{{"source": ["T = \\"{Maker(3).github()}\\""], "outputs": []}}'
    (made.folder / name).write_text(f'{{"nbformat": 4, "cells": [{cell}]}}')
    (made.folder / "bin").write_bytes(bytes(range(256)) * 50)
    made.git("add", "-A")
    assert told(made.folder) == [(name, "cell 1", 1, "code.secrets.github_token")]


def test_comments_and_the_baseline_accept(repo, monkeypatch, capsys):
    monkeypatch.chdir(repo.folder)
    (repo.folder / "b.py").write_text(
        f'T = "{Maker(4).github()}"  # assay: allow-secret revoked\nU = "{Maker(5).github()}"\n'
    )
    with pytest.raises(SystemExit):
        main(["secrets", "accept", ".", "--reason", "of the demo", "--no-history"])
    repo.git("add", "-A")
    assert told(repo.folder) == []
    (repo.folder / "c.py").write_text(f'U = "{Maker(5).github()}"\n')
    repo.git("add", "-A")
    assert [f[0] for f in told(repo.folder)] == ["c.py"]


def test_the_hook_stops_the_commit(repo, tmp_path):
    path = install(repo.folder)
    assert install(repo.folder) == path and os.access(path, os.X_OK)
    bin = tmp_path / "bin"
    bin.mkdir()
    (bin / "assay").write_text(
        f'#!/bin/sh\nexec {sys.executable} -c "from assay.doors.cli import main; main()" "$@"\n'
    )
    (bin / "assay").chmod(0o755)
    (repo.folder / "b.py").write_text(f'T = "{Maker(6).github()}"\n')
    repo.git("add", "-A")
    env = ENV | {"PATH": f"{bin}:{ENV['PATH']}"}
    done = subprocess.run(
        ["git", "commit", "-qm", "x"], cwd=repo.folder, env=env, capture_output=True, text=True
    )
    assert all(len(line) <= 80 for line in done.stderr.splitlines())
    assert done.returncode == 1 and "b.py:1" in done.stderr and Maker(6).github() not in done.stderr
    path.write_text("#!/bin/sh\n")
    with pytest.raises(Refused, match="already"):
        install(repo.folder)


def test_outside_of_a_repository_it_says_so(tmp_path):
    with pytest.raises(UsageError, match="git repository"):
        staged(tmp_path)


def test_a_little_text_is_searched_alike_without_arrow(tmp_path):
    repository.plant(tmp_path, copies=1)
    blobs = [
        Blob(p.read_bytes(), p.relative_to(tmp_path).as_posix())
        for p in sorted(tmp_path.rglob("*"))
        if p.is_file()
    ]
    ways = [
        {
            (b.name, h.line, h.rule.name)
            for b, hits in Engine("2026-11-28", little=little).search(blobs)
            for h in hits
        }
        for little in (False, True)
    ]
    assert ways[0] == ways[1] and len(ways[0]) > 40


def test_nothing_heavy_is_imported_for_a_little_text(repo):
    code = "import sys; from assay.works.staged import staged; from pathlib import Path; staged(Path('.')); print(*sys.modules)"
    (repo.folder / "b.py").write_text(f'T = "{Maker(7).github()}"\n')
    repo.git("add", "-A")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repo.folder, capture_output=True, text=True, check=True
    )
    assert not {"numpy", "pyarrow", "sqlalchemy", "duckdb"} & set(done.stdout.split())
