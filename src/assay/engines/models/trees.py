"""scikit-learn's trees and forests as what methods/treeshap explains. Runs inside the sandbox only."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from assay.engines.models.forests import Asks, Forest, Grown
from assay.methods.treeshap import Tree

_FORESTS = ("RandomForest", "ExtraTrees")
_LONE = ("DecisionTree", "ExtraTree")


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


def _grown(tree: Any, value: Any, output: int) -> Grown:
    missing = getattr(tree, "missing_go_to_left", np.zeros(tree.node_count))
    return Grown(read(tree, value), Asks(tree.feature, tree.threshold, missing, {}), output)


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
            trees.append(_grown(member.tree_, value[:, output] / len(members), place))

    def margin(given: Any) -> Any:
        said = np.asarray(model.predict_proba(given) if classes else model.predict(given))
        return said[:, 1:] if classes and said.shape[1] == 2 else said.reshape(len(said), -1)

    unit = "probability" if classes else "output"
    return Forest(trees, group, margin, unit=unit, numbers=np.float32)


def _boosted(model: Any, group: Any) -> Forest | None:
    start = model.init_
    if start != "zero" and type(start).__name__ not in ("DummyClassifier", "DummyRegressor"):
        return None  # it begins with another model, which these trees do not speak for
    first = np.asarray(model._raw_predict_init(np.zeros((1, model.n_features_in_), dtype=np.float32)))[0]
    trees = [
        _grown(t.tree_, t.tree_.value[:, 0, 0] * model.learning_rate, output)
        for stage in model.estimators_
        for output, t in enumerate(stage)
    ]
    classes = hasattr(model, "classes_")

    def margin(given: Any) -> Any:
        said = np.asarray(model.decision_function(given) if classes else model.predict(given))
        return said.reshape(len(said), -1)

    unit = "log-odds" if classes else "output"
    return Forest(trees, group, margin, unit=unit, numbers=np.float32, first=first)


def _histogram(model: Any, group: Any) -> Forest | None:
    coded = None
    if getattr(model, "_preprocessor", None) is not None:  # it sets its categories before its numbers
        coded = partial(model._preprocess_X, reset=False)
        category = np.asarray(model.is_categorical_)
        group = np.asarray(group)[np.concatenate([np.flatnonzero(category), np.flatnonzero(~category)])]
    known, place = model._bin_mapper.make_known_categories_bitsets()
    trees = [
        _binned(member, known, place, output)
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
    return Forest(trees, group, margin, unit=unit, numbers=np.float64, first=first, coded=coded)


def _binned(member: Any, known: Any, place: Any, output: int) -> Grown:
    nodes = member.nodes
    leaf = nodes["is_leaf"].astype(bool)
    left = np.where(leaf, -1, nodes["left"].astype(np.int64))
    right = np.where(leaf, -1, nodes["right"].astype(np.int64))
    feature = np.where(leaf, 0, nodes["feature_idx"].astype(np.int64))
    missing = nodes["missing_go_to_left"].astype(bool)
    tree = Tree(left, right, feature, nodes["count"], nodes["value"])
    other = {
        int(node): partial(
            _category,
            member.raw_left_cat_bitsets[nodes["bitset_idx"][node]],
            known[place[feature[node]]],
            bool(missing[node]),
        )
        for node in np.flatnonzero(nodes["is_categorical"].astype(bool) & ~leaf)
    }
    return Grown(tree, Asks(feature, nodes["num_threshold"], missing, other), output)


def _category(inside: Any, known: Any, missing: bool, found: Any) -> Any:
    """Return whether each category goes left: it is one of those, or, where it is unknown, the missing ones do."""
    sound = (found >= 0) & (found < 256)
    number = np.where(sound, found, 0).astype(np.int64)
    return (sound & _has(inside, number)) | (missing & ~(sound & _has(known, number)))


def _has(bits: Any, number: Any) -> Any:
    return (bits[number // 32] >> (number % 32).astype(np.uint32)) & 1 == 1
