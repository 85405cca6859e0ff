"""Pickles put together opcode by opcode, as no pickler would write them."""

from __future__ import annotations

import io
import pickle
import struct
from pathlib import Path
from typing import Any

P2, P4 = b"\x80\x02", b"\x80\x04"


def short(text: str) -> bytes:
    """SHORT_BINUNICODE."""
    raw = text.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


def text(value: str) -> bytes:
    """BINUNICODE."""
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def glob(module: str, name: str) -> bytes:
    """GLOBAL."""
    return f"c{module}\n{name}\n".encode()


def stack(module: str, name: str) -> bytes:
    """STACK_GLOBAL of two constants."""
    return short(module) + short(name) + b"\x93"


def body(value: Any, protocol: int = 2) -> bytes:
    """A value without PROTO, frame, memo and STOP, as it stands inside a pickle."""
    out = io.BytesIO()
    pickler = pickle.Pickler(out, min(protocol, 2))
    pickler.fast = True
    pickler.dump(value)
    raw = out.getvalue()
    return raw[2 if protocol >= 2 else 0 : -1]


def framed(content: bytes) -> bytes:
    """Protocol 4 in a frame, with its STOP."""
    content += b"."
    return P4 + b"\x95" + struct.pack("<Q", len(content)) + content


def make_empty(marker: Path) -> tuple[str, str, tuple[Any, ...]]:
    """A call that makes an empty folder and does nothing else."""
    return "os", "mkdir", (str(marker),)


def payload(marker: Path) -> bytes:
    """That call, for the middle of a pickle: it leaves its result on the stack."""
    module, name, args = make_empty(marker)
    return glob(module, name) + body(args) + b"R"
