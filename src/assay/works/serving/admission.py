"""Who may ask an endpoint, and how often: decided from the head of a request, before its body is read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assay.kernel.serving import Refusal
from assay.methods import bearers
from assay.methods.routing.buckets import Buckets

_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. name: the token's subject, ``cert:`` and a certificate's name, or the address. id: a token's own."""

    name: str
    id: str = ""
    endpoints: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    rate: float = 0.0
    expires: float = float("inf")

    def may(self, endpoint: str, alpha: bool) -> bool:
        """Whether its token opens an endpoint; one in alpha is opened by its own name alone."""
        return endpoint in self.endpoints or (not alpha and "*" in self.endpoints)


class Callers:
    """The tokens that hold, and those that were looked at lately: what was right once is known again by its hash alone."""

    def __init__(self, tokens: Mapping[str, Mapping[str, Any]]) -> None:
        self._tokens = tokens
        self._known: dict[bytes, Caller] = {}

    def of(self, token: str, now: float) -> Caller | None:
        """Return who sent a token; None where it opens nothing. In a time that does not tell how much of it is right."""
        mark = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        caller = self._known.get(mark)
        if caller is None:
            caller = self._look(token)
            if caller is None:
                return None
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[mark] = caller
        return caller if caller.expires > now else None

    def _look(self, token: str) -> Caller | None:
        found = bearers.parts(token)
        raw = self._tokens.get(found[0]) if found else None
        right = bearers.matches(found[1] if found else "", str(raw["hash"]) if raw else "0" * 64)
        if raw is None or not right:
            return None
        until = raw["expires"]
        return Caller(
            str(raw["subject"]),
            str(raw["id"]),
            tuple(raw["endpoints"]),
            tuple(raw["scopes"]),
            float(raw["rate"]),
            datetime.fromisoformat(until).timestamp() if until else float("inf"),
        )


def credential(headers: Mapping[str, str]) -> str:
    """Return the token of a request: a bearer's, or the session token of a client that signs as AWS does; else nothing.

    The signature itself proves nothing here, since only a hash of the secret is kept: the token is what counts.
    """
    said = headers.get("authorization", "")
    if said[:7].lower() == "bearer ":
        return said[7:].strip()
    return headers.get("x-amz-security-token", "")


UNKNOWN = Refusal("auth.unknown", "this needs a token that holds; send it as Authorization: Bearer", 401)
FORBIDDEN = Refusal("auth.forbidden", "this token does not open that", 403)


@dataclass(slots=True)
class Door:
    """What stands before one endpoint."""

    name: str
    alpha: bool
    auth: str
    rate: float
    burst: int
    concurrency: int
    blocked: Mapping[str, float]  # caller → until, seconds since 1970

    def admit(
        self, caller: Caller | None, address: str, certificate: str, now: float, under_way: int
    ) -> Caller | Refusal:
        """Return who asks, or why they may not. under_way: requests that were admitted and are not answered."""
        if self.auth == "none" and caller is None:
            caller = Caller(f"cert:{certificate}" if certificate else address)
        elif self.auth == "certificate" and caller is None:
            if not certificate:
                return Refusal("auth.certificate", "this needs a client certificate or a token", 401)
            caller = Caller(f"cert:{certificate}")
        elif caller is None:
            return UNKNOWN
        elif self.auth != "none" and not caller.may(self.name, self.alpha):
            return FORBIDDEN
        if self.blocked:
            for name in (caller.name, f"token/{caller.id}", address):
                if self.blocked.get(name, 0.0) > now:
                    return Refusal("blocked", "this caller is not answered for now", 403)
        if under_way >= self.concurrency:
            return Refusal("concurrency", "too many requests are under way; ask again in a moment", 503)
        return caller

    def pace(self, caller: Caller, buckets: Buckets, clock: Callable[[], float]) -> Refusal | None:
        """Return why a caller asks too often, or None. A token's own rate stands before the endpoint's."""
        rate = caller.rate or self.rate
        if not rate:
            return None
        burst = (0 if caller.rate else self.burst) or max(2 * rate, 1)
        wait = buckets.take(f"{self.name}\0{caller.id or caller.name}", rate, burst, clock())
        if not wait:
            return None
        return Refusal(
            "rate",
            f"at most {rate:g} requests a second; ask again in {wait:.2f} s",
            429,
            detail=f"{wait:.3f}",
        )


def door(record: Mapping[str, Any]) -> Door:
    """Return what stands before an endpoint, as its record says."""
    guard = record["guard"]
    blocked = {c: datetime.fromisoformat(until).timestamp() for c, until in record["blocked"].items()}
    return Door(
        str(record["name"]),
        record["stage"] == "alpha",
        str(guard["auth"]),
        float(guard["rate"]),
        int(guard["burst"]),
        int(guard["concurrency"]),
        blocked,
    )
