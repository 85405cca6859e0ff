"""Rows of a query put in order: NDCG, and what a random order would have."""

from __future__ import annotations

from typing import Any

from assay.checks.model.validate._judged import Judged
from assay.kernel.report import Finding
from assay.kernel.severity import Severity


class Ranking(Judged):
    """query: each row's query as integers; relevance: 0 or more; score: finite. What is judged are queries, not rows.

    Queries without a relevant row have no right order and are left out.
    """

    kind, main = "ranking", "ndcg"
    yardstick, no_better_than = "random order", "a random order"

    def __init__(self, query: Any, relevance: Any, score: Any) -> None:
        import numpy as np

        from assay.methods import headline
        from assay.methods.ranking import ranked

        found = ranked(query, relevance, score)
        self.known = np.flatnonzero(~np.isnan(found.ndcg))
        self.empty = len(found.ndcg) - len(self.known)
        super().__init__(self.known, self.known)
        self.figures = {
            "ndcg": found.ndcg[self.known],
            "ndcg_10": found.ndcg_10[self.known],
            "map": found.average_precision[self.known],
            "mrr": found.reciprocal_rank[self.known],
        }
        self.chance, self.first = found.chance[self.known], found.first[self.known]
        self.data["queries"] = len(self.known)
        self.led_by(headline.ranking())

    def scores(self, rows: Any) -> dict[str, float]:
        """Return the mean scores of some queries."""
        return {k: float(v[rows].mean()) for k, v in self.figures.items()}

    def guess(self) -> dict[str, float]:
        """Return what a random order has on average."""
        return {"ndcg": float(self.chance.mean())}

    def described(self) -> str:
        """Return the kind of problem."""
        return f"Rows are put in order within {len(self.truth):,} queries."

    def strata(self) -> Any:
        """Return what folds are stratified by: nothing."""
        import numpy as np

        return np.zeros(len(self.truth))

    def loss(self) -> Any:
        """Return how far each query is from its best order."""
        return 1 - self.figures["ndcg"]

    def more(self, whole: dict[str, float]) -> list[Finding]:
        """Return the finding of queries that have no right order."""
        if not self.empty:
            return []
        message = f"{self.empty} queries have no relevant row, and are left out."
        return [Finding("model.validate.empty_queries", Severity.LOW, message, count=self.empty)]
