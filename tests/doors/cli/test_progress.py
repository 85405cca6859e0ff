"""How far something long is, said where there is no terminal: in lines of standard error, and none of what is done soon."""

from assay.doors.cli import examining, progress


def test_a_line_is_said_every_few_seconds_and_nothing_of_what_is_short(monkeypatch, capsys):
    """A scan of a large tree said nothing for minutes in a log."""
    clock = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(examining.context, "interactive", lambda: False)
    with examining.watching("scan") as far:
        for second in range(20):
            clock[0] = 100.0 + second
            far(second, 20, f"a\x1b[31m{second}\n")
    out, err = capsys.readouterr()
    assert out == "" and "\x1b" not in err
    assert [line.split()[1] for line in err.splitlines()] == ["5", "10", "15"]
    with examining.watching("scan") as far:
        far(1, 0, "")
    assert capsys.readouterr().err == ""
