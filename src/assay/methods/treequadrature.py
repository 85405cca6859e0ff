"""SHAP values of trees, summed over their edges for each row by Gauss-Legendre quadrature.

The integrand of methods/treeshap is a polynomial of degree d-1, so that ⌈d/2⌉ nodes give its integral exactly, and all
leaves below an edge share their factors: a tree of L leaves costs O(L d) a row, without recursion and without a division
by what may be 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from assay.methods.treeshap import Plan

_CELLS = 1 << 17  # numbers in one block of edges × rows: what a processor's cache holds


class Quadrature:
    """The constants of each edge at each node t of the quadrature. plan: trees made ready.

    A path's product changes at an edge by one of three factors: the row passes all splits on its feature so far; it
    passed those before, if any, and not this one; or it had failed before. What the edge pays is one of three likewise.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        t, w = np.polynomial.legendre.leggauss(max(1, (plan.distinct + 1) // 2))
        t, w = (t[:, None] + 1) / 2, w[:, None] / 2
        z, before, again = plan.z, plan.z[plan.before], plan.before > 0
        passed, passed_before = t + (1 - t) * z, np.where(again, t + (1 - t) * before, 1.0)
        self.factors = np.stack(
            [passed / passed_before, (1 - t) * z / passed_before, plan.share + 0 * t], axis=2
        )
        never, ever = -1 / (1 - t), (1 - z) / passed
        earlier = np.where(again, (1 - before) / passed_before, 0.0)
        self.pays = w[:, :, None] * np.stack([ever - earlier, never - earlier, 0 * earlier], axis=2)
        self.first = 3 * np.arange(len(z))[:, None]
        self.twice = np.flatnonzero(again)
        self.steps = [(b, e, plan.parent[b:e], plan.parent[b:e:2]) for b, e in plan.levels[1:]]
        self.features, column = np.unique(plan.asked[plan.roots :], return_inverse=True)
        where = column, plan.roots + np.arange(len(column))
        self.adds = csr_array((np.ones(len(column)), where), shape=(len(self.features), len(z)))

    def values(self, left: Any, out: Any) -> None:
        """Add each row's values to ``out`` (features × rows); left: splits × rows, whether a row goes left there."""
        step = max(16, _CELLS // len(self.plan.order))
        for start in range(0, out.shape[1], step):
            rows = slice(start, min(start + step, out.shape[1]))
            out[self.features, rows] += self._block(left[:, rows])

    def _block(self, left: Any) -> Any:
        plan, roots, which = self.plan, self.plan.roots, self._which(left)
        total = np.zeros(which.shape)
        product, part = np.empty(which.shape), np.empty(which.shape)
        value = plan.value[:, None]
        for factors, pays in zip(self.factors, self.pays, strict=True):
            np.take(factors, which, out=part, mode="clip")
            product[:roots] = 1
            for begin, end, above, _ in self.steps:
                np.take(product, above, axis=0, out=product[begin:end], mode="clip")
                product[begin:end] *= part[begin:end]
            product *= value
            for begin, end, _, asks in reversed(self.steps):  # from here on, the sum of what is below
                product[asks] = product[begin:end:2] + product[begin + 1 : end : 2]
            np.take(pays, which, out=part, mode="clip")
            part *= product
            total += part
        return self.adds @ total

    def _which(self, left: Any) -> Any:
        """Return nodes × rows: where the constants of each edge stand for each row."""
        plan, roots = self.plan, self.plan.roots
        failed = np.zeros((len(plan.order), left.shape[1]), dtype=np.uint8)
        failed[roots + 1 :: 2] = left
        np.logical_not(left, out=failed[roots::2])
        for begin, end in plan.levels[1:]:
            twice = self.twice[slice(*np.searchsorted(self.twice, (begin, end)))]
            failed[twice] |= failed[plan.before[twice]]
        failed[self.twice] += failed[plan.before[self.twice]] > 0
        return np.add(failed, self.first, dtype=np.intp)
