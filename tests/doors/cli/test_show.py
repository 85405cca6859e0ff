from __future__ import annotations

from assay.doors.cli import show


def test_a_path_is_told_as_it_is_reached_from_here_and_a_url_as_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert show.short(tmp_path / "a" / "b.csv") == "a/b.csv"
    assert show.short("/elsewhere/b.csv") == "/elsewhere/b.csv"
    assert show.short("postgresql://host/db::kept") == "postgresql://host/db::kept"
