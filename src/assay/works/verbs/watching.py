"""Things examined as they arrive, and images again when advisories change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import UsageError
from assay.works.home import Home
from assay.works.verbs.shape import Json, listed, plain_record

if TYPE_CHECKING:
    from assay.works.watching.rescanning import Rescanned
    from assay.works.watching.scanning import Looked


def watch(
    home: Home,
    actor: str,
    *,
    folders: Sequence[str] = (),
    advisories: Mapping[str, str] | None = None,
    listen: Mapping[str, Any] | None = None,
    tell: Callable[[Looked | Rescanned], None] = lambda found: None,
    ready: Callable[[str], None] = lambda url: None,
    warn: Callable[[str], None] = lambda said: None,
    **options: Any,
) -> Json:
    """Examine what arrives in folders and what registries say was pushed, and hold stored bills against changed advisories.

    options: every, settle, depth, once, seconds, fail_on and allow_incomplete.
    """
    from assay.works.watching import looking
    from assay.works.watching.options import Options, policy_of

    given = dict(advisories or {})
    policy = policy_of(home)
    if not (folders or listen or given or policy.advisories or policy.registries):
        raise UsageError(
            "there is nothing to watch", remedy="name a folder, --advisories FOLDER or --listen HOST:PORT"
        )
    if home.office.outside.readonly:
        raise UsageError(
            "this home can be read and not written, and what arrives is recorded", where=str(home.root)
        )
    found = looking.watch(
        home,
        actor,
        Options(folders=[Path(f) for f in folders], advisories=given, **options),
        listen=listen,
        tell=tell,
        ready=ready,
        warn=warn,
    )
    return {
        "schema": "assay.watched/1",
        "arrivals": found.arrivals,
        "images": found.images,
        "scanned": found.scanned,
        "rescanned": found.rescanned,
        "known": found.known,
        "uncleared": found.uncleared,
        "moving": found.moving,
        "postponed": found.postponed,
        "passed": found.passed and not (found.uncleared or found.moving or found.postponed or found.wrong),
        "wrong": found.wrong[:100],
    }


def arrivals_list(
    home: Home, actor: str, *, state: str | None = None, outcome: str | None = None, limit: int = 100
) -> Json:
    """List what arrived, the latest first: in watched folders, and as registries said."""
    from assay.office import arrivals

    found = arrivals.listing(home.office, limit, state=state or "", outcome=outcome or "")
    return listed("arrivals", [plain_record(a) for a in found])


def arrivals_show(home: Home, actor: str, *, key: str) -> Json:
    """Show one arrival, by its key (a digest, or what a registry calls it) or the beginning of it."""
    from assay.office import arrivals

    return {"schema": "assay.arrival/1", **plain_record(arrivals.get(home.office, key))}


VERBS: Mapping[str, Callable[..., Any]] = {
    "watch": watch,
    "arrivals.list": arrivals_list,
    "arrivals.show": arrivals_show,
}
