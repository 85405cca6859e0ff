"""Tokens of callers: made and shown once, listed, revoked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import UsageError
from assay.methods import bearers
from assay.methods.nearest import did_you_mean
from assay.works.home import Home
from assay.works.verbs.shape import Json, listed, plain_record

if TYPE_CHECKING:
    from assay.office.tokens import TokenRecord

_MOST = 256  # endpoints of one token
_LINE = 200


def told(record: TokenRecord, now: str) -> Json:
    """Return a token without its hash, and whether it still opens anything."""
    raw = plain_record(record)
    raw.pop("hash")
    over = record.state == "active" and not record.live(now)
    return {"schema": "assay.token/1", **raw, "state": "expired" if over else record.state}


def token_create(
    home: Home, actor: str, *, subject: str, endpoints: Sequence[str] = (), admin: bool = False,
    expires: str | None = None, rate: float = 0.0, note: str = "",
) -> Json:  # fmt: skip
    """Make a token for a caller. It is in the answer, as ``token``, and nowhere else from then on."""
    from assay.methods.inventory.ends import until
    from assay.office import endpoints as office_endpoints
    from assay.office import tokens

    for text, what in ((subject, "a subject"), (note, "a note")):
        if len(text) > _LINE or not text.isprintable() or (text is subject and not text.strip()):
            raise UsageError(f"{what} is up to {_LINE} printable characters on one line")
    if not endpoints and not admin:
        raise UsageError("this token would open nothing", remedy="say --endpoint NAME, or --admin")
    if len(endpoints) > _MOST or not 0 <= rate <= 1e6:
        raise UsageError(f"a token names up to {_MOST} endpoints, and a rate from 0 to 1,000,000")
    known = set(office_endpoints.names(home.office))
    for name in endpoints:
        if name != "*" and name not in known:
            raise UsageError(f"there is no endpoint {name[:80]!r}", remedy=did_you_mean(name, known))
    end = until(expires, home.office.clock(), "a token")
    id, token, kept = bearers.draw()
    scopes = (bearers.ADMIN,) if admin else ()
    with home.office.transaction() as tx:
        record = tokens.create(
            tx, subject, actor=actor, id=id, hash=kept, endpoints=tuple(dict.fromkeys(endpoints)), scopes=scopes,
            rate=float(rate), expires=end, note=note,
        )  # fmt: skip
    return told(record, home.office.clock()) | {"token": token}


def token_list(home: Home, actor: str, *, revoked: bool = False) -> Json:
    """List the tokens, those that were revoked too where asked; never what they are sent as."""
    from assay.office import tokens

    now = home.office.clock()
    return listed("tokens", [told(t, now) for t in tokens.listing(home.office, revoked=revoked)])


def token_revoke(home: Home, actor: str, *, which: str, reason: str = "") -> Json:
    """End a token, named by its id or the whole of it; or every one of a subject that still holds."""
    from assay.office import tokens

    found = bearers.parts(which)
    held = [t.id for t in tokens.listing(home.office, revoked=False) if which in (t.id, t.subject)]
    with home.office.transaction() as tx:
        ended = [tokens.revoke(tx, id, reason, actor=actor) for id in held or [found[0] if found else which]]
    now = home.office.clock()
    return listed("tokens", [told(t, now) for t in ended]) | {"event": ended[-1].event}


VERBS: Mapping[str, Callable[..., Any]] = {
    "token.create": token_create,
    "token.list": token_list,
    "token.revoke": token_revoke,
}
