"""Signed notes and checkpoints of C2SP (signed-note, tlog-checkpoint), with Ed25519."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

ED25519 = b"\x01"
MAX_NOTE = 1 << 20  # characters: sixteen signatures of 5 kB fit well
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

    Signatures by other keys are ignored, as the specification says; what is no note, or is not written in the one way
    that it may be, is refused whole: control characters, lines that are no signatures, base64 in a second spelling.
    """
    if len(note) > MAX_NOTE or any(c < " " and c != "\n" for c in note):
        return None
    body, blank, tail = note.rpartition("\n\n")
    lines = tail.split("\n")
    if not blank or lines.pop() != "" or not lines:
        return None
    text, found = body + "\n", False
    for line in lines:
        signed = _signature(line)
        if signed is None:
            return None
        who, key, signature = signed
        if (who, key) != (name, key_id(name, public)):
            continue
        if not verifier(signature, text.encode()):
            return None
        found = True
    return text if found else None


def _signature(line: str) -> tuple[str, bytes, bytes] | None:
    """Return who signed, the key's four bytes and the signature; None where the line is no signature."""
    who, _, blob = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not who or "+" in who or any(c.isspace() for c in who):
        return None
    try:
        raw = base64.b64decode(blob, validate=True)
    except ValueError:
        return None
    if len(raw) <= 4 or base64.b64encode(raw).decode() != blob:
        return None
    return who, raw[:4], raw[4:]


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
