"""Accepted secrets in a file that holds none of them: fingerprints, each with the reason why it is borne.

``.assay-secrets`` is JSON: ``{"schema": "assay.secrets-baseline/1", "salt", "key", "secrets": [{"fingerprint", "rule", "file",
"reason"}]}``. A fingerprint is made under a key (``key`` is its id), or, where none was used, by scrypt (RFC 7914: N = 2^13, r = 8,
p = 1, about 20 ms a secret) under the file's own salt, so that a team shares it without sharing a key, and a guess costs. An
entry without a reason accepts nothing; one accepts its secret in its file alone.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

SCHEMA = "assay.secrets-baseline/1"
NAME = ".assay-secrets"
LARGEST = 16 << 20
_HEX = re.compile(r"[0-9a-f]{16}")
_SALT = re.compile(r"[0-9a-f]{32,64}")


@dataclass(frozen=True, slots=True)
class Accepted:
    """One secret that is borne in one file, and why."""

    fingerprint: str
    rule: str
    file: str
    reason: str

    def to_dict(self) -> dict[str, str]:
        """Return it as JSON."""
        return {"fingerprint": self.fingerprint, "rule": self.rule, "file": self.file, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was accepted. key: the id of the key that fingerprints are made with, or empty where ``salt`` is used."""

    salt: str
    key: str = ""
    secrets: tuple[Accepted, ...] = ()
    _known: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def reason(self, rule: str, fingerprint: str, file: str) -> str | None:
        """Return why a secret is accepted in a file, or None where it is not."""
        if not self._known:
            self._known.update({(a.rule, a.fingerprint, a.file): a.reason for a in self.secrets if a.reason})
        return self._known.get((rule, fingerprint, file))

    def mac(self) -> Callable[[bytes], bytes]:
        """Return what fingerprints are made with where there is no key: scrypt under the salt, remembered."""
        salt = bytes.fromhex(self.salt)

        @cache
        def slow(data: bytes) -> bytes:
            return hashlib.scrypt(data, salt=salt, n=1 << 13, r=8, p=1, dklen=32)

        return slow

    def to_json(self) -> bytes:
        """Return the file's bytes: an entry a line, in order."""
        entries = sorted(self.secrets, key=lambda a: (a.file, a.rule, a.fingerprint))
        lines = ",\n".join("  " + json.dumps(a.to_dict(), ensure_ascii=False) for a in entries)
        head = json.dumps({"schema": SCHEMA, "salt": self.salt, "key": self.key})[1:-1]
        return f'{{{head}, "secrets": [\n{lines}\n]}}\n'.encode()


def fresh(key: str = "") -> Baseline:
    """Return one that accepts nothing yet, with a salt of its own."""
    return Baseline(secrets.token_hex(16), key)


def read(data: bytes) -> Baseline:
    """Return what a file holds; ValueError says what is wrong with it. Fields that are not known are left alone."""
    if len(data) > LARGEST:
        raise ValueError("it is longer than 16 MiB")
    try:
        raw = json.loads(data)
    except RecursionError:
        raise ValueError("it nests too deep") from None
    if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
        raise ValueError(f"it is no {SCHEMA}")
    salt, key, entries = raw.get("salt"), raw.get("key") or "", raw.get("secrets")
    if not isinstance(salt, str) or not _SALT.fullmatch(salt) or not isinstance(key, str):
        raise ValueError("its salt is not 32 or more hexadecimal digits")
    if not isinstance(entries, list):
        raise ValueError("it has no list of secrets")
    return Baseline(salt, key, tuple(_entry(e, at) for at, e in enumerate(entries, 1)))


def wrote(data: bytes) -> bool:
    """Whether bytes are a baseline to the letter as ``to_json`` writes it, which may be told from its bytes alone."""
    if not data.startswith(b'{"schema": "' + SCHEMA.encode()):
        return False
    try:
        return read(data).to_json() == data
    except ValueError:
        return False


def _entry(raw: Any, at: int) -> Accepted:
    if not isinstance(raw, Mapping) or not all(
        isinstance(raw.get(k), str) for k in ("fingerprint", "rule", "file")
    ):
        raise ValueError(f"secret {at} lacks its fingerprint, rule or file")
    if not _HEX.fullmatch(raw["fingerprint"]):
        raise ValueError(f"the fingerprint of secret {at} is not 16 hexadecimal digits")
    return Accepted(raw["fingerprint"], raw["rule"], raw["file"], str(raw.get("reason") or "").strip())
