"""Actions carried out, remembered, and asked whether they happened."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assay.kernel.action import Action, Begun, Made
from assay.kernel.errors import AssayError, InDoubt
from assay.office import ledger, schema
from assay.office.alive import held, taken
from assay.office.rows import read

if TYPE_CHECKING:
    from assay.office.office import Office, Tx

_TOLD = 300  # characters of an error that an event keeps


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """An action as the office remembers it. state: begun, done or failed. begun, event: seq of its first event and of its latest.

    order: what another process needs to ask whether it happened. detail: what its latest event says.
    """

    key: str
    name: str
    subject: str
    actor: str
    state: str
    begun: int
    event: int
    order: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    detail: Mapping[str, Any] = field(default_factory=dict)


def carry_out(office: Office, action: Action) -> ActionRecord:
    """Authorise, record as begun, do, and record as done with the state it leaves; what is done already is returned.

    Whatever goes wrong while it is done is raised again, and the action recorded as failed, unless it happened all the
    same. One that is killed stays begun, until ``ask`` finds out.
    """
    with alone(office, action.subject):
        known = get(office, action.key)
        if known is not None and known.state == "done":
            return known
        if known is not None and known.state == "begun":  # whoever began it is gone: the lock was free
            known = ask(office, action, known)
            if known.state == "done":
                return known
        action.authorise()
        record, begun = _begin(office, action)
        try:
            return _done(office, action, record, action.do(begun))
        except BaseException as error:
            _broken_off(office, action, record, begun, error)
            if isinstance(error, AssayError):
                error.recorded = True
            raise


def ask(office: Office, action: Action | None, record: ActionRecord) -> ActionRecord:
    """Ask an action that was begun, and not ended, whether it happened; record the answer and return it.

    None stands for one that cannot have happened.
    """
    begun = Begun(record.begun, ledger.leaf(office, record.begun))
    made = action.happened(begun) if action is not None else None
    if action is None or made is None:
        return _fail(office, record, "it was cut short, and did not happen")
    return _done(office, action, record, made)


@contextmanager
def abandoned(office: Office) -> Iterator[list[ActionRecord]]:
    """Give the actions that were begun by processes that are gone, and keep anyone from beginning them meanwhile."""
    query = sa.select(schema.actions.c.value).where(schema.actions.c.state == "begun")
    with ExitStack() as stack:
        found = [read(ActionRecord, text) for (text,) in office.rows(query)]
        free = {s: stack.enter_context(taken(_lock(office, s))) for s in {r.subject for r in found}}
        yield [r for r in found if free[r.subject] and _said(office, r)]


def _said(office: Office, record: ActionRecord) -> bool:
    """Whether the log says that it was begun: a row added behind the office's back is left for `log verify`."""
    event = ledger.event(office, record.begun)
    return event is not None and event.outcome == "begun" and event.detail.get("key") == record.key


def get(office: Office, key: str) -> ActionRecord | None:
    """Return the action of that key, or None."""
    rows = office.rows(sa.select(schema.actions.c.value).where(schema.actions.c.key == key))
    return read(ActionRecord, rows[0][0]) if rows else None


def named(office: Office, name: str, state: str = "") -> list[ActionRecord]:
    """Return every action of a name, and of a state where one is said, the latest first."""
    table = schema.actions.c
    of_it = [table.name == name, *([table.state == state] if state else [])]
    rows = office.rows(sa.select(table.value).where(*of_it))
    return sorted((read(ActionRecord, r[0]) for r in rows), key=lambda r: -r.event)


def keyed(office: Office, prefix: str, suffix: str = "") -> list[ActionRecord]:
    """Return every action whose key begins, and ends, so, in the order of their keys."""
    key = schema.actions.c.key
    wanted = key.startswith(prefix, autoescape=True), key.endswith(suffix, autoescape=True)
    found = (read(ActionRecord, r[0]) for r in office.rows(sa.select(schema.actions.c.value).where(*wanted)))
    kept = (r for r in found if r.key.startswith(prefix) and r.key.endswith(suffix))  # LIKE may fold case
    return sorted(kept, key=lambda r: r.key)


def propose(tx: Tx, action: Action) -> ActionRecord:
    """Leave an action as proposed, with its event: nothing is done until somebody carries it out; return it."""
    order, inputs = dict(action.order), dict(action.inputs)
    record = ActionRecord(
        action.key, action.name, action.subject, action.actor, "proposed", tx.size, tx.size, order, inputs
    )
    _record(tx, record, record.subject, inputs, {"key": action.key, "order": order})
    return record


def decline(office: Office, record: ActionRecord, actor: str, reason: str) -> ActionRecord:
    """Leave a proposal as declined, with its event."""
    with office.transaction() as tx:
        record = replace(record, state="declined", actor=actor, event=tx.size, detail={"why": reason})
        _record(tx, record, record.subject, record.inputs, {"key": record.key, "why": reason})
    return record


def alone(office: Office, subject: str) -> AbstractContextManager[None]:
    """Hold what an action about a subject holds: no other begins meanwhile."""
    return held(_lock(office, subject))


def _lock(office: Office, subject: str) -> Path:
    name = hashlib.sha256(subject.encode()).hexdigest()[:32]
    return office.outside.folder / "actions" / name


def _begin(office: Office, action: Action) -> tuple[ActionRecord, Begun]:
    with office.transaction() as tx:
        record = ActionRecord(
            action.key,
            action.name,
            action.subject,
            action.actor,
            "begun",
            tx.size,
            tx.size,
            dict(action.order),
            dict(action.inputs),
        )
        detail = {"key": action.key, "order": record.order}
        seq = _record(tx, record, record.subject, record.inputs, detail)
        return record, Begun(seq, tx.leaf(seq).hex())


def _done(office: Office, action: Action, record: ActionRecord, made: Made) -> ActionRecord:
    with office.transaction() as tx:
        settled = action.settle(tx, made)
        record = replace(record, state="done", event=tx.size, detail=dict(settled.detail))
        detail = {"key": record.key, "begun": record.begun, **settled.detail}
        _record(tx, record, settled.subject or record.subject, settled.inputs or record.inputs, detail)
    return record


def _broken_off(
    office: Office, action: Action, record: ActionRecord, begun: Begun, error: BaseException
) -> None:
    """Record how an action ended that raised: failed, where it says so itself; else it is asked whether it happened.

    Where that cannot be told it stays begun, and is asked when the office is next opened.
    """
    made = None
    if not isinstance(error, AssayError) or isinstance(error, InDoubt):
        try:
            made = action.happened(begun)
        except (AssayError, OSError):
            return
    if made is None:
        said = error.for_the_log() if isinstance(error, AssayError) else error
        _fail(office, record, f"{type(error).__name__}: {said}"[:_TOLD])
    else:
        _done(office, action, record, made)


def _fail(office: Office, record: ActionRecord, why: str) -> ActionRecord:
    with office.transaction() as tx:
        record = replace(record, state="failed", event=tx.size, detail={"why": why})
        detail = {"key": record.key, "begun": record.begun, "why": why}
        _record(tx, record, record.subject, record.inputs, detail)
    return record


def _record(
    tx: Tx, record: ActionRecord, subject: str, inputs: Mapping[str, str], detail: Mapping[str, Any]
) -> int:
    tx.write("actions", record.key, asdict(record), state=record.state, name=record.name)
    return tx.record(
        record.name, subject, actor=record.actor, inputs=inputs, outcome=record.state, detail=detail
    )
