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

from assay.engines.models.frame import predictions
from assay.methods.mitigation import rules
from assay.methods.mitigation.features import Encoder
from assay.methods.mitigation.grouping import Grouping
from assay.methods.outcomes import scores_of_yes
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
        self.encoder = Encoder.from_json(raw.get("encoder"))
        said = raw.get("answers")
        if not isinstance(said, dict) or not {"yes", "no"} <= set(said):
            raise ValueError(f"{FILE} does not say what yes is")
        self.yes, self.no, self.by_lot = said["yes"], said["no"], bool(raw.get("by_lot"))
        self.parts = [_part(folder, p) for p in raw.get("parts", [])]
        self.chances = np.array([float(p["chance"]) for p in raw.get("parts", [])])
        if not self.parts or not np.isfinite(self.chances).all() or not self.chances.sum() > 0:
            raise ValueError(f"{FILE} has no part that is ever asked")
        self.chances = self.chances / self.chances.sum()

    def describe(self) -> dict[str, Any]:
        """Return what it takes and what it answers."""
        detail = {"parts": len(self.parts), "chances": self.chances.tolist(), "by_lot": self.by_lot}
        return {
            "framework": "mixture",
            "format": "composition",
            "features": self.encoder.names,
            "classes": [self.no, self.yes],
            "task": "binary",
            "detail": detail,
        }

    def predict(self, table: pa.Table) -> pa.Table:
        """Return answers: by lot each row asks one part, or all of them and the mean decides.

        The score is the chance that yes is told by lot; of the mean, the parts' mean score.
        """
        x = self.encoder.matrix(table)
        scores = np.stack([p(self.encoder, x) for p in self.parts])
        if self.by_lot:
            told = (scores > 0.5).astype(float)
            lot = lots(table, self.encoder.names)
            asked = np.minimum(
                np.searchsorted(np.cumsum(self.chances), lot, side="right"), len(self.parts) - 1
            )
            decided, score = told[asked, np.arange(len(x))] > 0.5, self.chances @ told
        else:
            score = self.chances @ scores
            decided = score > 0.5
        return predictions(np.array([self.no, self.yes], dtype=object)[decided.astype(int)], score)

    def contributions(self, table: pa.Table, of: str | None = None) -> pa.Table | None:
        """Return None: a mixture has no SHAP values of its own."""
        return None


def _part(folder: Path, raw: Any) -> Any:
    """Return what scores a matrix: boosted trees of a file, or the coefficients of a linear model."""
    from assay.methods.mitigation.learner import Linear

    if raw.get("kind") == "linear":
        model = Linear(np.array(raw["coefficients"], dtype=np.float64), float(raw["intercept"]))
        return lambda encoder, x: model.score(encoder.design(x))
    if raw.get("kind") == "constant":
        return lambda encoder, x: np.full(len(x), float(raw["score"]))
    if raw.get("kind") != "trees":
        raise ValueError(f"{FILE} has a part of a kind that is not known")
    import xgboost

    path = (folder / str(raw["file"])).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValueError(f"{FILE} names a part outside of it")
    booster = xgboost.Booster()
    booster.load_model(path)
    return lambda encoder, x: booster.predict(
        xgboost.DMatrix(x, feature_types=encoder.types, enable_categorical=True)
    )
