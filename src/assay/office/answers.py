"""What people answered to the questions that are asked of a model: each with who, when, and the question as it then was."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from assay.kernel.action import Writer
from assay.office import schema
from assay.office.rows import read

if TYPE_CHECKING:
    from assay.methods.inventory.questions import Question
    from assay.office.office import Office
    from assay.office.registry import PackageRecord

KIND = "answer"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. key: of the question; ask: the question as it was answered."""

    key: str
    ask: str
    text: str
    by: str
    at: str

    def answers(self, question: Question) -> bool:
        """Whether it answers a question as it is asked now."""
        return self.key == question.key and self.ask == question.ask and bool(self.text)


def put(tx: Writer, record: PackageRecord, answer: Answer) -> None:
    """Keep an answer in the place of an earlier one; the next event vouches for it."""
    key = f"{record.title}/{KIND}/{answer.key}"
    tx.write("statements", key, asdict(answer), package=record.title, kind=KIND)


def of(office: Office, record: PackageRecord) -> dict[str, Answer]:
    """Return the answers given of a package, by question."""
    table = schema.statements
    mine = (table.c.package == record.title) & (table.c.kind == KIND)
    found = [read(Answer, text) for (text,) in office.rows(sa.select(table.c.value).where(mine))]
    return {a.key: a for a in found}


def every(office: Office) -> dict[str, dict[str, Answer]]:
    """Return every answer, by package and question."""
    table = schema.statements
    out: dict[str, dict[str, Answer]] = {}
    query = sa.select(table.c.package, table.c.value).where(table.c.kind == KIND)
    for package, text in office.rows(query):
        answer = read(Answer, text)
        out.setdefault(str(package), {})[answer.key] = answer
    return out
