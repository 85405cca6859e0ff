"""A ruleset file read, whichever of the formats it is in."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

from assay.kernel.errors import Missing, UsageError
from assay.methods.document import MAX_BYTES, MAX_DEPTH
from assay.methods.quality.rule import Ruleset

_DQDL = re.compile(
    r"(?:\s|#[^\n]*\n)*(?:(?:Metadata|DataSources)\s*=\s*\{|(?:DefaultLabels|Rules|Analyzers)\s*=\s*\[|\w+\s*=\s*[\[\"])"
)


def read(path: Path) -> Ruleset:
    """Read a ruleset; UsageError or Missing says in which file and line what was expected."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Missing(
            f"the ruleset cannot be read: {error.strerror or error}", where=str(path), remedy="check the path"
        ) from None
    if len(raw) > MAX_BYTES:
        raise UsageError(
            f"the ruleset is larger than {MAX_BYTES >> 20} MiB", where=str(path), remedy="split it"
        )
    return read_bytes(raw, path.name)


@functools.lru_cache(maxsize=1)  # its tables are asked for before its rules are
def read_bytes(raw: bytes, shown: str) -> Ruleset:
    """Read the bytes of a ruleset that errors call ``shown``."""
    start = raw.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"{", b"[")) and not shown.lower().endswith((".yaml", ".yml")):
        return _json(raw, shown)
    if _DQDL.match(raw[:65_536].decode("utf-8", "replace")):
        from assay.methods.quality.ruletypes import read as read_dqdl

        return read_dqdl(_text(raw, shown), shown)
    from assay.methods.quality.stated import read as read_stated

    return read_stated(raw, shown)


def _text(raw: bytes, shown: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise UsageError("is not UTF-8 text", where=f"{shown}:{line}", remedy="save it as UTF-8") from None


def _json(raw: bytes, shown: str) -> Ruleset:
    text = _text(raw, shown)
    if _deep(text) > MAX_DEPTH * 2:
        raise UsageError(f"nests deeper than {MAX_DEPTH * 2} levels", where=shown)
    try:
        found: Any = json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        what = getattr(error, "msg", str(error))
        raise UsageError(f"is not JSON: {what}", where=f"{shown}:{line}") from None
    first = found[0] if isinstance(found, list) and found else found
    if isinstance(first, dict):
        if {"expectations", "expectation_type"} & set(first) or str(first.get("type", "")).startswith(
            "expect"
        ):
            from assay.methods.quality.expectations import read as read_suite

            return read_suite(found, shown)
        if "Rules" in first or "CheckExpression" in first:
            from assay.methods.quality.databrew import read as read_databrew

            return read_databrew(found, shown)
        if isinstance(first.get("Ruleset"), str):  # as Glue's CreateDataQualityRuleset takes it
            from assay.methods.quality.ruletypes import read as read_dqdl

            return read_dqdl(first["Ruleset"], shown)
    raise UsageError(
        "is JSON, and neither a suite of Great Expectations (expectations) nor a ruleset of DataBrew (Rules) or Glue (Ruleset)",
        where=shown,
        remedy="write your own rules as YAML: `rules:` and below it `- complete: column`",
    )


def _deep(text: str) -> int:
    deep = most = 0
    for c in re.sub(r'"(?:[^"\\]|\\.)*"', "", text):
        if c in "[{":
            deep += 1
            most = max(most, deep)
        elif c in "]}":
            deep -= 1
    return most
