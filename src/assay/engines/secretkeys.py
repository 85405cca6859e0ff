"""Secret keys that a treatment works with: named ones in a private folder, made on first use, and private files."""

from __future__ import annotations

import hmac
import os
import re
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from assay.engines.keys import write_private
from assay.kernel.asset import Asset
from assay.kernel.errors import Missing, Refused, UsageError

SIZE = 32
LARGEST = 4_096
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_HEX = re.compile(rb"\s*([0-9A-Fa-f]{64})\s*")


@dataclass(frozen=True)
class SecretKey:
    """A Key whose 32 bytes lie in this process. Known by its id; neither printing nor recording it shows more."""

    name: str
    secret: bytes = field(repr=False)

    @property
    def asset(self) -> Asset:
        """Return it as an asset: its name and its id."""
        digest = self.mac(b"assay.key/1 id").hex()
        return Asset("key", self.name, f"key:{digest[:16]}", f"sha256:{digest}")

    @property
    def id(self) -> str:
        """Return 16 hex digits that name it: a digest made with it, from which it cannot be found."""
        return self.mac(b"assay.key/1 id").hex()[:16]

    def mac(self, data: bytes) -> bytes:
        """Return HMAC-SHA-256 of data."""
        return hmac.digest(self.secret, data, "sha256")


def is_name(text: str) -> bool:
    """Whether a text can name a key: letters, digits, - and _, and so is no path."""
    return _NAME.fullmatch(text) is not None


class SecretKeys:
    """Named keys in a folder, one file each, which its owner alone may read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self, name: str, *, make: bool) -> SecretKey:
        """Return a key by name, made where there is none if ``make``; Missing otherwise."""
        if not is_name(name):
            raise UsageError(f"{name!r} cannot name a key", remedy="use letters, digits, - and _")
        path = self.folder / f"{name}.key"
        if not path.is_file():
            if not make:
                known = sorted(p.stem for p in self.folder.glob("*.key")) if self.folder.is_dir() else []
                raise Missing(f"there is no key {name!r}", where=str(self.folder), remedy=_known(known))
            write_private(path, secrets.token_bytes(SIZE).hex().encode() + b"\n")
        return read_key(path, name)


def _known(names: list[str]) -> str:
    return f"there is {', '.join(names[:8])}" if names else "there is none: data.mask makes it on first use"


def read_key(path: Path, name: str = "") -> SecretKey:
    """Return the key in a file: 64 hex digits, or 32 bytes. Refused where others may read or change the file."""
    how = f"(umask 077; openssl rand -hex 32 > {path})"
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Missing(f"there is no key file {str(path)!r}", remedy=f"make one: {how}") from None
    except OSError as error:
        raise UsageError(f"the key cannot be read: {error.strerror}", where=str(path)) from None
    about = os.fstat(handle)
    if not stat.S_ISREG(about.st_mode):
        os.close(handle)
        raise UsageError("the key is no file", where=str(path), remedy=f"make one: {how}")
    with os.fdopen(handle, "rb") as opened:
        if about.st_mode & 0o077:
            raise Refused(
                f"others may read the key (mode {stat.S_IMODE(about.st_mode):o})",
                where=str(path),
                remedy=f"chmod 600 {path}",
            )
        if about.st_uid not in (os.geteuid(), 0):
            raise Refused("the key is another user's", where=str(path), remedy="use one of your own")
        raw = opened.read(LARGEST + 1)
    text = _HEX.fullmatch(raw)
    secret = bytes.fromhex(text.group(1).decode()) if text else raw
    if len(secret) != SIZE:
        raise UsageError(
            "the file holds no key: 64 hex digits or 32 bytes", where=str(path), remedy=f"make one: {how}"
        )
    return SecretKey(name or path.stem, secret)
