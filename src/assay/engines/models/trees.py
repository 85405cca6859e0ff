"""scikit-learn's trees and forests as what methods/treeshap explains. Runs inside the sandbox only."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from assay.methods.treeshap import Plan, Tree

_FORESTS = ("RandomForest", "ExtraTrees")
_LONE = ("DecisionTree", "ExtraTree")


class Grown(NamedTuple):
    """One tree: its plan, which of the forest's outputs it speaks for, and the way each row goes at its splits."""

    plan: Plan
    output: int
    decide: Callable[[Any], Any]


class Forest(NamedTuple):
    """Trees whose answers add up to ``margin``: rows × outputs, in ``unit``. base: their mean, an output each."""

    trees: list[Grown]
    base: Any
    margin: Callable[[Any], Any]
    unit: str
    numbers: type[Any]  # what its splits compare
    coded: Callable[[Any], Any] | None = None  # how it makes numbers of its categories

    def values(self, given: Any, groups: int, wanted: Any) -> Any:
        """Return groups × rows: the values of each row, for the output wanted of each."""
        given = self.coded(given) if self.coded else given
        numbers = np.ascontiguousarray(np.asarray(given, dtype=self.numbers).T)
        out = np.zeros((groups, numbers.shape[1]))
        for output in np.unique(wanted):
            rows = np.flatnonzero(wanted == output)
            every = len(rows) == numbers.shape[1]
            some = numbers if every else np.ascontiguousarray(numbers[:, rows])
            part = np.zeros((groups, len(rows)))
            for tree in self.trees:
                if tree.output == output:
                    tree.plan.values(tree.decide(some), part)
            out[:, rows] = part
        return out


def forest(model: Any, group: Any) -> Forest | None:
    """Return a fitted model of scikit-learn as a forest; None where it is none, or one that is not known.

    group: the column of the answer of each feature that the model takes.
    """
    kind = type(model).__name__
    if not type(model).__module__.startswith("sklearn."):
        return None
    if kind.startswith("HistGradientBoosting"):
        return _histogram(model, group)
    if kind in ("GradientBoostingClassifier", "GradientBoostingRegressor"):
        return _boosted(model, group)
    if kind.startswith(_FORESTS) and kind.endswith(("Classifier", "Regressor")):
        return _averaged(model, list(model.estimators_), group)
    if kind.startswith(_LONE) and hasattr(model, "tree_"):
        return _averaged(model, [model], group)
    return None


def read(tree: Any, value: Any) -> Tree:
    """Return scikit-learn's own arrays of a tree. value: the answer at each node."""
    return Tree(tree.children_left, tree.children_right, tree.feature, tree.weighted_n_node_samples, value)


def _grown(tree: Any, value: Any, output: int, group: Any) -> Grown:
    plan = Plan(read(tree, value), group)
    at, threshold = tree.feature[plan.splits], tree.threshold[plan.splits][:, None]
    missing = getattr(tree, "missing_go_to_left", np.zeros(tree.node_count))[plan.splits].astype(bool)[
        :, None
    ]

    def decide(columns: Any) -> Any:
        asked = columns[at]
        return (asked <= threshold) | (missing & np.isnan(asked))

    return Grown(plan, output, decide)


def _averaged(model: Any, members: list[Any], group: Any) -> Forest | None:
    if members[0].tree_.value.shape[1] != 1:
        return None  # several labels at once
    classes = hasattr(model, "classes_")
    trees = []
    for member in members:
        value = member.tree_.value[:, 0, :]
        if classes:
            value = value / np.maximum(value.sum(axis=1, keepdims=True), 1e-300)
        # of two classes the second says it all
        outputs = [1] if classes and value.shape[1] == 2 else range(value.shape[1])
        for place, output in enumerate(outputs):
            trees.append(_grown(member.tree_, value[:, output] / len(members), place, group))

    def margin(given: Any) -> Any:
        said = np.asarray(model.predict_proba(given) if classes else model.predict(given))
        return said[:, 1:] if classes and said.shape[1] == 2 else said.reshape(len(said), -1)

    return Forest(trees, _base(trees), margin, "probability" if classes else "output", np.float32)


def _boosted(model: Any, group: Any) -> Forest | None:
    start = model.init_
    if start != "zero" and type(start).__name__ not in ("DummyClassifier", "DummyRegressor"):
        return None  # it begins with another model, which these trees do not speak for
    first = np.asarray(model._raw_predict_init(np.zeros((1, model.n_features_in_), dtype=np.float32)))[0]
    trees = [
        _grown(t.tree_, t.tree_.value[:, 0, 0] * model.learning_rate, output, group)
        for stage in model.estimators_
        for output, t in enumerate(stage)
    ]
    classes = hasattr(model, "classes_")

    def margin(given: Any) -> Any:
        said = np.asarray(model.decision_function(given) if classes else model.predict(given))
        return said.reshape(len(said), -1)

    return Forest(trees, _base(trees, first), margin, "log-odds" if classes else "output", np.float32)


def _histogram(model: Any, group: Any) -> Forest | None:
    coded = None
    if getattr(model, "_preprocessor", None) is not None:  # it sets its categories before its numbers
        coded = partial(model._preprocess_X, reset=False)
        category = np.asarray(model.is_categorical_)
        group = np.asarray(group)[np.concatenate([np.flatnonzero(category), np.flatnonzero(~category)])]
    known, place = model._bin_mapper.make_known_categories_bitsets()
    trees = [
        _binned(member, known, place, output, group)
        for stage in model._predictors
        for output, member in enumerate(stage)
    ]
    first = np.asarray(model._baseline_prediction, dtype=np.float64).ravel()
    classes = hasattr(model, "classes_")
    linked = not classes and model.loss in ("poisson", "gamma")

    def margin(given: Any) -> Any:
        said = np.asarray(model.decision_function(given) if classes else model.predict(given))
        return (np.log(said) if linked else said).reshape(len(said), -1)

    unit = "log-odds" if classes else "log" if linked else "output"
    return Forest(trees, _base(trees, first), margin, unit, np.float64, coded)


def _binned(member: Any, known: Any, place: Any, output: int, group: Any) -> Grown:
    nodes = member.nodes
    leaf = nodes["is_leaf"].astype(bool)
    left = np.where(leaf, -1, nodes["left"].astype(np.int64))
    right = np.where(leaf, -1, nodes["right"].astype(np.int64))
    feature = nodes["feature_idx"].astype(np.int64)
    plan = Plan(Tree(left, right, np.where(leaf, 0, feature), nodes["count"], nodes["value"]), group)
    asked = nodes[plan.splits]
    at, threshold = feature[plan.splits], asked["num_threshold"][:, None]
    missing = asked["missing_go_to_left"].astype(bool)[:, None]
    categories = np.flatnonzero(asked["is_categorical"])

    def decide(columns: Any) -> Any:
        found = columns[at]
        goes = (found <= threshold) | (missing & np.isnan(found))
        for split in categories:
            code = found[split]
            sound = (code >= 0) & (code < 256)
            number = np.where(sound, code, 0).astype(np.int64)
            inside = sound & _has(member.raw_left_cat_bitsets[asked["bitset_idx"][split]], number)
            heard = sound & _has(known[place[at[split]]], number)
            goes[split] = inside | (missing[split] & ~heard)
        return goes

    return Grown(plan, output, decide)


def _has(bits: Any, number: Any) -> Any:
    return (bits[number // 32] >> (number % 32).astype(np.uint32)) & 1 == 1


def _base(trees: list[Grown], first: Any = None) -> Any:
    base = (
        np.zeros(1 + max((t.output for t in trees), default=0))
        if first is None
        else np.array(first, dtype=float)
    )
    for tree in trees:
        base[tree.output] += tree.plan.base
    return base
