"""An input schema as a file: it comes back as it went, and what people write wrong is named."""

import json

import pytest

from assay.kernel.errors import UsageError
from assay.methods.inputschema.schema import Feature, Schema, parse

WHOLE = Schema(
    (
        Feature("age", "integer", False, True, 0, 120),
        Feature("meal", "text", True, False, values={"BB": 7}, closed=True, longest=64),
        Feature("pixels", "list", True, minimum=0.0, maximum=16.0, shortest=64, longest=64),
    ),
    rows=100,
    ignored=("label",),
)


def test_a_schema_comes_back_as_it_went():
    assert parse(WHOLE.to_bytes(), "s") == WHOLE
    assert parse(WHOLE.to_bytes(), "s").to_bytes() == WHOLE.to_bytes()


def test_fields_of_a_later_version_are_kept():
    raw = json.loads(WHOLE.to_bytes())
    raw["owner"] = "us"
    raw["features"][0]["pattern"] = "x"
    again = json.loads(parse(json.dumps(raw).encode(), "s").to_bytes())
    assert again["owner"] == "us" and again["features"][0]["pattern"] == "x"


def test_values_may_be_a_plain_list():
    raw = json.loads(WHOLE.to_bytes())
    raw["features"][1]["values"] = ["BB", "HB"]
    assert set(parse(json.dumps(raw).encode(), "s").features[1].values) == {"BB", "HB"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"type": "colour"}, "`type`"),
        ({"minimum": "low"}, "`minimum` is a number"),
        ({"minimum": True}, "`minimum` is a number"),
        ({"minimum": 200}, "`minimum` is above `maximum`"),
        ({"required": 1}, "`required` is true or false"),
        ({"longest": -1}, "`longest`"),
        ({"values": {"a": "b"}}, "`values`"),
        ({"values": [1]}, "`values`"),
        ({"closed": True}, "`closed` needs `values`"),
        ({"name": ""}, "has no name"),
        ({"name": "meal"}, "twice"),
    ],
)
def test_what_is_written_wrong_is_named(change, said):
    raw = json.loads(WHOLE.to_bytes())
    raw["features"][0] |= change
    with pytest.raises(UsageError, match=said):
        parse(json.dumps(raw).encode(), "s")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"schema": "assay.inputschema/2", "features": []}',
        b'{"schema": "assay.inputschema/1"}',
        b'{"schema": "assay.inputschema/1", "features": [1]}',
        b'{"schema": "assay.inputschema/1", "features": [], "ignored": [1]}',
        b'{"schema": "assay.inputschema/1", "features": [], "additional": "no"}',
    ],
)
def test_what_is_no_schema_is_refused_in_one_sentence(raw):
    with pytest.raises(UsageError):
        parse(raw, "s")
