"""The OpenSSF model-signing bundle: a Sigstore bundle around a DSSE envelope over the digests of a folder's files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from assay.methods import dsse

PREDICATE = "https://model_signing/signature/v1.0"
IGNORED = [".git", ".gitattributes", ".github", ".gitignore"]
MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
MAX_BUNDLE = 32 << 20


def file_digests(folder: Path) -> dict[str, str]:
    """Return path → SHA-256 in hex of every file of a folder, in order of path."""
    out = {}
    for path in sorted(folder.rglob("*"), key=lambda p: p.relative_to(folder).as_posix()):
        if path.is_symlink():
            out[path.relative_to(folder).as_posix()] = "a link"
        elif path.is_dir():
            continue
        elif not path.is_file():
            out[path.relative_to(folder).as_posix()] = "no regular file"
        else:
            with path.open("rb") as content:
                out[path.relative_to(folder).as_posix()] = hashlib.file_digest(content, "sha256").hexdigest()
    return out


def sign(name: str, files: Mapping[str, str], signer: Callable[[bytes], bytes], public_pem: bytes) -> bytes:
    """Return the bundle for a folder called ``name``; files: path → SHA-256 in hex.

    The root digest is over the raw file digests, in order of path.
    """
    digests = dict(sorted(files.items()))
    root = hashlib.sha256(b"".join(bytes.fromhex(d) for d in digests.values())).hexdigest()
    predicate = {
        "serialization": {
            "method": "files",
            "hash_type": "sha256",
            "allow_symlinks": False,
            "ignore_paths": IGNORED,
        },
        "resources": [{"name": n, "algorithm": "sha256", "digest": d} for n, d in digests.items()],
    }
    statement = dsse.statement([{"name": name, "digest": {"sha256": root}}], PREDICATE, predicate)
    payload = json.dumps(statement, sort_keys=True, separators=(",", ":")).encode()
    bundle = {
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": {
            "publicKey": {"hint": hashlib.sha256(public_pem).hexdigest()},
            "tlogEntries": [],
        },
        "dsseEnvelope": dsse.envelope(payload, signer),
    }
    return json.dumps(bundle).encode()


def signed_digests(bundle: bytes, verifier: Callable[[bytes, bytes], bool]) -> dict[str, str]:
    """Return path → SHA-256 that a bundle vouches for; ValueError when it is not one or is not signed."""
    if len(bundle) > MAX_BUNDLE:
        raise ValueError("the bundle is larger than any bundle is")
    try:
        raw: Any = json.loads(bundle)
    except RecursionError:
        raise ValueError("the bundle is nested deeper than any bundle is") from None
    if not isinstance(raw, dict) or "dsseEnvelope" not in raw:
        raise ValueError("this is not a model-signing bundle")
    statement = dsse.opened(raw["dsseEnvelope"], verifier)
    if statement.get("predicateType") != PREDICATE:
        raise ValueError("this is not a model-signing bundle")
    digests = {r["name"]: r["digest"] for r in statement["predicate"]["resources"]}
    if len(digests) != len(statement["predicate"]["resources"]):
        raise ValueError("the bundle names a file twice")
    root = hashlib.sha256(b"".join(bytes.fromhex(d) for d in digests.values())).hexdigest()
    if statement["subject"][0]["digest"]["sha256"] != root:
        raise ValueError("the bundle's root is not that of its files")
    return digests
