"""Signed notes and checkpoints of C2SP (signed-note, tlog-checkpoint), with Ed25519."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

ED25519 = b"\x01"
_DASH = "— "


def key_id(name: str, public: bytes) -> bytes:
    """Return the four bytes that name a key: SHA-256(name ‖ \\n ‖ type ‖ key)[:4]."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


def sign(text: str, name: str, public: bytes, signer: Callable[[bytes], bytes]) -> str:
    """Return ``text`` (ending in a newline) as a note signed by one key."""
    signature = base64.b64encode(key_id(name, public) + signer(text.encode())).decode()
    return f"{text}\n{_DASH}{name} {signature}\n"


def verify(note: str, name: str, public: bytes, verifier: Callable[[bytes, bytes], bool]) -> str | None:
    """Return a note's text when the key ``name`` signed it; None when it did not or the signature is wrong.

    Signatures by other keys are ignored, as the specification says.
    """
    text, found, lines = note.rpartition("\n\n")[0] + "\n", False, note.rpartition("\n\n")[2]
    if len(note) > 1 << 16 or "\n\n" not in note or not lines.endswith("\n"):
        return None
    for line in lines[:-1].split("\n")[:64]:
        if not line.startswith(_DASH):
            return None
        who, _, blob = line.removeprefix(_DASH).rpartition(" ")
        if who != name:
            continue
        try:
            raw = base64.b64decode(blob, validate=True)
        except (ValueError, binascii.Error):
            return None
        if base64.b64encode(raw).decode() != blob:  # the bits that fill its last letter are nobody's
            return None
        if raw[:4] != key_id(name, public):
            continue
        if not verifier(raw[4:], text.encode()):
            return None
        found = True
    return text if found else None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says: whose log, how many leaves, which root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read a checkpoint's text; ValueError when it is not one."""
        lines = text.split("\n")
        if len(lines) < 4 or not lines[0] or not lines[1].isascii() or not lines[1].isdigit():
            raise ValueError("this is not a checkpoint")
        if lines[1] != str(int(lines[1])):
            raise ValueError("the checkpoint's size has leading zeros")
        root = base64.b64decode(lines[2], validate=True)
        if len(root) != 32:
            raise ValueError("the checkpoint's root is not 32 bytes")
        return cls(lines[0], int(lines[1]), root)
