"""What a server says: once a minute, with its place."""

from __future__ import annotations

from assay.kernel.errors import Refused
from assay.works.serving.telling import Teller


def test_a_full_disk_was_told_twice_a_second_without_its_place(capsys):
    teller = Teller()
    for _ in range(5):
        teller.error(OSError(28, "No space left on device", "/home/journal"))
    teller.error(Refused("another thing"))
    said = capsys.readouterr().err.splitlines()
    assert (
        len(said) == 2 and said[0].startswith("assay: /home/journal: ") and said[1] == "assay: another thing"
    )


def test_what_is_said_is_remembered_in_bounded_memory(capsys):
    teller = Teller()
    for n in range(1_000):
        teller.say(f"sentence {n}")
    assert len(teller._said) <= 256 and len(capsys.readouterr().err.splitlines()) == 1_000
