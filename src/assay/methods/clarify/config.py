"""An analysis_config.json of SageMaker Clarify, read for what it asks about bias.

What has no part in that is told by ``Config.notes``; what would change the answer and is not read is refused by name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.kernel.errors import UsageError
from assay.methods.bias import POST_TRAINING, PRE_TRAINING
from assay.methods.nearest import did_you_mean
from assay.methods.plainfile import read_plain

MAX_BYTES = 1 << 20
_TYPES = ("text/csv", "application/jsonlines", "application/x-parquet")
_ELSEWHERE = ("version", "dataset_uri", "predictor")
_METHODS = ("pre_training_bias", "post_training_bias", "shap", "pdp", "report", "asymmetric_shapley_value")
_REFUSED = {
    "features": "rows are read as objects of plain values, and no JMESPath is followed",
    "time_series_data_config": "series of time are not judged for bias",
    "image_config": "images are not judged for bias",
}
_READ = (
    "dataset_type", "headers", "label", "label_values_or_threshold", "facet", "group_variable", "predicted_label",
    "probability_threshold", "excluded_columns", "joinsource_name_or_index", "methods", "predicted_label_dataset_uri",
    "predicted_label_headers", "facet_dataset_uri", "facet_headers",
)  # fmt: skip
Values = tuple[Any, ...]
Ref = str | int


@dataclass(frozen=True, slots=True)
class Beside:
    """A further file whose columns are the table's too: of the predictions, or of the facets."""

    field: str
    option: str
    headers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Config:
    """What a file asks. Columns are names, or places from 0; values are as JSON holds them.

    join: the column that rows are joined by with those of the files in ``beside``; None where they lie in the same order.
    """

    file: str
    headers: tuple[str, ...]
    label: Ref
    label_values: Values
    facets: tuple[tuple[Ref, Values], ...]
    group_variable: Ref | None
    predicted: Ref | None
    probability_threshold: float | None
    excluded: tuple[Ref, ...]
    pre: tuple[str, ...]
    post: tuple[str, ...]
    notes: tuple[str, ...]
    join: Ref | None = None
    beside: tuple[Beside, ...] = ()

    def column(self, ref: Ref, columns: Sequence[str], what: str) -> str:
        """Return the name of a column that is given by name or by place; UsageError where there is none."""
        if isinstance(ref, str) and ref in columns:
            return ref
        place = int(ref) if isinstance(ref, int) or ref.isdecimal() else None
        if place is not None and place < len(columns):
            return columns[place]
        raise UsageError(
            f"{what} is {ref!r}, and the table has no such column",
            where=self.file,
            remedy=did_you_mean(str(ref), columns),
        )


def read_config(path: Path) -> Config:
    """Read a file; UsageError names it and the field in one sentence."""
    shown = str(path)
    raw = read_plain(path, MAX_BYTES, "the analysis config")
    try:
        top = json.loads(raw)
    except (ValueError, RecursionError) as error:
        line = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        said = error.msg if isinstance(error, json.JSONDecodeError) else "it is nested too deep, or no text"
        raise UsageError(f"is not JSON: {said}", where=f"{shown}{line}") from None
    read = _Reader(shown, top if isinstance(top, dict) else {})
    if not isinstance(top, dict):
        raise read.wrong("the file", "an object", top)
    for name in top:
        if name in _REFUSED:
            raise UsageError(f"{name} is not read: {_REFUSED[name]}", where=shown)
        if name not in (*_READ, *_ELSEWHERE):
            raise UsageError(
                f"there is no field {name[:60]!r}",
                where=shown,
                remedy=did_you_mean(name, [*_READ, *_ELSEWHERE]),
            )
    kind = read.text("dataset_type") or _TYPES[0]
    if kind not in _TYPES:
        raise UsageError(
            f"dataset_type {kind!r} is not read", where=shown, remedy=f"give {', '.join(_TYPES)}"
        )
    methods = read.object("methods")
    for name in methods:
        if name not in _METHODS:
            raise UsageError(
                f"there is no method {name[:60]!r}",
                where=f"{shown}: methods",
                remedy=did_you_mean(name, _METHODS),
            )
    label = read.ref("label")
    if label is None:
        raise UsageError("label is not given", where=shown, remedy="name the column that holds the outcome")
    join = read.ref("joinsource_name_or_index")
    excluded = read.each("excluded_columns", read.ref_of)
    return Config(
        shown,
        read.each("headers", read.text_of),
        label,
        read.values("label_values_or_threshold", top.get("label_values_or_threshold")),
        read.facets(),
        read.ref("group_variable"),
        read.ref("predicted_label"),
        read.number("probability_threshold"),
        (*excluded, *([join] if join is not None else [])),
        read.methods("pre_training_bias", methods, PRE_TRAINING),
        read.methods("post_training_bias", methods, POST_TRAINING),
        tuple(_notes(top, methods)),
        join,
        tuple(
            Beside(f"{whose}_dataset_uri", option, read.each(f"{whose}_headers", read.text_of))
            for whose, option in (("predicted_label", "--predicted-data"), ("facet", "--facet-data"))
            if read.text(f"{whose}_dataset_uri")
        ),
    )


def _notes(top: Mapping[str, Any], methods: Mapping[str, Any]) -> list[str]:
    out = []
    if "dataset_uri" in top:
        out.append("dataset_uri: the table that was named is read instead")
    if "predictor" in top:
        out.append(
            "predictor: no endpoint is asked; a model is named with the command, or predicted_label here"
        )
    other = [m for m in methods if m not in ("pre_training_bias", "post_training_bias")]
    if other:
        out.append(f"methods {', '.join(other)}: these have no part in bias; see model.explain")
    return out


class _Reader:
    """The fields of a file, each as what it must be."""

    def __init__(self, shown: str, top: Mapping[str, Any]) -> None:
        self.shown, self.top = shown, top

    def wrong(self, name: str, expected: str, value: Any) -> UsageError:
        """Return the error of a field that is not what it must be."""
        return UsageError(f"{name} must be {expected}, and is {json.dumps(value)[:60]}", where=self.shown)

    def object(self, name: str) -> Mapping[str, Any]:
        """Return a field that is an object; none is an empty one."""
        value = self.top.get(name)
        if value is not None and not isinstance(value, dict):
            raise self.wrong(name, "an object", value)
        return value or {}

    def text(self, name: str) -> str | None:
        """Return a field that is a text."""
        return None if self.top.get(name) is None else self.text_of(name, self.top[name])

    def text_of(self, name: str, value: Any) -> str:
        """Return a value that is a text."""
        if not isinstance(value, str) or not value:
            raise self.wrong(name, "a text", value)
        return value

    def ref(self, name: str) -> Ref | None:
        """Return a field that names a column."""
        return None if self.top.get(name) is None else self.ref_of(name, self.top[name])

    def ref_of(self, name: str, value: Any) -> Ref:
        """Return a value that names a column, or its place from 0."""
        if (
            isinstance(value, bool)
            or not isinstance(value, (str, int))
            or (isinstance(value, int) and value < 0)
        ):
            raise self.wrong(name, "the name of a column, or its place from 0", value)
        return value

    def number(self, name: str) -> float | None:
        """Return a field that is a number."""
        value = self.top.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value - value != 0:
            raise self.wrong(name, "a number", value)
        return float(value)

    def each(self, name: str, one: Callable[[str, Any], Any]) -> tuple[Any, ...]:
        """Return a field that is a list."""
        value = self.top.get(name)
        if value is not None and not isinstance(value, list):
            raise self.wrong(name, "a list", value)
        return tuple(one(f"{name}[{i}]", v) for i, v in enumerate(value or []))

    def values(self, name: str, value: Any) -> Values:
        """Return values or a threshold: a list, or one of them."""
        listed = value if isinstance(value, list) else [] if value is None else [value]
        for one in listed:
            if not isinstance(one, (str, int, float, bool)) or (isinstance(one, float) and one - one != 0):
                raise self.wrong(name, "a list of texts or numbers", value)
        return tuple(listed)

    def facets(self) -> tuple[tuple[Ref, Values], ...]:
        """Return the facets: objects with name_or_index, and maybe value_or_threshold."""
        given = self.top.get("facet")
        listed = [given] if isinstance(given, dict) else given
        if not isinstance(listed, list) or not listed:
            raise UsageError(
                "facet is not given", where=self.shown, remedy='write [{"name_or_index": "sex"}]'
            )
        out = []
        for i, one in enumerate(listed):
            name = f"facet[{i}]"
            if not isinstance(one, dict) or "name_or_index" not in one:
                raise self.wrong(name, "an object with name_or_index", one)
            other = next((k for k in one if k not in ("name_or_index", "value_or_threshold")), None)
            if other is not None:
                raise UsageError(
                    f"{name} has no {other[:60]!r}",
                    where=self.shown,
                    remedy=did_you_mean(other, ["name_or_index", "value_or_threshold"]),
                )
            ref = self.ref_of(f"{name}.name_or_index", one["name_or_index"])
            out.append((ref, self.values(f"{name}.value_or_threshold", one.get("value_or_threshold"))))
        return tuple(out)

    def methods(self, name: str, methods: Mapping[str, Any], known: Sequence[str]) -> tuple[str, ...]:
        """Return the metrics that a method asks for: none where it is not there."""
        if name not in methods:
            return ()
        said = methods[name].get("methods", "all") if isinstance(methods[name], dict) else None
        if said == "all":
            return tuple(known)
        if not isinstance(said, list) or not said:
            raise self.wrong(f"methods.{name}", '{"methods": "all"}, or a list of metrics', methods[name])
        for one in said:
            if one not in known:
                raise UsageError(
                    f"methods.{name}: there is no metric {str(one)[:60]!r}",
                    where=self.shown,
                    remedy=did_you_mean(str(one), known),
                )
        return tuple(said)
