"""A change as a patch that ``git apply`` takes and in which what goes does not stand: the file as it becomes, and git's id of what it was.

A patch of lines repeats each line that it takes away, and so the secret in it. A binary one need not: it holds the new content
whole, and of the old its id alone, by which git knows the file (git's documentation: diff formats, ``GIT binary patch``).
"""

from __future__ import annotations

import base64
import hashlib
import zlib

_ROW = 52  # bytes of a line


def binary_patch(name: str, before: bytes, after: bytes, *, wide: bool = False) -> str:
    """Return the patch of one file. name: from the top of the repository, with ``/``. wide: whether it names objects by SHA-256."""
    old, new = _quoted(f"a/{name}"), _quoted(f"b/{name}")
    return (
        f"diff --git {old} {new}\nindex {_id(before, wide)}..{_id(after, wide)}\nGIT binary patch\n"
        f"literal {len(after)}\n{_rows(zlib.compress(after))}\n"
    )


def _id(content: bytes, wide: bool) -> str:
    """Return git's name of a file's content."""
    head = b"blob %d\0" % len(content)
    return hashlib.sha256(head + content).hexdigest() if wide else hashlib.sha1(head + content).hexdigest()  # noqa: S324


def _rows(packed: bytes) -> str:
    """Return bytes in git's base 85: each line begins with a letter for how many it holds (A is 1, z is 52)."""
    out = []
    for at in range(0, len(packed), _ROW):
        part = packed[at : at + _ROW]
        count = len(part)
        letter = chr(ord("A") + count - 1) if count <= 26 else chr(ord("a") + count - 27)
        out.append(letter + base64.b85encode(part, pad=True).decode("ascii") + "\n")
    return "".join(out)


def _quoted(name: str) -> str:
    """Return a path as git writes it: in quotes, its bytes as octal numbers, where it is not plain (core.quotePath)."""
    raw = name.encode("utf-8", "surrogateescape")
    if all(32 < byte < 127 and byte not in b'"\\' for byte in raw):
        return name
    said = "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\{b:03o}" for b in raw)
    return f'"{said}"'
