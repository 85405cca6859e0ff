from __future__ import annotations

from assay.doors.cli import show


def test_a_path_is_told_as_it_is_reached_from_here_and_a_url_as_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert show.short(tmp_path / "a" / "b.csv") == "a/b.csv"
    assert show.short("/elsewhere/b.csv") == "/elsewhere/b.csv"
    assert show.short("postgresql://host/db::kept") == "postgresql://host/db::kept"


def test_rows_of_many_columns_were_a_table_of_one_letter_a_line(capsys):
    row = {str(n): "x" * 30 for n in range(12)} | {"0": "2026-01-05T10:00:02.123456Z", "1": "word " * 200}
    columns = [(str(n), f"column {n}") for n in range(12)]
    assert not show.fits([row], columns) and show.fits([{"0": "a", "1": "b"}], columns[:2])
    show.apart([row], columns, "no rows")
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == ["row 1", "  column 0   2026-01-05T10:00:02.123Z"] and len(said) == 1 + 12 + 3
    assert all(len(line) <= 80 for line in said) and said[5].strip() == "…"


def test_a_time_is_told_in_one_line_and_no_line_ends_in_blanks(capsys):
    rows = [{"t": "2026-11-28T14:25:17.185000Z", "a": "b" * 90, "c": ""}]
    show.table(rows, (("t", "time"), ("a", "action"), ("c", "rest")), "none")
    said = capsys.readouterr().out
    assert "2026-11-28T14:25:17.185Z  b" in said
    assert all(line == line.rstrip() for line in said.splitlines())


def test_names_are_told_by_as_much_as_tells_them_apart():
    assert show.beginnings(["a" * 40 + "1", "a" * 40 + "2"]) == ["a" * 40 + "1", "a" * 40 + "2"]
    assert show.beginnings(["mlflow-" + "0" * 32, "mlflow-" + "1" * 32], 10) == ["mlflow-000", "mlflow-111"]
    assert show.beginnings(["short"]) == ["short"] and show.beginnings([]) == []
