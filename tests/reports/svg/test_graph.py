"""The drawing of what was made from what: layers, no box upon another, bounds, and hostile names."""

from __future__ import annotations

import random
import re
import xml.etree.ElementTree as ET

import pytest

from assay.reports.svg import Graph, Node, graph
from assay.reports.svg._graph import _HIGH, _WIDE, MOST_EDGES, MOST_NODES, _layers

SVG = "{http://www.w3.org/2000/svg}"


def _boxes(text):
    root = ET.fromstring(text)
    out = {}
    for rect in root.iter(f"{SVG}rect"):
        name = rect.find(f"{SVG}title").text.split(" · ")[0]
        out[name] = (float(rect.get("x")), float(rect.get("y")))
    return root, out


def _lot(seed, nodes, more):
    lot = random.Random(seed)
    names = [f"n{i}" for i in range(nodes)]
    edges = [(names[lot.randrange(i)], names[i], False) for i in range(1, nodes)]
    for _ in range(more):
        a, b = sorted(lot.sample(range(nodes), 2))
        edges.append((names[a], names[b], lot.random() < 0.3))
    return Graph({n: Node(n, "step", "treat") for n in names}, tuple(edges))


@pytest.mark.parametrize(("nodes", "more"), [(2, 0), (20, 12), (60, 40), (200, 300)])
def test_what_is_made_stands_below_and_no_box_lies_upon_another(nodes, more):
    drawn = _lot(nodes, nodes, more)
    root, boxes = _boxes(graph(drawn))
    assert len(boxes) == nodes and len(list(root.iter(f"{SVG}path"))) == len(set(drawn.edges))
    assert all(boxes[a][1] < boxes[b][1] for a, b, _ in drawn.edges)
    placed = sorted(boxes.values(), key=lambda p: (p[1], p[0]))
    for (x, y), (other, below) in zip(placed, placed[1:], strict=False):
        assert below - y >= _HIGH or other - x >= _WIDE - 0.2, (x, y, other, below)
    width, height = float(root.get("width")), float(root.get("height"))
    assert all(0 <= x <= width - _WIDE + 0.2 and 0 <= y <= height - _HIGH for x, y in boxes.values())


def test_edges_of_twenty_nodes_cross_less_than_in_the_order_given():
    """Two edges between the same two layers cross where their ends stand in opposite order."""
    drawn = Graph(
        {n: Node(n) for n in ("a", "b", "c", "d", "x", "y", "z", "w")},
        (("a", "w", False), ("b", "z", False), ("c", "y", False), ("d", "x", False)),
    )
    _, boxes = _boxes(graph(drawn))
    over = [boxes[n][0] for n in "abcd"]
    under = [boxes[n][0] for n in "wzyx"]
    assert sorted(range(4), key=over.__getitem__) == sorted(range(4), key=under.__getitem__)


def test_layers_by_hand():
    edges = [
        ("raw", "clean"),
        ("clean", "split"),
        ("split", "model"),
        ("split", "judge"),
        ("model", "judge"),
        ("late", "judge"),
    ]
    assert _layers(["raw", "clean", "split", "model", "judge", "late"], edges) == {
        "raw": 0, "clean": 1, "split": 2, "model": 3, "judge": 4, "late": 3,
    }  # fmt: skip


def test_a_circle_is_drawn_all_the_same():
    names = {n: Node(n) for n in "abc"}
    _, boxes = _boxes(
        graph(Graph(names, (("a", "b", True), ("b", "a", True), ("b", "c", False), ("c", "c", False))))
    )
    assert set(boxes) == set("abc")


def test_of_thousands_the_first_are_drawn_and_the_rest_counted():
    text = graph(_lot(1, 3_000, 5_000))
    root, boxes = _boxes(text)
    assert len(boxes) == MOST_NODES and "and 2800 more" in text and len(text) < 400_000
    assert len(list(root.iter(f"{SVG}path"))) <= MOST_EDGES


def test_names_are_escaped_and_only_places_of_the_page_are_led_to():
    bad = "<script>alert(1)</script>\x1b[2J"
    text = graph(
        Graph(
            {"a": Node(bad, bad, href="javascript:alert(1)"), "b": Node("b", href='#step-2"onload="x')},
            (("a", "b", False),),
        )
    )
    root = ET.fromstring(text)
    assert "<script" not in text and "javascript" not in text and "\x1b" not in text
    assert [a.get("href") for a in root.iter(f"{SVG}a")] == ['#step-2"onload="x']


def test_nothing_is_an_empty_drawing():
    assert re.search(r'height="24"', graph(Graph()))
