"""What is printed of a monitor's looks."""

from __future__ import annotations

from assay.doors.cli.looks import executions

WHY = "there is no captured event in the window, and so nothing of what the endpoint was asked can be held against it"


def look(end: str, why: str = "", violations: tuple[str, ...] = ()) -> dict:
    return {
        "end": end, "status": "Failed" if why else "Completed", "rows": 5, "trigger": "schedule", "missed": 0,
        "violations": list(violations), "why": why,
    }  # fmt: skip


def test_why_a_look_failed_was_cut_in_the_middle_of_a_word(capsys):
    looks = [look(f"2026-01-0{n}T00:00:00Z", WHY) for n in (1, 2, 3)] + [
        look("2026-01-04T00:00:00Z", "too few")
    ]
    executions(looks, "")
    said = capsys.readouterr().out
    assert all(len(line) <= 80 for line in said.splitlines())
    assert " ".join(said.split()).count(WHY) == 1 and "too few" in said
    for line in said.splitlines():
        if "…" in line:  # what is left out is left out at a word, and said so
            assert line.split("  ")[-1].strip().removesuffix(" …") in WHY
