"""Baselines as files: statistics.json and constraints.json in a folder, read in all spellings and written in one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import BadInput, Missing
from assay.methods.monitor import constraints, statistics
from assay.methods.monitor.constraints import Constraints
from assay.methods.monitor.statistics import Statistics
from assay.methods.plainfile import read_plain

if TYPE_CHECKING:
    from assay.kernel.handles import Tree

STATISTICS, CONSTRAINTS = "statistics.json", "constraints.json"
MODEL_STATISTICS, MODEL_CONSTRAINTS = "model_quality_statistics.json", "model_quality_constraints.json"
BIAS, ATTRIBUTION = "bias_constraints.json", "explainability_constraints.json"
LARGEST = 256 << 20


@dataclass(frozen=True)
class Baseline:
    """What is held against: constraints, and the statistics that distributions are compared with, where they are there."""

    constraints: Constraints
    statistics: Statistics | None


def dumped(document: Mapping[str, Any]) -> bytes:
    """Return a document as it is written."""
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def document(tree: Tree, name: str) -> Any:
    """Return a JSON document of a folder, or the file itself; None where the folder has none of that name."""
    for found, path in tree.files():
        if tree.root.is_file() or found.rpartition("/")[2] == name:
            return _json(path, name)
    return None


def _json(path: Path, name: str) -> Any:
    text = read_plain(path, LARGEST, name)
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{name} is no JSON", where=str(path), remedy="restore it, or make it anew") from error


def _no_number(said: str) -> Any:
    raise ValueError(f"{said} is no number of JSON")


def of_quality(tree: Tree) -> Baseline:
    """Return the baseline of a folder; Missing where it has no constraints.json, BadInput where a file is none."""
    held = document(tree, CONSTRAINTS)
    if held is None:
        raise Missing(
            f"there is no {CONSTRAINTS} in it",
            where=tree.asset.uri,
            remedy="make one of the training data: assay monitor baseline TABLE -o DIR",
        )
    found = document(tree, STATISTICS) if not tree.root.is_file() else None
    try:
        return Baseline(constraints.read(held), None if found is None else statistics.read(found))
    except ValueError as error:
        raise BadInput(str(error), where=tree.asset.uri) from None
