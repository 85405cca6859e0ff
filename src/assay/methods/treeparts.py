"""What the leaves of a part of a tree pay, at each node of the quadrature, for every way that a row can go there.

A part is a node and all below it. Its leaves' payments (methods/treeshap) hold a product of factors: those of features
that the path to it asks and it does not ask again (``upper``) are the same in all of them. What is left depends on which
of the features that it does ask again (``again``) a row passes, and on which way the row goes at its splits. Of two
leaves side by side a row goes to one or the other, so that both together have no more ways than each, and so on upwards:
what a split's two sides pay is added.

In a number that says which way a row goes, the first bits are the features that are asked again, in the order of the
path, 1 where the row passes; those after them the splits, each before its left side and that before its right side, 1
where the row goes left.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.methods.treecuts import sizes

if TYPE_CHECKING:
    from assay.methods.treeshap import Plan


class Parts:
    """The parts at some nodes. plan: trees made ready; cuts: of each node, whether a part begins there.

    at: their nodes; bits: of their ways; edges: parts × features, the last edge of each feature on the path, 0 where it
    asks no more; upper and again: parts × features. inside: the splits, part by part, each before its left side; of:
    the part of each; first: the left child of each.
    """

    def __init__(self, plan: Plan, cuts: Any) -> None:
        self.plan = plan
        self.splits, self.fresh, turn = sizes(plan)
        self.at = np.flatnonzero(cuts)
        self.owner = np.full(len(plan.order), -1)
        self.owner[self.at] = np.arange(len(self.at))
        for begin, end in plan.levels[1:]:
            inherited = self.owner[plan.parent[begin:end]]
            self.owner[begin:end] = np.where(inherited >= 0, inherited, self.owner[begin:end])
        inside = np.flatnonzero((self.owner >= 0) & ~plan.leaf)
        self.inside = inside[np.lexsort([turn[inside], self.owner[inside]])]
        self.of = self.owner[self.inside]
        self.turn = turn[self.inside] - turn[self.at][self.of]
        self.first = plan.roots + 2 * np.searchsorted(plan.inner, self.inside)
        self.new = plan.before[self.first] == 0
        self.edges = paths(plan, self.at)
        self._asked()

    def _asked(self) -> None:
        """Part the features of each path in two, and find the place of the bit of each split's feature."""
        plan, of = self.plan, self.of
        deep, slot = plan.depth[self.at], plan.slot[self.first]
        old = slot < deep[of]
        self.again = np.zeros(self.edges.shape, dtype=bool)
        self.again[of[old], slot[old]] = True
        self.upper = (self.edges > 0) & ~self.again
        repeated = self.again.sum(axis=1)
        self.bits = repeated + self.splits[self.at]
        # features that have a bit at each node: those asked again, and those asked first between the part's node and it
        self.known = plan.depth + (repeated - deep)[self.owner]
        earlier = np.cumsum(self.again, axis=1)[of, np.minimum(slot, self.again.shape[1] - 1)] - 1
        self.bit = np.where(self.new, -1, np.where(old, earlier, repeated[of] + slot - deep[of]))

    def features(self) -> tuple[Any, Any]:
        """Return the features of the payments, part by part: upper, again, and those asked first in it; and the part of each."""
        upper, again = np.nonzero(self.upper), np.nonzero(self.again)
        edges = np.concatenate([self.edges[upper], self.edges[again], self.first[self.new]])
        part = np.concatenate([upper[0], again[0], self.of[self.new]])
        order = np.argsort(part, kind="stable")
        return self.plan.asked[edges[order]], part[order]

    def paid(self, t: Any, w: Any) -> list[Any]:
        """Return of each part quadrature × (1 + features) × ways: what goes with the upper ones, then what its own are paid.

        Its own features are those asked again, then those asked first in it. t, w: the quadrature's nodes and weights.
        """
        plan = self.plan
        made: list[Any] = [None] * len(self.owner)
        leaves = np.flatnonzero(plan.leaf & (self.owner >= 0))
        edges, owner = paths(plan, leaves), self.owner[leaves]
        own = (np.arange(edges.shape[1]) >= plan.depth[self.at][owner][:, None]) & (edges > 0)
        own[:, : self.again.shape[1]] |= self.again[owner]
        many = own.sum(axis=1)
        for d in np.unique(many):
            of = np.flatnonzero(many == d)
            z = plan.z[edges[of][own[of]]].reshape(len(of), d)
            _keep(made, leaves[of], _leaves(z, plan.value[leaves[of]], t, w))
        for group in self._alike():
            one, first = group[0], self.first[group]
            sides = [stacked([made[n] for n in side.tolist()]) for side in (first, first + 1)]
            splits = [int(self.splits[n]) for n in (first[0], first[0] + 1)]
            nodes = self.inside[group]
            _keep(made, nodes, _both(sides, splits, int(self.known[nodes[0]]), int(self.bit[one])))
        return [made[n] for n in self.at.tolist()]

    def _alike(self) -> Iterator[Any]:
        """Give the splits (their places in ``inside``) in groups whose numbers are of one shape, those below first."""
        if not len(self.inside):
            return
        left, right, nodes = self.first, self.first + 1, self.inside
        fresh, splits = self.fresh, self.splits
        keys = np.stack(
            [
                fresh[right],
                fresh[left],
                splits[right],
                splits[left],
                self.bit,
                self.known[nodes],
                splits[nodes],
            ]
        )
        order = np.lexsort(keys)
        new = (np.diff(keys[:, order], axis=1) != 0).any(axis=0)
        yield from np.split(order, np.flatnonzero(new) + 1)


def paths(plan: Plan, at: Any) -> Any:
    """Return nodes × features: the last edge of each feature on the path to a node, 0 where it asks no more."""
    edges = np.zeros((len(at), max(1, int(plan.depth[at].max(initial=1)))), dtype=np.int64)
    node, every = at.copy(), np.arange(len(at))
    while True:  # upwards, all together: the last edge of a feature is met first
        on = np.flatnonzero(node >= plan.roots)
        if not len(on):
            return edges
        every, node = every[on], node[on]
        slot = plan.slot[node]
        free = edges[every, slot] == 0
        edges[every[free], slot[free]] = node[free]
        node = plan.parent[node]


def _leaves(z: Any, value: Any, t: Any, w: Any) -> Any:
    """Return leaves × quadrature × (1 + features) × ways. z: leaves × features, the share of each."""
    leaves, d = z.shape
    made = np.empty((leaves, len(t), 1 + d, 1 << d))
    share = z[:, None, :]
    stopped = (1 - t)[:, None] * share  # leaves × quadrature × features
    factor = np.stack([stopped, stopped + t[:, None]], axis=3)
    paid = np.stack([-share, 1 - share], axis=3)
    begun = np.broadcast_to(value[:, None, None] * w[:, None], (leaves, len(t), 1))
    for row in range(1 + d):
        part = begun
        for j in range(d - 1, -1, -1):  # so that the longest runs are the innermost
            by = paid if j == row - 1 else factor
            part = (by[:, :, j, :, None] * part[:, :, None]).reshape(leaves, len(t), -1)
        made[:, :, row] = part
    return made


def _both(sides: list[Any], splits: list[int], above: int, again: int) -> Any:
    """Return the numbers of some splits from those of their two sides, of the same shape.

    splits: below either side; above: features that have a bit at the split; again: which of them it asks, -1 for none.
    """
    left, right = (s.reshape(*s.shape[:3], -1, 1 << k) for s, k in zip(sides, splits, strict=True))
    count, nodes, wide, *_ = left.shape
    if again < 0:  # the last bit of either side: right is passed where left is not
        left = left.reshape(count, nodes, wide, 1 << above, 2, -1)
        right = right.reshape(count, nodes, right.shape[2], 1 << above, 2, -1)[..., ::-1, :]
    else:
        ways = np.arange(1 << above)
        stopped = ways & ~(1 << (above - 1 - again))
        left, right = (
            left[:, :, :, np.stack([stopped, ways], 1)],
            right[:, :, :, np.stack([ways, stopped], 1)],
        )
    left, right = left[..., :, None], right[..., None, :]
    common = 1 + above + (again < 0)
    both = np.empty(
        (count, nodes, wide + right.shape[2] - common, 1 << above, 2, 1 << splits[0], 1 << splits[1])
    )
    np.add(left[:, :, :common], right[:, :, :common], out=both[:, :, :common])
    both[:, :, common:wide] = left[:, :, common:]
    both[:, :, wide:] = right[:, :, common:]
    return both.reshape(*both.shape[:3], -1)


def stacked(arrays: list[Any]) -> Any:
    """Return arrays of one shape as one with an axis more, its first."""
    return np.concatenate(arrays).reshape(len(arrays), *arrays[0].shape)


def _keep(made: list[Any], at: Any, found: Any) -> None:
    for node, each in zip(at.tolist(), found, strict=True):
        made[node] = each
