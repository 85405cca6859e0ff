"""What each address means: endpoints as SageMaker's clients ask them, health, metrics, and the API of the office."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from assay import __version__
from assay.doors.gateway.messages import Request, Response
from assay.kernel.serving import Answer, Refusal
from assay.methods.exposition import Counter
from assay.works.serving import counts
from assay.works.serving.gateway import INFERENCE, Asked, Gateway

if TYPE_CHECKING:
    from assay.doors.gateway.api import Api

_INVOCATIONS = "/invocations"
_API = "/api/v1/"
# What SageMaker's clients call an error of each kind.
_ERRORS = {
    400: "ValidationError",
    401: "AccessDeniedException",
    403: "AccessDeniedException",
    404: "ValidationError",
    413: "ValidationError",
    415: "ValidationError",
    424: "ModelError",
    429: "ThrottlingException",
    502: "ModelError",
    503: "ServiceUnavailable",
    504: "ModelError",
}


class Gate:
    """The application: every rule is asked of the gateway (works/serving) or of the office (works.call)."""

    def __init__(self, gateway: Gateway, api: Api | None = None, *, guarded: bool = False) -> None:
        """guarded: whether metrics are for tokens that hold alone."""
        self.gateway, self.api, self.guarded = gateway, api, guarded

    # -- the head of a request

    def begin(self, request: Request) -> int | Response:
        """Return how many bytes a request's body may have, or what it is answered at once."""
        path = request.path
        if path == _INVOCATIONS or (path.startswith("/endpoints/") and path.endswith(_INVOCATIONS)):
            return self._endpoint(request, path)
        if path.startswith(_API):
            return self._api(request)
        plain = _PLAIN.get(path)
        if plain is None:
            return _error(Refusal("path", "there is nothing at this address", 404), request)
        if request.method not in ("GET", "HEAD"):
            return _error(Refusal("method", "this is asked with GET", 405), request, {"allow": "GET, HEAD"})
        if self.guarded and path == "/metrics":
            found = self.gateway.known(request.headers, request.address)
            if isinstance(found, Refusal):
                return _error(found, request)
        return 0

    def _endpoint(self, request: Request, path: str) -> int | Response:
        if request.method != "POST":
            return _error(
                Refusal("method", "an endpoint is asked with POST", 405), request, {"allow": "POST"}
            )
        name = path[len("/endpoints/") : -len(_INVOCATIONS)] if path != _INVOCATIONS else ""
        encoding = request.headers.get("content-encoding", "identity").lower()
        if encoding not in ("identity", "gzip"):
            return _error(Refusal("encoding", "send the body plain, or as gzip", 415), request)
        found = self.gateway.admit(name, request.headers, request.address, request.certificate)
        if isinstance(found, Refusal):
            return _error(found, request)
        request.admitted = found
        return found.most

    def _api(self, request: Request) -> int | Response:
        if self.api is None:
            return _error(Refusal("path", "this server offers no API", 404), request)
        who = self.gateway.admin(request.headers, request.address)
        if isinstance(who, Refusal):
            return _error(who, request)
        request.admitted = who
        return self.api.most(request)

    # -- a whole request

    async def finish(self, request: Request) -> Response:
        """Return the response to a whole request."""
        asked = request.admitted
        if isinstance(asked, Asked):
            try:
                return await self._invoke(request, asked)
            finally:
                self.gateway.release(asked)
        if request.path.startswith(_API) and self.api is not None:
            try:
                return await self.api.answer(request)
            finally:
                self.api.over(request)
        return await _PLAIN[request.path](self, request)

    async def _invoke(self, request: Request, asked: Asked) -> Response:
        body = request.body
        if request.headers.get("content-encoding", "identity").lower() == "gzip":
            unpacked = await asyncio.to_thread(_unpacked, body, asked.most)
            if isinstance(unpacked, Refusal):
                return _error(self.gateway.refused(asked, unpacked), request, id=asked.id)
            body = unpacked
        target = f"{request.path}?{request.query}" if request.query else request.path
        found = await self.gateway.answer(asked, body, request.headers, request.raw, target)
        if isinstance(found, Refusal):
            return _error(found, request, id=asked.id)
        return _answered(found, request, asked)

    def drop(self, request: Request, rule: str) -> Response:
        """Return the response to a request that was begun and is refused for how it came."""
        asked = request.admitted
        if self.api is not None:
            self.api.over(request)
        refusal = Refusal(f"request.{rule or 'cut'}", "the body is larger than it may be", 413)
        if isinstance(asked, Asked):
            if rule:
                refusal = replace(
                    refusal, message=f"the body has more than the {asked.most:,} bytes it may have"
                )
            self.gateway.refused(asked, refusal)
            self.gateway.release(asked)
        return _error(refusal, request)

    def broke(self, rule: str) -> None:
        """Take note that a connection was ended for what came on it."""
        self.gateway.counts.broken.add((rule,))

    # -- health and metrics

    async def _alive(self, request: Request) -> Response:
        return Response(200, b'{"status":"alive"}')

    async def _ready(self, request: Request) -> Response:
        """One endpoint that is not answered takes no other from the callers; ``?endpoint=NAME`` asks of that one."""
        wrong, known = self.gateway.ready(), {*self.gateway.lines, *self.gateway.starting}
        asked = dict(parse_qsl(request.query, max_num_fields=5)).get("endpoint")
        if asked is not None:
            closed = "" in wrong or asked in wrong or asked not in known
        else:
            closed = "" in wrong or (bool(known) and len(wrong) == len(known))
        said = {"status": "not ready" if closed else "ready", "endpoints": wrong}
        return Response(503 if closed else 200, json.dumps(said).encode())

    async def _metrics(self, request: Request) -> Response:
        whole = counts.totals(self.gateway.folder, (self.gateway.name, self.gateway.counts))
        ready = Counter(
            "assay_endpoint_ready", "Whether an endpoint is answered for.", ("endpoint",), kind="gauge"
        )
        wrong = self.gateway.ready()
        for name in (*self.gateway.lines, *self.gateway.starting):
            ready.set((name,), float(name not in wrong and "" not in wrong))
        info = Counter("assay_info", "What answers.", ("version",), {(__version__,): 1.0}, "gauge")
        return Response(200, counts.shown(whole, [ready, info]), "text/plain; version=0.0.4; charset=utf-8")


_PLAIN: dict[str, Callable[[Gate, Request], Awaitable[Response]]] = {
    "/ping": Gate._ready,
    "/healthz": Gate._alive,
    "/readyz": Gate._ready,
    "/metrics": Gate._metrics,
}


def _answered(answer: Answer, request: Request, asked: Asked) -> Response:
    headers = {"x-amzn-requestid": asked.id, "x-amzn-invoked-production-variant": answer.variant}
    if asked.line.door.alpha:
        headers["x-assay-stage"] = "alpha"
    said = request.headers.get(INFERENCE)
    if said and said.isprintable() and len(said) <= 64:
        headers[INFERENCE] = said
    if answer.status >= 400:
        return _error(Refusal("model", _told(answer), answer.status), request, headers, id=asked.id)
    return Response(answer.status, answer.body, answer.content_type, headers)


def _told(answer: Answer) -> str:
    """Return what a caller is told of a question that no model answered; the reason itself is for the log."""
    try:
        said = json.loads(answer.body)["error"]
        return said if isinstance(said, str) else "the model could not answer"
    except (ValueError, KeyError, TypeError, RecursionError):
        return "the model could not answer"


def _error(
    refusal: Refusal, request: Request, headers: dict[str, str] | None = None, *, id: str = ""
) -> Response:
    """Return a refusal as JSON: one sentence, which rule, and the request's id."""
    id = id or str(uuid.uuid4())
    said = {"message": refusal.message, "rule": refusal.rule, "request_id": id}
    out = {
        "x-amzn-requestid": id,
        "x-amzn-errortype": _ERRORS.get(refusal.status, "InternalFailure"),
        **(headers or {}),
    }
    if refusal.status == 401:
        out["www-authenticate"] = 'Bearer realm="assay"'
    if refusal.status in (429, 503):
        wait = float(refusal.detail) if refusal.rule == "rate" else 1.0
        out["retry-after"] = str(max(1, round(wait + 0.5)))
    return Response(refusal.status, json.dumps(said).encode(), headers=out)


def _unpacked(body: bytes, most: int) -> bytes | Refusal:
    from assay.methods.traces.gzipped import unpacked
    from assay.methods.traces.protobuf import Malformed

    try:
        return unpacked(body, most)
    except Malformed as error:
        status = 413 if "unpacks to more" in str(error) else 400
        return Refusal("request.gzip", f"the body cannot be unpacked: {error}", status)
