"""Folders as inputs: what is examined is what was pinned, and the home that works on them is no part of them."""

from __future__ import annotations

import functools
import pickle

import pytest

from assay.kernel.errors import UsageError
from assay.works import declared
from assay.works.checking import carry_out
from assay.works.home import Home


@pytest.fixture
def home(tmp_path):
    opened = Home.create(tmp_path, {"ASSAY_ACTOR": "ada"})
    yield opened
    opened.close()


def scan(target, home):
    return carry_out("check", "model.scan", str(target), {}, home=home).report


def test_the_home_is_no_part_of_the_folder_it_lies_in(tmp_path, home):
    (tmp_path / "m.pkl").write_bytes(pickle.dumps({"a": 1}))
    first = scan(tmp_path, home)
    assert first.coverage.examined == 1
    assert scan(tmp_path, home).subject.digest == first.subject.digest  # though the home has grown


def test_a_folder_inside_the_home_is_examined_when_it_is_named(tmp_path, home):
    inside = home.folder("packages", "m")
    (inside / "m.pkl").write_bytes(pickle.dumps({"a": 1}))
    assert scan(inside, home).coverage.examined == 1


def test_another_home_is_examined_as_any_folder(tmp_path, home):
    """Or a model would be hidden by the name of its folder."""
    other = tmp_path / "clone" / ".assay"
    other.mkdir(parents=True)
    (other / "m.pkl").write_bytes(pickle.dumps({"a": 1}))
    assert scan(tmp_path / "clone", home).coverage.examined == 1


def test_a_folder_that_changes_while_it_is_examined_is_refused(tmp_path, home, monkeypatch):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "m.pkl").write_bytes(pickle.dumps({"a": 1}))
    loaded = declared.load("check", "model.scan")

    @functools.wraps(loaded.function)
    def changing(*args, **given):
        (tmp_path / "models" / "late.pkl").write_bytes(pickle.dumps({"b": 2}))
        return loaded.function(*args, **given)

    changed = declared.Loaded(loaded.name, "check", loaded.doc, loaded.module, changing)
    monkeypatch.setattr(declared, "load", lambda kind, name: changed)
    with pytest.raises(UsageError, match="changed while it was examined"):
        scan(tmp_path / "models", home)
