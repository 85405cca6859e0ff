"""Every check and treatment of data gives on each engine what it gives on DuckDB, to the last finding and row."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from assay.engines.secretkeys import SecretKey
from assay.kernel.report import Report
from assay.works import declared
from assay.works.checking import carry_out
from assay.works.settings import Settings

KEY = SecretKey("tests", bytes(range(32)))
LABEL = {"label": "is_canceled"}
GROUPS = {**LABEL, "positive": ["0"], "facet": ["meal"]}
CHECKS: dict[str, tuple[str, dict[str, Any]]] = {
    "profile": ("data.profile", {}),
    "integrity": ("data.integrity", {}),
    "pii": ("data.pii", {}),
    "quality": ("data.quality", {"rules": "rules.yaml"}),
    "leakage": ("data.leakage", LABEL),
    "bias": ("data.bias", {**LABEL, "positive": "0", "facet": ["customer_type"]}),
    "drift": ("data.drift", {"rows": 1000}),
    "anonymity": (
        "data.anonymity",
        {"quasi": ["country", "adults", "market_segment"], "sensitive": ["adr", "meal"]},
    ),
    "anonymity-guessed": ("data.anonymity", {"depth": 2}),
    "bias-number": ("data.bias", {**LABEL, "positive": "0", "facet": ["adults"], "facet_threshold": 1}),
}
TREATMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "mask": ("data.mask", {"columns": ["email", "name"]}),
    "mask-policy": ("data.mask", {"policy": "policy.yaml", "key": KEY}),
    "unmask": ("data.unmask", {"policy": "policy.yaml", "key": KEY}),
    "drop": ("data.drop", {"columns": ["name"]}),
    "split": ("data.split", {"test": 0.25, "stratify": "is_canceled"}),
    "repair": ("data.repair", {}),
    "pca": (
        "data.pca",
        {"columns": ["adr", "lead_time", "adults"], "keep": ["is_canceled"], "components": 2},
    ),
    "reweigh": ("data.reweigh", {**GROUPS, "trade": False}),
    "resample": ("data.resample", {**GROUPS, "trade": False}),
    "impact": ("data.impact", {"facet": ["meal"], "columns": ["adr", "lead_time"], "trade": False}),
    "decorrelate": ("data.decorrelate", {"facet": ["meal"], "columns": ["adr", "lead_time"], "trade": False}),
    "kanonymity": ("data.kanonymity", {"quasi": ["country", "adults", "adr"], "sensitive": ["meal"], "l": 2}),
}
POLICY = """
columns:
  name: {method: fpe, unfit: keep}
  email: {method: token}
  adr: {method: noise, scale: 2}
  country: {method: shuffle, window: 700}
  lead_time: {method: generalise, width: 30}
  credit_card: {method: hash}
"""
RULES = """
rules:
  - {row_count: null, min: 2000}
  - {complete: [hotel, country]}
  - {unique: row_id}
  - {set: meal, values: [BB, FB, HB]}
  - {pattern: phone_number, matches: '\\d{3}-\\d{3}-\\d{4}'}
"""
BRIEF = (
    "drift",
    "anonymity",
    "kanonymity",
    "pca",
    "profile",
    "integrity",
    "pii",
    "leakage",
    "bias",
    "bias-number",
    "mask",
    "drop",
    "split",
    "repair",
)
UNPINNED = "data.unpinned"
OF_FOLDERS = {"data.sweep"}  # reads each table it meets where it meets it, and takes no table of an engine


def _cases(engine: str) -> list[Any]:
    names = [*CHECKS, *TREATMENTS]
    return [
        pytest.param(n, marks=() if engine == "postgres" or n in BRIEF else pytest.mark.slow) for n in names
    ]


def _said(report: Report) -> dict[str, Any]:
    """What a report says, without where and how fast it was computed and what was not pinned."""
    raw = report.to_dict()
    findings = [f | {"fingerprint": ""} for f in raw["findings"] if f["rule"] != UNPINNED]
    return {"findings": findings, "metrics": raw["metrics"], "coverage": raw["coverage"], "charts": raw["charts"],
            "data": dict(report.data)}  # fmt: skip


def _carried_out(
    name: str, target: str, engine: str, keep: Path, bookings: Path
) -> tuple[Report, dict[str, Any]]:
    kind = "check" if name in CHECKS else "treatment"
    uses, params = {**CHECKS, **TREATMENTS}[name]
    if uses == "data.repair":
        found = carry_out("check", "data.integrity", target, {}, home=None).report
        params = params | {"using": found}
    for option, text in (("policy", POLICY), ("rules", RULES)):
        if option in params:
            path = keep.parent / f"{option}.yaml"
            path.write_text(text, encoding="utf-8")
            params = params | {option: path}
    if uses == "data.drift":
        params = params | {"against": str(bookings.with_name("earlier.parquet"))}
    settings = replace(Settings(), engine=engine, cores=2)
    report = carry_out(kind, uses, target, params, home=None, keep=keep, settings=settings).report
    tables = {a.name: pq.read_table(a.uri) for a in report.outputs if a.format == "parquet"}
    return report, tables


def _equal(name: str, bookings: Path, target: str, engine: str, tmp_path: Path) -> None:
    expected, tables = _carried_out(name, str(bookings), "duckdb", tmp_path / "duckdb", bookings)
    found, others = _carried_out(name, target, engine, tmp_path / "other", bookings)
    assert found.engine == ("postgres" if target.startswith("postgres") else "spark")
    assert _said(found) == _said(expected)
    assert set(others) == set(tables)
    for key, table in tables.items():
        assert others[key].to_pylist() == table.to_pylist(), key


@pytest.mark.slow
@pytest.mark.parametrize("name", _cases("spark"))
def test_on_spark(name: str, bookings: Path, spark: str, tmp_path: Path):
    _equal(name, bookings, str(bookings), spark, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", _cases("postgres"))
def test_in_postgres(name: str, bookings: Path, in_postgres: str, tmp_path: Path):
    _equal(name, bookings, in_postgres, "duckdb", tmp_path)


def test_every_check_and_treatment_of_data_has_a_case():
    cases = {uses for uses, _ in (CHECKS | TREATMENTS).values()}
    data = {n for kind in ("check", "treatment") for n in declared.names(kind) if n.startswith("data.")}
    assert data - OF_FOLDERS == cases
