"""Two runs held against one another, and a run that went wrong explained."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from assay.works.home import Home
from assay.works.verbs.shape import Json


def runs_diff(home: Home, actor: str, *, a: str, b: str, isolation: str | None = None) -> Json:
    """Say what differs between two runs: an id or its beginning, ``last``, ``last~1``, or a model of the registry."""
    from assay.works.provenance.difference import differ
    from assay.works.provenance.past import past

    return differ(home, past(home, a), past(home, b), isolation=isolation)


def runs_diagnose(
    home: Home,
    actor: str,
    *,
    run: str,
    against: str | None = None,
    isolation: str | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Json:
    """Say why a run came out otherwise than another, the last good one if none is named, and prove it by replays."""
    from assay.works.provenance.choosing import last_good
    from assay.works.provenance.diagnosis import diagnose
    from assay.works.provenance.past import past
    from assay.works.provenance.telling import document

    new = past(home, run)
    old = past(home, against) if against else last_good(home, new)
    made = document(diagnose(home, new, old, isolation=isolation, say=say))
    digest = home.store.put_bytes(json.dumps(made, ensure_ascii=False).encode())
    detail = {
        "against": old.id,
        "conclusion": made["conclusion"],
        "culprits": [c["name"] for c in made["culprits"]],
        "replays": len(made["replays"]),
        "diagnosis": digest,
    }
    with home.office.transaction() as tx:
        event = tx.record("run.diagnose", f"run/{new.id}", actor=actor, detail=detail)
    return made | {"event": event, "diagnosis": digest}


VERBS: Mapping[str, Callable[..., Any]] = {"runs.diff": runs_diff, "runs.diagnose": runs_diagnose}
