"""The difference of two profiles, by hand."""

from __future__ import annotations

import pyarrow as pa

from assay.methods.profile.codes import encode
from assay.methods.profile.column import describe
from assay.methods.profile.difference import differences


def columns(**values):
    stored = {int: "integer", float: "number", str: "text"}
    return {
        n: describe(
            n, encode(pa.chunked_array([pa.array(v)])), stored[type(next(x for x in v if x is not None))]
        )
        for n, v in values.items()
    }


def test_equal_profiles_do_not_differ():
    one = columns(a=[1, 2, 3], b=["x", "y", None])
    assert differences(one, one) == {"added": [], "removed": [], "changed": {}}


def test_what_changed():
    old = columns(a=[0.0, 2.0, 4.0], b=["x", "x", "y", "y"], gone=[1, 2])
    new = columns(a=[2.0, 4.0, 6.0], b=["x", "z", None, "z"], fresh=[1, 2])
    found = differences(new, old)
    assert found["added"] == ["fresh"] and found["removed"] == ["gone"]
    a, b = found["changed"]["a"], found["changed"]["b"]
    assert a["figures"]["mean"] == [2.0, 4.0] and a["moved"] == 1.0
    assert b["missing_fraction"] == [0.0, 0.25]
    assert b["new_values"] == ["z"] and b["gone_values"] == ["y"] and b["shares"] == 0.5


def test_a_type_that_changed():
    found = differences(columns(a=["1", "2"]), columns(a=[1, 2]))["changed"]["a"]
    assert found["type"] == ["integer", "text"]
