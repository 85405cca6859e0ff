"""A model card: what is known of a model, each statement with the report it stands on; how it is shown is for reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from assay.kernel.canonical import canonical, plain
from assay.kernel.report import Chart, Metric

SCHEMA = "assay.card/1"
State = Literal["said", "examined", "missing", "waived", "open"]
Grave = Literal["info", "low", "medium", "high", "critical"]


@dataclass(frozen=True, slots=True)
class Source:
    """A report that the card stands on.

    digest: of its canonical JSON (RFC 8785) without outcome and tool, which are the asker's. examined: digest of its
    subject. kept: digest of its file in a package, ``reports/<step>.json``.
    """

    check: str
    digest: str
    step: str = ""
    subject: str = ""
    examined: str = ""
    started: str = ""
    kept: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A field and how it stands. by: people or reports.

    state: said, examined, missing (required, and empty), waived (why says why), or open (not required, and empty).
    """

    name: str
    title: str
    by: Literal["people", "reports"]
    state: State
    values: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Feature:
    """What a model asks for. type and range: as its data was profiled. share: of what the model goes by, from 0 to 1."""

    name: str
    type: str = ""
    range: str = ""
    missing: float | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """The model itself. digest: of its bytes. size: in bytes. classes: in order of its probabilities."""

    name: str
    digest: str
    format: str = ""
    size: int | None = None
    files: int | None = None
    framework: str = ""
    task: str = ""
    label: str = ""
    positive: str = ""
    classes: tuple[str, ...] = ()
    features: tuple[Feature, ...] = ()
    source: str = ""  # digest of the report that says so


@dataclass(frozen=True, slots=True)
class DataSet:
    """A table behind the model. role: source, training, evaluation. columns: how many."""

    role: str
    name: str
    digest: str
    format: str = ""
    rows: int | None = None
    columns: int | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence, and the digest of the report that it stands on."""

    sentence: str
    source: str = ""
    check: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that an examination found. fingerprint: of the finding, the same in every version."""

    sentence: str
    severity: Grave
    rule: str
    remedy: str = ""
    fingerprint: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Training:
    """How it was made. code: digest of the script's folder. seconds, peak_memory: measured."""

    script: str = ""
    code: str = ""
    hyperparameters: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    python: str = ""
    system: str = ""
    packages: Mapping[str, str] = field(default_factory=dict)
    isolation: str = ""
    limits: Mapping[str, str] = field(default_factory=dict)
    seconds: float | None = None
    peak_memory: float | None = None
    started: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Slice:
    """A subgroup on which it is weak. loss: its mean loss there; elsewhere: on the other rows; p: adjusted."""

    where: str
    rows: int | None
    loss: float | None
    elsewhere: float | None
    p: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How well it does on one table. headline: the score that stands for it, and why. guess: of a constant answer."""

    data: str
    digest: str
    rows: int | None = None
    problem: str = ""
    label: str = ""
    positive: str = ""
    headline: str = ""
    why: str = ""
    scores: tuple[Metric, ...] = ()
    guess: tuple[Metric, ...] = ()
    folds: tuple[Metric, ...] = ()
    training: tuple[Metric, ...] = ()
    fitting: str = ""
    slices: tuple[Slice, ...] = ()
    searched: bool = False
    robustness: tuple[Metric, ...] = ()
    charts: tuple[Chart, ...] = ()
    source: str = ""

    @property
    def main(self) -> Metric | None:
        """Return the score that stands for the model."""
        return next((m for m in self.scores if m.name == self.headline), None)

    @property
    def guesser(self) -> str:
        """Return how the model that only guesses is called."""
        return str(self.guess[0].of.get("model", "constant guess")) if self.guess else "constant guess"


@dataclass(frozen=True, slots=True)
class Facet:
    """How groups of one facet are treated. when: before (the data) or after (the model). against: which limits judge it.

    groups: group → rows. metrics: those of the facet and its groups. found: what went beyond a limit.
    """

    when: Literal["before", "after"]
    name: str
    data: str
    groups: Mapping[str, int] = field(default_factory=dict)
    metrics: tuple[Metric, ...] = ()
    found: tuple[str, ...] = ()
    good: str = ""
    against: str = ""
    charts: tuple[Chart, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What it goes by. importance: mean absolute value of each feature, with its interval. additivity: largest error."""

    data: str
    method: str = ""
    unit: str = ""
    importance: tuple[Metric, ...] = ()
    additivity: float | None = None
    charts: tuple[Chart, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the registry says of it now; empty for a model that is not registered. hallmark: whether it bears one."""

    name: str = ""
    version: int = 0
    status: str = ""
    digest: str = ""
    registered_by: str = ""
    registered_at: str = ""
    decided_by: str = ""
    decided_at: str = ""
    reason: str = ""
    run: str = ""
    hallmark: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """A model card.

    mitigations: consideration → what is done about it. changes: what was found in the data and done to it, and to the model
    after training. made: when its newest report was begun.
    """

    model: Identity
    fields: tuple[Field, ...] = ()
    mitigations: Mapping[str, str] = field(default_factory=dict)
    data: tuple[DataSet, ...] = ()
    changes: tuple[Told, ...] = ()
    personal: tuple[Told, ...] = ()
    scan: tuple[Told, ...] = ()
    training: Training | None = None
    evaluations: tuple[Evaluation, ...] = ()
    facets: tuple[Facet, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    limits: tuple[Limit, ...] = ()
    gaps: tuple[Told, ...] = ()
    sources: tuple[Source, ...] = ()
    made: str = ""
    tool: Mapping[str, str] = field(default_factory=dict)
    standing: Standing = field(default_factory=Standing)
    schema: str = SCHEMA

    def field(self, name: str) -> Field:
        """Return a field; an open one where the card has none of that name."""
        return next((f for f in self.fields if f.name == name), Field(name, name, "people", "open"))

    def said(self, name: str) -> tuple[str, ...]:
        """Return what people say of a field."""
        return self.field(name).values

    def first(self, name: str) -> str:
        """Return what people say of a field, as one text."""
        return " ".join(self.said(name))

    @property
    def title(self) -> str:
        """Return what it is called: by people, in the registry, or where it was made."""
        return self.first("title") or self.standing.name or self.model.name

    @property
    def missing(self) -> tuple[Field, ...]:
        """Return the required fields that are empty."""
        return tuple(f for f in self.fields if f.state == "missing")

    def data_of(self, role: str) -> Iterator[DataSet]:
        """Give the tables of one role."""
        return (d for d in self.data if d.role == role)

    def source(self, digest: str) -> Source | None:
        """Return the report of a digest."""
        return next((s for s in self.sources if s.digest == digest), None)

    def with_(self, **changes: Any) -> Card:
        """Return a copy with fields replaced."""
        return replace(self, **changes)

    def to_bytes(self) -> bytes:
        """Return it as canonical JSON: the same card gives the same bytes."""
        return canonical(plain(asdict(self)))
