from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

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


def test_a_number_was_broken_in_two_where_other_columns_are_wide(capsys):
    row = {"n": 98765432123456, "a": "b" * 60, "t": "2026-11-28T14:25:17.185000Z"}
    columns = (("n", "count"), ("a", "action"), ("t", "time"))
    assert show.fits([row], columns)
    show.table([row], columns, "none")
    said = capsys.readouterr().out
    assert "98765432123456  b" in said and "2026-11-28T14:25:17.185Z" in said
    assert max(map(len, said.splitlines())) <= 80


def test_times_and_numbers_that_take_the_room_of_all_are_told_row_by_row(capsys):
    row = {str(n): "2026-11-28T14:25:17.185Z" for n in range(3)} | {"3": "x" * 20, "4": 12345678901234567890}
    columns = [(str(n), f"c{n}") for n in range(5)]
    assert not show.fits([row], columns)
    many = {str(n): 12345678901234 for n in range(9)}
    show.table([many], [(str(n), "n") for n in range(9)], "none")  # of those without room none loses a digit
    digits = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert ["".join(parts) for parts in zip(*digits, strict=True)] == ["12345678901234"] * 9


def test_names_are_told_by_as_much_as_tells_them_apart():
    assert show.beginnings(["a" * 40 + "1", "a" * 40 + "2"]) == ["a" * 40 + "1", "a" * 40 + "2"]
    assert show.beginnings(["mlflow-" + "0" * 32, "mlflow-" + "1" * 32], 10) == ["mlflow-000", "mlflow-111"]
    assert show.beginnings(["short"]) == ["short"] and show.beginnings([]) == []


def test_names_of_actions_were_folded_within_a_word(capsys):
    rows = [
        {
            "seq": 51, "time": "2026-11-28T21:00:39.281Z", "actor": "assay serve", "action": "endpoint.capture.dropped",
            "outcome": "done", "subject": "registry://bookings@2",
        }
    ]  # fmt: skip
    show.table(rows, [(k, k) for k in rows[0]], "", parted=("action", "subject"))
    said = capsys.readouterr().out.splitlines()[1:]
    assert [line.split() for line in said] == [
        ["51", "2026-11-28T21:00:39.281Z", "assay", "serve", "endpoint.", "done", "registry://"],
        ["capture.", "bookings@2"],
        ["dropped"],
    ]


@given(st.text(st.sampled_from("ab./:- "), max_size=40), st.integers(1, 12))
def test_a_folded_text_keeps_its_letters_and_its_width(text, width):
    lines = show.folded(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert max(map(len, lines)) <= width
