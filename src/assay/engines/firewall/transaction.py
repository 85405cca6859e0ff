"""One question put to the rules, and what they answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_from_bytes

from assay.engines.firewall import matches
from assay.engines.firewall.matches import Match
from assay.engines.firewall.rules import PLAIN, SCORED
from assay.kernel.errors import Broken

if TYPE_CHECKING:
    from assay.engines.firewall.library import Library

_LINES = 200  # of the log that are kept of one question
_MARK = PLAIN.encode()


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the rules see it. target: path and query, undecoded. headers: as bytes, in their order.

    texts: name and value of each text that is looked at as a form's field would be; where they are given, no body is.
    """

    method: bytes = b"POST"
    target: bytes = b"/invocations"
    version: bytes = b"1.1"
    headers: Sequence[tuple[bytes, bytes]] = ()
    body: bytes = b""
    texts: Sequence[tuple[str, str]] | None = None
    client: str = "127.0.0.1"
    server: str = "127.0.0.1"
    port: int = 443


@dataclass(frozen=True, slots=True)
class Heard:
    """What the rules answered. refused: whether they would refuse it (with ``status``). clean: whether nothing scored at all."""

    refused: bool
    status: int = 200
    matches: tuple[Match, ...] = ()
    clean: bool = field(default=True)


def form(texts: Sequence[tuple[str, str]]) -> bytes:
    """Return texts as the body of a form: each byte that could mean something there is escaped."""
    return b"&".join(
        quote_from_bytes(name.encode("utf-8", "surrogatepass"), safe="").encode()
        + b"="
        + quote_from_bytes(value.encode("utf-8", "surrogatepass"), safe="").encode()
        for name, value in texts
    )


def ask(lib: Library, engine: Any, rules: Any, request: Request, blocking: frozenset[int]) -> Heard:
    """Put one request through the rules, and free all that they held for it. Broken where the library gives no transaction."""
    ffi, c = lib.ffi, lib.c
    lines: list[bytes] = []
    handle = ffi.new_handle(lines)
    transaction = c.msc_new_transaction(engine, rules, handle)
    if transaction == ffi.NULL:
        raise Broken("the firewall cannot open a transaction")
    verdict = ffi.new("ModSecurityIntervention *", {"status": 200})
    try:
        refused = _put(lib, transaction, verdict, request)
    finally:
        status = int(verdict.status)
        for text in (verdict.url, verdict.log):
            if text != ffi.NULL:
                lib.free(text)
        c.msc_transaction_cleanup(transaction)
    told = matches.read((line.decode("utf-8", "replace") for line in lines), SCORED)
    refused = refused or any(m.rule in blocking for m in told)
    return Heard(refused, status if refused and status != 200 else 403, tuple(told), not lines)


def _put(lib: Library, transaction: Any, verdict: Any, request: Request) -> bool:
    """Take a transaction through its phases, as far as the rules let it; whether they interrupted it."""
    c = lib.c
    c.msc_process_connection(
        transaction, request.client.encode(), 40000, request.server.encode(), request.port
    )
    c.msc_process_uri(transaction, request.target.replace(b"\0", b"%00"), request.method, request.version)
    for name, value in request.headers:
        if name.lower() != _MARK.lower():  # only we may say it
            c.msc_add_n_request_header(transaction, name, len(name), value, len(value))
    if request.texts is not None:
        c.msc_add_n_request_header(transaction, _MARK, len(_MARK), b"1", 1)
    c.msc_process_request_headers(transaction)
    if c.msc_intervention(transaction, verdict):
        return True
    body = request.body if request.texts is None else form(request.texts)
    if body:
        c.msc_append_request_body(transaction, body, len(body))
        if c.msc_intervention(transaction, verdict):
            return True
    c.msc_process_request_body(transaction)
    return bool(c.msc_intervention(transaction, verdict))
