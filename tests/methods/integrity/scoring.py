"""How well a report finds what was planted.

Found: a reported rule of the planted kind about the planted columns, whose failing rows hold at least nine in ten of the
planted slips. False: a reported rule, broken or not, that the same table does not obey when it is made anew from another seed
with no slip in it: what is neither planted nor follows from how the table is made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from tests.methods.integrity.planting import Domain, Planted, matches


@dataclass
class Score:
    """What of a table was found, missed and reported falsely."""

    table: str
    found: int = 0
    missed: list[Any] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)


def score(domain: Domain, planted: Planted, report: Any, failing: pd.DataFrame, hold: Any) -> Score:
    """Compare a report with what was planted. hold: gives a rules file's report on a table made anew."""
    out = Score(planted.name)
    rules = report.data["rules"]
    used: set[int] = set()
    for one, rows in zip(planted.rules, planted.rows, strict=True):
        good = [k for k, r in enumerate(rules) if matches(r, one) and _covers(failing, r, rows)]
        used |= set(good)
        out.found += bool(good)
        if not good:
            near = [r["rule"] + f" {r['violations']}" for r in rules if matches(r, one)]
            out.missed.append((one.kinds, one.columns, len(rows), near))
    rest = [r for k, r in enumerate(rules) if k not in used]
    if rest:
        fresh = clean(domain, len(planted.frame) * 2)
        for rule in rest:
            (out.extra if obeys(rule, fresh, planted.others, hold) else out.false).append(
                rule["kind"] + ": " + rule["rule"]
            )
    return out


def _covers(failing: pd.DataFrame, rule: dict[str, Any], rows: Any) -> bool:
    """Of a key, either row that has it fails: their number is held."""
    if rule["kind"] == "key":
        return rule["violations"] >= 0.9 * len(rows)
    return not len(rows) or np.isin(rows, failing.row[failing.rule == rule["rule"]]).mean() >= 0.9


def clean(domain: Domain, n: int) -> pd.DataFrame:
    """The table made anew, with no slip."""
    frame, _ = domain(np.random.default_rng([4711, n]), n)
    frame.attrs.clear()
    return frame


def obeys(rule: dict[str, Any], frame: pd.DataFrame, others: dict[str, pd.DataFrame], hold: Any) -> bool:
    """Whether a clean table obeys a rule in every row."""
    if rule["kind"] == "inclusion":
        other = others[rule["references"]["table"]] if rule["references"]["table"] else frame
        return bool(frame[rule["target"]].dropna().isin(other[rule["references"]["column"]]).all())
    if rule["kind"] == "key":
        stated = {"key": rule["key"]}
    elif rule["kind"] == "dependency":
        heads = [b for b in rule["by"] if b not in frame]
        if heads:
            from assay.methods.expressions import parse

            batch = pa.RecordBatch.from_pandas(frame, preserve_index=False)
            frame = frame.assign(**{h: parse(h).evaluate(batch).to_pandas() for h in heads})
        groups = frame.dropna(subset=[*rule["by"], rule["target"]]).groupby(rule["by"])[rule["target"]]
        return bool((groups.nunique() <= 1).all())
    else:
        stated = {"holds": rule["holds"]}
    return bool(hold(frame, stated) == 0)
