"""What crosses an endpoint: a question, its rows, an answer; and who may refuse the one or take note of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pyarrow


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a payload. names: of their columns, empty where the payload names none.

    cells: row by row, each a str, int, float, bool, None or a list of these; None where the payload was Parquet or Arrow,
    which is then in ``table``.
    """

    names: tuple[str, ...]
    cells: list[list[Any]] | None = None
    table: pyarrow.Table | None = None

    def __len__(self) -> int:
        """Return how many rows there are."""
        if self.cells is not None:
            return len(self.cells)
        return 0 if self.table is None else int(self.table.num_rows)

    def as_cells(self) -> Rows:
        """Return them row by row, those of a table as well."""
        if self.table is None:
            return self
        return Rows(tuple(self.table.column_names), [list(r.values()) for r in self.table.to_pylist()])


@dataclass(frozen=True, slots=True)
class Question:
    """One request to an endpoint. id: ours, a UUID; inference_id: the caller's, or empty. at: seconds since 1970.

    rows: what the body holds, None where only the model's own ``input_fn`` can read it. caller: who asks, as
    authenticated, or the address; path: with the query, as they came; headers: its lines, that a firewall looks at. shadow: it
    is put to a variant beside, whose answer nobody is given.
    """

    id: str
    endpoint: str
    variant: str
    at: float
    caller: str
    content_type: str
    accept: str
    body: bytes
    rows: Rows | None = None
    inference_id: str = ""
    attributes: str = ""
    address: str = ""
    method: str = "POST"
    path: str = "/invocations"
    headers: tuple[tuple[str, str], ...] = ()
    shadow: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint answered. status: of HTTP. reason: why it is no prediction, for the log; never a secret."""

    status: int
    body: bytes
    content_type: str
    seconds: float = 0.0
    reason: str = ""
    variant: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a question is not passed on. rule: which one; message: a sentence for the caller, without the payload's values.

    blocks: whether it is refused, or only noted (detect). detail: for the log.
    """

    rule: str
    message: str
    status: int = 403
    blocks: bool = True
    detail: str = ""


class Guard(Protocol):
    """Looks at each question before a model sees it."""

    name: str

    def examine(self, question: Question) -> list[Refusal]:
        """Return what is wrong with it, nothing where it may pass. Bounded in time; never raises on what a caller sent."""

    def slow(self, question: Question) -> bool:
        """Whether ``examine`` may take longer than about a millisecond, so that an event loop asks it from a thread."""


class Tap(Protocol):
    """Takes note of questions and answers, and never holds them up."""

    def put(self, question: Question, answer: Answer) -> bool | None:
        """Take note; False where it had to be dropped, which the tap counts, None where it is none of those it notes."""

    def unwritten(self) -> tuple[int, str]:
        """Return how many it took note of and could not keep since it began, and why it cannot now, if it cannot."""
