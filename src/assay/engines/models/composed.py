"""A model put together of parts: another model and a rule that decides by its scores, or several learnt ones that are mixed.

``composition.json`` says how; nothing of it is code, and each part is read as the model that it is. Runs inside the
sandbox only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from assay.engines.models.contributed import contributed
from assay.engines.models.frame import predictions
from assay.methods.mitigation import rules
from assay.methods.mitigation.features import Encoder
from assay.methods.mitigation.grouping import Grouping
from assay.methods.mitigation.learner import Linear
from assay.methods.outcomes import chances, scores_of_yes
from assay.methods.rowhash import row_hashes
from assay.methods.values import spelled

FILE = "composition.json"
SCHEMA = "assay.composition/1"
BASE = "base"
MOST_BYTES = 64 << 20
_SALT = 0x5EED


def read(folder: Path) -> DecidedModel | MixtureModel:
    """Read a composition and its parts; ValueError where it is none."""
    path = folder / FILE
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"{FILE} is over 64 MB")
    raw = json.loads(path.read_bytes())
    if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
        raise ValueError(f"{FILE} says nothing that can be read")
    if raw.get("kind") == "decision":
        return DecidedModel(folder, raw)
    if raw.get("kind") == "mixture":
        return MixtureModel(folder, raw)
    raise ValueError(f"{FILE} is of a kind that is not known")


def lots(table: pa.Table, names: list[str]) -> Any:
    """Return each row's lot, of what stands in the named columns: the same person has the same one each time."""
    batches = table.select(sorted(names)).combine_chunks().to_batches()
    hashes = [row_hashes(b) for b in batches]
    return rules.lots(np.concatenate(hashes) if hashes else np.zeros(0, np.uint64), _SALT)


class DecidedModel:
    """A model whose scores are decided by a rule that looks at the groups of the facets."""

    def __init__(self, folder: Path, raw: Mapping[str, Any]) -> None:
        from assay.engines.models.load import load

        self.grouping = Grouping.from_json(raw.get("grouping"))
        self.rule = rules.from_json(raw.get("rule"), len(self.grouping.names))
        self.base = load(folder / BASE)
        said, columns = raw.get("answers"), raw.get("columns")
        if not isinstance(said, dict) or not {"yes", "no"} <= set(said) or not isinstance(columns, list):
            raise ValueError(f"{FILE} does not say what yes is, or which columns the model takes")
        self.yes, self.no = said["yes"], said["no"]
        self.columns = [str(c) for c in columns]

    def describe(self) -> dict[str, Any]:
        """Return what the model beneath says of itself, with the facets among the columns it takes."""
        own = self.base.describe()
        return {
            "framework": own["framework"],
            "format": f"{own['format']} with thresholds by group",
            "features": list(dict.fromkeys([*self.columns, *self.grouping.facets])),
            "classes": own["classes"] if len(own["classes"]) == 2 else [self.no, self.yes],
            "task": "binary",
            "detail": {"rule": self.rule.to_json(), "facets": list(self.grouping.facets)},
        }

    def predict(self, table: pa.Table) -> pa.Table:
        """Return the decisions, and the scores that they are of."""
        answered = self.base.predict(table.select(self.columns))
        if "score" not in answered.column_names:
            raise ValueError("the model beneath gives no scores")
        own = self.base.describe()["classes"]
        score = np.asarray(answered.column("score").to_numpy(zero_copy_only=False), dtype=np.float64)
        good = scores_of_yes(score, own, [spelled(self.yes)])
        lot = lots(table, [*dict.fromkeys([*self.columns, *self.grouping.facets])])
        decided, after = self.rule.decided(good, self.grouping.codes(table), lot)
        back = scores_of_yes(after, own, [spelled(self.yes)])
        said = np.array([self.no, self.yes], dtype=object)[decided.astype(int)]
        return predictions(said, back)

    def contributions(self, table: pa.Table, of: str | None = None) -> pa.Table | None:
        """Return the SHAP values of the score beneath, which the rule then decides by."""
        return self.base.contributions(table.select(self.columns), of)


class MixtureModel:
    """Learnt models, each with the chance that it is the one asked: a randomised classifier, or one model alone."""

    def __init__(self, folder: Path, raw: Mapping[str, Any]) -> None:
        said, columns, parts = raw.get("answers"), raw.get("columns"), raw.get("parts")
        if not isinstance(said, dict) or not {"yes", "no"} <= set(said):
            raise ValueError(f"{FILE} does not say what yes is")
        if not isinstance(columns, list) or not isinstance(parts, list):
            raise ValueError(f"{FILE} does not say which columns it takes, or of which parts it is")
        self.encoder = Encoder.from_json(raw["encoder"]) if "encoder" in raw else None
        self.yes, self.no, self.by_lot = said["yes"], said["no"], bool(raw.get("by_lot"))
        self.columns = [str(c) for c in columns]
        self.parts = [_part(folder / BASE, p, self.yes) for p in parts]
        self.chances = np.array([float(p["chance"]) for p in parts])
        if not self.parts or not np.isfinite(self.chances).all() or not self.chances.sum() > 0:
            raise ValueError(f"{FILE} has no part that is ever asked")
        self.chances = self.chances / self.chances.sum()

    def describe(self) -> dict[str, Any]:
        """Return what it takes and what it answers."""
        return {
            "framework": self.parts[0].framework,
            "format": "composition",
            "features": self.columns,
            "classes": [self.no, self.yes],
            "task": "binary",
            "detail": {"parts": len(self.parts), "chances": self.chances.tolist(), "by_lot": self.by_lot},
        }

    def predict(self, table: pa.Table) -> pa.Table:
        """Return answers: by lot each row asks one part, or all of them and the mean decides.

        The score is the chance that yes is told by lot; of the mean, the parts' mean score.
        """
        x = self.encoder.matrix(table) if self.encoder is not None else None
        scores = np.stack([p.score(table, self.encoder, x) for p in self.parts])
        if self.by_lot:
            told = (scores > 0.5).astype(float)
            lot = lots(table, self.columns)
            asked = np.minimum(
                np.searchsorted(np.cumsum(self.chances), lot, side="right"), len(self.parts) - 1
            )
            decided, score = told[asked, np.arange(scores.shape[1])] > 0.5, self.chances @ told
        else:
            score = self.chances @ scores
            decided = score > 0.5
        return predictions(np.array([self.no, self.yes], dtype=object)[decided.astype(int)], score)

    def contributions(self, table: pa.Table, of: str | None = None) -> pa.Table | None:
        """Return exact SHAP values where it is boosted trees alone; None of anything else."""
        if len(self.parts) > 1 or self.encoder is None:
            return None
        values = self.parts[0].contributions(self.encoder, self.encoder.matrix(table))
        if values is None:
            return None
        sign = -1.0 if of is not None and spelled(of) == spelled(self.no) else 1.0
        margin = values.sum(axis=1)
        return contributed(
            self.encoder.names, sign * values[:, :-1], sign * values[:, -1], sign * margin,
            unit="log-odds", method="exact tree SHAP of its own",
        )  # fmt: skip


class _Part:
    """One learnt model of a mixture: coefficients, one answer for all, boosted trees, or a model that lies beside."""

    framework = "linear"

    def score(self, table: pa.Table, encoder: Encoder | None, x: Any) -> Any:
        """Return each row's chance of yes."""
        raise NotImplementedError

    def contributions(self, encoder: Encoder, x: Any) -> Any:
        """Return SHAP values, features and the base last; None where there are none."""
        return None


class _Linear(_Part):
    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.model = Linear(np.array(raw["coefficients"], dtype=np.float64), float(raw["intercept"]))

    def score(self, table: pa.Table, encoder: Encoder | None, x: Any) -> Any:
        if encoder is None:
            raise ValueError(f"{FILE} has coefficients and no encoder")
        return self.model.score(encoder.design(x))


class _Constant(_Part):
    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.value = float(raw["score"])

    def score(self, table: pa.Table, encoder: Encoder | None, x: Any) -> Any:
        return np.full(table.num_rows, self.value)


class _Trees(_Part):
    framework = "xgboost"

    def __init__(self, path: Path) -> None:
        import xgboost

        self.booster = xgboost.Booster()
        self.booster.load_model(bytearray(path.read_bytes()))

    def _given(self, encoder: Encoder | None, x: Any) -> Any:
        import xgboost

        if encoder is None:
            raise ValueError(f"{FILE} has trees and no encoder")
        return xgboost.DMatrix(x, feature_types=encoder.types, enable_categorical=True)

    def score(self, table: pa.Table, encoder: Encoder | None, x: Any) -> Any:
        return np.asarray(self.booster.predict(self._given(encoder, x)), dtype=np.float64)

    def contributions(self, encoder: Encoder, x: Any) -> Any:
        return np.asarray(self.booster.predict(self._given(encoder, x), pred_contribs=True), dtype=np.float64)


class _Beside(_Part):
    def __init__(self, folder: Path, yes: Any) -> None:
        from assay.engines.models.load import load

        self.model, self.yes = load(folder), yes
        said = self.model.describe()
        self.framework, self.classes = str(said["framework"]), said["classes"]

    def score(self, table: pa.Table, encoder: Encoder | None, x: Any) -> Any:
        return chances(self.model.predict(table), self.classes, self.yes)


def _part(folder: Path, raw: Any, yes: Any) -> _Part:
    kind = raw.get("kind") if isinstance(raw, dict) else None
    if kind == "linear":
        return _Linear(raw)
    if kind == "constant":
        return _Constant(raw)
    if kind not in ("trees", "model"):
        raise ValueError(f"{FILE} has a part of a kind that is not known")
    path = (folder / str(raw["file"])).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValueError(f"{FILE} names a part outside of it")
    return _Trees(path) if kind == "trees" else _Beside(path, yes)
