"""What the caller says of training anew, in one place: each option's words and limits."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from annotated_types import Gt, Interval
from typing_extensions import Doc

from assay.kernel.errors import UsageError
from assay.kernel.handles import Column, Trainer
from assay.methods.tuning import combinations, listed

Retrain = Annotated[
    Trainer | None,
    Doc(
        "train anew on each fold: a script-mode script, a fitted model, or itself; in a pipeline also a train step"
    ),
]
Scheme = Annotated[
    Literal["holdout", "kfold", "stratified", "grouped", "time"] | None,
    Doc(
        "how rows are held out; grouped with --group, time with --time, stratified by classes, else kfold, where unsaid; a holdout with --time is of the latest rows"
    ),
]
Group = Annotated[Column | None, Doc("rows with one value of this column are never parted by folds")]
Repeats = Annotated[int, Interval(ge=1, le=100), Doc("how often the folds are drawn anew")]
Held = Annotated[float, Interval(gt=0, lt=1), Doc("the share of rows that a holdout holds out")]
Without = Annotated[
    tuple[Column, ...], Doc("a column that training does not see, such as an id; may be repeated")
]
Hyperparameters = Annotated[dict[str, Any] | None, Doc("what is trained with")]
Limits = Annotated[dict[str, Any] | None, Doc("of each training: memory=2GB, minutes=5, processes, disk")]
Minutes = Annotated[float, Gt(0), Doc("after so long no further training begins; what is left out is told")]
AgainstRetrain = Annotated[
    Trainer | None, Doc("another way of training, on the same folds: is the difference real?")
]
AgainstHyperparameters = Annotated[
    dict[str, Any] | None, Doc("what the other way is trained with; alone, it is the same way")
]
Tune = Annotated[
    dict[str, Any] | None,
    Doc("values to choose from, NAME=V,V: by inner folds, which the outer folds then judge"),
]
Complexity = Annotated[
    dict[str, Any] | None, Doc("one hyperparameter's values, NAME=V,V, drawn as a curve over it")
]
LearningCurve = Annotated[bool, Doc("draw the score by how many rows are trained on")]


class Way(NamedTuple):
    """A way of training, and what it is trained with. name: what findings call it."""

    trainer: Trainer
    hyperparameters: dict[str, Any]
    name: str

    def with_(self, **other: Any) -> Way:
        """Return it with other hyperparameters of these names."""
        return self._replace(hyperparameters=self.hyperparameters | other)


class Training(NamedTuple):
    """What is asked of training anew. scheme: empty where unsaid. tune: the candidates that inner folds choose among.

    complexity: the name of a hyperparameter and its values.
    """

    way: Way
    rival: Way | None
    scheme: str
    folds: int
    repeats: int
    test: float
    group: str | None
    time: str | None
    without: tuple[str, ...]
    minutes: float
    tune: tuple[dict[str, Any], ...] = ()
    complexity: tuple[str, tuple[Any, ...]] | None = None
    learning_curve: bool = False

    def settled(self, classes: bool) -> Training:
        """Return it with a scheme where none was said. classes: the label tells classes."""
        usual = "grouped" if self.group else "time" if self.time else "stratified" if classes else "kfold"
        return self._replace(scheme=self.scheme or usual)

    @property
    def in_time(self) -> bool:
        """Whether rows are held out by their time."""
        usual = not self.scheme and not self.group
        return bool(self.time) and (usual or self.scheme in ("time", "holdout"))

    @property
    def way_out(self) -> str:
        """Return how rows are held out, in words."""
        return "holdout of the latest rows" if self.scheme == "holdout" and self.time else self.scheme


def ways(
    retrain: Trainer,
    against: Trainer | None,
    hyperparameters: dict[str, Any] | None,
    against_hyperparameters: dict[str, Any] | None,
    limits: dict[str, Any] | None,
) -> tuple[Way, Way | None]:
    """Return the way of training that is judged, and the one that it is compared with, if any."""
    here = _way(retrain, hyperparameters, limits)
    if against is None and not against_hyperparameters:
        return here, None
    return here, _way(against if against is not None else retrain, against_hyperparameters, limits)


def _way(trainer: Trainer, hyperparameters: dict[str, Any] | None, limits: dict[str, Any] | None) -> Way:
    given = hyperparameters or {}
    said = ", ".join(f"{name} = {value}" for name, value in given.items())
    name = f"{trainer.asset.name} ({said})" if said else trainer.asset.name
    return Way(trainer.within(limits) if limits else trainer, given, name)


def candidates(tune: dict[str, Any] | None) -> tuple[dict[str, Any], ...]:
    """Return every combination of the values, in the order they are written; UsageError for more than 64."""
    return combinations(tune, "--tune") if tune else ()


def along(complexity: dict[str, Any] | None) -> tuple[str, tuple[Any, ...]] | None:
    """Return the one hyperparameter of a complexity curve and its values."""
    if not complexity:
        return None
    if len(complexity) > 1:
        raise UsageError("a complexity curve is over one hyperparameter", remedy="name one with --complexity")
    ((name, values),) = complexity.items()
    return name, listed(name, values, "--complexity")
