"""A model of loans that never was: the reports that stand behind it, by hand, and the cards written of them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from assay.kernel.asset import Asset
from assay.kernel.card import Card
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity

MODEL = b"not a model, and never loaded"
FACTS = """\
title: Loans
description: Whether a loan is paid back.
owner: lending
contact: lending@bank.example
license: Apache-2.0
intended_use: [Sort applications for a clerk.]
users: [Clerks.]
out_of_scope: [Refusing anybody without a clerk.]
risk_tier: high
risk_reason: It is about credit.
considerations:
  - risk: Women had fewer loans.
    mitigation: Groups are compared each month.
limits: [One bank, one year.]
human_oversight: [A clerk decides.]
data_source: [The bank's own book of 2025.]
"""


def digest(name: str | bytes) -> str:
    """A digest that stands for the bytes called ``name``."""
    raw = name if isinstance(name, bytes) else name.encode()
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def table(name: str) -> Asset:
    """A table as an asset."""
    return Asset("table", name, f"object:{digest(name)}", digest(name), "parquet")


def model(name: str = "model", content: bytes = MODEL) -> Asset:
    """The model as an asset."""
    return Asset("model", name, f"object:{digest(content)}", digest(content), "json")


def report(check: str, subject: Asset, at: int, **more: Any) -> Report:
    """A report of a check, begun at a minute of one hour."""
    inputs = more.pop("inputs", {}) | {"subject": subject}
    params, seed = more.pop("params", {}), more.pop("seed", 7)
    covered = more.pop("coverage", Coverage(100, 100))
    made = Report.make(coverage=covered, **more)
    started = f"2026-01-02T03:{at:02}:00.000Z"
    return made.with_(
        check=check, subject=subject, inputs=inputs, params=params, seed=seed, started=started, seconds=0.5
    )


def reports() -> dict[str, Report]:
    """What every step of a run said: its data profiled, masked and split, the model trained and examined."""
    people, masked, train, test = (table(n) for n in ("people", "masked", "split.train", "split.test"))
    columns = {
        "age": {"type": "integer", "meaning": "integer", "min": 18, "max": 77, "missing_fraction": 0.0},
        "town": {
            "type": "text",
            "distinct": 4,
            "top": [{"value": "Aa", "count": 60}, {"value": "Bb", "count": 39}, {"value": "Zz", "count": 1}],
            "missing_fraction": 0.25,
        },
        "name": {"type": "text", "distinct": 99, "top": [{"value": "Ada Ant", "count": 50}]},
    }
    grave = Finding(
        "model.bias.DPPL",
        Severity.MEDIUM,
        "sex = f: the difference is 0.2.",
        {"facet": "sex", "group": "f"},
        "reweigh",
    )
    by = {"facet": "sex", "group": "f"}
    return {
        "profile": report(
            "data.profile", people, 1, data={"columns": columns}, metrics=[Metric("rows", 100), Metric("columns", 5)]
        ),
        "pii": report("data.pii", people, 2, data={"columns": {"name": "name"}}),
        "masked": report(
            "data.mask",
            people,
            3,
            outputs=[masked.renamed("out")],
            data={"masked": ["name"], "dropped": [], "method": "partial"},
            findings=[Finding("data.mask.masked", Severity.INFO, "100 cells of name were masked.")],
        ),
        "split": report(
            "data.split",
            masked,
            4,
            outputs=[train.renamed("train"), test.renamed("test")],
            metrics=[Metric("rows", 75, {"part": "train"}), Metric("rows", 25, {"part": "test"})],
        ),
        "before": report("data.bias", train, 5, metrics=[Metric("DPL", 0.15, by, (0.1, 0.2))], coverage=Coverage(75, 75)),
        "model": report(
            "train",
            train,
            6,
            outputs=[model().renamed("out"), Asset("tree", "train", "", digest("code"), "folder")],
            params={"hyperparameters": {"depth": 3}, "limits": {"memory": "1GB"}},
            metrics=[Metric("seconds", 1.5), Metric("peak_memory", 1000, unit="bytes")],
            data={
                "script": "train.py",
                "environment": {"python": "3.12.1", "system": "Linux", "packages": {"Zope.Interface": "1.0", "numpy": "2"}},
            },
            coverage=Coverage(1, 1, unit="jobs"),
        ),
        "scan": report("model.scan", model(), 7, coverage=Coverage(1, 1, unit="files")),
        "validate": report(
            "model.validate",
            model(),
            8,
            inputs={"data": test},
            params={"label": "paid", "positive": ["yes"]},
            coverage=Coverage(25, 25),
            metrics=[
                Metric("f1", 0.9, {}, (0.85, 0.95)),
                Metric("accuracy", 0.92),
                Metric("f1", 0.5, {"model": "constant guess"}),
                Metric("f1_mean_over_folds", 0.89, {"folds": 5}),
                Metric("f1", 0.99, {"data": "training"}),
                Metric("rows", 9, {"slice": "town = Bb"}),
                Metric("loss", 0.4, {"slice": "town = Bb"}),
                Metric("loss_elsewhere", 0.1, {"slice": "town = Bb"}),
                Metric("adjusted_p", 0.01, {"slice": "town = Bb"}),
                Metric.number("pr_auc", None, reason="one class only"),
            ],
            findings=[Finding("model.validate.weak_slice", Severity.MEDIUM, "Where town = Bb it is wrong in 40% of rows.")],
            data={
                "problem": "binary",
                "metric": "f1",
                "why": "both ways to err count alike",
                "fitting": "over-fitting",
                "positive": "yes",
                "slices": {"confirmed": 1},
                "model": {"framework": "xgboost", "format": "xgboost", "task": "binary", "features": ["age", "town", "name"], "classes": ["no", "yes"]},
            },
            charts=[
                Chart("ROC curve", "line", ({"x": 0, "y": 0}, {"x": 1, "y": 1}), "x", "y", alt="It is a curve."),
                Chart("Confusion", "heatmap", tuple({"p": p, "a": a, "value": 5} for p in "yn" for a in "yn"), "p", "a", "value"),
            ],
        ),
        "after": report(
            "model.bias",
            model(),
            9,
            inputs={"data": test},
            params={"label": "paid", "positive": ["yes"]},
            coverage=Coverage(25, 25, (Skipped("the facet race", "the table has no such column"),)),
            metrics=[Metric("rows", 12, by), Metric("DPPL", 0.2, by, (0.1, 0.3)), Metric("CDDPL", None, by, reason="no group variable")],
            findings=[grave],
        ),
        "explain": report(
            "model.explain",
            model(),
            10,
            inputs={"data": test},
            metrics=[
                Metric("additivity", 1e-7),
                Metric("mean_abs_shap", 3.0, {"feature": "age"}, (2.5, 3.5), "log-odds"),
                Metric("mean_abs_shap", 1.0, {"feature": "town"}, (0.5, 1.5), "log-odds"),
            ],
            data={"method": "exact tree SHAP", "unit": "log-odds"},
            charts=[
                Chart("What it goes by", "bar", ({"f": "age", "v": 3.0},), "f", "v", alt="Most by age."),
                Chart("Row 4", "waterfall", ({"f": "age", "v": 3.0},), "f", "v", alt="Somebody aged 71."),
            ],
        ),
    }  # fmt: skip


def examined(
    folder: Path, using: dict[str, Report] | None = None, facts: str | None = FACTS, **more: Any
) -> tuple[Report, Card]:
    """Write a card with the check itself, as `assay check model.card` does; return its report and the card."""
    from assay.works import cards
    from assay.works.checking import carry_out

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.json").write_bytes(MODEL)
    params: dict[str, Any] = {"using": reports() if using is None else using} | more
    if facts is not None:
        (folder / "card.yaml").write_text(facts, encoding="utf-8")
        params["facts"] = folder / "card.yaml"
    verdict = carry_out("check", "model.card", folder / "model.json", params, home=None, keep=folder / "out")
    return verdict.report, cards.read(folder / "out" / "card.json")
