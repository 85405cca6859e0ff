"""Training that cannot be repeated, and models judged by the rows they learnt."""

from __future__ import annotations

from collections.abc import Iterator

from assay.checks.code.review._spots import spot
from assay.kernel.severity import Severity
from assay.methods.review.python.program import Program
from assay.methods.review.python.values import Call, Value
from assay.methods.review.spot import Spot, with_arguments

LANGUAGE = "python"
_SPLITS = (
    "train_test_split",
    "KFold",
    "StratifiedKFold",
    "ShuffleSplit",
    "StratifiedShuffleSplit",
    "GroupShuffleSplit",
)
_CHANCE = ("RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor", "GradientBoostingClassifier",
           "GradientBoostingRegressor", "SGDClassifier", "SGDRegressor", "MLPClassifier", "MLPRegressor", "KMeans", "MiniBatchKMeans", "IsolationForest",
           "RandomizedSearchCV")  # fmt: skip
_SEEDS = ("numpy.random.seed", "random.seed", "torch.manual_seed", "tensorflow.random.set_seed", "keras.utils.set_random_seed", "transformers.set_seed",
          "lightning.seed_everything", "pytorch_lightning.seed_everything", "tensorflow.keras.utils.set_random_seed", "torch.cuda.manual_seed_all")  # fmt: skip
_TORCH = ("torch.optim.", "torch.utils.data.DataLoader", "torch.nn.")


def rule(program: Program) -> Iterator[Spot]:
    """Name each."""
    seeded = any(c.name in _SEEDS for c in program.calls)
    if not seeded:
        for call in program.calls:
            if not call.name.startswith("sklearn.") or "random_state" in call.keywords or call.spread:
                continue
            if call.method in ("KFold", "StratifiedKFold") and not call.says("shuffle", True):
                continue  # which draws nothing
            if (call.method in _SPLITS or call.method in _CHANCE) and not call.says("shuffle", False):
                yield spot(
                    program, call.node, "no_seed", Severity.LOW, f"{call.method} draws anew each time, so that the run cannot be repeated.",
                    "random_state=0", "", with_arguments(program.text, call.node, ["random_state=0"]),
                )  # fmt: skip
        steps = [
            c
            for c in program.calls
            if c.method == "backward" and any(x.name.startswith(_TORCH) for x in program.calls)
        ]
        if steps:
            yield spot(
                program, steps[0].node, "no_seed", Severity.LOW, "The training draws anew each time: nothing sets a seed.",
                "torch.manual_seed(0), numpy.random.seed(0), random.seed(0)", "",
            )  # fmt: skip
    yield from _judged(program)


def _judged(program: Program) -> Iterator[Spot]:
    """Name models that are asked about the very rows they were trained on, and scored by the answers, and by no others."""
    learnt: dict[int, list[Value]] = {}
    answers: dict[int, Call] = {}
    apart: set[int] = (
        set()
    )  # models that other rows judge too; how they do on their own is then told beside it
    scored: list[tuple[Call, int]] = []
    for call in sorted(program.calls, key=_done):
        if call.method == "fit" and call.args and call.receiver.token:
            learnt.setdefault(call.receiver.token, []).extend(call.args[:2])
            learnt.setdefault(call.result.token, []).extend(call.args[:2])
        elif call.method in ("predict", "predict_proba", "decision_function"):
            if _seen(call, learnt):
                answers[call.result.token] = call
            elif call.receiver.token in learnt:
                apart.add(call.receiver.token)
        elif call.method == "score" and len(call.args) > 1 and call.receiver.token in learnt:
            if _seen(call, learnt):
                scored.append((call, call.receiver.token))
            else:
                apart.add(call.receiver.token)
        elif call.name.startswith(("sklearn.metrics.", "torchmetrics.")):
            own = [answers[v.token].receiver.token for v in call.args if v.token in answers]
            scored += [(call, own[0])] if own else []
    yield from (_trained(program, call) for call, model in scored if model not in apart)


def _done(call: Call) -> tuple[int, int]:
    """Order calls as they are carried out: what is handed over is made before."""
    return call.node.end_lineno or 0, call.node.end_col_offset or 0


def _seen(call: Call, learnt: dict[int, list[Value]]) -> bool:
    rows = call.args[0] if call.args else None
    return bool(
        rows and rows.token and any(rows.token == v.token for v in learnt.get(call.receiver.token, []))
    )


def _trained(program: Program, call: Call) -> Spot:
    return spot(
        program, call.node, "judged_on_training_data", Severity.MEDIUM, "The model is judged by the rows it was trained on, which says nothing of others.",
        "keep rows apart before training, and judge by those", "",
    )  # fmt: skip
