"""Repositories that were made to do harm: nothing of theirs runs, nothing outside is read, and what cannot be read is told."""

import hashlib
import json
import os
import struct
import subprocess
import time
import zlib

import pytest
from tests.checks.code.test_secrets_history import ENV, Repo
from tests.methods.secrets.planted import Maker

from assay.engines import githistory
from assay.works.checking import carry_out


def examined(folder):
    report = carry_out("check", "code.secrets", str(folder), {}, home=None).report
    return report, {s.what: s.why for s in report.coverage.skipped}


def files(report):
    return sorted(f.where["file"] for f in report.findings)


@pytest.fixture
def repo(tmp_path):
    """A repository that a token came into and left again."""
    made = Repo(tmp_path / "r")
    made.token = Maker(5).github()
    made.commit(gone_dot_py=f'T = "{made.token}"\n')
    made.commit(gone_dot_py="T = None\n")
    made.store = made.folder / ".git" / "objects"
    return made


@pytest.fixture
def outside(tmp_path):
    """A repository beside the tree, with a token of its own that nobody may read."""
    made = Repo(tmp_path / "outside")
    made.token = Maker(6).github()
    made.commit(other_dot_py=f'T = "{made.token}"\n')
    made.store = made.folder / ".git" / "objects"
    return made


@pytest.fixture
def program(tmp_path):
    """A program that leaves a mark where it runs."""
    path, mark = tmp_path / "run.sh", tmp_path / "ran"
    path.write_text(f"#!/bin/sh\ntouch {mark}\nexit 0\n")
    path.chmod(0o755)
    return path, mark


def test_nothing_that_a_repository_names_is_run(repo, program, tmp_path):
    path, mark = program
    more = tmp_path / "more.conf"
    more.write_text(f"[core]\n fsmonitor = {path}\n")
    names = (
        "fsmonitor", "sshCommand", "gitProxy", "editor", "pager", "askPass", "hooksPath", "alternateRefsCommand", "attributesFile"
    )  # fmt: skip
    config = "[core]\n" + "".join(f" {name} = {path}\n" for name in names)
    config += f'[filter "x"]\n clean = {path}\n smudge = {path}\n process = {path}\n required = true\n'
    config += f'[diff "x"]\n textconv = {path}\n command = {path}\n[diff]\n external = {path}\n[include]\n path = {more}\n'
    config += (
        f'[includeIf "gitdir:/"]\n path = {more}\n[credential]\n helper = !{path}\n[gpg]\n program = {path}\n'
    )
    config += f"[alias]\n cat-file = !{path}\n rev-list = !{path}\n[pager]\n cat-file = {path}\n[uploadpack]\n packObjectsHook = {path}\n"
    config += f'[remote "origin"]\n url = ext::sh -c {path}\n promisor = true\n partialclonefilter = blob:none\n[protocol]\n allow = always\n'
    config += f'[submodule "s"]\n url = ext::{path}\n update = !{path}\n[extensions]\n partialClone = origin\n worktreeConfig = true\n'
    (repo.folder / ".git" / "config").write_text("[core]\n repositoryformatversion = 1\n" + config)
    (repo.folder / ".git" / "config.worktree").write_text(config)
    (repo.folder / ".git" / "info" / "attributes").write_text("* filter=x diff=x\n")
    (repo.folder / ".gitattributes").write_text("* filter=x diff=x textconv\n")
    (repo.folder / ".gitmodules").write_text(
        f'[submodule "s"]\n path = s\n url = ext::{path}\n update = !{path}\n'
    )
    for name in (
        "pre-commit",
        "post-checkout",
        "post-index-change",
        "reference-transaction",
        "fsmonitor-watchman",
    ):
        hook = repo.folder / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(path.read_text())
        hook.chmod(0o755)
    report, _ = examined(repo.folder)
    assert "gone.py" in files(report)
    assert not mark.exists()


@pytest.mark.parametrize("relative", [False, True])
def test_objects_borrowed_from_outside_are_told_and_not_read(repo, outside, relative):
    name = os.path.relpath(outside.store, repo.store) if relative else str(outside.store)
    (repo.store / "info" / "alternates").write_text(f"# borrowed\n{name}\n")
    report, told = examined(repo.folder)
    assert files(report) == ["gone.py"]
    assert any("borrowed" in why for why in told.values()), told


def test_objects_borrowed_inside_the_tree_are_read_but_not_what_those_borrow_outside(tmp_path, repo, outside):
    inner = Repo(repo.folder / "inner")
    inner.commit(k_dot_py=f'T = "{Maker(7).github()}"\n')
    store = inner.folder / ".git" / "objects"
    (repo.store / "info" / "alternates").write_text(f"{store}\n")
    (store / "info" / "alternates").write_text(f"{repo.store}\n{outside.store}\n")
    report, told = examined(repo.folder)
    assert files(report) == ["gone.py", "inner/k.py"]
    assert [what.rpartition(": ")[2] for what in told] == [f"objects in {outside.store}"] * 2, told


@pytest.mark.parametrize(
    "what",
    ["loose", "folder", "pack", "packs", "objects", "refs", "HEAD", "packed-refs", "config", "shallow"],
)
def test_links_out_of_the_tree_lead_nowhere(repo, outside, what):
    if what in ("pack", "packs"):
        outside.git("repack", "-adq")
    git, other = repo.folder / ".git", outside.folder / ".git"
    blob = outside.git("rev-parse", "HEAD:other.py")
    if what == "loose":
        (git / "objects" / blob[:2]).mkdir(exist_ok=True)
        links = [f"objects/{blob[:2]}/{blob[2:]}"]
    elif what == "folder":
        links = [f"objects/{blob[:2]}"]
    elif what == "pack":
        links = [f"objects/pack/{p.name}" for p in (other / "objects" / "pack").iterdir()]
    else:
        links = ["objects/pack" if what == "packs" else what]
    for name in links:
        subprocess.run(["rm", "-rf", str(git / name)], check=True)
        (git / name).symlink_to(other / name)
    report, told = examined(repo.folder)
    assert set(files(report)) <= {"gone.py"}
    assert told, "the link is told by the walk over the tree, or by the history"
    if what in ("loose", "folder", "pack", "packs"):
        assert any("history" in name for name in told), told
        assert files(report) == ["gone.py"]


@pytest.mark.parametrize("how", ["gitdir", "commondir", "worktree of another"])
def test_a_git_folder_elsewhere_is_told_and_not_read(repo, outside, how):
    tree = repo.folder / "sub"
    tree.mkdir()
    if how == "gitdir":
        (tree / ".git").write_text(f"gitdir: {outside.folder}/.git\n")
    elif how == "commondir":
        own = tree / "own"
        own.mkdir()
        (own / "commondir").write_text(f"{outside.folder}/.git\n")
        (own / "HEAD").write_text("ref: refs/heads/main\n")
        (tree / ".git").write_text("gitdir: own\n")
    else:
        own = outside.folder / ".git" / "worktrees" / "x"
        own.mkdir(parents=True)
        (own / "commondir").write_text(f"{repo.folder}/.git\n")
        (tree / ".git").write_text(f"gitdir: {own}\n")
    report, told = examined(repo.folder)
    assert files(report) == ["gone.py"]
    assert (
        told == {"the history of sub": told["the history of sub"]} and "outside" in told["the history of sub"]
    )


@pytest.mark.parametrize(
    "what",
    [
        ".git",
        "HEAD",
        "config",
        "packed-refs",
        "shallow",
        "refs/heads/x",
        "objects/pack/pack-1.pack",
        "objects/00/" + "a" * 38,
        "objects/info/alternates",
    ],
)
def test_a_pipe_that_nobody_writes_to_stops_nothing(repo, what):
    place = repo.folder / "sub" / ".git" if what == ".git" else repo.folder / ".git" / what
    place.parent.mkdir(exist_ok=True, parents=True)
    place.unlink(missing_ok=True)
    os.mkfifo(place)
    begun = time.monotonic()
    report, told = examined(repo.folder)
    assert time.monotonic() - begun < 60
    assert files(report) == ["gone.py"]
    assert told


def test_what_lies_beside_gits_own_files_is_searched_as_a_file(repo):
    for name in (
        "objects/notes.txt",
        "objects/info/notes",
        "hooks/objects/keys.py",
        "refs/notes",
        "description",
    ):
        path = repo.folder / ".git" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(f"T = {Maker(len(name)).github()}\n")
    report, _ = examined(repo.folder)
    assert files(report) == [".git/description", ".git/hooks/objects/keys.py", ".git/objects/info/notes", ".git/objects/notes.txt", ".git/refs/notes", "gone.py"]  # fmt: skip


def test_a_store_without_a_head_or_refs_is_a_history_still(repo):
    (repo.folder / ".git" / "HEAD").unlink()
    subprocess.run(["rm", "-rf", str(repo.folder / ".git" / "refs")], check=True)
    assert files(examined(repo.folder)[0]) == ["gone.py"]


def test_replaced_and_grafted_commits_hide_nothing(repo):
    blob, first, last = (repo.git("rev-parse", name) for name in ("HEAD~1:gone.py", "HEAD~1", "HEAD"))
    clean = repo.git("rev-parse", "HEAD:gone.py")
    repo.git("replace", "-f", blob, clean)
    (repo.folder / ".git" / "info" / "grafts").write_text(f"{last}\n")
    (repo.folder / ".git" / "shallow").write_text(f"{last}\n--upload-pack=x\n$(id)\n")
    (finding,) = examined(repo.folder)[0].findings
    assert finding.where["commit"] == first


def test_names_of_refs_are_no_options_and_no_commands(repo, program):
    path, mark = program
    head = repo.git("rev-parse", "HEAD")
    names = [
        f"$({path})",
        f"`{path}`",
        "--upload-pack=x",
        "-o",
        "--output=x",
        "a;b",
        "x\ny",
        "\x1b[2J",
        "...",
        "HEAD",
    ]
    for at, name in enumerate(names):
        folder = repo.folder / ".git" / "refs" / "heads" / str(at)
        folder.mkdir()
        (folder / name.replace("/", "_")).write_text(f"{head}\n" if at % 2 else f"--all\n{head}\n")
    with (repo.folder / ".git" / "packed-refs").open("w") as out:
        out.write(
            "".join(f"{head} refs/tags/{name}\n" for name in names) + f"--stdin refs/x\n{'x' * 5_000_000}\n"
        )
    report, _ = examined(repo.folder)
    assert files(report) == ["gone.py"] and not mark.exists()
    assert not (repo.folder / "x").exists()


@pytest.mark.parametrize(
    ("many", "packed"), [(20_000, True), pytest.param(100_000, False, marks=pytest.mark.slow)]
)
def test_many_refs_take_their_time_and_no_more(repo, many, packed):
    head = repo.git("rev-parse", "HEAD")
    if packed:
        lines = "".join(f"{head} refs/tags/t{at}\n" for at in range(many))
        (repo.folder / ".git" / "packed-refs").write_text(lines)
    else:
        for at in range(many):
            folder = repo.folder / ".git" / "refs" / "tags" / str(at // 1_000)
            folder.mkdir(exist_ok=True)
            (folder / str(at)).write_text(f"{head}\n")
    begun = time.process_time()
    assert files(examined(repo.folder)[0]) == ["gone.py"]
    assert time.process_time() - begun < many / 1_000


def test_names_with_orders_for_a_terminal_are_shown_without(tmp_path, capsys):
    from assay.doors.cli import main

    repo = Repo(tmp_path / "r")
    name = "a\x1b[2J\x07.py"
    (repo.folder / name).write_text(f'T = "{Maker(8).github()}"\n')
    repo.commit()
    repo.git("rm", "-q", name)
    repo.commit()
    with pytest.raises(SystemExit):
        main(["check", "code.secrets", str(repo.folder)])
    assert "\x1b[2J" not in capsys.readouterr().out


def test_a_partial_clone_fetches_nothing_and_says_what_is_not_here(tmp_path, repo, program):
    path, mark = program
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    subprocess.run(
        ["git", "clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{repo.folder}", str(clone)],
        env=ENV,
        check=True,
    )
    subprocess.run(["git", "-C", str(clone), "config", "remote.origin.url", f"ext::{path}"], check=True)
    subprocess.run(["git", "-C", str(clone), "config", "remote.origin.uploadpack", str(path)], check=True)
    report, told = examined(clone)
    assert files(report) == [] and not mark.exists()
    assert any(what.endswith("2 files that commits name") for what in told), told


def test_a_worktree_in_the_tree_and_a_repository_of_another_owner(tmp_path):
    top = tmp_path / "top"
    top.mkdir()
    repo = Repo(top / "r")
    repo.commit(gone_dot_py=f'T = "{Maker(5).github()}"\n')
    repo.commit(gone_dot_py="")
    repo.git("worktree", "add", "-q", str(top / "w"))
    if os.getuid() == 0:
        for path in top.rglob("*"):
            os.lchown(path, 12_345, 12_345)
    report, told = examined(top)
    assert set(files(report)) == {"r/gone.py"} and not told


# What git would have to be brought down by: packs written by hand (gitformat-pack).


def entry(kind, size, body, base=b""):
    """An object of a pack: its type and size in sevens of bits, what it is a difference to, and its bytes deflated."""
    first, size = (kind << 4) | (size & 15), size >> 4
    head = b""
    while size:
        head, first, size = head + bytes([first | 128]), size & 127, size >> 7
    return head + bytes([first]) + base + zlib.compress(body)


def number(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def lay_pack(store, objects, count=None):
    """Write a pack and its index of (id, bytes)."""
    pack = b"PACK" + struct.pack(">II", 2, len(objects) if count is None else count)
    rows = []
    for id, data in objects:
        rows.append((bytes.fromhex(id), zlib.crc32(data), len(pack)))
        pack += data
    trailer = hashlib.sha1(pack).digest()
    rows.sort()
    index = b"\xfftOc" + struct.pack(">I", 2)
    index += b"".join(struct.pack(">I", sum(row[0][0] <= first for row in rows)) for first in range(256))
    index += b"".join(row[0] for row in rows) + b"".join(struct.pack(">I", row[1]) for row in rows)
    index += b"".join(struct.pack(">I", row[2]) for row in rows) + trailer
    folder = store / "pack"
    folder.mkdir(exist_ok=True)
    name = f"pack-{trailer.hex()}"
    (folder / f"{name}.pack").write_bytes(pack + trailer)
    (folder / f"{name}.idx").write_bytes(index + hashlib.sha1(index).digest())
    return folder / name


def id_of(kind, data):
    return hashlib.sha1(f"{kind} {len(data)}\0".encode() + data).hexdigest()


def bomb(store, many, size):
    """Blobs of ``size`` bytes each, as differences of some bytes to a base of 64 KB."""
    base = b"a" * 65_535 + b"\n"
    copied = b"\xb0\xff\xff" * ((size - 10) // 65_535)  # 65,535 bytes from its beginning
    total = (size - 10) // 65_535 * 65_535
    objects = [(id_of("blob", base), entry(3, len(base), base))]
    for at in range(many):
        text = f"{at:09d}\n".encode()
        delta = number(len(base)) + number(total + 10) + bytes([10]) + text + copied
        objects.append(
            (hashlib.sha1(text).hexdigest(), entry(7, len(delta), delta, bytes.fromhex(objects[0][0])))
        )
    return lay_pack(store, objects)


def test_differences_that_unpack_to_many_times_what_they_take_are_left_and_told(repo, monkeypatch):
    bomb(repo.store, 40, 4 << 20)
    monkeypatch.setattr(githistory, "LEAST", 8 << 20)
    monkeypatch.setattr(githistory, "TIMES", 50)
    report, told = examined(repo.folder)
    assert "gone.py" in files(report)
    (why,) = told.values()
    assert "times what they take" in why


def test_an_object_that_says_it_is_huge_is_told(repo):
    delta = number(5) + number(1 << 45) + b"\x90\x05"
    objects = [
        (id_of("blob", b"base\n"), entry(3, 5, b"base\n")),
        ("11" * 20, entry(7, len(delta), delta, bytes.fromhex(id_of("blob", b"base\n")))),
    ]
    objects += [("22" * 20, entry(3, 1 << 40, b"little")), ("33" * 20, entry(3, 3, b"more than three"))]
    lay_pack(repo.store, objects)
    report, told = examined(repo.folder)
    assert files(report) == ["gone.py"]
    assert len(told) >= 3, told


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 2])
def test_differences_in_a_circle_end(repo, size):
    ids = [f"{at:02x}" * 20 for at in range(1, size + 1)]
    delta = number(5) + number(5) + b"\x90\x05"
    lay_pack(
        repo.store,
        [(id, entry(7, len(delta), delta, bytes.fromhex(ids[at - 1]))) for at, id in enumerate(ids)],
    )
    begun = time.monotonic()
    _, told = examined(repo.folder)
    assert told and time.monotonic() - begun < 60


@pytest.mark.parametrize("how", ["no index", "cut", "counts", "empty", "unfinished", "garbage"])
def test_packs_that_are_not_whole_are_told(repo, how):
    secret = f'T = "{Maker(9).github()}"\n'.encode()
    path = lay_pack(
        repo.store,
        [(id_of("blob", secret), entry(3, len(secret), secret))],
        count=7 if how == "counts" else None,
    )
    pack, index = path.with_suffix(".pack"), path.with_suffix(".idx")
    if how == "no index":
        index.unlink()
    elif how == "cut":
        pack.write_bytes(pack.read_bytes()[:40])
    elif how == "empty":
        index.write_bytes(b"")
    elif how == "unfinished":
        pack.rename(pack.with_name("tmp_pack_x1"))
        index.unlink()
    elif how == "garbage":
        pack.write_bytes(b"PACK" + b"\xff" * 400)
    report, told = examined(repo.folder)
    assert "gone.py" in files(report) and told, told


def test_trees_that_hold_one_another_many_times_over_are_gone_through_once(repo, monkeypatch):
    blob = repo.git("rev-parse", "HEAD:gone.py")
    tree = f"100644 blob {blob}\tx\n"
    for _ in range(12):
        made = repo.git("mktree", stdin=tree.encode())
        tree = "".join(f"040000 tree {made}\td{at}\n" for at in range(10))
    commit = repo.git("commit-tree", repo.git("mktree", stdin=tree.encode()), "-m", "bomb")
    repo.git("update-ref", "refs/heads/bomb", commit)
    monkeypatch.setattr(githistory, "_SOON", 2.0)
    begun = time.monotonic()
    report, told = examined(repo.folder)
    assert files(report)[-1:] == ["gone.py"] and time.monotonic() - begun < 60
    assert any("git ended early" in why for why in told.values()), told


@pytest.mark.slow
def test_trees_that_nest_without_end_are_told(repo):
    """As deep as git's own recursion does not go: written by fast-import's own means, a tree an entry of the next."""
    tree = repo.git("mktree", stdin=f"100644 blob {repo.git('rev-parse', 'HEAD:gone.py')}\tx\n".encode())
    raw = b""
    store = repo.store
    for _ in range(20_000):
        body = b"40000 d\0" + bytes.fromhex(tree)
        raw = f"tree {len(body)}\0".encode() + body
        tree = hashlib.sha1(raw).hexdigest()
        path = store / tree[:2] / tree[2:]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(zlib.compress(raw, 1))
    body = f"tree {tree}\nauthor A <a@b.example> 1700000000 +0000\ncommitter A <a@b.example> 1700000000 +0000\n\ndeep\n".encode()
    id = repo.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=body)
    repo.git("update-ref", "refs/heads/deep", id)
    begun = time.monotonic()
    report, told = examined(repo.folder)
    assert len(report.findings) == 1 and time.monotonic() - begun < 120
    assert files(report) == ["gone.py"] or any("git ended early" in why for why in told.values()), told


def test_a_tree_of_more_files_than_are_looked_at_is_told(repo, monkeypatch):
    repo.commit(**{f"f{at}_dot_py": f"x = {at}\n" for at in range(40)})
    monkeypatch.setattr(githistory, "_PATHS", 10)
    monkeypatch.setattr(githistory, "_EACH", 1)
    report, told = examined(repo.folder)
    assert files(report) == ["gone.py"]
    assert any("more files than are looked at" in why for why in told.values()), told


def test_a_huge_blob_is_told_and_the_others_are_read(repo):
    size = (64 << 20) + 1
    pieces = zlib.compressobj(1)
    data = pieces.compress(f"blob {size}\0".encode())
    block = b"\0" * (1 << 20)
    for _ in range(64):
        data += pieces.compress(block)
    data += pieces.compress(b"\0") + pieces.flush()
    path = repo.store / "aa" / ("b" * 38)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    report, told = examined(repo.folder)
    assert files(report) == ["gone.py"]
    assert any("64 MiB" in why for why in told.values()), told
    assert json.dumps(report.to_dict())
