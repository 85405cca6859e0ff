"""The model itself, as far as a person can read it: its tree, its coefficients, or a small tree that answers alike."""

from __future__ import annotations

from typing import Any

from assay.checks.model.explain._asking import Asking
from assay.kernel.handles import Transparent, Work
from assay.kernel.report import Chart, Finding, Metric
from assay.kernel.severity import Severity

_ROWS = 5_000
_FAITHFUL = 0.7
_COEFFICIENTS = 50


def inside(
    table: Any, names: list[str], asking: Asking, depth: int, work: Work
) -> tuple[list[Metric], list[Chart], list[Finding], str]:
    """Return what is inside as metrics and a chart, and what kind of thing it is."""
    model = asking.model
    raw = model.inside() if isinstance(model, Transparent) else None
    if raw is not None and raw.get("kind") == "tree" and (leaves := _tree(raw, asking.of, depth)) is not None:
        return *_said(leaves, f"Its tree, down to {depth} questions"), [], "its own tree"
    if raw is not None and raw.get("kind") == "linear" and (weights := _linear(raw, asking.of)) is not None:
        return *weights, [], "its own coefficients"
    return _surrogate(table, names, asking, depth, work)


def _said(leaves: list[Any], title: str) -> tuple[list[Metric], list[Chart]]:
    metrics = [Metric.number("answer", leaf.says, of={"when": leaf.when[:300]}) for leaf in leaves]
    rows = tuple({"when": leaf.when, "answer": leaf.says, "share of rows": leaf.share} for leaf in leaves)
    most = max(leaves, key=lambda leaf: leaf.says)
    alt = f"It answers highest ({most.says:.3g}) when {most.when}."
    return metrics, [Chart(title, "table", rows, "when", "answer", alt=alt)]


def _tree(raw: dict[str, Any], of: str | None, depth: int) -> list[Any] | None:
    """Read a tree that untrusted code has written; None where it is none."""
    import numpy as np

    from assay.methods.surrogate import spoken

    try:
        left, right, feature = (np.asarray(raw[k], dtype=np.int64) for k in ("left", "right", "feature"))
        threshold, cover = (np.asarray(raw[k], dtype=np.float64) for k in ("threshold", "cover"))
        value = np.asarray(raw["value"], dtype=np.float64)
        names, classes = [str(n)[:120] for n in raw["names"]], [str(c) for c in raw["classes"]]
        count = len(left)
        value = value.reshape(count, -1)
        at = classes.index(of) if of in classes else value.shape[1] - 1
        said = value[:, at] / (np.maximum(value.sum(axis=1), 1e-300) if classes else 1)
        asks = left >= 0
        index = np.arange(count)
        below = (left < count) & (right < count) & (left >= 0)
        left = np.where(below, left, -1)
        sound = (
            all(len(a) == count for a in (right, feature, threshold, cover))
            and (left[below] > index[below]).all()
            and (right[below] > index[below]).all()
            and (feature[asks] >= 0).all()
            and (feature[asks] < len(names)).all()
            and np.isfinite(said).all()
            and np.isfinite(cover).all()
        )
        if not count or not sound:
            return None
        return list(spoken(left, right, feature, threshold, cover, said, [(n, None) for n in names], depth))
    except (KeyError, TypeError, ValueError, OverflowError, IndexError):
        return None


def _linear(raw: dict[str, Any], of: str | None) -> tuple[list[Metric], list[Chart]] | None:
    """Read coefficients that untrusted code has written; None where they are none."""
    import numpy as np

    try:
        weights = np.asarray(raw["coefficients"], dtype=np.float64)
        intercept = np.asarray(raw["intercept"], dtype=np.float64)
        names, classes = [str(n)[:120] for n in raw["names"]], [str(c)[:60] for c in raw["classes"]]
        if weights.ndim != 2 or intercept.shape != weights.shape[:1] or weights.shape[1] != len(names):
            return None
        if not np.isfinite(weights).all() or not np.isfinite(intercept).all():
            return None
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    unit = str(raw.get("unit", ""))[:40] or None
    several = len(weights) > 1
    metrics, charts = [], []
    for k, row in enumerate(weights):
        name = classes[k] if several and len(classes) == len(weights) else str(k)
        if several and of is not None and name != of:
            continue
        about = {"class": name} if several else {}
        metrics.append(Metric.number("intercept", float(intercept[k]), of=about, unit=unit))
        order = np.argsort(-np.abs(row), kind="stable")[:_COEFFICIENTS]
        metrics += [
            Metric.number("coefficient", float(row[i]), of={**about, "column": names[i]}, unit=unit)
            for i in order
        ]
        shown = tuple({"column": names[i], "coefficient": float(row[i])} for i in order[:20])
        alt = f"One step of {names[order[0]]} moves it by {row[order[0]]:.3g}, more than of any other."
        title = f"Its coefficients{f', {name}' if several else ''}"
        charts.append(Chart(title, "bar", shown, "column", "coefficient", alt=alt))
    return metrics, charts


def _surrogate(
    table: Any, names: list[str], asking: Asking, depth: int, work: Work
) -> tuple[list[Metric], list[Chart], list[Finding], str]:
    import numpy as np
    import pyarrow as pa

    from assay.methods import surrogate

    rng = work.rng("surrogate")
    some = table
    if table.num_rows > _ROWS:
        some = table.take(pa.array(np.sort(rng.choice(table.num_rows, _ROWS, replace=False))))
    known = [n for n in names if n in table.column_names] or list(table.column_names)
    kind = "a small tree that answers alike"
    try:
        found = surrogate.fitted(some, known, asking.score(some), depth, rng)
    except ValueError as error:
        return [Metric.number("surrogate_fidelity", None, reason=str(error))], [], [], kind
    fidelity = Metric.number("surrogate_fidelity", found.fidelity, of={"held out": found.held_out}, unit="R²")
    metrics, charts = _said(
        found.leaves, f"A tree of {depth} questions that answers like it (R² {found.fidelity:.2f})"
    )
    findings = []
    if found.fidelity < _FAITHFUL:
        findings.append(
            Finding(
                "model.explain.unfaithful_surrogate",
                Severity.INFO,
                f"A tree of {depth} questions gives only {max(found.fidelity, 0):.0%} of how its answers vary (R² on "
                f"{found.held_out} rows held out): do not read the model out of it.",
                {},
                "let it ask more: --depth 6",
            )
        )
    return [fidelity, *metrics], charts, findings, kind
