"""Endpoints, asked and changed: made, shown, updated, invoked, promoted, rolled back, deleted."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import Missing
from assay.works.home import Home
from assay.works.verbs.shape import Json, listed, plain_record

if TYPE_CHECKING:
    from assay.office.endpoints import EndpointRecord


def told(home: Home, record: EndpointRecord) -> Json:
    """Return an endpoint as it now is, with what each variant's package reads as: its approval may have ended since.

    rules: file → digest of what its guards go by besides: the home's own files, and the Core Rule Set of this machine.
    """
    from assay.office import registry
    from assay.works.serving.rules import Rules

    raw = plain_record(record)
    standing: dict[str, str] = {}
    for variant in raw["variants"]:
        package = str(variant["package"])
        if package not in standing:
            try:
                standing[package] = registry.get(home.office, package).status
            except Missing:
                standing[package] = "MISSING"
    rules = Rules(home).of(record) if not home.office.past else {}
    return {"schema": "assay.endpoint/1", **raw, "packages": standing, "rules": rules}


def _wanted(model: str, variants: Sequence[Mapping[str, Any]], replicas: int) -> list[Any]:
    from assay.works.serving.plans import Wanted

    alone = [Wanted(model, replicas=replicas)] if model else []
    return alone + [Wanted(**{"replicas": replicas, **dict(v)}) for v in variants]


def _plan(given: Mapping[str, Any] | None) -> Any:
    from assay.works.serving.plans import Plan

    return Plan(**dict(given or {}))


def _deployer(home: Home, actor: str) -> Any:
    from assay.works.serving.changing import Deployer

    return Deployer(home, actor)


def endpoint_create(
    home: Home, actor: str, *, name: str, model: str = "", variants: Sequence[Mapping[str, Any]] = (),
    replicas: int = 1, stage: str = "production", guard: Mapping[str, Any] | None = None,
    capture: Mapping[str, Any] | None = None, fallback: Mapping[str, Any] | None = None, sticky: str = "",
    reason: str = "",
) -> Json:  # fmt: skip
    """Make an endpoint of approved packages. variants: each ``{"package", "name", "weight", "shadow", "replicas"}``."""
    made = _deployer(home, actor).create(
        name, _wanted(model, variants, replicas), stage=stage, guard=guard, capture=capture, fallback=fallback,
        sticky=sticky, reason=reason,
    )  # fmt: skip
    return told(home, made)


def endpoint_show(home: Home, actor: str, *, name: str) -> Json:
    """Show one endpoint, as it is and what it was before."""
    from assay.office import endpoints

    return told(home, endpoints.get(home.office, name, deleted=True))


def endpoint_list(home: Home, actor: str, *, deleted: bool = False) -> Json:
    """List the endpoints; ``unreadable`` names those whose rows cannot be read."""
    from assay.office import endpoints

    unreadable: list[str] = []
    found = endpoints.listing(home.office, deleted=deleted, unreadable=unreadable)
    return listed("endpoints", [plain_record(e) for e in found]) | {"unreadable": unreadable}


def endpoint_update(
    home: Home, actor: str, *, name: str, model: str = "", variants: Sequence[Mapping[str, Any]] = (),
    replicas: int | None = None, plan: Mapping[str, Any] | None = None, guard: Mapping[str, Any] | None = None,
    capture: Mapping[str, Any] | None = None, fallback: Mapping[str, Any] | None = None,
    sticky: str | None = None, blocked: Mapping[str, Any] | None = None, reason: str = "",
) -> Json:  # fmt: skip
    """Change an endpoint. plan: ``{"strategy", "steps", "every", "errors", "least", "slower", "outside", "shift",
    "alarms"}``, how new models take over.

    blocked: caller → seconds from now, a moment, or None. fallback: ``{}`` takes it away.
    """
    wanted = _wanted(model, variants, replicas or 1)
    return told(
        home,
        _deployer(home, actor).update(
            name, wanted=wanted, plan=_plan(plan), guard=guard, capture=capture, fallback=fallback, sticky=sticky,
            blocked=blocked, replicas=None if wanted else replicas, reason=reason,
        )
    )  # fmt: skip


def endpoint_traffic(
    home: Home, actor: str, *, name: str, weights: Mapping[str, float], reason: str = ""
) -> Json:
    """Give the variants other shares: variant → weight."""
    return told(home, _deployer(home, actor).traffic(name, weights, reason))


def endpoint_promote(
    home: Home,
    actor: str,
    *,
    name: str,
    variant: str = "",
    plan: Mapping[str, Any] | None = None,
    reason: str = "",
) -> Json:
    """Put an endpoint from alpha into production, or let one variant answer everything."""
    return told(home, _deployer(home, actor).promote(name, variant, _plan(plan), reason))


def endpoint_rollback(home: Home, actor: str, *, name: str, reason: str = "") -> Json:
    """Take the latest change of an endpoint's models back."""
    return told(home, _deployer(home, actor).rollback(name, reason))


def endpoint_delete(home: Home, actor: str, *, name: str, reason: str = "") -> Json:
    """End an endpoint."""
    return told(home, _deployer(home, actor).delete(name, reason))


def endpoint_invoke(
    home: Home, actor: str, *, name: str, body: bytes | None = None, content_type: str = "", accept: str = "",
    variant: str = "", url: str = "", token: str = "", ca: str | None = None, seconds: float = 60.0,
) -> Json:  # fmt: skip
    """Ask an endpoint once: a server at ``url`` with a token, or here with a replica of its own. body: None makes a row up."""
    from assay.office import endpoints
    from assay.works.serving import invoking

    record = endpoints.get(home.office, name)
    made_up = body is None
    asked = invoking.Asked(
        invoking.sample(home, record) if body is None else body,
        "application/json" if made_up else content_type or "application/json",
        accept,
        variant,
    )
    noted: list[str] = []
    event: int | None = None
    if url:
        answer = invoking.over_http(url, record.name, asked, token, ca, seconds)
    else:
        answer, noted, event = invoking.here(home, actor, record, asked)
    text = _text(answer.body)
    out: Json = {"schema": "assay.answer/1", "endpoint": record.name, "variant": answer.variant or variant}
    out |= {"status": answer.status, "seconds": round(answer.seconds, 6), "content_type": answer.content_type}
    out |= {"body": text} if text is not None else {"base64": b64encode(answer.body).decode()}
    out |= {"asked": asked.body.decode()} if made_up else {}
    return out | {"noted": noted, "event": event}


def _text(raw: bytes) -> str | None:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


VERBS: Mapping[str, Callable[..., Any]] = {
    "endpoint.create": endpoint_create,
    "endpoint.show": endpoint_show,
    "endpoint.list": endpoint_list,
    "endpoint.update": endpoint_update,
    "endpoint.traffic": endpoint_traffic,
    "endpoint.invoke": endpoint_invoke,
    "endpoint.promote": endpoint_promote,
    "endpoint.rollback": endpoint_rollback,
    "endpoint.delete": endpoint_delete,
}
