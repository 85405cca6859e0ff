"""Windows in which nothing came, told as one."""

from __future__ import annotations

from assay.methods.monitor.empty import folded, told


def test_only_neighbours_that_were_looked_at_to_their_end_and_were_empty_are_told_together():
    looks = [("Completed", 0), ("Completed", 0), ("Completed", 3), ("Completed", 3), ("Failed", 0), ("Failed", 0),
             ("Stopped", None), ("Completed", 0)]  # fmt: skip
    assert [len(group) for group in folded(looks, lambda look: look)] == [2, 1, 1, 1, 1, 1, 1]
    assert [look for group in folded(looks, lambda look: look) for look in group] == looks


def test_one_window_needs_no_words():
    assert told(1) == "" and told(1_200) == "no row came in 1,200 windows"
