"""The ledger, asked: its latest events, its proofs, its checkpoint, and whether it still holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import Missing, UsageError
from assay.works.home import Home
from assay.works.verbs.logs import instant
from assay.works.verbs.shape import Json, listed, plain_record

if TYPE_CHECKING:
    from assay.office.growth import Growth
    from assay.office.problem import Kind
    from assay.office.verification import Verification

_MOST = 1 << 20  # bytes of a checkpoint, a proof or a public key


def log_tail(home: Home, actor: str, *, number: int = 20) -> Json:
    """Show the latest events."""
    from assay.office import ledger

    return listed("events", [e.to_dict() for e in ledger.tail(home.office, number)])


def log_verify(home: Home, actor: str, *, witnesses: Sequence[str] = ()) -> Json:
    """Verify the whole ledger, the rows it vouches for, and the checkpoint kept outside the database; ask witnesses."""
    from assay.office import verification

    found = _found(lambda: verification.verify(home.office))
    if witnesses:
        from assay.works.logs import witnessing

        told = [plain_record(t) for t in witnessing.ask(home, witnesses)]
        problems = [*found["problems"], *(p for t in told for p in t.pop("problems"))]
        found |= {"ok": found["ok"] and not problems, "problems": problems, "witnesses": told}
    return {"schema": "assay.verification/1", **found}


def log_verify_export(
    home: Home | None, actor: str, *, checkpoint: str | None, export: str | None, key: str | None
) -> Json:
    """Verify the ledger, or an exported one, against a checkpoint kept elsewhere."""
    from assay.office import verification

    if checkpoint is None:
        raise UsageError("an export is verified against a checkpoint", remedy="name it: --checkpoint FILE")
    note = _text(checkpoint, "a checkpoint")
    if export is not None:
        found = _found(lambda: verification.verify_export(Path(export), note, _public(home, key)))
    elif home is not None:
        found = _found(lambda: verification.verify_against(home.office, note, _public(home, key)))
    else:
        raise UsageError(
            "there is no home here, and no --export FILE", remedy="run inside a home, or name the export"
        )
    return {"schema": "assay.verification/1", **found}


def _found(verify: Callable[[], Verification]) -> Json:
    """Return what a verification found; a database that was cut, or a key that is lost, is what it found too."""
    from assay.engines.keys import LostKey
    from assay.office.office import Unreadable
    from assay.office.verification import nothing

    try:
        return plain_record(verify())
    except (LostKey, Unreadable) as error:
        kind: Kind = "missing" if isinstance(error, LostKey) else "damaged"
        return plain_record(nothing(kind, str(error)))


def log_verify_proof(
    home: Home | None, actor: str, *, proof: str, key: str | None, checkpoint: str | None = None
) -> Json:
    """Verify what ``log.prove`` gave: needs no home, where the log's public key is named.

    checkpoint: the one that a proof of growth must begin from.
    """
    from assay.office import growth, ledger

    text = _text(proof, "a proof")
    grown = growth.read(text)
    if grown is not None:
        return _grown(grown, _public(home, key), checkpoint)
    said = ledger.read_proof(text)
    ok = ledger.verify_proof(said, _public(home, key))
    return {
        "schema": "assay.verification/1",
        "ok": ok,
        "size": said.size,
        "index": said.index,
        "event": said.event,
        "pruned": {f"{said.pruned['policy']} at event {said.pruned['event']}": 1} if said.pruned else {},
        "problems": []
        if ok
        else [{"kind": "bad-proof", "message": "the proof does not hold under this key"}],
    }


def _grown(grown: Growth, key: bytes, checkpoint: str | None) -> Json:
    """Verify that a log only grew, from the checkpoint that whoever asks has kept, where it is given."""
    from assay.office import growth

    found = growth.verify(grown, key)
    problem = "" if found else "the proof does not hold under this key"
    if found and checkpoint is not None and _text(checkpoint, "a checkpoint") != grown.kept:
        problem = "the proof begins from another checkpoint than the one that was kept"
    return {
        "schema": "assay.verification/1",
        "ok": not problem,
        "size": found[1].size if found else 0,
        "since": found[0].size if found else 0,
        "problems": [{"kind": "bad-proof", "message": problem}] if problem else [],
    }


def log_prove(home: Home, actor: str, *, seq: int | None = None, since: str | None = None) -> Json:
    """Prove that an event is in the log: the event, its path to the root, and the signed checkpoint.

    since: a checkpoint that was kept, instead of ``seq``: that the log only grew since.
    """
    from assay.office import growth, ledger

    if since is not None and seq is None:
        proved = growth.prove(home.office, _text(since, "a checkpoint"))
        return {"schema": "assay.growth/1", **plain_record(proved)}
    if seq is None or since is not None:
        raise UsageError(
            "a proof is of one event, or since one checkpoint", remedy="give SEQ, or --since FILE"
        )
    return {"schema": "assay.proof/1", **plain_record(ledger.prove(home.office, seq))}


def log_checkpoint(home: Home, actor: str, *, witnesses: Sequence[str] = ()) -> Json:
    """Give the signed checkpoint, to be kept elsewhere, and to the witnesses that are named."""
    from assay.office import checkpoint
    from assay.works.logs import witnessing

    note = checkpoint.current(home.office)
    kept = (
        [plain_record(r) | {"event": e} for r, e in witnessing.witness(home, actor, witnesses)]
        if witnesses
        else []
    )
    return {
        "schema": "assay.checkpoint/1",
        "checkpoint": kept[0]["checkpoint"] if kept else note,
        "witnesses": kept,
    }


def log_export(
    home: Home, actor: str, *, to: str, since: str | None = None, until: str | None = None
) -> Json:
    """Write the whole log as JSON lines, the checkpoint last, and its public key beside it; a period as an archive."""
    from assay.office import archive, ledger

    path = Path(to)
    if path.exists():
        raise UsageError(f"{to} is already there", remedy="name a file that is not")
    if since or until or path.suffix == ".zip":
        made = archive.write(home.office, path, since=instant(since), until=instant(until))
        told = {"first": made["first"], "count": made["count"], "size": made["size"]}
        key = path.with_name(path.name + ".pub")
        key.write_bytes(home.keyring.public_pem("ledger"))
        return {"schema": "assay.export/1", "file": str(path), "key": str(key), **told}
    with path.open("w", encoding="utf-8") as out:
        ledger.export(home.office, out)
    key = path.with_name(path.name + ".pub")
    key.write_bytes(home.keyring.public_pem("ledger"))
    return {"schema": "assay.export/1", "file": str(path), "key": str(key)}


def _public(home: Home | None, key: str | None) -> bytes:
    """Return the log's public key: the one named, or the home's."""
    if key is not None:
        return _text(key, "a public key").encode()
    if home is None:
        raise UsageError("without a home the log's public key is needed", remedy="name it: --key ledger.pub")
    return home.keyring.public_pem("ledger")


def _text(path: str, what: str) -> str:
    try:
        with Path(path).open("rb") as source:
            data = source.read(_MOST + 1)
        if len(data) > _MOST:
            raise UsageError(f"{path} is larger than {what} is")
        return data.decode()
    except FileNotFoundError:
        raise Missing(f"there is no file {path!r}", remedy="check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read as {what}: {error}") from None


VERBS: Mapping[str, Callable[..., Any]] = {
    "log.tail": log_tail,
    "log.verify": log_verify,
    "log.verify_against": log_verify_export,
    "log.verify_proof": log_verify_proof,
    "log.prove": log_prove,
    "log.checkpoint": log_checkpoint,
    "log.export": log_export,
}
