"""What the model is: its bytes, its framework, and the features that it asks for, as reports say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.checks.model.card._behind import Behind
from assay.checks.model.card._importance import importance
from assay.kernel.card import Feature, Identity
from assay.kernel.handles import Tree
from assay.kernel.report import Report

_VALUES = 8  # of a category that are shown
_SHOWN = 10  # rows that a value must stand in to be shown: a rare one may be somebody's
_MOST = 2_000  # features


def identity(tree: Tree, behind: Behind) -> Identity:
    """Return the model's identity. Nothing of it is loaded: what it says of itself is in the reports of those who did."""
    files = [path for _, path in tree.files()]
    size = sum(path.stat().st_size for path in files)
    report = next((r for r in behind.about if isinstance(r.data.get("model"), Mapping)), None)
    said: Mapping[str, Any] = report.data["model"] if report is not None else {}
    validated = next(iter(behind.of("model.validate")), None)
    judged = next((r for r in (validated, *behind.of("model.bias")) if r is not None), None)
    task = _text(validated.data.get("problem")) if validated is not None else ""
    asset = behind.model
    return Identity(
        asset.name,
        asset.digest,
        format=" in ".join(dict.fromkeys(f for f in (_text(said.get("format")), asset.format) if f)),
        size=size,
        files=len(files),
        framework=_text(said.get("framework")),
        task=task or _text(said.get("task")).replace("unknown", ""),
        label=_text(judged.params.get("label")) if judged is not None else "",
        positive=positive(judged),
        classes=_texts(said.get("classes")),
        features=tuple(_features(_texts(said.get("features")), behind)),
        source=behind.digest(report) if report is not None else "",
    )


def positive(report: Report | None) -> str:
    """Return which answer a report counts as the good one, or as yes."""
    if report is None:
        return ""
    named = report.params.get("positive")
    values = [named] if isinstance(named, str) else list(named) if isinstance(named, (list, tuple)) else []
    return ", ".join(str(v) for v in values) or _text(report.data.get("positive"))


def sensitive(behind: Behind) -> set[str]:
    """Return the columns that hold people's data, whatever was done about them: no value of them is shown."""
    out: set[str] = set()
    for digest in behind.upstream:
        for report in behind.on(digest):
            columns = report.data.get("columns")
            if report.check == "data.pii" and isinstance(columns, Mapping):
                out |= {str(c) for c in columns}
    return out


def _features(names: tuple[str, ...], behind: Behind) -> list[Feature]:
    parts = {
        str(m.of["feature"]): m.value or 0.0 for r in behind.of("model.explain")[:1] for m in importance(r)
    }
    total = sum(parts.values())
    profiled = _profiled(behind)
    hidden = sensitive(behind)
    out = []
    for name in list(names or parts)[:_MOST]:
        about = profiled.get(name, {})
        share = parts[name] / total if total and name in parts else None
        missing = about.get("missing_fraction")
        out.append(
            Feature(
                name,
                _text(about.get("meaning")) or _text(about.get("type")),
                "not shown: it holds people's data" if name in hidden else _range(about),
                float(missing)
                if isinstance(missing, (int, float)) and not isinstance(missing, bool)
                else None,
                share,
            )
        )
    return out


def _profiled(behind: Behind) -> Mapping[str, Any]:
    """Return the columns of the profile nearest to the training data."""
    for digest in behind.upstream:
        for report in behind.on(digest):
            columns = report.data.get("columns")
            if report.check == "data.profile" and isinstance(columns, Mapping):
                return {str(k): v for k, v in columns.items() if isinstance(v, Mapping)}
    return {}


def _range(about: Mapping[str, Any]) -> str:
    low, high, top = about.get("min"), about.get("max"), about.get("top")
    if _number(low) and _number(high):
        return f"{low:.6g} to {high:.6g}" if low != high else f"{low:.6g}"
    if not isinstance(top, (list, tuple)):
        return ""
    shown = [
        str(v["value"])[:60]
        for v in top
        if isinstance(v, Mapping) and "value" in v and _number(v.get("count")) and v["count"] >= _SHOWN
    ][:_VALUES]
    distinct = about.get("distinct")
    more = distinct - len(shown) if isinstance(distinct, int) else 0
    rest = f" and {more} more" if more > 0 and shown else ""
    return ", ".join(shown) + rest if shown else f"{distinct} values" if isinstance(distinct, int) else ""


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _text(value: Any) -> str:
    return value[:500] if isinstance(value, str) else ""


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(v)[:500] for v in value[:_MOST]) if isinstance(value, (list, tuple)) else ()
