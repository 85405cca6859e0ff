"""The office's keys, as files: Ed25519 for the log, EC P-256 for hallmarks; made on first use, and once only."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assay.kernel.errors import Broken, Refused

KINDS = {"ledger": "ed25519", "hallmark": "p256"}


class LostKey(Broken):
    """A key that has signed and is not there any more, or is no key any more: nothing it signed can be told from forgery."""


class FileKeyring:
    """Keys in a private folder, PEM, readable by their owner only.

    may_make: whether a key of that name may be made where there is none; a key that has signed and is gone is a loss
    to be told, and another in its place would hide it.
    """

    def __init__(self, folder: Path, may_make: Callable[[str], bool] = lambda _name: True) -> None:
        self.folder, self._may_make = folder, may_make
        self._loaded: dict[str, Any] = {}
        self._raw: bytes | None = None

    def _key(self, name: str) -> Any:
        if name not in self._loaded:
            from cryptography.hazmat.primitives.serialization import load_pem_private_key

            path = self.folder / f"{name}.pem"
            if not path.is_file():
                if not self._may_make(name):
                    raise LostKey(
                        f"the {name} key is gone",
                        where=str(path),
                        remedy="restore it from a backup of the home",
                    )
                self._make(name, path)
                if name == "ledger":  # both at once, so that a missing one is a loss from then on
                    self._make("hallmark", self.folder / "hallmark.pem")
            _private(path)
            try:
                self._loaded[name] = load_pem_private_key(path.read_bytes(), None)
            except (ValueError, TypeError, OSError) as error:
                raise LostKey(
                    "the key cannot be read", where=str(path), remedy="restore it from a backup"
                ) from error
        return self._loaded[name]

    def _make(self, name: str, path: Path) -> None:
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        key: Any = (
            ed25519.Ed25519PrivateKey.generate()
            if KINDS[name] == "ed25519"
            else ec.generate_private_key(ec.SECP256R1())
        )
        write_private(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def sign_ed25519(self, data: bytes) -> bytes:
        """Sign with the log's key."""
        return bytes(self._key("ledger").sign(data))

    def sign_p256(self, data: bytes) -> bytes:
        """Sign with the hallmark's key: ECDSA over SHA-256, DER."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        return bytes(self._key("hallmark").sign(data, ec.ECDSA(hashes.SHA256())))

    def public_pem(self, name: str) -> bytes:
        """Return a public key as PEM."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return bytes(
            self._key(name).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )

    def public_raw(self) -> bytes:
        """Return the log's public key as its 32 bytes."""
        key = self._key("ledger")
        if self._raw is None:
            self._raw = bytes(key.public_key().public_bytes_raw())
        return self._raw


def _private(path: Path) -> None:
    """Refused where somebody else could have read the key, or put it there."""
    found = path.stat()
    if found.st_uid not in (os.getuid(), 0) or found.st_mode & 0o077:
        raise Refused(
            "the key can be read or was made by others, so what it signs proves nothing",
            where=str(path),
            remedy=f"chmod 600 {path}, if nobody else has had it; else make a new home",
        )


def write_private(path: Path, content: bytes) -> None:
    """Write a file that its owner alone may read, in a folder of the same kind; one that is there already stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.stem}-{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(fresh, path)  # whoever comes first makes the key; the other uses it
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def raw_ed25519(pem: bytes) -> bytes:
    """Return the 32 bytes of an Ed25519 public key in PEM; ValueError when it is not one."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    key = load_pem_public_key(pem)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("this is not an Ed25519 public key")
    return key.public_bytes_raw()


def verifier(pem: bytes) -> Callable[[bytes, bytes], bool]:
    """Return a function (signature, data) → whether the public key made it; Ed25519 or ECDSA P-256 by the key."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    key: Any = load_pem_public_key(pem)
    extra = (ec.ECDSA(hashes.SHA256()),) if isinstance(key, ec.EllipticCurvePublicKey) else ()

    def check(signature: bytes, data: bytes) -> bool:
        try:
            key.verify(signature, data, *extra)
        except InvalidSignature:
            return False
        return True

    return check
