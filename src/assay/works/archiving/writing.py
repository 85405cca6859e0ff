"""A registered model written as one file: package, marks, keys, proofs, the run that made it, and how to verify all of it."""

from __future__ import annotations

import base64
import json
import os
import secrets
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from importlib.resources import files as resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.action import Action, Begun, Made, Settled, Writer
from assay.kernel.errors import AssayError, UsageError
from assay.works.archiving.contents import Contents, gather
from assay.works.archiving.papers import readme, requirements
from assay.works.exporting import may_leave

if TYPE_CHECKING:
    from assay.office.actions import ActionRecord
    from assay.office.registry import PackageRecord
    from assay.works.home import Home
    from assay.works.reproduction.target import Target

SCHEMA = "assay.model_archive/1"
SCRIPTS = {"verify.py": "verify_model.py", "verify_archive.py": "verify_archive.py"}
_MANIFEST = 256 << 20  # bytes that are read of one, as verify_model reads
_DATE = (1980, 1, 1, 0, 0, 0)
_STORED = (".gz", ".parquet", ".zip", ".whl", ".bz2", ".xz")


class Archive(Action):
    """A package and the run that made it, in one file that was not there."""

    name = "model.export.archive"

    def __init__(
        self, home: Home, record: PackageRecord, to: Path, actor: str, with_data: bool, token: str = ""
    ) -> None:
        self.home, self.record, self.to, self.actor = home, record, to.absolute(), actor
        self.with_data, self.subject = with_data, record.urn
        token = token or secrets.token_hex(8)
        self.key = f"{self.name}/{token}"
        self.inputs = {"package": record.digest}
        self.order = {"package": record.urn, "to": str(self.to), "with_data": with_data, "token": token}

    def authorise(self) -> None:
        """Refused for what may not leave the house, UsageError where something lies there, Missing where no run made it."""
        from assay.works.reproduction.target import target

        may_leave(self.home, self.record)
        if self.to.exists():
            raise UsageError(f"{self.to} is already there", remedy="name a file that is not")
        target(self.home, self.record.urn)

    def do(self, begun: Begun) -> Made:
        """Write it beside under another name, synced, and give it its own: never that of a file that came meanwhile."""
        from assay.engines.blobs import digest_file
        from assay.works.reproduction.target import target

        found = target(self.home, self.record.urn)
        self.to.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.to.with_name(f".{self.to.name}-{secrets.token_hex(4)}")
        try:
            left = write(self.home, found, fresh, with_data=self.with_data)
            with fresh.open("rb") as whole:
                os.fsync(whole.fileno())
            self._named(fresh)
        finally:
            fresh.unlink(missing_ok=True)
        return {"archive": digest_file(self.to), "left_out": left}

    def _named(self, fresh: Path) -> None:
        try:
            self.to.hardlink_to(fresh)
        except FileExistsError:
            raise UsageError(f"{self.to} is already there", remedy="name a file that is not") from None
        except OSError:  # a file system without links
            fresh.rename(self.to)

    def happened(self, begun: Begun) -> Made | None:
        """Whether an archive of this very package lies there: it has its name only when it is whole."""
        from assay.engines.blobs import digest_file

        manifest = _manifest(self.to)
        left = manifest.get("left_out")
        if manifest.get("package") != self.record.digest or not isinstance(left, list):
            return None
        return {"archive": digest_file(self.to), "left_out": left}

    def settle(self, tx: Writer, made: Made) -> Settled:
        """It leaves no state but that it happened."""
        left = len(made["left_out"])
        detail = {
            "to": str(self.to),
            "with_data": self.with_data,
            "left_out": left,
            "archive": made["archive"],
        }
        return Settled(self.subject, {**self.inputs, "archive": made["archive"]}, detail)


def _manifest(path: Path) -> dict[str, Any]:
    """Return the manifest of an archive; empty of what is none."""
    from assay.engines import zips
    from assay.works.archiving.reading import BOUNDS

    try:
        zips.members(path, BOUNDS)
        with zipfile.ZipFile(path) as source, source.open("manifest.json") as content:
            found = json.loads(content.read(_MANIFEST))
    except (AssayError, OSError, KeyError, ValueError, RecursionError, zipfile.BadZipFile, zlib.error):
        return {}
    return found if isinstance(found, dict) else {}


def archive(home: Home, record: PackageRecord, to: Path, actor: str, *, with_data: bool) -> ActionRecord:
    """Write a package and the run that made it into the file ``to``."""
    from assay.office import actions

    return actions.carry_out(home.office, Archive(home, record, to, actor, with_data))


def write(home: Home, found: Target, path: Path, *, with_data: bool) -> list[dict[str, str]]:
    """Write the archive of a model; return what is not in it, and why."""
    from assay.works.registering import tool

    record = found.package
    assert record is not None
    past = found.past
    held = gather(past, home.store, with_data=with_data)
    rows, seqs = _rows(home, record, past.id, list(past.steps))
    note, proofs = _proofs(home, sorted({*seqs, record.entered}))
    listed: dict[str, str] = {}
    with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED, allowZip64=True) as out:
        for name, content in _members(home, record, rows, proofs, note):
            listed[name] = _put(out, name, content)
        for digest in held.objects:
            name = f"objects/{digest.removeprefix('sha256:')}"
            listed[name] = _copy(out, name, _source(home, held, digest), held.objects[digest])
        told = {
            "environment": past.document["environment"], "packages": _installed(past), "wheels": held.wheels, "left": held.left,
            "with_data": with_data, "tool": tool(),
        }  # fmt: skip
        listed["requirements.txt"] = _put(out, "requirements.txt", requirements(told))
        listed["README.md"] = _put(out, "README.md", readme(record, past.run, told))
        manifest = {
            "schema": SCHEMA, "model": f"{record.name}@{record.version}", "package": record.digest, "run": past.id,
            "origin": home.office.origin, "made": home.office.clock(), "with_data": with_data, "left_out": held.left,
            "trees": sorted(held.trees), "files": dict(sorted(listed.items())), "tool": tool(),
        }  # fmt: skip
        _put(out, "manifest.sig", _seal(home, _put(out, "manifest.json", _text(manifest))))
    return held.left


def _seal(home: Home, digest: str) -> bytes:
    """Return the log key's signature of the manifest: no row vouches for when, with what and of what it was packed."""
    signed = home.keyring.sign_ed25519(f"{SCHEMA}\n{home.office.origin}\n{digest}\n".encode())
    return base64.b64encode(signed) + b"\n"


def _members(
    home: Home, record: PackageRecord, rows: list[Any], proofs: list[Any], note: str
) -> Iterator[tuple[str, bytes]]:
    """Give what is small: the package, its marks, the keys, the checkpoint, rows and proofs, and the scripts that verify."""
    from assay.office import hallmark

    for name, digest in record.files.items():
        yield f"package/{name}", home.store.read(digest)
    for mark, text in hallmark.marks(home.office, record).items():
        yield mark, text.encode()
    for key in ("hallmark", "ledger"):
        yield f"{key}.pub", home.keyring.public_pem(key)
    yield "checkpoint", note.encode()
    yield "rows.json", _text(rows)
    yield "proofs.json", _text(proofs)
    for name, source in SCRIPTS.items():
        yield name, resources("assay.office").joinpath(source).read_bytes()


def _rows(home: Home, record: PackageRecord, run: str, steps: list[str]) -> tuple[list[Any], list[int]]:
    """Return the office's rows of a package and of the run that made it, each with the event that vouches for it."""
    from assay.office import hallmark, history

    name = f"{record.name}@{record.version}"
    marks = ("examined", *hallmark.decisions(record))
    kinds = [k for k in marks if hallmark.kept(home.office, record, k) is not None]
    keys = [("packages", name), *(("statements", f"{name}/{k}") for k in kinds), ("runs", run)]
    keys += [("steps", f"{run}/{step}") for step in steps]
    out, seqs = [], []
    for table, key in keys:
        found = history.latest(home.office, table, key)
        if found is None:
            raise UsageError(
                f"the history of {table}/{key} was pruned, so it cannot be proved",
                remedy="export with --to DIR",
            )
        out.append({"row": f"{table}/{key}", "event": found[0], "state": found[1]})
        seqs.append(found[0])
    return out, seqs


def _proofs(home: Home, seqs: list[int]) -> tuple[str, list[dict[str, Any]]]:
    """Return the signed checkpoint, and each event with its path to that checkpoint's root."""
    from assay.methods import merkle
    from assay.office import checkpoint, ledger

    note = checkpoint.current(home.office)
    signed = checkpoint.of(home.office, note)
    if signed is None:
        raise UsageError("the log's checkpoint is not signed by it", remedy="see `assay log verify`")
    node = ledger.stored(home.office)
    out = []
    for seq in seqs:
        proof = ledger.prove(home.office, seq)
        if not proof.leaf:
            raise UsageError(f"the body of event {seq} was pruned", remedy="export with --to DIR")
        path = merkle.inclusion(seq, signed.size, node)
        out.append({"seq": seq, "leaf": proof.leaf, "path": [base64.b64encode(p).decode() for p in path]})
    return note, out


def _installed(past: Any) -> dict[str, str]:
    """Return the packages that scripts brought themselves, name → version."""
    found: dict[str, str] = {}
    for name in past.steps:
        report = past.report(name)
        environment = report.data.get("environment") if report is not None else None
        found |= environment.get("installed", {}) if isinstance(environment, Mapping) else {}
    return found


def _source(home: Home, held: Contents, digest: str) -> Any:
    return Path(held.beside[digest]).open("rb") if digest in held.beside else home.store.open(digest)


def _put(out: zipfile.ZipFile, name: str, content: bytes) -> str:
    import hashlib

    out.writestr(_info(name, name), content)
    return hashlib.sha256(content).hexdigest()


def _copy(out: zipfile.ZipFile, name: str, source: Any, called: str) -> str:
    import hashlib

    hasher = hashlib.sha256()
    with source, out.open(_info(name, called), "w", force_zip64=True) as target:
        while part := source.read(1 << 20):
            hasher.update(part)
            target.write(part)
    found = hasher.hexdigest()
    if found != name.rpartition("/")[2]:
        raise UsageError(f"{called} changed while it was packed", remedy="run again when it is still")
    return found


def _info(name: str, called: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _DATE)
    info.external_attr = 0o100644 << 16
    info.compress_type = zipfile.ZIP_STORED if called.endswith(_STORED) else zipfile.ZIP_DEFLATED
    return info


def _text(value: Any) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()
