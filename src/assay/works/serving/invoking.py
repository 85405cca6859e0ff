"""An endpoint asked once: over HTTP where a server answers, or here, by a replica that is started for this one question."""

from __future__ import annotations

import asyncio
import http.client
import random
import ssl
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from assay.kernel.errors import Missing, Refused, UsageError
from assay.kernel.serving import Answer, Question
from assay.methods.nearest import did_you_mean
from assay.methods.routing.shares import Draw

if TYPE_CHECKING:
    from assay.methods.inputschema.schema import Feature
    from assay.office.endpoints import EndpointRecord, Variant
    from assay.works.home import Home

_LARGEST = 64 << 20  # bytes of an answer


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to an endpoint as a person puts it. variant: empty for the one that the shares give."""

    body: bytes
    content_type: str
    accept: str = ""
    variant: str = ""


def over_http(url: str, name: str, asked: Asked, token: str, ca: str | None, seconds: float) -> Answer:
    """Ask a server; UsageError where none answers there."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{url!r} is no address of a server", remedy="write https://HOST:PORT")
    headers = {"content-type": asked.content_type, "accept": asked.accept or "*/*"}
    headers |= {"authorization": f"Bearer {token}"} if token else {}
    headers |= {"x-amzn-sagemaker-target-variant": asked.variant} if asked.variant else {}
    began = time.monotonic()
    try:
        connection = (
            http.client.HTTPSConnection(
                parts.hostname, parts.port, timeout=seconds, context=ssl.create_default_context(cafile=ca)
            )
            if parts.scheme == "https"
            else http.client.HTTPConnection(parts.hostname, parts.port, timeout=seconds)
        )
        path = f"{parts.path.rstrip('/')}/endpoints/{name}/invocations"
        connection.request("POST", path, asked.body, headers)
        found = connection.getresponse()
        body, told = found.read(_LARGEST + 1), found.headers
        connection.close()
    except (
        OSError,
        ValueError,
        http.client.HTTPException,
    ) as error:  # ValueError: a port, or a name, that is none
        raise UsageError(f"nothing answers at {url}: {error}", remedy="see `assay serve --help`") from None
    if len(body) > _LARGEST:
        raise UsageError(
            f"what {url} answers has more than the {_LARGEST >> 20} MB that are taken",
            remedy="send fewer rows at once",
        )
    variant = told.get("x-amzn-invoked-production-variant", "")
    kind = told.get("content-type", "")
    return Answer(found.status, body, kind, time.monotonic() - began, "", variant)


def here(home: Home, actor: str, record: EndpointRecord, asked: Asked) -> tuple[Answer, list[str], int]:
    """Start a replica, ask it, and end it; return the answer, what the guards noted, and the event's seq.

    Refused where the package may not be deployed any more, or where a guard blocks the question. Nothing is captured.
    """
    from assay.engines.serving import sockets, start
    from assay.office.endpoints import variant as _variant
    from assay.works.serving import guards
    from assay.works.serving.deployable import deployable, folder_of

    arm = _chosen([_variant(v) for v in record.variants], asked.variant, record.name)
    folder = folder_of(home, deployable(home, arm.package))
    question = Question(
        str(uuid.uuid4()),
        record.name,
        arm.name,
        time.time(),
        actor,
        asked.content_type,
        asked.accept,
        asked.body,
        headers=_headers(asked),
    )
    question, noted = _guarded(guards.of(home, record, folder), question, home, folder)
    with sockets.folder() as private:  # a socket's path is short, and a home may lie deep
        replica = start(folder, private / "r", level=home.settings.isolation)  # type: ignore[arg-type]
        try:
            if not replica.wait(120):
                raise Refused(f"the model of {arm.package} does not start: {replica.reason}")
            answer = asyncio.run(_ask(str(private / "r"), arm.name, question, float(record.guard["seconds"])))
        finally:
            replica.end()
    with home.office.transaction() as tx:
        detail = {"variant": arm.name, "status": answer.status, "bytes": len(asked.body)}
        seq = tx.record(
            "endpoint.invoke",
            record.urn,
            actor=actor,
            inputs={f"variant:{arm.name}": arm.digest},
            detail=detail,
        )
    return answer, noted, seq


def _headers(asked: Asked) -> tuple[tuple[str, str], ...]:
    """Return the head that such a question has over HTTP: a firewall refuses one that says no length."""
    return (
        ("host", "localhost"),
        ("user-agent", "assay"),
        ("accept", asked.accept or "*/*"),
        ("content-type", asked.content_type),
        ("content-length", str(len(asked.body))),
    )


async def _ask(path: str, variant: str, question: Question, seconds: float) -> Answer:
    from assay.engines.serving.client import Replicas

    pool = Replicas([path], variant=variant)
    await pool.connect(seconds)
    try:
        return await pool.ask(question, seconds)
    finally:
        await pool.close(1)


def _guarded(found: list[Any], question: Question, home: Home, folder: Path) -> tuple[Question, list[str]]:
    from dataclasses import replace

    from assay.methods import payloads
    from assay.works.inputschemas import at

    if not found:
        return question, []
    schema = at(home, question.endpoint, folder)
    features = tuple(f.name for f in schema.features) if schema is not None else ()
    rows = payloads.read(question.body, question.content_type, features=features, native=True)
    question = replace(question, rows=rows)
    noted = []
    for guard in found:
        for refusal in guard.examine(question):
            if refusal.blocks:
                raise Refused(f"the endpoint does not answer this: {refusal.message}")
            noted.append(f"{refusal.rule}: {refusal.message}")
    return question, noted


def _chosen(arms: list[Variant], wanted: str, name: str) -> Variant:
    known = {a.name: a for a in arms}
    if wanted and wanted not in known:
        raise Missing(f"{name} has no variant {wanted!r}", remedy=did_you_mean(wanted, known))
    draw = Draw([(a.name, a.weight) for a in arms if not a.shadow])
    return known[wanted or draw.by_chance(random.random())]  # noqa: S311 - a share of traffic, no secret


def sample(home: Home, record: EndpointRecord) -> bytes:
    """Return a row that the input schema of an endpoint's first package would take, as JSON; Refused where it has none."""
    import json

    from assay.office import registry
    from assay.works.inputschemas import at
    from assay.works.serving.deployable import folder_of

    arm = record.arms[0]
    schema = at(home, record.name, folder_of(home, registry.get(home.office, arm.package)))
    if schema is None:
        raise Refused(
            f"{arm.package} has no input schema, so no row can be made up", remedy="give one: --data FILE"
        )
    return json.dumps({"instances": [{f.name: _typical(f) for f in schema.features}]}).encode()


def _typical(feature: Feature) -> Any:
    if feature.values:
        return max(feature.values, key=lambda v: feature.values[v])
    low, high = feature.minimum, feature.maximum
    if feature.type in ("integer", "number"):
        middle = ((low or 0) + (high if high is not None else (low or 0))) / 2
        return int(middle) if feature.type == "integer" else middle
    if feature.type == "list":
        return [low or 0.0] * (feature.shortest or 1)
    made = {"boolean": False, "moment": "2026-01-01T00:00:00Z", "text": "x" * max(feature.shortest or 1, 1)}
    return made.get(feature.type)
