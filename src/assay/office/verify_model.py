#!/usr/bin/env python3
"""Verify a model's archive offline: python verify.py ARCHIVE.zip --key hallmark.pub --log-key ledger.pub

It needs Python 3.11, `cryptography` and verify_archive.py beside it, nothing of Assay and no network. It shows that every
file is the one that was packed; that the package is the one that was examined, signed and entered; and that the run which
made it, with its code, data and results by digest, is what the signed log vouches for. Take both keys from whoever you
trust, not from the archive. Exits 0 where all of it holds, 1 where something does not, 2 where it is no archive.
"""

import argparse
import base64
import hashlib
import importlib.util
import json
import sys
import zipfile
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

_spec = importlib.util.spec_from_file_location(
    "verify_archive", Path(__file__).with_name("verify_archive.py")
)
log = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(log)
Forged = log.Forged

SCHEMA = "assay.model_archive/1"
LARGEST = 256 << 20  # bytes of a document that is read whole
MOST = 200_000  # files
EXAMINED, DECIDED = "https://assay.dev/hallmark/examined/v1", "https://assay.dev/hallmark/decided/v1"
SIGNATURE = "https://model_signing/signature/v1.0"


def read(archive, name):
    """Return a document of the archive, whole."""
    if archive.getinfo(name).file_size > LARGEST:
        raise Forged(f"{name} is larger than any such document is")
    return archive.read(name)


def files(archive):
    """Return the manifest, once every file is known to be the one that it lists, none missing and none more."""
    names = [n for n in archive.namelist() if not n.endswith("/")]
    if len(names) > MOST or len(set(names)) != len(names):
        raise Forged("the archive holds a name twice, or too many")
    if "manifest.json" not in names:
        raise Forged("it has no manifest.json, so it is no model's archive")
    manifest = json.loads(read(archive, "manifest.json"))
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        raise Forged(f"its manifest is not of the form that is read here, {SCHEMA}")
    odd = sorted(set(names) - {"manifest.json", "manifest.sig"} ^ set(manifest["files"]))
    if odd:
        raise Forged(f"{odd[0]} is {'not listed' if odd[0] in names else 'missing'}")
    for name, digest in manifest["files"].items():
        hasher = hashlib.sha256()
        with archive.open(name) as content:
            while part := content.read(1 << 20):
                hasher.update(part)
        if hasher.hexdigest() != digest:
            raise Forged(f"{name} is not the file that was packed")
        if name.startswith("objects/") and name != f"objects/{digest}":
            raise Forged(f"{name} does not hold the bytes of its name")
    return manifest


def sealed(archive, origin, key):
    """Hold the manifest against its seal: no row vouches for what it says of itself (when it was packed, with what)."""
    digest = hashlib.sha256(read(archive, "manifest.json")).hexdigest()
    try:
        seal = base64.b64decode(read(archive, "manifest.sig").strip(), validate=True)
        key.verify(seal, f"{SCHEMA}\n{origin}\n{digest}\n".encode())
    except (KeyError, InvalidSignature):
        raise Forged("its manifest is not the one that the log's key signed") from None


def entered(archive, key):
    """Return the events that are proved, by number, and the rows that they vouch for: name → what it holds."""
    origin, size, root = log.opened(read(archive, "checkpoint").decode(), key)
    events = {}
    for proof in json.loads(read(archive, "proofs.json")):
        leaf, seq = proof["leaf"].encode(), proof["seq"]
        path = [base64.b64decode(p, validate=True) for p in proof["path"]]
        event = json.loads(leaf)
        if event["seq"] != seq or not log.included(seq, size, log.sha(b"\0", leaf), path, root):
            raise Forged(f"event {seq} is not in the log that was signed")
        events[seq] = (event, log.sha(b"\0", leaf).hex())
    rows = {}
    for row in json.loads(read(archive, "rows.json")):
        said = events[row["event"]][0]["rows"].get(row["row"])
        if said != "sha256:" + hashlib.sha256(row["state"].encode()).hexdigest():
            raise Forged(f"{row['row']} is not what event {row['event']} vouches for")
        held = json.loads(row["state"])
        if row["row"].partition("/")[2] != held["key"]:
            raise Forged(f"{row['row']} is another row")
        rows[row["row"]] = json.loads(held["value"])
    return origin, size, events, rows


def opened(raw, key):
    """Return the statement in a DSSE envelope that this key signed (ECDSA P-256)."""
    payload, kind = base64.b64decode(raw["payload"], validate=True), raw["payloadType"].encode()
    signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    for signature in raw["signatures"][:16]:
        try:
            key.verify(base64.b64decode(signature["sig"], validate=True), signed, ECDSA(SHA256()))
            return json.loads(payload)
        except InvalidSignature:
            continue
    raise Forged("a mark is not signed by this key")


def package(archive, manifest, key, events, rows):
    """Hold the package against its row in the office, against its bundle, and against what was said of it."""
    row = rows[f"packages/{manifest['model']}"]
    held = {n[8:]: d for n, d in manifest["files"].items() if n.startswith("package/")}
    if f"{row['name']}@{row['version']}" != manifest["model"] or row["digest"] != manifest["package"]:
        raise Forged("the package is another than the one that was entered")
    if {n: d.removeprefix("sha256:") for n, d in row["files"].items()} != held:
        raise Forged("the package's files are not those that were entered")
    marked = marks(archive, manifest, key, rows)
    if "model.sig" not in marked:
        if row["hallmark"]:
            raise Forged("its hallmark is missing")
        return row, False
    bundle = opened(json.loads(read(archive, "model.sig"))["dsseEnvelope"], key)
    signed = {r["name"]: r["digest"] for r in bundle["predicate"]["resources"]}
    if bundle["predicateType"] != SIGNATURE or signed != held:
        raise Forged("the bundle vouches for other files")
    said = stated(archive, "hallmark.intoto.json", EXAMINED, manifest, key)
    if said["package"]["files"] != row["files"] or said["reports"] != row["reports"]:
        raise Forged("the hallmark speaks of other files or reports")
    place = said["ledger"]
    if place["seq"] not in events or events[place["seq"]][1] != place["leaf"]:
        raise Forged("the hallmark names an event that the log does not have")
    return row, True


def marks(archive, manifest, key, rows):
    """Return the marks beside the package, once each is the one that the office keeps, and each of people is signed."""
    known, prefix = {}, f"statements/{manifest['model']}/"
    for name, value in rows.items():
        if name.startswith(prefix + "examined"):
            known |= {"model.sig": value["bundle"], "hallmark.intoto.json": value["statement"]}
        elif name.startswith(prefix):
            kind = name.removeprefix(prefix)
            known["decision.intoto.json" if kind == "decided" else f"{kind}.intoto.json"] = value["statement"]
    here = {n for n in manifest["files"] if "/" not in n and n.endswith((".sig", ".intoto.json"))}
    for name in sorted(here):
        if name not in known or read(archive, name) != known[name].encode():
            raise Forged(f"{name} is not a mark that the office keeps")
        if name not in ("model.sig", "hallmark.intoto.json"):
            stated(archive, name, DECIDED, manifest, key)
    return here if "hallmark.intoto.json" in here else here - {"model.sig"}


def stated(archive, name, kind, manifest, key):
    """Return what a signed statement says of this very package."""
    found = opened(json.loads(read(archive, name)), key)
    subject = [{"name": manifest["model"], "digest": {"sha256": manifest["package"].removeprefix("sha256:")}}]
    if found["predicateType"] != kind or found["subject"] != subject:
        raise Forged(f"{name} speaks of something else")
    return found["predicate"]


def approved(archive, manifest, row, key):
    """Return who approved it: each signed a statement of this very package, and it is the one that was entered."""
    people = []
    for given in row.get("approvals") or ():
        name = f"{given.get('mark') or 'decision'}.intoto.json"
        if name not in manifest["files"]:
            raise Forged(f"the approval of {given['by']} is missing: {name}")
        if "sha256:" + hashlib.sha256(read(archive, name)).hexdigest() != given["statement"]:
            raise Forged(f"{name} is not the approval that was entered")
        if stated(archive, name, DECIDED, manifest, key)["by"] != given["by"]:
            raise Forged(f"{name} is another person's approval")
        people.append(given["by"])
    return people


def run(archive, manifest, row, rows):
    """Hold the run and its steps against what lies here: each digest that they name is here, or told as left out."""
    about = rows[f"runs/{manifest['run']}"]
    if row["run"] != about["id"] or about["id"] != manifest["run"]:
        raise Forged("the package was made by another run")
    named = {v["name"] for n, v in rows.items() if n.startswith(f"steps/{manifest['run']}/")}
    gone = sorted(set(about["detail"].get("steps", ())) - named)
    if gone and about["outcome"] != "interrupted":
        raise Forged(f"the step {gone[0]} of the run is missing")
    here = {"sha256:" + n[8:] for n in manifest["files"] if n.startswith("objects/")}
    here |= {e["digest"] for e in manifest["left_out"]} | set(row["reports"].values())
    if about["detail"]["provenance"] not in here:
        raise Forged("the run's document is not here")
    made, steps = set(), [v for n, v in rows.items() if n.startswith(f"steps/{manifest['run']}/")]
    for step in steps:
        held = [*step["inputs"].values(), *step["outputs"].values()]
        digests = {a["digest"] for a in held if a["kind"] != "key" and a["digest"]}
        gone = sorted((digests | ({step["report"]} if step["report"] else set())) - here)
        if gone:
            raise Forged(
                f"the step {step['name']} names {gone[0]}, which is neither here nor told as left out"
            )
        made |= {a["digest"] for a in step["outputs"].values()}
    if row["files"][row["metadata"]["artifact"]] not in made:
        raise Forged("no step of the run made this model")
    return about, len(steps)


def verify(path, hallmark=None, ledger=None):
    """Verify an archive under these keys (PEM), those that came with it where none is given; return what holds."""
    with zipfile.ZipFile(path) as archive:
        manifest = files(archive)
        keys = [
            load_pem_public_key(p or read(archive, n))
            for p, n in ((hallmark, "hallmark.pub"), (ledger, "ledger.pub"))
        ]
        if not (isinstance(keys[0], EllipticCurvePublicKey) and isinstance(keys[1], Ed25519PublicKey)):
            raise Forged("the keys are not of ECDSA P-256 and Ed25519")
        origin, size, events, rows = entered(archive, keys[1])
        row, marked = package(archive, manifest, keys[0], events, rows)
        if row["decided_by"] and "decision.intoto.json" not in manifest["files"]:
            raise Forged("the decision upon it is missing")
        if row["status"] in ("APPROVED", "REJECTED") and "decision.intoto.json" in manifest["files"]:
            said = stated(archive, "decision.intoto.json", DECIDED, manifest, keys[0])
            if (said["says"], said["by"], said["reason"]) != (
                row["status"],
                row["decided_by"],
                row["reason"],
            ):
                raise Forged("the decision is another than the one that was entered")
            if said.get("expires") != row.get("expires"):
                raise Forged("the decision holds until another day than was entered")
        people = approved(archive, manifest, row, keys[0])
        about, steps = run(archive, manifest, row, rows)
        if origin != manifest["origin"]:
            raise Forged("the checkpoint is of another log")
        sealed(archive, origin, keys[1])
    return {
        "model": manifest["model"], "package": manifest["package"], "status": row["status"], "hallmark": marked, "run": about["id"],
        "decided_by": row["decided_by"], "reason": row["reason"], "approved_by": people, "expires": row.get("expires"),
        "image": (row.get("image") or {}).get("digest"), "steps": steps, "files": len(manifest["files"]),
        "origin": origin, "size": size, "left_out": len(manifest["left_out"]), "own_keys": not (hallmark and ledger),
    }  # fmt: skip


ODD = (
    Forged, InvalidSignature, zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError, RecursionError, EOFError,
    IndexError, NotImplementedError, RuntimeError,
)  # fmt: skip


def main():
    """Verify what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("archive")
    parser.add_argument("--key", help="the hallmark's public key, from whoever you trust")
    parser.add_argument("--log-key", help="the log's public key, from whoever you trust")
    given = parser.parse_args()
    try:
        found = verify(
            given.archive, *(Path(k).read_bytes() if k else None for k in (given.key, given.log_key))
        )
    except OSError as error:
        print(f"this is no whole archive: {error}")
        return 2
    except Forged as error:
        print(f"FORGED OR DAMAGED: {error}")
        return 1
    except ODD as error:
        print(f"FORGED OR DAMAGED: what it says cannot be read: {type(error).__name__} {error}"[:200])
        return 1
    mark = "its hallmark holds" if found["hallmark"] else "it has no hallmark"
    print(f"VERIFIED  {found['model']} is {found['status']}; {mark}")
    print(f"made by run {found['run']} of {found['steps']} steps")
    if found["approved_by"]:
        until = f", until {found['expires']}" if found["expires"] else ""
        print(f"approved by {' and '.join(found['approved_by'])}{until}")
    print(
        f"{found['files']} files, {found['left_out']} left out; in the log {found['origin']} of {found['size']} events"
    )
    if found["own_keys"]:
        print("under keys that came with it: compare them with those of whoever you trust (--key, --log-key)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
