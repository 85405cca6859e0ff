"""A schema of input rows: of each feature its type, range, values, lengths, and whether it may be missing.

As JSON it is ``assay.inputschema/1``, which people may edit; a field that is not known is kept as it is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, get_args

from assay.kernel.canonical import canonical, plain
from assay.kernel.errors import UsageError

SCHEMA = "assay.inputschema/1"
FILE = "input_schema.json"  # of a package
MOST_FEATURES = 100_000
MOST_BYTES = 64 << 20
Kind = Literal["integer", "number", "boolean", "text", "moment", "list", "any"]
KINDS: tuple[str, ...] = get_args(Kind)
_REMEDY = "see docs/how-to/guard-an-endpoint.md for what may stand in it"


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature. minimum, maximum: of a number, or of each item of a list; None is no bound.

    values: of a text, those seen often enough to be told, with their counts; closed: whether there are no others.
    shortest, longest: characters of a text or items of a list. nullable: whether it may be null or NaN. required: whether
    a named payload must have it.
    """

    name: str
    type: Kind
    nullable: bool = True
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    values: Mapping[str, int] = field(default_factory=dict)
    closed: bool = False
    shortest: int | None = None
    longest: int | None = None
    more: Mapping[str, Any] = field(default_factory=dict)  # fields of a later version

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON, without what says nothing."""
        out: dict[str, Any] = dict(self.more)
        for name in (f.name for f in fields(self) if f.name != "more"):
            value = getattr(self, name)
            if value is not None and not (name in ("values", "closed") and not value):
                out[name] = dict(value) if name == "values" else value
        return out


@dataclass(frozen=True, slots=True)
class Schema:
    """The features in the order in which a payload without names gives them.

    rows: that it was learnt from. additional: whether a payload may hold columns that neither a feature nor ``ignored`` names.
    ignored: columns of the training table that the model does not read, its label among them. Neither is checked.
    """

    features: tuple[Feature, ...]
    rows: int = 0
    additional: bool = True
    ignored: tuple[str, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            **self.more,
            "schema": SCHEMA,
            "rows": self.rows,
            "additional": self.additional,
            "ignored": list(self.ignored),
            "features": [f.to_dict() for f in self.features],
        }

    def to_bytes(self) -> bytes:
        """Return canonical JSON and a newline: the same schema gives the same bytes."""
        return canonical(plain(self.to_dict())) + b"\n"

    def without(self, names: frozenset[str]) -> Schema:
        """Return it with features made columns that are ignored."""
        gone = tuple(f.name for f in self.features if f.name in names)
        left = tuple(f for f in self.features if f.name not in names)
        return replace(self, features=left, ignored=(*self.ignored, *gone))


def parse(raw: bytes, shown: str) -> Schema:
    """Read what ``Schema.to_bytes`` wrote, or what people made of it; UsageError names the feature and what is wrong."""
    if len(raw) > MOST_BYTES:
        raise UsageError(f"{shown} is larger than {MOST_BYTES >> 20} MiB", remedy=_REMEDY)
    try:
        whole = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{shown} is no JSON: {str(error)[:120]}", remedy=_REMEDY) from None
    said = whole.get("schema") if isinstance(whole, dict) else None
    if not isinstance(said, str) or not said.startswith("assay.inputschema/"):
        raise UsageError(f"{shown} is no input schema: `schema` is not {SCHEMA}", remedy=_REMEDY)
    if said != SCHEMA:
        raise UsageError(f"{shown} is of a newer Assay ({said[:40]})", remedy="upgrade Assay")
    listed = whole.get("features")
    if not isinstance(listed, list) or len(listed) > MOST_FEATURES:
        raise UsageError(f"{shown}: `features` is no list of at most {MOST_FEATURES:,}", remedy=_REMEDY)
    features = tuple(_feature(one, shown, at) for at, one in enumerate(listed, 1))
    names = {f.name for f in features}
    if len(names) != len(features):
        raise UsageError(f"{shown} names a feature twice", remedy=_REMEDY)
    ignored = whole.get("ignored", [])
    if not isinstance(ignored, list) or not all(isinstance(n, str) for n in ignored):
        raise UsageError(f"{shown}: `ignored` is no list of names", remedy=_REMEDY)
    rows, additional = whole.get("rows", 0), whole.get("additional", True)
    if not isinstance(additional, bool) or type(rows) is not int:
        raise UsageError(f"{shown}: `additional` is true or false, `rows` a number", remedy=_REMEDY)
    known = {"schema", "features", "ignored", "rows", "additional"}
    return Schema(
        features, rows, additional, tuple(ignored), {k: v for k, v in whole.items() if k not in known}
    )


def _feature(one: Any, shown: str, at: int) -> Feature:
    if not isinstance(one, dict) or not isinstance(one.get("name"), str) or not one["name"]:
        raise UsageError(f"{shown}: feature {at} has no name", remedy=_REMEDY)
    name = one["name"]

    def wrong(what: str) -> UsageError:
        return UsageError(f"{shown}: {name[:80]!r}: {what}", remedy=_REMEDY)

    if one.get("type") not in KINDS:
        raise wrong(f"`type` is none of {', '.join(KINDS)}")
    given: dict[str, Any] = {"name": name, "type": one["type"]}
    for flag in ("nullable", "required", "closed"):
        if flag in one:
            if not isinstance(one[flag], bool):
                raise wrong(f"`{flag}` is true or false")
            given[flag] = one[flag]
    for bound in ("minimum", "maximum"):
        value = one.get(bound)
        if value is not None:
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
                raise wrong(f"`{bound}` is a number")
            given[bound] = value
    for size in ("shortest", "longest"):
        value = one.get(size)
        if value is not None:
            if type(value) is not int or value < 0:
                raise wrong(f"`{size}` is a whole number from 0 on")
            given[size] = value
    values = one.get("values", {})
    if isinstance(values, list):  # people need not count
        values = dict.fromkeys(values, 0) if all(isinstance(v, str) for v in values) else None
    if not isinstance(values, dict) or not all(type(n) is int for n in values.values()):
        raise wrong("`values` is a list of texts, or counts by text")
    given["values"] = values
    for low, high in (("minimum", "maximum"), ("shortest", "longest")):
        if given.get(low) is not None and given.get(high) is not None and given[low] > given[high]:
            raise wrong(f"`{low}` is above `{high}`")
    if given.get("closed") and not values:
        raise wrong("`closed` needs `values`")
    known = {f.name for f in fields(Feature)}
    return Feature(**given, more={k: v for k, v in one.items() if k not in known})
