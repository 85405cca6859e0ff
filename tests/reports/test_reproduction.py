"""A reproduction as lines: what differs, what was not carried out, and where it was rebuilt."""

from __future__ import annotations

from assay.reports.comparison import page, text
from assay.reports.reproduction import sections

STEPS = [
    {
        "name": "clean", "how": "rebuilt", "why": None, "same": "differs", "read_the_same": True,
        "seconds": {"recorded": 1.0, "rebuilt": 2.0},
        "compared": [{"what": "out", "same": "differs", "said": "3 of 9 cells differ"}, {"what": "report", "same": "bits", "said": None}],
    },
    {
        "name": "model", "how": "rebuilt", "why": None, "same": "tolerance", "read_the_same": False,
        "seconds": {"recorded": 1.0, "rebuilt": 1.0},
        "compared": [{"what": "report", "same": "tolerance", "said": "numbers differ by up to 1e-9"}],
    },
    {"name": "masked", "how": "recorded", "why": "it needs the key pseudonyms", "same": None, "compared": []},
]  # fmt: skip
FOUND = {
    "said": ["It parts first in what the step `clean` makes."],
    "steps": STEPS,
    "data": [
        {"name": "bookings", "digest": "sha256:" + "a" * 64, "from": "the copy that was kept", "said": "has another digest now"},
        {"name": "rates", "digest": None, "from": None, "said": "could not be pinned"},
    ],
    "environment": {
        "python": {"recorded": "3.11.7", "here": "3.12.1"},
        "interpreter": "/home/somebody/env/bin/python",
        "machine": [{"what": "cpus", "recorded": 8, "here": 2}],
        "packages": [
            {"name": "numpy", "recorded": "2.0.0", "here": "2.1.0", "imported": True},
            {"name": "zlib-ng", "recorded": None, "here": "1.0", "imported": False},
        ],
    },
    "seed": 7,
    "threads": 8,
}  # fmt: skip


def test_it_is_told_in_80_columns_and_says_of_each_step_what_became_of_it():
    told = text(sections(FOUND))
    assert max(map(len, told.splitlines())) <= 80
    lines = [" ".join(line.split()) for line in told.splitlines()]
    assert "clean: otherwise (2.0 s; recorded: 1.0 s)" in lines
    assert "masked: not carried out, it needs the key pseudonyms" in lines
    assert "clean, `out`: 3 of 9 cells differ" in lines
    said = " ".join(told.split())
    assert "model, report: numbers differ by up to 1e-9; what it read was another already" in said
    assert "bookings (aaaaaaaaaaaa): the copy that was kept; has another digest now" in said
    assert "rates (not pinned): not to be had; could not be pinned" in said
    assert "Python 3.12.1 (recorded: 3.11.7), seed 7, scripts with 8 threads" in said
    assert (
        "numpy 2.1.0 (recorded: 2.0.0)" in said and "zlib-ng" not in said and "cpus 2 (recorded: 8)" in said
    )


def test_the_page_needs_nothing_from_elsewhere():
    shown = page("NOT REPRODUCED", sections(FOUND), {"name": "assay", "version": "0"})
    assert "3 of 9 cells differ" in shown and "http://" not in shown and "<script" not in shown
