"""Endpoints from Python: the same acts as `assay endpoint` and `assay token`, in a notebook, a pipeline or a service.

>>> import assay
>>> with assay.endpoints() as live:                                        # doctest: +SKIP
...     live.update("bookings", "bookings@4", plan={"strategy": "canary", "steps": [0.1, 1]})
...     live.show("bookings")["state"]
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.doors.opened import Opened
from assay.kernel.errors import UsageError

if TYPE_CHECKING:
    pass

Json = dict[str, Any]


@dataclass
class Endpoints(Opened):
    """The endpoints of one home. actor: who acts, as the log keeps it; the home's own where empty. Close it, or use it with `with`.

    Each method gives the endpoint as it now is (``assay.endpoint/1``) and raises AssayError, one sentence, where it may not
    be. settings: ``guard``, ``capture``, ``fallback`` and ``sticky``, as `assay endpoint show --format json` prints them.
    """

    def create(
        self,
        name: str,
        model: str = "",
        *,
        variants: Sequence[Mapping[str, Any]] = (),
        replicas: int = 1,
        stage: str = "production",
        reason: str = "",
        **settings: Any,
    ) -> Json:
        """Make an endpoint of an approved package, or of variants: each ``{"package", "name", "weight", "shadow"}``."""
        given = {"model": model, "variants": variants, "replicas": replicas, "stage": stage, "reason": reason}
        return self._call("endpoint.create", name=name, **given, **settings)

    def show(self, name: str, *, at: str | None = None) -> Json:
        """Return an endpoint. at: as it was, as for ``--at``."""
        return self._call("endpoint.show", name=name, at=at)

    def list(self, *, deleted: bool = False, at: str | None = None) -> Sequence[Json]:
        """Return the endpoints."""
        return tuple(self._call("endpoint.list", deleted=deleted, at=at)["endpoints"])

    def update(
        self,
        name: str,
        model: str = "",
        *,
        variants: Sequence[Mapping[str, Any]] = (),
        plan: Mapping[str, Any] | None = None,
        blocked: Mapping[str, Any] | None = None,
        reason: str = "",
        **settings: Any,
    ) -> Json:
        """Change an endpoint. plan: ``{"strategy", "steps", "every", "errors", "least",
        "slower", "outside", "shift", "alarms"}``; blocked: caller → seconds, or None."""
        given = {"model": model, "variants": variants, "plan": plan, "blocked": blocked, "reason": reason}
        return self._call("endpoint.update", name=name, **given, **settings)

    def traffic(self, name: str, weights: Mapping[str, float], *, reason: str = "") -> Json:
        """Give the variants other shares of the traffic."""
        return self._call("endpoint.traffic", name=name, weights=weights, reason=reason)

    def promote(
        self, name: str, variant: str = "", *, plan: Mapping[str, Any] | None = None, reason: str = ""
    ) -> Json:
        """Put an endpoint from alpha into production, or let one variant answer everything."""
        return self._call("endpoint.promote", name=name, variant=variant, plan=plan, reason=reason)

    def rollback(self, name: str, *, reason: str = "") -> Json:
        """Take the latest change of an endpoint's models back."""
        return self._call("endpoint.rollback", name=name, reason=reason)

    def delete(self, name: str, *, reason: str = "") -> Json:
        """End an endpoint."""
        return self._call("endpoint.delete", name=name, reason=reason)

    def invoke(
        self,
        name: str,
        body: bytes | None = None,
        content_type: str = "",
        *,
        accept: str = "",
        variant: str = "",
    ) -> Json:
        """Ask an endpoint once, with a replica of its own; a row is made up where none is given."""
        given = {"body": body, "content_type": content_type, "accept": accept, "variant": variant}
        return self._call("endpoint.invoke", name=name, **given)

    def token(
        self,
        subject: str,
        endpoints: Sequence[str] = (),
        *,
        admin: bool = False,
        expires: str | None = None,
        rate: float = 0.0,
    ) -> Json:
        """Make a token for a caller; it is in the answer, as ``token``, and nowhere else from then on."""
        given = {"endpoints": endpoints, "admin": admin, "expires": expires, "rate": rate}
        return self._call("token.create", subject=subject, **given)

    def revoke(self, which: str, *, reason: str = "") -> Json:
        """End a token, by its id or the whole of it; or all of a subject."""
        return self._call("token.revoke", which=which, reason=reason)


def endpoints(folder: str | os.PathLike[str] | None = None, *, actor: str = "") -> Endpoints:
    """Open the endpoints of the home at ASSAY_HOME, or the nearest ``.assay/`` upward from ``folder`` (else from here).

    UsageError where there is none.
    """
    from assay.works.call import NO_HOME
    from assay.works.home import Home

    home = Home.find(Path(folder or Path.cwd()).absolute(), os.environ)
    if home is None:
        raise UsageError(NO_HOME, remedy="`assay init` makes one, or set ASSAY_HOME")
    return Endpoints(home, actor)
