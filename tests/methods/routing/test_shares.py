"""Shares: blended, drawn evenly, and kept by whoever carries a key."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.methods.routing.shares import Clash, Draw, blend


def arm(name, weight=1.0, shadow=False, digest=None, replicas=1):
    return {
        "name": name,
        "package": name,
        "digest": digest or name,
        "weight": weight,
        "shadow": shadow,
        "replicas": replicas,
    }


def test_shares_are_of_all_the_traffic_whatever_the_weights_add_up_to():
    found = {a["name"]: a["weight"] for a in blend([arm("a", 3), arm("b", 1)], [arm("c", 50)], 0.2)}
    assert found == pytest.approx({"a": 0.6, "b": 0.2, "c": 0.2})


def test_one_variant_in_both_is_one_and_the_larger_number_of_replicas_stays():
    found = blend([arm("a", replicas=3), arm("b")], [arm("a", replicas=2)], 0.5)
    assert [(a["name"], a["weight"], a["replicas"]) for a in found] == [("a", 0.75, 3), ("b", 0.25, 1)]


def test_one_name_for_two_packages_clashes():
    with pytest.raises(Clash):
        blend([arm("a", digest="1")], [arm("a", digest="2")], 0.5)


@settings(max_examples=40)
@given(
    st.lists(st.floats(0.01, 100), min_size=1, max_size=5),
    st.lists(st.floats(0.01, 100), min_size=1, max_size=5),
    st.floats(0, 1),
)
def test_a_blend_is_all_of_the_traffic(old, new, share):
    found = blend(
        [arm(f"o{i}", w) for i, w in enumerate(old)], [arm(f"n{i}", w) for i, w in enumerate(new)], share
    )
    assert sum(a["weight"] for a in found) == pytest.approx(1, abs=1e-6)
    assert sum(a["weight"] for a in found if a["name"].startswith("n")) == pytest.approx(share, abs=1e-6)


def test_chance_follows_the_shares():
    draw, rng = Draw([("a", 0.7), ("b", 0.2), ("c", 0.1), ("d", 0)]), random.Random(7)
    counts = Counter(draw.by_chance(rng.random()) for _ in range(5_000))
    assert counts.keys() == {"a", "b", "c"}
    for name, share in (("a", 0.7), ("b", 0.2), ("c", 0.1)):
        assert abs(counts[name] / 5_000 - share) < 5 * (share * (1 - share) / 5_000) ** 0.5


def test_a_key_stays_and_keys_follow_the_shares():
    draw = Draw([("a", 0.7), ("b", 0.2), ("c", 0.1)])
    keys = [f"caller-{i}".encode() for i in range(5_000)]
    first = [draw.by_key(k) for k in keys]
    assert first == [draw.by_key(k) for k in keys]
    counts = Counter(first)
    for name, share in (("a", 0.7), ("b", 0.2), ("c", 0.1)):
        assert abs(counts[name] / 5_000 - share) < 5 * (share * (1 - share) / 5_000) ** 0.5


def test_a_change_of_shares_moves_only_whom_it_must():
    keys = [f"caller-{i}".encode() for i in range(4_000)]
    before, after = Draw([("old", 0.9), ("new", 0.1)]), Draw([("old", 0.5), ("new", 0.5)])
    moved = [(before.by_key(k), after.by_key(k)) for k in keys]
    assert ("new", "old") not in moved
    assert abs(moved.count(("old", "new")) / 4_000 - 0.4) < 0.03


def test_nobody_answers_where_nothing_has_a_share():
    assert Draw([]).by_chance(0.5) == Draw([("a", 0)]).by_key(b"x") == ""


def test_of_two_variants_whose_names_end_alike_the_heavier_got_every_key():
    draw = Draw([("blue-release-candidate", 0.6), ("teal-release-candidate", 0.4)])
    found = [draw.by_key(str(n).encode()) for n in range(2_000)]
    assert abs(found.count("blue-release-candidate") - 1_200) < 4 * (2_000 * 0.24) ** 0.5
