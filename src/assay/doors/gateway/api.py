"""The office over HTTP, under /api/v1: each address is one action of ``works.call``, asked with a token that may administer."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from assay.doors.gateway.messages import Request, Response
from assay.doors.gateway.uploading import LARGEST, Examiner, Receiving
from assay.kernel.errors import AssayError, Missing, Refused, UsageError

if TYPE_CHECKING:
    from assay.works.home import Home

PREFIX = "/api/v1"
_BODY = 1 << 20  # bytes of parameters
_DEPTH = 20
_NAME = re.compile(r"[\w.@:+-]{1,300}")


@dataclass(frozen=True, slots=True)
class Route:
    """One address. path: its parts in braces are parameters. action: of ``works.call``.

    query, body: the parameters that may come there; no others do, since some name files of this machine.
    file: whether the body is a file, which the action is given as its ``file``.
    """

    method: str
    path: str
    action: str
    query: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    file: bool = False

    def fits(self, method: str, path: str) -> dict[str, str] | None:
        """Return the parameters that an address holds; None where it is not this one."""
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]{1,300})", re.escape(self.path))
        found = re.fullmatch(pattern, path) if method == self.method else None
        parts = {k: unquote(v) for k, v in found.groupdict().items()} if found else None
        return parts if parts is not None and all(map(_NAME.fullmatch, parts.values())) else None


_KINDS: Mapping[str, tuple[type, ...]] = {
    "variants": (list,), "owners": (list,), "endpoints": (list,), "guard": (dict,), "capture": (dict,),
    "fallback": (dict,), "plan": (dict,), "blocked": (dict,), "weights": (dict,), "tags": (dict,), "answers": (dict,),
    "remove": (list, bool), "replicas": (int,), "rate": (int, float), "admin": (bool,),
}  # fmt: skip
_TEXT, _NUMBER = (str,), (int, float)
_INNER: Mapping[str, tuple[type, ...]] = {  # of what a list or an object holds
    "owners": _TEXT, "endpoints": _TEXT, "tags": _TEXT, "answers": _TEXT, "variants": (dict,),
}  # fmt: skip
_PARTS: Mapping[str, Mapping[str, tuple[type, ...]]] = {
    "variants": {"name": _TEXT, "package": _TEXT, "weight": _NUMBER, "shadow": (bool,), "replicas": (int,)},
    "plan": {
        "strategy": _TEXT, "steps": (list,), "every": _NUMBER, "errors": _NUMBER, "least": (int,), "slower": _NUMBER,
        "outside": _NUMBER, "shift": _NUMBER, "alarms": _TEXT,
    },
}  # fmt: skip
_FILTERS = ("name", "status", "stage", "alias", "tag", "tier", "owner", "at")
_WHY = ("reason",)
_MODELS = ("model", "variants", "replicas", "guard", "capture", "fallback", "sticky", "reason")
ROUTES = (
    Route("GET", "/models", "inventory.list", _FILTERS),
    Route("POST", "/models", "model.register", ("name", "file", "owner", "purpose"), file=True),
    Route("GET", "/models/{name}", "model.show", ("at",)),
    Route("GET", "/models/{name}/history", "model.history"),
    Route("GET", "/models/{name}/verification", "model.verify"),
    Route("GET", "/models/{name}/card", "model.card", ("format",)),
    Route("POST", "/models/{name}/approve", "model.approve", body=("reason", "expires")),
    Route("POST", "/models/{name}/reject", "model.reject", body=_WHY),
    Route("POST", "/models/{name}/alias", "model.alias", body=("alias", "remove", "reason")),
    Route("POST", "/models/{name}/tag", "model.tag", body=("tags", "remove")),
    Route("POST", "/models/{name}/stage", "model.stage", body=("stage", "reason")),
    Route("POST", "/models/{name}/describe", "model.describe", body=("owners", "purpose", "tier")),
    Route("POST", "/models/{name}/answer", "model.answer", body=("answers",)),
    Route("POST", "/models/{name}/archive", "model.archive", body=_WHY),
    Route("POST", "/models/{name}/restore", "model.restore", body=_WHY),
    Route("POST", "/models/{name}/retire", "model.retire", body=("reason", "successor")),
    Route("GET", "/inventory", "inventory.export", ("format", "at")),
    Route("GET", "/endpoints", "endpoint.list", ("deleted", "at")),
    Route("POST", "/endpoints", "endpoint.create", body=("name", "stage", *_MODELS)),
    Route("GET", "/endpoints/{name}", "endpoint.show", ("at",)),
    Route("PATCH", "/endpoints/{name}", "endpoint.update", body=("plan", "blocked", *_MODELS)),
    Route("DELETE", "/endpoints/{name}", "endpoint.delete", _WHY),
    Route("POST", "/endpoints/{name}/traffic", "endpoint.traffic", body=("weights", "reason")),
    Route("POST", "/endpoints/{name}/promote", "endpoint.promote", body=("variant", "plan", "reason")),
    Route("POST", "/endpoints/{name}/rollback", "endpoint.rollback", body=_WHY),
    Route("GET", "/runs", "runs.list", ("at",)),
    Route("GET", "/runs/{run}", "runs.show", ("at",)),
    Route("GET", "/findings", "findings.list", ("at",)),
    Route("GET", "/search", "search", ("query", "limit")),
    Route("GET", "/lineage", "lineage", ("urn", "at")),
    Route("GET", "/tokens", "token.list", ("revoked",)),
    Route(
        "POST", "/tokens", "token.create", body=("subject", "endpoints", "admin", "expires", "rate", "note")
    ),
    Route("DELETE", "/tokens/{which}", "token.revoke", _WHY),
)


_SHOWN = {
    list: "a list",
    dict: "an object",
    int: "a number",
    float: "a number",
    bool: "true or false",
    str: "a text",
}


class Api:
    """Answers from the office, in threads of its own: a question to the database holds no other request up."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._threads = ThreadPoolExecutor(2, "api")
        self._uploads = ThreadPoolExecutor(1, "upload")  # one after another, and none before a question
        self._receiving, self._examiner = Receiving(), Examiner()

    async def answer(self, request: Request) -> Response:
        """Return what an action gives, as JSON; what it refuses, as one sentence with the status that belongs to it."""
        path = request.path[len(PREFIX) :].rstrip("/") or "/"
        for route in ROUTES:
            found = route.fits(request.method, path)
            if found is not None:
                return await self._carry_out(route, found, request)
        others = sorted({r.method for r in ROUTES if r.fits(r.method, path) is not None})
        if others:
            return _said(
                405, f"this is asked with {' or '.join(others)}", "method", {"allow": ", ".join(others)}
            )
        return _said(404, "there is nothing at this address of the API", "path")

    def most(self, request: Request) -> int | Response:
        """Return how many bytes a request's body may have, or that others are being sent that are held in memory."""
        path = request.path[len(PREFIX) :].rstrip("/")
        if not any(r.file and r.fits(request.method, path) is not None for r in ROUTES):
            return _BODY
        if not self._receiving.enter(request):
            return _said(
                503, "other models are being sent; come again in a moment", "busy", {"retry-after": "5"}
            )
        return LARGEST

    def over(self, request: Request) -> None:
        """A request is over, whether it was answered or cut off."""
        self._receiving.leave(request)

    async def _carry_out(self, route: Route, found: Mapping[str, str], request: Request) -> Response:
        try:
            params = _params(route, found, request)
        except UsageError as error:
            return _said(400, str(error), "usage")
        actor = getattr(request.admitted, "name", "")
        loop = asyncio.get_running_loop()
        try:
            if route.file:
                made = await loop.run_in_executor(
                    self._uploads,
                    self._examiner.register,
                    self.home,
                    route.action,
                    params,
                    request.body,
                    actor,
                )
            else:
                made = await loop.run_in_executor(self._threads, self._call, route.action, params, actor)
        except AssayError as error:
            return _said(_status(error), str(error), type(error).__name__.lower())
        status = 201 if route.method == "POST" and route.path in ("/endpoints", "/models", "/tokens") else 200
        return Response(status, made)

    def _call(self, action: str, params: Mapping[str, Any], actor: str) -> bytes:
        """Return what the action gives as JSON, written in this thread: a large answer holds no request up."""
        from assay.works.call import call

        try:
            made = call(action, params, home=self.home, actor=actor)
        except TypeError as error:  # a parameter that the action does not take, or that is of another kind
            raise UsageError(_unfit(action, str(error))) from None
        return json.dumps(made, allow_nan=False).encode()

    def close(self) -> None:
        """End the threads."""
        self._examiner.close()
        self._threads.shutdown(wait=True)
        self._uploads.shutdown(wait=True, cancel_futures=True)


def _unfit(action: str, said: str) -> str:
    """Return what Python says of a call that does not fit, as whoever asked over HTTP can read it."""
    lacking = re.search(r"missing \d+ required keyword-only arguments?: (.+)", said)
    if lacking:
        return f"{action} needs {lacking[1].replace(chr(39), '')}, which the request does not give"
    return f"these are not the parameters of {action}: {said[:200]}"


def _params(route: Route, found: Mapping[str, str], request: Request) -> dict[str, Any]:
    out: dict[str, Any] = {}
    try:
        asked = parse_qsl(request.query, max_num_fields=50)
    except ValueError:
        raise UsageError("at most 50 parameters are asked at once") from None
    for key, value in asked:
        if "\0" in value:
            raise UsageError(f"{key[:60]!r} is no text")
        if key not in route.query:
            raise UsageError(
                f"{key[:60]!r} is not asked here", remedy=f"there is {', '.join(route.query) or 'nothing'}"
            )
        out[key] = _plain(key, value)
    if route.file:
        if _kind(request) != "application/octet-stream":
            raise UsageError("the file is sent as application/octet-stream")
        for needed in ("name", "file"):
            if needed not in out:
                raise UsageError(f"{route.action} needs {needed}, which the address does not say")
    elif request.body:
        if _kind(request) != "application/json":
            raise UsageError("the body is sent as application/json")
        try:
            given = json.loads(request.body)
            json.dumps(given, ensure_ascii=False).encode()  # half a surrogate pair is no text
        except (ValueError, RecursionError):
            raise UsageError("the body is no JSON") from None
        if not isinstance(given, dict) or not _shallow(given, _DEPTH):
            raise UsageError(
                "the body is a JSON object of parameters, not too deep, and of texts without NUL"
            )
        unknown = [name for name in given if name not in route.body]
        if unknown:
            raise UsageError(
                f"{unknown[0][:60]!r} is no parameter here",
                remedy=f"there is {', '.join(route.body) or 'none'}",
            )
        for name, value in given.items():
            if type(value) not in _KINDS.get(name, (str,)):
                shown = " or ".join(_SHOWN[k] for k in _KINDS.get(name, (str,)))
                raise UsageError(f"{name} is {shown}")
            _whole(name, value)
        out |= given
    return out | dict(found)


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _whole(name: str, value: Any) -> None:
    """Look into a list or an object; UsageError where something in it is of another kind than it may be."""
    held = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    kinds = _INNER.get(name)
    if kinds is not None and any(type(v) not in kinds for v in held):
        raise UsageError(f"each of {name} is {_SHOWN[kinds[0]]}")
    parts = _PARTS.get(name, {})
    for one in held if name == "variants" else [value] if parts else []:
        for key, said in one.items():
            if key in parts and type(said) not in parts[key]:
                raise UsageError(f"{key} of {name} is {_SHOWN[parts[key][0]]}")
    if name == "plan" and any(type(s) not in _NUMBER for s in value.get("steps", ())):
        raise UsageError("each of steps is a number")


_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _plain(name: str, value: str) -> Any:
    """Return a parameter of the address as what it is: a number, true or false, or the text itself."""
    if name == "limit":
        if not (value.isascii() and value.isdecimal() and len(value) < 10):
            raise UsageError("limit is a whole number")
        return int(value)
    if name in ("deleted", "revoked"):
        if value.lower() not in _FLAGS:
            raise UsageError(f"{name} is true or false")
        return _FLAGS[value.lower()]
    return value


def _shallow(value: Any, depth: int) -> bool:
    """Whether it is no deeper than so, and no text in it holds a NUL, which no database keeps."""
    if not depth:
        return False
    if isinstance(value, str):
        return "\0" not in value
    if isinstance(value, dict) and any("\0" in key for key in value):
        return False
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(_shallow(v, depth - 1) for v in inner)


def _status(error: AssayError) -> int:
    if isinstance(error, Missing):
        return 404
    if isinstance(error, Refused):
        return 403
    return 400 if isinstance(error, UsageError) else 500


def _said(status: int, message: str, rule: str, headers: dict[str, str] | None = None) -> Response:
    return Response(status, json.dumps({"message": message, "rule": rule}).encode(), headers=headers or {})
