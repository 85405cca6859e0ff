"""Two runs held against one another, a run that went wrong explained, and a run or a model rebuilt."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import UsageError
from assay.works.home import Home
from assay.works.verbs.shape import Json

if TYPE_CHECKING:
    from assay.engines.tracing import Recorder


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
    from assay.works.traces import keeping

    new = past(home, run)
    old = past(home, against) if against else last_good(home, new)
    recorder = keeping.recorder(home)
    with recorder.span(f"diagnose {new.id}", assay__against=old.id):
        made = document(diagnose(home, new, old, isolation=isolation, say=say, recorder=recorder))
    detail = {
        "against": old.id,
        "conclusion": made["conclusion"],
        "culprits": [c["name"] for c in made["culprits"]],
        "replays": len(made["replays"]),
    }
    return made | _entered(home, actor, recorder, "diagnosis", made, "run.diagnose", f"run/{new.id}", detail)


def runs_reproduce(
    home: Home | None,
    actor: str,
    *,
    of: str,
    tolerance: float | None = None,
    python: str | None = None,
    wheels: str | None = None,
    build: bool = False,
    data: Mapping[str, str] = {},
    isolation: str | None = None,
    probes: bool = True,
    key: str | None = None,
    log_key: str | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Json:
    """Rebuild a run, or the run of a model or of a model's archive, and hold it against what was recorded.

    An archive needs no home; in one it is an event. key, log_key: the public keys that an archive must hold under.
    """
    from assay.engines.tracing import spanned
    from assay.works.archiving import reading
    from assay.works.call import NO_HOME
    from assay.works.reproduction.reproducing import TOLERANCE, Wanted, reproduce
    from assay.works.reproduction.target import target
    from assay.works.reproduction.telling import document
    from assay.works.traces import keeping

    archived = reading.is_archive(of)
    recorder = keeping.recorder(home) if home else None
    wanted = Wanted(
        tolerance=TOLERANCE if tolerance is None else tolerance,
        python=Path(python) if python else None,
        wheels=Path(wheels) if wheels else None,
        build=build,
        isolation=isolation,
        given={n: Path(p) for n, p in data.items()},
        probes=probes,
        offline=archived and not build,
    )
    if archived:
        with reading.opened(Path(of), *(Path(k) if k else None for k in (key, log_key))) as it:
            with spanned(recorder, "reproduce an archive", assay__archive=it.digest):
                found = reproduce(it.home, it.target.past, wanted, say, recorder)
            about = {"archive": it.digest, "own_keys": it.found["own_keys"]}
            made = document(found, it.target.to_dict() | about)
            subject = f"archive/{it.digest}"
    elif home is None:
        raise UsageError(NO_HOME, remedy="`assay init` makes one, or name a model's archive")
    else:
        named = target(home, of)
        with spanned(recorder, f"reproduce {named.past.id}"):
            found = reproduce(home, named.past, wanted, say, recorder)
        made, subject = document(found, named.to_dict()), named.urn
    if home is None or recorder is None:
        return made | {"event": None, "reproduction": None, "trace": None}
    detail = {
        "tolerance": wanted.tolerance,
        "causes": [f"{c.kind}:{c.step}" for c in found.causes],
        **_told(made),
    }
    return made | _entered(
        home, actor, recorder, "reproduction", made, "run.reproduce", subject, detail, found.verdict
    )


def _told(made: Json) -> Json:
    """Return what the log says of a reproduction's document."""
    differ = [s["name"] for s in made["steps"] if s["same"] == "differs"]
    return {"verdict": made["verdict"], "steps": len(made["steps"]), "differ": differ, "run": made["run"]}


def _entered(
    home: Home, actor: str, recorder: Recorder, what: str, made: Json, action: str, subject: str, detail: Json,
    outcome: str = "done",
) -> Json:  # fmt: skip
    """Keep a document and the trace of its making, with one event; return the names of the three."""
    from assay.office import traces
    from assay.works.traces import keeping

    digest = home.store.put_bytes(json.dumps(made, ensure_ascii=False).encode())
    detail = {**detail, what: digest, "trace": recorder.trace}
    spans = keeping.kept(home, recorder.spans(), "", actor)
    with home.office.transaction() as tx:
        for record in spans:
            traces.put(tx, record)
        event = tx.record(action, subject, actor=actor, outcome=outcome, detail=detail)
    return {"event": event, what: digest, "trace": recorder.trace}


VERBS: Mapping[str, Callable[..., Any]] = {
    "runs.diff": runs_diff,
    "runs.diagnose": runs_diagnose,
    "runs.reproduce": runs_reproduce,
}
