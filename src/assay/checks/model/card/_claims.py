"""What people claim held against what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from assay.kernel.card import Card, Evaluation
from assay.kernel.report import Finding, Metric
from assay.kernel.severity import Severity
from assay.methods.card.file import Claim
from assay.methods.nearest import did_you_mean

_TASKS = {
    "binary": ("binary", "two class", "classification"),
    "multiclass": ("multiclass", "multi class", "classification"),
    "regression": ("regression",),
    "ranking": ("ranking", "rank"),
    "forecast": ("forecast", "forecasting", "time series"),
}
_ALSO = {
    "auc": "roc_auc", "auroc": "roc_auc", "average_precision": "pr_auc", "auprc": "pr_auc", "f1_score": "f1", "f1_macro": "macro_f1",
    "sensitivity": "recall", "ppv": "precision", "brier_score": "brier", "matthews": "mcc", "matthews_corrcoef": "mcc",
    "acc": "accuracy", "r_squared": "r2", "root_mean_squared_error": "rmse", "mean_absolute_error": "mae",
}  # fmt: skip
_FRAMEWORKS = {"sklearn": "scikit-learn", "xgb": "xgboost", "lgbm": "lightgbm", "pytorch": "torch"}
_ROUNDED = 0.005


def contradictions(claims: Iterable[Claim], card: Card) -> Iterator[Finding]:
    """Give a finding for each claim that a report says otherwise of, or that none measured."""
    for claim in claims:
        if claim.name.startswith("metrics."):
            yield from _measured(claim, card.evaluations)
        else:
            yield from _stated(claim, card)


def _stated(claim: Claim, card: Card) -> Iterator[Finding]:
    said = str(claim.value)
    known, fits = "", True
    if claim.name == "task":
        known = card.model.task
        fits = _plain(said) in _TASKS.get(known, (_plain(known),))
    elif claim.name == "label":
        known, fits = card.model.label, said == card.model.label
    elif claim.name == "framework":
        known = card.model.framework
        fits = _FRAMEWORKS.get(said.lower(), said.lower()) == _FRAMEWORKS.get(known.lower(), known.lower())
    elif claim.name == "digest":
        known = card.model.digest
        bare = said.lower().removeprefix("sha256:")
        fits = len(bare) >= 12 and known.removeprefix("sha256:").startswith(bare)
    elif claim.name == "rows":
        rows = [d.rows for d in card.data_of("training") if d.rows is not None]
        known, fits, said = (
            (f"{sum(rows):,}" if rows else ""),
            sum(rows) == claim.value,
            f"{claim.value:,.0f}",
        )
    if not known:
        yield _unsupported(claim, f"no report says which {claim.name} it has")
    elif not fits:
        yield _contradicted(claim, f"{claim.name} is {said[:80]}, and it is {known[:80]}")


def _measured(claim: Claim, evaluations: tuple[Evaluation, ...]) -> Iterator[Finding]:
    asked = claim.name.removeprefix("metrics.")
    name = asked.lower().replace("-", "_").replace(" ", "_")
    name = _ALSO.get(name, name)
    found = [(m, e) for e in evaluations for m in e.scores if m.name == name and m.value is not None]
    if not found:
        known = [m.name for e in evaluations for m in e.scores]
        yield _unsupported(
            claim, f"no report measured {asked[:60]}", did_you_mean(asked, known) if known else ""
        )
        return
    if any(_within(float(claim.value), metric) for metric, _ in found):
        return
    metric, of = found[0]
    interval = (
        f", with 95 % confidence {metric.interval[0]:.4g} to {metric.interval[1]:.4g}"
        if metric.interval
        else ""
    )
    yield _contradicted(
        claim,
        f"{metric.name} is {claim.value:.4g}, and on {of.data} it was measured as {metric.value:.4g}{interval}",
    )


def _within(claimed: float, metric: Metric) -> bool:
    if metric.value is None:
        return False
    if metric.interval is not None:
        low, high = metric.interval
        return low <= claimed <= high
    return abs(claimed - metric.value) <= _ROUNDED * max(1.0, abs(metric.value))


def _plain(text: str) -> str:
    words = text.lower().replace("-", " ").replace("_", " ")
    if words.strip() != "classification":
        words = words.replace("classification", "")
    return " ".join(words.split())


def _contradicted(claim: Claim, what: str) -> Finding:
    return Finding(
        "model.card.contradicted",
        Severity.HIGH,
        f"{claim.place} says that {what}.",
        {"field": f"claims.{claim.name}"},
        "write what was measured, or have it measured again",
    )


def _unsupported(claim: Claim, why: str, advice: str = "") -> Finding:
    return Finding(
        "model.card.unsupported",
        Severity.MEDIUM,
        f"{claim.place} claims {claim.name}, and {why}.",
        {"field": f"claims.{claim.name}"},
        advice or "have it examined, or leave the claim out",
    )
