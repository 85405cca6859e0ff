"""Forgeries that once went unseen, or that a later act would have covered up."""

from __future__ import annotations

import shutil
import sqlite3

import pytest

from assay.kernel.errors import AssayError, Broken
from assay.office import verification


def kinds(office):
    return {p.kind for p in verification.verify(office).problems}


def sql(tmp_path, statement, *values):
    connection = sqlite3.connect(tmp_path / "office.db")
    connection.execute(statement, values)
    connection.commit()
    connection.close()


def act(office, subject="late"):
    with office.transaction() as tx:
        tx.record("test.act", subject, actor="ada")


@pytest.fixture
def put_back(office, opened, tmp_path):
    """An office whose database is that of one event earlier."""
    office.close()
    shutil.copy(tmp_path / "office.db", tmp_path / "old.db")
    old = (tmp_path / "checkpoints" / "latest").read_text()
    later = opened()
    act(later)
    later.close()
    shutil.copy(tmp_path / "old.db", tmp_path / "office.db")
    for suffix in ("-wal", "-shm"):
        (tmp_path / f"office.db{suffix}").unlink(missing_ok=True)
    return old


def test_nothing_is_written_onto_a_database_put_back(put_back, opened):
    """The next act would have signed the shorter history, and left no trace of the longer one."""
    office = opened()
    with pytest.raises(Broken, match="nothing is written"):
        act(office)
    assert kinds(office) == {"rolled-back"}


def test_an_old_checkpoint_announced_again_does_not_take_the_newer_ones_place(put_back, opened, tmp_path):
    (tmp_path / "checkpoints" / "pending").write_text(put_back)
    assert kinds(opened()) == {"rolled-back"}


def test_nothing_is_written_where_the_copy_outside_is_gone(office, opened, tmp_path):
    (tmp_path / "checkpoints" / "latest").unlink()
    with pytest.raises(Broken, match="nothing is written"):
        act(office)
    assert kinds(office) == {"missing"}


def test_nothing_is_written_onto_a_tree_whose_inner_nodes_were_changed(office, tmp_path):
    """The next checkpoint would have been signed over a root that no event gives."""
    act(office, "tenth")
    sql(tmp_path, "UPDATE nodes SET hash = ? WHERE level = 3", bytes(32))
    with pytest.raises(AssayError, match="nothing is written"):
        act(office)
