#!/usr/bin/env python3
"""Verify an archive of an Assay log offline: python verify.py ARCHIVE.zip --key ledger.pub [--checkpoint kept.txt]

It needs Python 3.11 and `cryptography`, nothing of Assay and no network. It shows that the events in the archive are those
that the log's key signed for, none missing, added, edited or moved from the first to the last. Take the key from whoever you
trust, not from the archive. Exits 0 where all of it holds, 1 where something does not, 2 where it is no archive.
"""

import argparse
import base64
import hashlib
import json
import sys
import zipfile
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

NAMES = {"manifest.json", "events.jsonl", "policies.json", "ledger.pub", "verify.py"}


class Forged(Exception):
    """Something does not hold."""


def sha(*parts):
    """Return the SHA-256 of these bytes."""
    return hashlib.sha256(b"".join(parts)).digest()


def split(count):
    """Return the largest power of two below a count."""
    return 1 << (count - 1).bit_length() - 1


def opened(note, key):
    """Return origin, size and root that a signed checkpoint says (C2SP signed note, Ed25519)."""
    body, blank, tail = note.rpartition("\n\n")
    text, lines = body + "\n", tail.splitlines()
    origin, size, root = text.split("\n")[:3]
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    name = sha(origin.encode(), b"\n\x01", raw)[:4]
    for line in lines if blank else ():
        dash, who, blob = line.split(" ")
        signature = base64.b64decode(blob, validate=True)
        if dash == "—" and who == origin and signature[:4] == name:
            key.verify(signature[4:], text.encode())
            return origin, int(size), base64.b64decode(root, validate=True)
    raise Forged("the checkpoint is not signed by this key")


def leaves(lines, first, stubs):
    """Return the leaf hashes of the events, in order; a pruned one's is what its stub says."""
    out = []
    for seq, line in enumerate(lines, first):
        event = json.loads(line)
        if event.get("seq") != seq:
            raise Forged(f"at place {seq} stands event {event.get('seq')}")
        if event.get("schema") == "assay.pruned/1":
            stubs[seq] = event
            out.append(bytes.fromhex(event["hash"]))
        else:
            out.append(sha(b"\0", line))
    return out


def tree(hashes):
    """Return the root of leaf hashes that stand in one complete or trailing subtree."""
    peaks = []
    for value in hashes:
        level = 0
        while peaks and peaks[-1][0] == level:
            value, level = sha(b"\1", peaks.pop()[1], value), level + 1
        peaks.append((level, value))
    value = peaks.pop()[1]
    while peaks:
        value = sha(b"\1", peaks.pop()[1], value)
    return value


def root(low, high, first, hashes, beside):
    """Return the root of leaves low..high (RFC 9162 §2.1): of those here, and of the subtrees given for those beside."""
    end = first + len(hashes)
    if high <= first or low >= end:
        return next(beside)
    if first <= low and high <= end:
        return tree(hashes[low - first : high - first])
    middle = low + split(high - low)
    left = root(low, middle, first, hashes, beside)
    return sha(b"\1", left, root(middle, high, first, hashes, beside))


def included(seq, size, leaf, path, expected):
    """Whether a path proves a leaf under a root (RFC 9162 §2.1.3.2)."""
    fn, sn, value = seq, size - 1, leaf
    for part in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            value = sha(b"\1", part, value)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            value = sha(b"\1", value, part)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and value == expected and 0 <= seq < size


def explained(stubs, policies, size, expected):
    """Look that each pruned body is named by an event that the same root proves."""
    known = {}
    for proof in policies:
        leaf, path = proof["leaf"].encode(), [base64.b64decode(p) for p in proof["path"]]
        event = json.loads(leaf)
        if not included(event["seq"], size, sha(b"\0", leaf), path, expected):
            raise Forged(f"the policy's event {event['seq']} is not in the log")
        if event["action"] == "log.retain":
            known[event["seq"]] = event["detail"]
    for seq, stub in stubs.items():
        detail = known.get(stub["by"], {})
        spans = detail.get("pruned", [])
        if detail.get("policy") != stub["policy"] or not any(a <= seq <= b for a, b in spans):
            raise Forged(f"the body of event {seq} is gone, and no policy pruned it")


def verify(path, pem, kept):
    """Verify an archive; return the manifest and how many bodies were pruned."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if len(names) != len(NAMES) or set(names) != NAMES:
            raise Forged(f"the archive holds {', '.join(sorted(set(names) ^ NAMES)) or 'a name twice'}")
        read = {n: archive.read(n) for n in NAMES}
    manifest = json.loads(read["manifest.json"])
    key = load_pem_public_key(pem or read["ledger.pub"])
    if not isinstance(key, Ed25519PublicKey):
        raise Forged("the key is not of Ed25519")
    origin, size, expected = opened(manifest["checkpoint"], key)
    lines = read["events.jsonl"].split(b"\n")
    if lines.pop() != b"" or len(lines) != manifest["count"] or not lines:
        raise Forged(f"{len(lines)} events are there, and {manifest['count']} should be")
    stubs, first = {}, manifest["first"]
    hashes = leaves(lines, first, stubs)
    if (origin, size) != (manifest["origin"], manifest["size"]) or not 0 <= first <= size - len(hashes):
        raise Forged("the checkpoint is of another log, or of another size")
    beside = iter([base64.b64decode(p, validate=True) for p in manifest["beside"]])
    if root(0, size, first, hashes, beside) != expected or next(beside, None) is not None:
        raise Forged("the events are not those that the checkpoint was signed over")
    explained(stubs, json.loads(read["policies.json"]), size, expected)
    if kept is not None:
        seen = opened(kept, key)
        if seen[0] != origin or seen[1] > size:
            raise Forged("the kept checkpoint is of another log, or saw events that this one lacks")
        if seen[1] == size and seen[2] != expected:
            raise Forged("the log was written anew after the kept checkpoint")
        if seen[1] < size and first == 0 and seen[1] <= len(hashes) and tree(hashes[: seen[1]]) != seen[2]:
            raise Forged("the log was written anew after the kept checkpoint")
    return manifest, len(stubs)


def main():
    """Verify what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("archive")
    parser.add_argument("--key", help="the log's public key, from whoever you trust")
    parser.add_argument("--checkpoint", help="a checkpoint of the log that was kept elsewhere")
    given = parser.parse_args()
    try:
        pem = Path(given.key).read_bytes() if given.key else None
        kept = Path(given.checkpoint).read_text(encoding="utf-8") if given.checkpoint else None
        found, pruned = verify(given.archive, pem, kept)
    except (OSError, zipfile.BadZipFile, EOFError) as error:
        print(f"this is no whole archive: {error}")
        return 2 if not isinstance(error, zipfile.BadZipFile | EOFError) else 1
    except (
        Forged,
        InvalidSignature,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        StopIteration,
    ) as error:
        print(f"FORGED OR DAMAGED: {error or type(error).__name__}")
        return 1
    last = found["first"] + found["count"] - 1
    print(
        f"VERIFIED  events {found['first']} to {last} of {found['size']} of {found['origin']}, {pruned} of them pruned"
    )
    if pem is None:
        print("under the key that came with it: compare that with one from whoever you trust (--key)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
