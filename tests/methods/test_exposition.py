"""Counts and histograms: held against an independent reading of Prometheus' text format."""

from __future__ import annotations

import re

import pytest

from assay.methods.exposition import Counter, Histogram, merged, text

_LINE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\]|\\.)*",?)*)\})? (\S+)$')


def read(shown):
    """name, labels → value, of the text format."""
    out = {}
    for line in shown.splitlines():
        if line.startswith("#"):
            continue
        found = _LINE.match(line)
        assert found, line
        labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', found[2] or ""))
        out[found[1], tuple(sorted(labels.items()))] = float(found[3])
    return out


def test_a_counter_is_written_with_its_labels_escaped():
    c = Counter("a_total", "How\nmany.", ("x",))
    c.add(('q"\\\n',), 2)
    c.add(('q"\\\n',))
    assert text([c]) == '# HELP a_total How\\nmany.\n# TYPE a_total counter\na_total{x="q\\"\\\\\\n"} 3\n'


def test_a_histograms_buckets_add_up():
    h = Histogram("s", "Seconds.", ("e",), (0.1, 1.0))
    for seconds in (0.05, 0.1, 0.5, 5.0):
        h.observe(("x",), seconds)
    found = read(text([h]))
    assert [found["s_bucket", (("e", "x"), ("le", le))] for le in ("0.1", "1", "+Inf")] == [2, 3, 4]
    assert found["s_count", (("e", "x"),)] == 4 and found["s_sum", (("e", "x"),)] == pytest.approx(5.65)


def test_what_several_processes_counted_is_added_up():
    def one(number):
        c, h = Counter("a", "", ("x",)), Histogram("s", "", ())
        c.add(("k",), number)
        h.observe((), 0.5)
        return {"a": c.dump(), "s": h.dump(), "unknown": [[["z"], 1]]}

    c, h = Counter("a", "", ("x",)), Histogram("s", "", ())
    merged([one(2), one(3)], [c, h])
    assert c.values == {("k",): 5.0} and read(text([h]))["s_count", ()] == 2
