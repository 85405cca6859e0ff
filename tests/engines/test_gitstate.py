"""What git says of a folder, read without obeying what came with it."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from assay.engines import gitstate

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")
ENV = {
    "PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org",
}  # fmt: skip


def git(folder, *words):
    done = subprocess.run(["git", *words], cwd=folder, env=ENV, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repo(tmp_path):
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "a.py").write_text("one\n")
    git(tmp_path, "add", "a.py")
    git(tmp_path, "commit", "-qm", "first")
    return tmp_path


def test_commit_branch_and_diff_are_those_that_git_says(repo):
    clean = gitstate.look(repo)
    assert (clean.commit, clean.branch, clean.dirty) == (git(repo, "rev-parse", "HEAD"), "main", False)
    (repo / "a.py").write_text("two\n")
    dirty = gitstate.look(repo)
    assert dirty.dirty and dirty.diff.decode().strip() == git(repo, "diff", "HEAD")
    git(repo, "pack-refs", "--all")
    git(repo, "worktree", "add", "-q", "-b", "side", "tree")
    assert gitstate.look(repo / "tree").branch == "side" and gitstate.look(repo).commit == clean.commit


def test_a_program_that_a_repository_names_is_not_started(repo):
    """A filter, a monitor and a tool of diff in .git/config, as an unpacked archive brings them."""
    spy = f"touch {repo}/started"
    for name in ("filter.x.clean", "filter.x.smudge", "diff.x.textconv", "diff.external", "core.fsmonitor"):
        git(repo, "config", name, spy)
    (repo / ".gitattributes").write_text("*.py filter=x diff=x\n")
    (repo / "a.py").write_text("two\n")
    assert b"+two" in gitstate.look(repo).diff and not (repo / "started").exists()


def test_no_repository_an_empty_and_a_broken_one(tmp_path):
    assert gitstate.look(tmp_path) is None
    git(tmp_path, "init", "-q")
    assert gitstate.look(tmp_path).problem == "nothing is committed yet"
    (tmp_path / ".git" / "HEAD").write_text("ref: ../../outside\n")
    assert "cannot be read" in gitstate.look(tmp_path).problem
    assert gitstate.look(tmp_path).dirty is None


def test_a_diff_is_bounded(repo, monkeypatch):
    monkeypatch.setattr(gitstate, "MOST", 1000)
    (repo / "a.py").write_text("line\n" * 10_000)
    found = gitstate.look(repo)
    assert len(found.diff) == 1000 and found.cut
