"""Where a Python script draws chance, or the time, that no seed governs: read, never run.

What is found is a hint and no proof: two runs of the script that part are the proof.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

_LARGEST = 1 << 20  # characters of a script
_DEEPEST = 100  # brackets within brackets
# Of the standard library's random, and of numpy.random: all draw from one stream that the process seeds by the clock.
_DRAWS = frozenset((
    "random", "randint", "randrange", "choice", "choices", "sample", "shuffle", "uniform", "gauss", "normalvariate",
    "betavariate", "expovariate", "rand", "randn", "random_sample", "normal", "standard_normal", "permutation",
    "integers", "poisson", "binomial", "bytes", "exponential", "randperm",
))  # fmt: skip
_MAKERS = {"default_rng", "RandomState", "Random", "Generator"}
# What of scikit-learn and its like draws chance unless it is given random_state
_STATED = frozenset((
    "RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor",
    "BaggingClassifier", "BaggingRegressor", "AdaBoostClassifier", "AdaBoostRegressor", "MLPClassifier", "MLPRegressor",
    "SGDClassifier", "SGDRegressor", "Perceptron", "PassiveAggressiveClassifier", "KMeans", "MiniBatchKMeans",
    "GaussianMixture", "IsolationForest", "TSNE", "train_test_split", "ShuffleSplit", "StratifiedShuffleSplit",
    "resample", "RandomizedSearchCV", "DecisionTreeClassifier", "DecisionTreeRegressor", "NMF", "FastICA", "RBFSampler",
    "Nystroem",
))  # fmt: skip
_CLOCKS = {"uuid1", "uuid4", "urandom", "token_hex", "token_bytes", "getrandbits", "SystemRandom"}
_TIMES = {("time", "time"), ("time", "time_ns"), ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today")}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drawn:
    """A place of a script. kind: chance or time. said: what stands there, as a sentence goes on."""

    line: int
    kind: str
    said: str


def drawn(text: str) -> list[Drawn]:
    """Return where a script draws what no seed governs, in order of line; nothing where it cannot be read as Python.

    A call that seeds the stream, anywhere in the script, vouches for all that draw from it.
    """
    if len(text) > _LARGEST or _depth(text) > _DEEPEST:
        return []
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = [_name(call.func) for call in calls]
    seeded = {n.rpartition(".")[0] for n in names if n.rpartition(".")[2] in ("seed", "manual_seed")}
    found = [d for call, name in zip(calls, names, strict=True) for d in _of(call, name, seeded)]
    return sorted(set(found), key=lambda d: (d.line, d.said))


def _depth(text: str) -> int:
    depth = deepest = 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _name(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _of(call: ast.Call, name: str, seeded: set[str]) -> Iterator[Drawn]:
    owner, _, last = name.rpartition(".")
    module = owner.rpartition(".")[2]
    given = {k.arg for k in call.keywords}
    if module in ("random", "torch") and last in _DRAWS and owner not in seeded:
        yield Drawn(call.lineno, "chance", f"{name}() draws from a stream that nothing seeds")
    elif last in _MAKERS and not call.args and not given & {"seed", "x"}:
        yield Drawn(call.lineno, "chance", f"{name}() is made without a seed")
    elif last in _STATED and _unstated(call, given):
        yield Drawn(call.lineno, "chance", f"{last} is given no random_state")
    elif last in _CLOCKS and owner:
        yield Drawn(call.lineno, "chance", f"{name}() is never the same twice")
    elif (module, last) in _TIMES:
        yield Drawn(call.lineno, "time", f"{name}() is the time of the run")


def _unstated(call: ast.Call, given: set[str | None]) -> bool:
    """Whether random_state is not given, or given as None; what comes by ``**`` may hold it."""
    if None in given:
        return False
    stated = next((k.value for k in call.keywords if k.arg == "random_state"), None)
    return stated is None or (isinstance(stated, ast.Constant) and stated.value is None)
