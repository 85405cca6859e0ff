"""The ports: what a check may ask of an opened asset. Engines implement them; nothing here does I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, NewType, Protocol, runtime_checkable

from assay.kernel.asset import Asset

if TYPE_CHECKING:
    import numpy
    import pyarrow

Column = NewType("Column", str)  # the name of a column of the subject; works checks that it exists
MOST_NAMED = 2_000  # features of a model that a report names
Type = Literal["integer", "number", "boolean", "text", "date", "time", "timestamp", "binary", "other"]


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """A column's name, its type in Assay's words, and the engine's own name for the type."""

    name: str
    type: Type
    native: str = ""


@runtime_checkable
class Table(Protocol):
    """A table opened for one actor."""

    asset: Asset
    columns: tuple[ColumnInfo, ...]
    engine: str  # duckdb, sqlite, postgres, ...
    problems: tuple[
        Any, ...
    ]  # Findings met while reading: rejected rows, renamed columns, an unpinned source

    @property
    def expr(self) -> Any:
        """The ibis table expression."""

    @property
    def rows(self) -> int:
        """How many rows it has."""

    def arrow(self, columns: Sequence[str] | None = None, limit: int | None = None) -> pyarrow.Table:
        """Return it, or the named columns, in memory, in the table's own row order."""

    def batches(
        self, columns: Sequence[str] | None = None, size: int = 65_536
    ) -> Iterator[pyarrow.RecordBatch]:
        """Stream it in row order."""

    def counts(self, columns: Sequence[str], most: int) -> pyarrow.Table | None:
        """Return each distinct row of the named columns (c0, c1, …) and how often it comes (n).

        None where there are more than ``most``.
        """

    def run(self, expr: Any) -> pyarrow.Table:
        """Return the result of an ibis expression built from ``expr``."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a model says of itself.

    framework: xgboost, scikit-learn, lightgbm, onnx, script. features: the names it wants, in order, if known.
    classes: its classes in order of the probability columns, empty for regression or when it does not say.
    task: binary, multiclass, regression or unknown.
    """

    framework: str
    format: str
    features: tuple[str, ...] = ()
    classes: tuple[Any, ...] = ()
    task: str = "unknown"
    detail: Mapping[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what a report keeps of it; of thousands of features the first, and how many there are."""
        named = list(self.features[:MOST_NAMED])
        return {
            "framework": self.framework,
            "format": self.format,
            "task": self.task,
            "features": named,
            "features_in_all": len(self.features),
            "classes": [str(c) for c in self.classes[:MOST_NAMED]],
        }


@runtime_checkable
class Model(Protocol):
    """A model opened in the sandbox; nothing of it is ever loaded in this process."""

    asset: Asset

    @property
    def info(self) -> ModelInfo:
        """What it says of itself."""

    def predict(self, data: Table | pyarrow.Table) -> pyarrow.Table:
        """Return one row a row: ``prediction``, and ``score`` (binary: probability of the last class) or
        ``score_<class>`` (multi-class) where the model gives probabilities. The columns it does not know are left out.
        """

    def contributions(self, data: Table | pyarrow.Table, *, of: str | None = None) -> pyarrow.Table | None:
        """Return exact SHAP values, a column a feature, then ``bias`` and ``margin``; None where it has none.

        margin: the model's own answer in the unit of the values, to which they and the bias add up. The schema's
        metadata holds, under ``assay``, JSON with unit, method and space. of: the class explained, the class
        predicted where none is named.
        """


@runtime_checkable
class Transparent(Protocol):
    """A model that may be looked into."""

    def background(self, data: pyarrow.Table) -> None:
        """Name the rows that a linear model's values are measured against."""

    def interactions(self, data: pyarrow.Table, *, of: str | None = None) -> pyarrow.Table | None:
        """Return the mean size of what two features do together, features × features; None where it has none."""

    def inside(self) -> dict[str, Any] | None:
        """Return its tree or its coefficients as JSON; None where it has neither."""


@runtime_checkable
class Trainer(Protocol):
    """A way of training, opened for one actor: a training script, or an estimator's own configuration.

    Each fit stands by itself: in a sandbox of its own, which has seen no rows but those it is handed.
    """

    asset: Asset
    hyperparameters: Mapping[str, Any]  # those it trains with unless told otherwise, as far as it says
    spent: float  # seconds of wall time that its fits have taken so far

    def fit(
        self,
        rows: pyarrow.Table,
        *,
        label: str,
        labels: Sequence[str] = (),
        weights: Any = None,
        weight_column: str | None = None,
        hyperparameters: Mapping[str, Any] = {},
    ) -> AbstractContextManager[Model]:
        """Train on rows and give the model, which ends with the context.

        label: the column that is learned. labels: further columns of 0 and 1 that are learned with it. weights: a float above or at 0 for each row, or None. An estimator takes them
        as its ``sample_weight``; a script reads the rows and takes them from the column that ``weight_column`` names.
        hyperparameters: instead of its own of these names. TrainingFailed says why there is no model.
        """

    def within(self, limits: Mapping[str, Any]) -> Trainer:
        """Return it under other limits for each fit: memory, disk, minutes, seconds, processes; UsageError for others."""


@runtime_checkable
class Differentiable(Protocol):
    """A model that may have gradients."""

    def background(self, data: pyarrow.Table) -> None:
        """Name the rows that a baseline is made of."""

    def gradients(
        self, data: Table | pyarrow.Table, *, of: str | None = None, baseline: str = "mean"
    ) -> pyarrow.Table | None:
        """Return integrated gradients, in the form of ``contributions``; None where it has no gradients.

        baseline: the mean of the background, zeros, or rows (the mean over several of its rows).
        """


@runtime_checkable
class Traffic(Protocol):
    """Captured requests of an endpoint with their answers, and the truth where it is known, opened for one actor.

    A row is one row of a request: an event that asked for many rows gives as many, one after another.
    """

    asset: Asset
    columns: tuple[ColumnInfo, ...]  # those of ``table``
    engine: str
    problems: tuple[Any, ...]  # Findings met while reading; what could not be read is told and not examined
    features: tuple[str, ...]  # names of the columns asked with, in order
    outputs: tuple[str, ...]  # of the answer: prediction, score or score_<class>, or the baseline's own names
    named: bool  # whether the capture, or whoever opened it, names the columns; else they are _c0, _c1, …
    events: int  # requests that are in it
    asks: tuple[
        str, ...
    ]  # what the endpoint's models are asked with, as their input schema says; empty where it is not known

    @property
    def table(self) -> Table:
        """The features by name, then the outputs, then ``truth`` where any is known; null where there is none."""

    @property
    def about(self) -> pyarrow.Table:
        """Of each row of ``table``, in its order, where it is from.

        event, inference: ids, the latter the caller's own or empty; time: seconds since 1970; caller, variant: or empty;
        status: of HTTP, 200 where the capture says nothing.
        """

    def renamed(self, names: Sequence[str]) -> Traffic:
        """Return it with the names of a baseline, where its own columns have none: the outputs', then the features'.

        As many names as features name these alone. What is named already stays as it is. UsageError where the names are
        neither as many as the columns nor as the features.
        """


@runtime_checkable
class Tree(Protocol):
    """A file or a folder of files, pinned."""

    asset: Asset
    root: Path  # a local, private, read-only copy; the file itself when it is one

    def files(self) -> Iterator[tuple[str, Path]]:
        """Give each regular file's name inside the tree (POSIX) and its path; links are never followed."""

    @property
    def refused(self) -> Sequence[tuple[str, str]]:
        """The names of what ``files`` leaves out, and why; known to the end when all files were given."""

    @property
    def closed(self) -> Sequence[tuple[str, str]]:
        """Those of them that cannot be looked at, and why: of a folder, nothing in it is known."""


@runtime_checkable
class ImageFile(Protocol):
    """One file of an image, to be read before the next one is asked for."""

    path: str  # from the root of the image, with / and none at its beginning
    size: int  # bytes
    layer: str  # digest of the layer that it is from; empty in a root directory
    same: tuple[int, ...]  # equal for names of one file that has several (hard links), else nothing

    def head(self, size: int) -> bytes:
        """Return its first bytes, at most 64 KiB; they are still there for what reads it."""

    def read(self, most: int) -> bytes:
        """Return its bytes; BadInput where there are more than ``most``."""

    def stream(self) -> IO[bytes]:
        """Return it as bytes in order, to be read once and closed by whoever asked."""

    def seekable(self) -> IO[bytes]:
        """Return it as a file that may be read anywhere, closed by whoever asked; BadInput where it is too large for that."""


@runtime_checkable
class Image(Protocol):
    """A container image, a root directory or the inventory of one, opened for one actor; nothing of it is run."""

    asset: Asset
    platform: str  # os/architecture, where it says so
    tags: tuple[str, ...]  # as whoever made it calls it
    layers: tuple[str, ...]  # their digests, the lowest first; none of a root directory
    problems: tuple[Any, ...]  # Findings met while reading, known to the end when all files were given

    @property
    def gaps(self) -> Sequence[tuple[str, str]]:
        """What was not examined, and why; known to the end likewise."""

    def files(self, wanted: Callable[[str, int], bool], *, hidden: bool = False) -> Iterator[ImageFile]:
        """Give the regular files of the file system as it is in the end, where path and size are wanted.

        hidden: those as well that a later layer deletes or replaces.
        """

    def at(self, places: Set[str]) -> Iterator[ImageFile]:
        """Give the regular files that lie at these places; of links there, and on the way to them, ``links`` tells then."""

    def links(self) -> Mapping[str, str]:
        """Return where links lead that stand where a file was wanted, as they are written; known to the end likewise."""

    def document(self) -> bytes | None:
        """Return the bill of materials that stands in for the image, or None where there are files."""


@runtime_checkable
class Advisories(Protocol):
    """Records of known vulnerabilities, indexed by what they are about."""

    asset: Asset
    records: int
    newest: str  # when the one changed last was changed, RFC 3339, or empty
    problems: tuple[Any, ...]

    def about(self, ecosystem: str, names: Iterable[str]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Give name, ecosystem as the record has it, and the affected entry with ``id``, of each record about a name.

        ecosystem: without its release, as ``Debian`` of ``Debian:12``.
        """

    def record(self, id: str) -> Mapping[str, Any]:
        """Return what a record says beside whom it affects: aliases, summary, severity, references, withdrawn."""

    def ecosystems(self) -> Mapping[str, int]:
        """Return how many records there are of each ecosystem, with its release."""


@runtime_checkable
class Key(Protocol):
    """A secret key opened for one actor: it works, and never shows itself.

    Its asset is of the kind ``key``, with a digest that is made of the key and says nothing of it; the first 16 hex digits of
    that are its id.
    """

    @property
    def asset(self) -> Asset:
        """Return it as an asset: its name and its id."""

    @property
    def id(self) -> str:
        """Return the key's public name."""

    def mac(self, data: bytes) -> bytes:
        """Return HMAC-SHA-256 of data under the key: 32 bytes."""


class MustExist:
    """Beside a Key in a signature: a key that is not there is refused, and not made."""


class Silent:
    """Beside a Model in a signature: a file of arrays and plain values, which answers nothing, is opened too."""


@dataclass(frozen=True, slots=True)
class OfTheHome:
    """Beside an optional Key in a signature: where none is named, the home's own of this name is used, made on first use.

    Without a home there is none then.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Unless:
    """Beside an optional parameter: it is needed all the same, unless the one of this name is given and says it."""

    other: str


class AllAbout:
    """Beside reports in a signature: where a pipeline names none, they are all that is said of the subject.

    Those are the reports of whatever made it or examined it, and of the data that it was made from and judged on.
    """


class Work(Protocol):
    """A check's only hands."""

    seed: int
    now: str  # RFC 3339, UTC
    scratch: Path  # private to this step, swept after it
    cores: int

    @property
    def stopped(self) -> bool:
        """Whether the user asked to stop."""

    def rng(self, name: str) -> numpy.random.Generator:
        """Return the stream of randomness called ``name``: the same for the same seed and name."""

    def put(self, name: str, content: pyarrow.Table | bytes | Path | Any, format: str = "") -> Asset:
        """Store a table (as Parquet; an ibis expression too), bytes or a file, and return it as an asset."""

    def progress(self, done: int, of: int, what: str = "") -> None:
        """Tell how far the work is, and what it is at: a stage of its trace."""

    def span(self, name: str) -> AbstractContextManager[object]:
        """Record how long a block takes, as a span of the trace."""
