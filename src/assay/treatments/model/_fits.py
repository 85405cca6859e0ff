"""The fits that a reduction is made of: of learners of ours or of the user's own script, and how they are kept."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import UsageError
from assay.kernel.handles import Trainer, Work
from assay.treatments.model._made import composed

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.engines.reductions import Learn, Part
    from assay.methods.mitigation.features import Encoder


@dataclass(frozen=True, slots=True)
class Ground:
    """What is fitted, and how its fits are kept. encoder: None where a script of the user's own is fitted."""

    learn: Learn
    encoder: Encoder | None
    names: Sequence[str]

    def packed(
        self,
        parts: Sequence[Part],
        chances: Sequence[float],
        by_lot: bool,
        answers: dict[str, Any],
        work: Work,
    ) -> Any:
        """Return the model of these parts."""
        folder = work.scratch / "parts"
        folder.mkdir()
        listed = [
            {"chance": c, **_written(p.inside, i, folder)}
            for i, (p, c) in enumerate(zip(parts, chances, strict=True))
        ]
        composition: dict[str, Any] = {
            "kind": "mixture",
            "parts": listed,
            "answers": answers,
            "by_lot": by_lot,
        }
        composition["columns"] = list(self.encoder.names if self.encoder is not None else self.names)
        if self.encoder is not None:
            composition["encoder"] = self.encoder.to_json()
        return composed(composition, folder if any(folder.iterdir()) else None, work)


def _written(inside: Any, at: int, folder: Any) -> dict[str, Any]:
    """Return a part as JSON; what is a file, or several, lies in the folder."""
    import shutil

    from assay.methods.mitigation.learner import Linear

    if isinstance(inside, float):
        return {"kind": "constant", "score": inside}
    if isinstance(inside, Linear):
        return {"kind": "linear", "coefficients": inside.coefficients.tolist(), "intercept": inside.intercept}
    if hasattr(inside, "save_model"):
        inside.save_model(folder / f"{at}.json")
        return {"kind": "trees", "file": f"{at}.json"}
    shutil.copytree(inside.files, folder / str(at), symlinks=True)
    return {"kind": "model", "file": str(at)}


@dataclass(frozen=True, slots=True)
class Script:
    """The user's own training: how the label and its answers are called in it, and its column of weights."""

    trainer: Trainer
    label: str
    answers: dict[str, Any]
    weights: str


def ground(
    some: pa.Table, names: Sequence[str], learner: Any, script: Script | None, work: Work, open_: contextlib.ExitStack
) -> Ground:  # fmt: skip
    """Return what is fitted to some rows: the user's own script, or boosted trees or a logistic regression of ours.

    names: the columns that it looks at. open_: closes what a script's fits leave open.
    """
    import numpy as np

    from assay.engines.reductions import Part
    from assay.methods.mitigation import learner as learners
    from assay.methods.mitigation.features import Encoder

    if script is not None:
        return Ground(_trained(some.select([*names]), script, open_), None, names)
    encoder = Encoder.learnt(some, names)
    x = encoder.matrix(some)
    design = encoder.design(x) if learner == "logistic" else None
    seed = int(work.rng("reduce").integers(1 << 31))

    held: list[learners.Linear] = []

    def learn(places: Any, told: Any, weights: Any) -> Part:
        whole = len(places) == len(x)
        if told.all() or not told.any():
            alone = float(told.all())
            return Part(lambda at: np.full(len(at), alone), alone)
        if design is not None:
            last = held[-1] if held else None  # the weights have changed a little since
            linear = learners.linear(design if whole else design[places], told, weights, start=last)
            held[:] = [linear]
            every = linear.score(design)
            return Part(lambda at: every[at], linear)
        found = learners.trees(encoder, x if whole else x[places], told, weights, seed, max(1, work.cores))
        scores = found.score(x)
        return Part(lambda at: scores[at], found.inside)

    return Ground(learn, encoder, names)


def _trained(rows: pa.Table, script: Script, open_: contextlib.ExitStack) -> Learn:
    """Return what fits the user's own script to rows with labels as the data has them, and weights in a column."""
    import numpy as np
    import pyarrow as pa

    from assay.engines.reductions import Part
    from assay.methods import outcomes

    yes, no = script.answers["yes"], script.answers["no"]
    written = pa.array([no, yes] if type(yes) is type(no) else [str(no), str(yes)])

    def learn(places: Any, told: Any, weights: Any) -> Part:
        if told.all() or not told.any():
            alone = float(told.all())
            return Part(lambda at: np.full(len(at), alone), alone)
        given = rows.take(pa.array(places))
        given = given.append_column(script.label, written.take(pa.array(told.astype(np.int8))))
        fit = script.trainer.fit(given, label=script.label, weights=weights, weight_column=script.weights)
        model = open_.enter_context(fit)
        scores = outcomes.chances(model.predict(rows), model.info.classes, yes)
        if getattr(model, "files", None) is None:
            raise UsageError(
                "a fitted model that is trained anew leaves no files to make a model of",
                remedy="give the script that trains it",
            )
        return Part(lambda at: scores[at], model)

    return learn
