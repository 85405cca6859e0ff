"""Secrets in the history of a repository: wherever git keeps an object, each is told once, with where it came in."""

import json
import os
import subprocess

import pytest
from tests.methods.secrets.planted import Maker

from assay.doors.cli import main

ENV = {
    "PATH": os.environ["PATH"], "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@acme.example", "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@acme.example", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "HOME": "/nowhere",
}  # fmt: skip


class Repo:
    def __init__(self, folder, *options):
        self.folder, self.day = folder, 1
        folder.mkdir(exist_ok=True)
        self.git("init", "-q", "-b", "main", *options)

    def git(self, *args, stdin=None):
        when = f"2026-01-{self.day:02d}T12:00:00Z"
        env = ENV | {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        done = subprocess.run(
            ["git", *args], cwd=self.folder, env=env, input=stdin, capture_output=True, check=True
        )
        return done.stdout.decode().strip()

    def commit(self, message="more", **files):
        for name, text in files.items():
            path = self.folder / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        self.day += 1
        return self.git("rev-parse", "HEAD")


def examined(folder, capsys, *options):
    with pytest.raises(SystemExit):
        main(["check", "code.secrets", str(folder), "--format", "json", *options])
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def token():
    make = Maker(5)
    return lambda: make.github()


def by_secret(report, *tokens):
    """Each finding by the file and commit it names; tokens themselves must not be in the report."""
    assert not any(t in json.dumps(report) for t in tokens)
    return report["findings"]


def test_a_secret_that_was_taken_out_is_told_with_the_commit_that_brought_it(tmp_path, capsys, token):
    repo, secret = Repo(tmp_path / "r"), token()
    repo.commit(a_dot_py="x = 1\n")
    first = repo.commit(lib__settings_dot_py=f'\nT = "{secret}"\n')
    repo.commit(lib__settings_dot_py="T = None\n")
    (finding,) = by_secret(examined(repo.folder, capsys), secret)
    assert finding["where"] | {"secret": ""} == {
        "file": "lib/settings.py", "line": 2, "commit": first, "field": "ghp_… (40 characters)", "secret": "",
    }  # fmt: skip
    assert "gone from the files" in finding["message"] and "2026-01-02" in finding["message"]
    assert examined(repo.folder, capsys, "--no-history")["findings"] == []


def test_one_that_is_still_there_is_told_once_and_since_when(tmp_path, capsys, token):
    repo, secret = Repo(tmp_path / "r"), token()
    first = repo.commit(a_dot_py=f'T = "{secret}"\n')
    repo.commit(a_dot_py=f'x = 1\nT = "{secret}"\n')
    (finding,) = by_secret(examined(repo.folder, capsys), secret)
    assert (finding["where"]["line"], finding["where"]["commit"]) == (2, first)
    assert "in the history since" in finding["message"]


@pytest.mark.parametrize("packed", [False, True])
def test_branches_stashes_tags_messages_and_what_no_branch_leads_to(tmp_path, capsys, token, packed):
    repo = Repo(tmp_path / "r")
    tokens = {
        name: token()
        for name in ("branch", "stash", "untracked", "message", "tag", "dangling", "blob", "amended")
    }
    repo.commit(a_dot_py="x = 1\n")
    repo.git("checkout", "-q", "-b", "side")
    repo.commit(b_dot_py=f'T = "{tokens["branch"]}"\n')
    repo.git("checkout", "-q", "main")
    (repo.folder / "a.py").write_text(f'T = "{tokens["stash"]}"\n')
    (repo.folder / "u.py").write_text(f'T = "{tokens["untracked"]}"\n')
    repo.git("stash", "-q", "-u")
    repo.commit(f"use {tokens['message']} for now")
    repo.git("tag", "-a", "-m", f"signed with {tokens['tag']}", "v1")
    repo.commit(c_dot_py=f'T = "{tokens["dangling"]}"\n')
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.git("hash-object", "-w", "--stdin", stdin=f'T = "{tokens["blob"]}"\n'.encode())
    (repo.folder / "a.py").write_text(f'T = "{tokens["amended"]}"\n')
    repo.git("commit", "-qam", "oops")
    (repo.folder / "a.py").write_text("T = None\n")
    repo.git("commit", "-qa", "--amend", "-m", "better")
    if packed:
        repo.git("repack", "-adkq", "--keep-unreachable")
        repo.git("pack-refs", "--all")
    report = examined(repo.folder, capsys)
    found = by_secret(report, *tokens.values())
    assert len(found) == len(tokens), [f["where"]["file"] + f["message"][-50:] for f in found]
    assert report["coverage"]["skipped"] == []
    files = sorted(f["where"]["file"] for f in found)
    assert sum(name.startswith("blob ") for name in files) == 1 and {"b.py", "c.py", "u.py"} <= set(files)
    assert sum("no branch leads to" in f["message"] for f in found) == 2
    assert sum(f["where"].get("member", "").startswith("message of") for f in found) == 2


def test_a_repository_in_a_repository_and_a_bare_one(tmp_path, capsys, token):
    outer, one, two = Repo(tmp_path / "r"), token(), token()
    inner = Repo(tmp_path / "r" / "vendor")
    inner.commit(k_dot_py=f'T = "{one}"\n')
    inner.commit(k_dot_py="")
    (outer.folder / "x.py").write_text("")
    bare = tmp_path / "r" / "mirror.git"
    source = Repo(tmp_path / "s")
    source.commit(k_dot_py=f'T = "{two}"\n')
    subprocess.run(["git", "clone", "-q", "--bare", str(source.folder), str(bare)], check=True, env=ENV)
    report = examined(outer.folder, capsys)
    assert sorted(f["where"]["file"] for f in by_secret(report, one, two)) == ["mirror/k.py", "vendor/k.py"]
    assert [r["name"] for r in examined(bare, capsys)["data"]["repositories"]] == ["."]


def test_sha_256_names(tmp_path, capsys, token):
    repo, secret = Repo(tmp_path / "r", "--object-format=sha256"), token()
    repo.commit(a_dot_py=f'T = "{secret}"\n')
    repo.commit(a_dot_py="")
    (finding,) = by_secret(examined(repo.folder, capsys), secret)
    assert len(finding["where"]["commit"]) == 64


def test_a_hostile_repository_starts_nothing(tmp_path, capsys, token):
    repo, secret = Repo(tmp_path / "r"), token()
    repo.commit(a_dot_py=f'T = "{secret}"\n')
    repo.commit(a_dot_py="")
    ran = tmp_path / "ran"
    program = tmp_path / "p.sh"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o755)
    with (repo.folder / ".git" / "config").open("a") as out:
        out.write(
            f"[core]\n fsmonitor = {program}\n pager = {program}\n hooksPath = {tmp_path}\n sshCommand = {program}\n"
            f'[filter "x"]\n clean = {program}\n smudge = {program}\n[diff "x"]\n textconv = {program}\n command = {program}\n'
            f"[alias]\n cat-file = !{program}\n"
        )
    (repo.folder / ".gitattributes").write_text("* filter=x diff=x\n")
    assert len(by_secret(examined(repo.folder, capsys), secret)) == 1
    assert not ran.exists()


def test_broken_objects_are_told_and_the_others_read(tmp_path, capsys, token):
    repo, secret = Repo(tmp_path / "r"), token()
    repo.commit(a_dot_py="broken soon\n")
    bad = repo.git("rev-parse", "HEAD:a.py")
    repo.commit(a_dot_py="", b_dot_py=f'T = "{secret}"\n')
    repo.commit(b_dot_py="")
    path = repo.folder / ".git" / "objects" / bad[:2] / bad[2:]
    path.chmod(0o644)
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2] + b"\0" * 9)
    report = examined(repo.folder, capsys)
    assert [f["where"]["file"] for f in report["findings"]] == ["b.py"]
    assert report["outcome"] == "fail"
    assert [bad[:12] in s["what"] for s in report["coverage"]["skipped"]] == [True], report["coverage"]


def test_a_history_outside_of_the_tree_is_told_and_not_read(tmp_path, capsys, token):
    repo, secret = Repo(tmp_path / "r"), token()
    repo.commit(a_dot_py=f'T = "{secret}"\n')
    repo.commit(a_dot_py="")
    other = tmp_path / "other"
    repo.git("worktree", "add", "-q", str(other))
    report = examined(other, capsys)
    assert report["findings"] == [] and "outside of the tree" in report["coverage"]["skipped"][0]["why"]


def test_what_a_shallow_clone_leaves_out_is_told(tmp_path, capsys, token):
    """It passed as if the history had begun there."""
    whole = tmp_path / "whole"
    subprocess.run(["git", "init", "-q", str(whole)], check=True)
    for at in range(3):
        argv = [
            "git",
            "-c",
            "user.name=Ada",
            "-c",
            "user.email=ada@example.org",
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            f"{at}",
        ]
        subprocess.run(argv, cwd=whole, check=True)
    subprocess.run(
        ["git", "clone", "-q", "--depth", "1", f"file://{whole}", str(tmp_path / "cut")], check=True
    )
    for name, told in (("whole", 0), ("cut", 1)):
        report = examined(tmp_path / name, capsys)
        said = [s for s in report["coverage"]["skipped"] if "shallow" in s["why"]]
        assert len(said) == told


def test_a_reflog_that_outlives_its_commit_is_searched(tmp_path, capsys, token):
    """Reflogs were left out, as if each line had a commit that says the same: a pull's address has none, nor has one that is gone."""
    repo = Repo(tmp_path / "r")
    pulled, dropped, apart = token(), token(), token()
    first = repo.commit(a_dot_py="x = 1\n")
    repo.commit(f"use {dropped} for now")
    repo.git("update-ref", "-m", f"pull https://ada:{pulled}@git.acme.example/x: Fast-forward", "HEAD", first)
    repo.git("prune", "--expire=now")  # its objects stay, since the reflog names them
    repo.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "r" / "side"))
    (repo.folder / ".git" / "COMMIT_EDITMSG").unlink()
    with (repo.folder / ".git" / "worktrees" / "side" / "logs" / "HEAD").open("a") as log:
        log.write(f"{first} {first} Ada <ada@acme.example> 1767268800 +0000\treset: {apart}\n")
    report = examined(repo.folder, capsys)
    found = by_secret(report, pulled, dropped, apart)
    assert report["coverage"]["skipped"] == [] and report["data"]["repositories"][0]["reflogs"] >= 4
    assert {f["where"]["file"] for f in found} == {
        ".git", ".git/logs/HEAD", ".git/worktrees/side/logs/HEAD",
    }, [f["message"] for f in found]  # fmt: skip
    assert len(found) == 3, "a commit's message stands in the reflogs too, and is told once"
    (told,) = (f for f in found if f["where"]["file"] == ".git/logs/HEAD")
    assert "in a reflog" in told["message"] and told["where"]["line"] == 3
    # when the commit itself is gone, what the reflog says of it is all that is left
    lost = repo.git("rev-parse", "HEAD@{1}")
    (repo.folder / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    (one,) = (f for f in by_secret(examined(repo.folder, capsys), dropped) if f["where"].get("line") == 2)
    assert one["where"]["file"] == ".git/logs/HEAD"


def test_a_reflog_that_is_no_file_or_of_no_repository(tmp_path, capsys, token):
    repo, secret = Repo(tmp_path / "r"), token()
    repo.commit(a_dot_py="x = 1\n")
    log = repo.folder / ".git" / "logs" / "HEAD"
    log.unlink()
    log.symlink_to("/dev/zero")
    report = examined(repo.folder, capsys)
    assert [s["what"] for s in report["coverage"]["skipped"]] == ["the history: reflog logs/HEAD"]
    # what only looks like git's is searched as any file is
    other = tmp_path / "o" / ".git" / "logs"
    other.mkdir(parents=True)
    (other / "HEAD").write_text(f'T = "{secret}"\n')
    (finding,) = by_secret(examined(tmp_path / "o", capsys), secret)
    assert finding["where"]["file"] == ".git/logs/HEAD"


def test_the_reflogs_of_a_bare_repository_are_told_once(tmp_path, capsys, token):
    repo, secret = Repo(tmp_path / "r"), token()
    repo.commit(f"use {secret}")
    (repo.folder / ".git" / "COMMIT_EDITMSG").unlink()
    (tmp_path / "x").mkdir()
    (repo.folder / ".git").rename(tmp_path / "x" / "mirror.git")
    (finding,) = by_secret(examined(tmp_path / "x", capsys), secret)
    assert finding["where"]["member"].startswith("message of commit")


def test_refs_in_a_reftable_are_told(tmp_path, capsys, token):
    repo = Repo(tmp_path / "r")
    repo.commit(a_dot_py="x = 1\n")
    (repo.folder / ".git" / "reftable").mkdir()
    assert ["reftable" in s["why"] for s in examined(repo.folder, capsys)["coverage"]["skipped"]] == [True]
