"""An archive of a period verifies with the script that comes with it, without Assay; and not once anything of it is forged."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.kernel.errors import Missing
from assay.methods import merkle
from assay.office import archive, pruning, verify_archive
from assay.office.office import Office


@pytest.fixture
def log(opened):
    """A log of 21 events, one a day, the first three of them pruned."""
    office: Office = opened()
    for number in range(20):
        office.clock = lambda n=number: f"2026-01-{n + 1:02d}T00:00:00.000Z"
        with office.transaction() as tx:
            tx.record("test.act", f"t{number}", actor="ada", detail={"n": number, "é": "ü"})
    cutoff = "2026-01-04T00:00:00.000Z"
    pruning.prune(office, pruning.plan(office, cutoff, []), actor="ada", policy="p", cutoff=cutoff)
    return office


@pytest.fixture
def made(log, tmp_path):
    """Write an archive of all, and give its path and the key."""
    archive.write(log, tmp_path / "all.zip", since=None, until=None)
    (tmp_path / "key.pub").write_bytes(log.keyring.public_pem("ledger"))
    return tmp_path / "all.zip", tmp_path / "key.pub"


def script(path, key, *more):
    """Run the script that lies in the archive, with an interpreter that knows nothing of Assay's folder."""
    with zipfile.ZipFile(path) as held:
        (path.parent / "verify.py").write_bytes(held.read("verify.py"))
    command = [sys.executable, "-I", str(path.parent / "verify.py"), str(path), "--key", str(key), *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def holds(path, key):
    try:
        verify_archive.verify(path, key.read_bytes(), None)
    except Exception:
        return False
    return True


def rewrite(path, **changes):
    """Write the archive anew with members changed."""
    with zipfile.ZipFile(path) as held:
        members = {n: held.read(n) for n in held.namelist()}
    with zipfile.ZipFile(path, "w") as out:
        for name, data in members.items():
            change = changes.get(name.partition(".")[0])
            out.writestr(name, change(data) if change else data)


def lines(change):
    return lambda data: b"\n".join(change(data.split(b"\n")))


def manifest(**more):
    return lambda data: json.dumps(json.loads(data) | more).encode()


def test_the_script_is_short_and_needs_no_assay(made):
    text = open(verify_archive.__file__).read()
    assert len(text.splitlines()) < 200 and "assay" not in text.replace("Assay", "").replace(
        "assay.pruned/1", ""
    )
    done = script(*made)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "VERIFIED  events 0 to 20 of 21" in done.stdout and "3 of them pruned" in done.stdout


def test_a_period(log, made, tmp_path):
    told = archive.write(
        log, tmp_path / "some.zip", since="2026-01-06T00:00:00.000Z", until="2026-01-09T00:00:00.000Z"
    )
    assert (told["first"], told["count"]) == (5, 3)
    assert holds(tmp_path / "some.zip", made[1])
    with pytest.raises(Missing, match="no event in that period"):
        archive.write(log, tmp_path / "none.zip", since="2027-01-01T00:00:00.000Z", until=None)


def test_a_kept_checkpoint_of_then(log, made, tmp_path):
    kept = tmp_path / "kept.txt"
    kept.write_text(log.about("checkpoint"))
    assert script(*made, "--checkpoint", str(kept)).returncode == 0
    with log.transaction() as tx:
        tx.record("test.act", "later", actor="ada")
    kept.write_text(log.about("checkpoint"))
    done = script(*made, "--checkpoint", str(kept))
    assert done.returncode == 1 and "saw events that this one lacks" in done.stdout


@pytest.mark.parametrize(
    "changes",
    [
        {"events": lambda d: d.replace(b'"n":7', b'"n":8')},
        {"events": lambda d: d.replace(b'"subject":"t7"', b'"subject":"t9"')},
        {"events": lines(lambda x: x[:7] + x[8:])},
        {"events": lines(lambda x: x[:7] + x[8:]), "manifest": manifest(count=20)},
        {"events": lines(lambda x: x[:-2] + x[-1:]), "manifest": manifest(count=20)},
        {"events": lines(lambda x: x[1:]), "manifest": manifest(count=20, first=1)},
        {"events": lines(lambda x: [*x[:7], x[8], x[7], *x[9:]])},
        {"events": lines(lambda x: [*x[:7], x[7], *x[7:]]), "manifest": manifest(count=22)},
        {"events": lambda d: d + b'{"seq":21}\n', "manifest": manifest(count=22)},
        {"events": lambda d: d[:-100]},
        {"events": lambda d: d.replace(b'"policy":"p"', b'"policy":"q"', 1)},
        {"events": lambda d: d.replace(b'"hash":"', b'"hash":"00', 1)},
        {"events": lambda d: b""},
        {"manifest": manifest(first=1)},
        {"manifest": manifest(size=20)},
        {"manifest": manifest(beside=["AAAA"])},
        {"manifest": manifest(origin="assay/other")},
        {"manifest": lambda d: d.replace(b"\\n21\\n", b"\\n22\\n")},
        {"manifest": lambda d: b"{}"},
        {"policies": lambda d: b"[]"},
        {"policies": lambda d: d.replace(b"[0, 2]", b"[0, 9]").replace(b"[[0,2]]", b"[[0,9]]")},
    ],
)
def test_no_forgery_passes(made, changes):
    path, key = made
    assert holds(path, key)
    before = path.read_bytes()
    rewrite(path, **changes)
    assert path.read_bytes() != before and not holds(path, key)


def test_a_body_that_was_taken_out_is_no_pruned_one(log, made):
    """A stub with the right hash would prove the tree; only the policy's event can say that it may stand there."""
    path, key = made
    value = merkle.leaf_hash(b"")

    def take(found):
        value = merkle.leaf_hash(found[9])
        return [*found[:9], pruning.written(9, value, "p", 20).encode(), *found[10:]]

    rewrite(path, events=lines(take))
    done = script(path, key)
    assert value and done.returncode == 1 and "the body of event 9 is gone" in done.stdout


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_archive(made, part):
    path, key = made
    data = path.read_bytes()
    (path.parent / "cut.zip").write_bytes(data[: int(len(data) * part)])
    assert not holds(path.parent / "cut.zip", key)


def test_another_key(made, tmp_path):
    from assay.engines.keys import FileKeyring

    (tmp_path / "other.pub").write_bytes(FileKeyring(tmp_path / "others").public_pem("ledger"))
    done = script(made[0], tmp_path / "other.pub")
    assert done.returncode == 1 and "not signed by this key" in done.stdout


@given(st.data())
def test_a_stretch_proves_the_root_for_every_size(data):
    size = data.draw(st.integers(1, 70))
    first = data.draw(st.integers(0, size - 1))
    end = data.draw(st.integers(first + 1, size))
    leaves = [merkle.leaf_hash(str(n).encode()) for n in range(size)]

    def node(level, place):
        return verify_archive.tree(leaves[place << level : (place + 1) << level])

    path = merkle.stretch(first, end, size, node)
    assert verify_archive.root(0, size, first, leaves[first:end], iter(path)) == merkle.root(size, node)
