"""What registries say was pushed: noted at once and durably, pulled and examined when its turn comes.

Only what the policy names is noted at all: the host and repository that a notice says are looked up in watch.yaml, and the registry is
then asked as the file says, whatever else a notice holds.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from assay.engines.watching.hooks import Busy, Caller
from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError, Refused, UsageError
from assay.methods.watching.policy import FILE, Hook, Policy
from assay.methods.watching.pushes import Pushed
from assay.office.arrivals import FAILED, QUEUED, Arrival
from assay.works.monitoring import times

if TYPE_CHECKING:
    from assay.works.home import Home
    from assay.works.settings import Settings

MOST = 1_000  # that may wait
_PAUSES = (30.0, 300.0, 1_800.0, 7_200.0)  # before a registry that could not be asked is asked again


def callers(home: Home, policy: Policy) -> dict[str, Caller]:
    """Return who may call, with their secrets; UsageError where one is not there."""
    from assay.works.remedies.channels import secret

    def of(hook: Hook) -> Caller:
        found = secret(hook.secret, f"the hook {hook.name}").encode()
        return Caller(hook.name, hook.kind, found, hook.header, hook.in_url)

    if policy.hooks and not policy.registries:
        raise UsageError(
            "hooks are named and no registry is, so nothing would be pulled",
            where=str(home.root / FILE),
            remedy="name registries that may be pulled from",
        )
    return {name: of(hook) for name, hook in policy.hooks.items()}


def note(home: Home, policy: Policy, hook: str, pushed: Sequence[Pushed]) -> int:
    """Note images as waiting, in one transaction; return how many may be pulled. Busy where too many wait.

    One that is known by its digest does not wait again; what the policy does not name is an event and nothing else.
    """
    from assay.office import arrivals
    from assay.works.watching.scanning import is_known

    fits = [(p, r) for p in pushed if (r := policy.registry(p.host, p.repository)) is not None]
    others = [p for p in pushed if policy.registry(p.host, p.repository) is None]
    with home.office.transaction() as tx:
        fresh = []
        for one, registry in fits:
            named = replace(one, host=registry.host)
            key = f"{named.name}@{one.digest}" if one.digest else named.name
            before = arrivals.current(tx, key)
            if (one.digest and is_known(before)) or (before is not None and before.state == QUEUED):
                continue
            uri = registry.uri(one.repository, one.tag, one.digest)
            fresh.append(Arrival(key, uri, "pushed", hook, QUEUED, tx.now, one.digest))
        if fresh and arrivals.waiting(home.office) + len(fresh) > MOST:
            raise Busy(f"{MOST:,} images wait already")
        for arrival in fresh:
            made = replace(arrival, event=tx.size)
            arrivals.write(tx, made)
        if fresh:
            detail = {"hook": hook, "images": [a.key for a in fresh][:100]}
            tx.record("watch.noted", f"hook/{hook}", actor=f"hook:{hook}", detail=detail)
        if others:
            detail = {
                "hook": hook,
                "images": [p.name[:300] for p in others][:20],
                "why": "no such registry is in the policy",
            }
            tx.record("watch.noted", f"hook/{hook}", actor=f"hook:{hook}", outcome="denied", detail=detail)
    return len(fits)


def pinned(home: Home, policy: Policy, arrival: Arrival) -> tuple[list[Asset], Settings]:
    """Return a pushed image, pinned by what the registry says now, under a name that stays, and the settings to examine it with.

    Of an index each platform is an image of its own, since each has its own packages: ``NAME#linux/arm64``. Refused where it may not be pulled. The home's logins are for the home's own commands: a registry that a hook's caller names
    is shown the one for it only where its entry in the policy says so.
    """
    from assay.engines.containers import opening
    from assay.engines.containers import registry as registries
    from assay.office import inventories
    from assay.works.logins import logins

    host, _, path = arrival.key.partition("/")
    name = called(arrival.key)
    repository = path.partition("@")[0].rpartition(":")[0] or path.partition("@")[0]
    registry = policy.registry(host, repository)
    if registry is None:  # the file may have changed since
        raise Refused(f"{host} is no registry that may be pulled from", remedy=f"name it in {FILE}")
    settings = home.settings
    if not registry.login:
        settings = replace(settings, registry_config="", registry_user="", registry_password_file="")
    known = partial(logins, settings)
    uris = registries.several(arrival.what, known)
    found = [opening.pin(uri, home.store, None, known) for uri in uris]
    if (
        not has_tag(arrival.key) and len(found) == 1
    ):  # an image of an index that was taken in is kept under that one's name
        name = inventories.tagged(home.office, f"{host}/{repository}", found[0].digest) or name
    return [
        a.renamed(name + mark + which) for a in found for _, mark, which in [a.uri.partition("#")]
    ], settings


def called(key: str) -> str:
    """Return what a pushed image is called: without its digest where it has a tag, so that the next one closes what it had."""
    return key.partition("@")[0] if has_tag(key) else key


def has_tag(key: str) -> bool:
    """Whether a pushed image has a tag, or is known by its digest alone."""
    return ":" in key.partition("@")[0].rpartition("/")[2]


def failed(home: Home, actor: str, arrival: Arrival, error: AssayError) -> Arrival | None:
    """Return an arrival that cannot be pulled; None where it was put back, to be tried again later."""
    from assay.office import arrivals

    if isinstance(error, Refused) or arrival.tries >= len(_PAUSES):
        return replace(
            arrival,
            state=FAILED,
            outcome="error",
            why="; ".join(filter(None, (error.what, error.remedy)))[:500],
        )
    with home.office.transaction() as tx:
        until = times.text(time.time() + _PAUSES[arrival.tries])
        made = replace(arrival, at=until, tries=arrival.tries + 1, why=error.what[:500], event=tx.size)
        arrivals.write(tx, made)
        detail = {"until": until, "tries": made.tries, "why": made.why}
        tx.record("watch.postponed", made.urn, actor=actor, detail=detail)
    return None
