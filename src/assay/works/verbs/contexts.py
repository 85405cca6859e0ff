"""Contexts: what groups runs and things, made, filled, listed and shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assay.works.home import Home
from assay.works.verbs.shape import Json, listed, plain_record


def context_list(home: Home, actor: str, *, kind: str | None = None) -> Json:
    """List the contexts, of one kind if asked, with how many things are in each."""
    from assay.office import contexts

    found = contexts.listing(home.office, kind)
    return listed(
        "contexts", [plain_record(c) | {"members": len(contexts.members(home.office, c.key))} for c in found]
    )


def context_show(home: Home, actor: str, *, name: str) -> Json:
    """Show a context and what is in it."""
    from assay.office import contexts
    from assay.works.associating import name_of

    found = contexts.get(home.office, name)
    members = [m | {"name": name_of(home, m["member"])} for m in contexts.members(home.office, found.key)]
    return {"schema": "assay.context/1", **plain_record(found), "members": members}


def context_put(home: Home, actor: str, *, name: str, things: Sequence[str]) -> Json:
    """Put things into a context, which is made where it is new."""
    from assay.office import contexts
    from assay.works.associating import thing

    known = [thing(home, text)[0] for text in things]
    event: int | None = None
    with home.office.transaction() as tx:
        for urn in known:
            event = contexts.join(tx, name, urn, actor=actor) or event
        if not known:
            key = contexts.make(tx, name, actor=actor)
            event = tx.record("context.make", f"context/{key}", actor=actor)
    return context_show(home, actor, name=name) | {"event": event}


def context_take(home: Home, actor: str, *, name: str, things: Sequence[str]) -> Json:
    """Take things out of a context."""
    from assay.office import contexts
    from assay.works.associating import thing

    known = [thing(home, text)[0] for text in things]
    event: int | None = None
    with home.office.transaction() as tx:
        for urn in known:
            event = contexts.leave(tx, name, urn, actor=actor)
    return context_show(home, actor, name=name) | {"event": event}


VERBS: Mapping[str, Callable[..., Any]] = {
    "context.list": context_list,
    "context.show": context_show,
    "context.put": context_put,
    "context.take": context_take,
}
