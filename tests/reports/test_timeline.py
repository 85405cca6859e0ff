from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from assay.kernel.span import UNTRUSTED, Span
from assay.kernel.timeline import Timeline, TimelineRow, spent
from assay.methods.traces.path import timeline
from assay.reports.timeline import lines, svg, told

S = 1_000_000_000
EVIL = '</title><script>alert(1)</script>\x1b[2J\u202e" onload="x'


def trace(*rows):
    return timeline(
        [
            Span("ab" * 16, n, name, int(a * S), int(b * S), parent, **rest)
            for n, name, parent, a, b, rest in rows
        ]
    )


RUN = trace(
    ("r", "run", "", 0, 10, {}),
    ("a", "load", "r", 0, 2, {}),
    ("b", "train", "r", 2, 10, {"status": "error", "message": "ended"}),
    ("c", "fit", "b", 3, 9, {"attributes": {UNTRUSTED: True}}),
)


def test_durations_as_a_person_says_them():
    assert [spent(s) for s in (0, 2e-6, 0.0123, 1.26, 99.94, 125, 7_300)] == [
        "0 ms", "2 µs", "12 ms", "1.3 s", "99.9 s", "2 min 5 s", "2 h 1 min",
    ]  # fmt: skip


def test_bars_are_to_scale_and_fit_a_terminal():
    drawn = lines(RUN)
    assert all(len(line) <= 80 for line in drawn) and len(drawn) == 4
    bars = [line[33:71] for line in drawn]
    assert bars[1].startswith("████████ ") and bars[1].count("█") == 8  # 2 of 10 s in 38 characters: 7.6
    assert bars[2].strip() == "█" * 5 + "░" * 22 + "█" * 4  # from 7.6, 11.4, 34.2 and 38
    assert "✗" in drawn[2] and "✗" not in drawn[1] and drawn[3].startswith("    fit*")


def test_what_is_told_names_the_slowest_first():
    said = told(RUN)
    assert said[0] == "of 10.0 s, 6.0 s were in train: fit"
    assert said[1:] == [
        "      2.0 s  load",
        "      2.0 s  train",
        "* told from inside of the sandbox, and not proved",
    ]


def test_the_drawing_is_whole_and_says_what_it_shows():
    drawn = svg(RUN)
    root = ET.fromstring(drawn)
    assert root.get("aria-label") == "4 spans in 10.0 s; of 10.0 s, 6.0 s were in train: fit"
    texts = [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"run", "load", "train", "fit", "6.0 s", "told from inside", "ended in an error"} <= set(texts)
    widths = [float(r.get("width")) for r in root.iter("{http://www.w3.org/2000/svg}rect")]
    assert max(widths) <= 736 - 250 - 62 + 1


def test_hostile_names_stay_text():
    found = trace(
        ("r", EVIL, "", 0, 1, {"message": EVIL}), ("c", EVIL, "r", 0, 1, {"status": "error", "message": EVIL})
    )
    drawn = svg(found)
    ET.fromstring(drawn)
    assert "<script" not in drawn and "\x1b" not in drawn and "\u202e" not in drawn
    assert not re.search(r'\sonload="x', drawn)
    for line in (*lines(found), *told(found)):
        assert "\x1b" not in line and "\u202e" not in line


def test_a_trace_of_no_time_is_drawn():
    found = Timeline(
        "ab" * 16, 0.0, (TimelineRow("a", 0, 0.0, 0.0, 0.0), TimelineRow("b", 50, 5.0, -3.0, 0.0)), 2
    )
    ET.fromstring(svg(found))
    assert len(lines(found)) == 2 and told(found) == []
