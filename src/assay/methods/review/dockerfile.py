"""A Dockerfile as its instructions. Source: the Dockerfile reference of Docker's documentation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_LINES = 20_000
# A here-document's mark is a word of its own, where a shift (1<<20) and a here-string (<<<) are none.
_DOCUMENT = re.compile(r"(?:^|[\s;|&(])\d?<<-?[\"']?([A-Za-z_]\w*)[\"']?(?=[\s;|&>)]|$)")
_FLAGS = re.compile(
    r"^(?:--[a-z][\w-]*(?:=\S*)?\s+)+"
)  # RUN --mount=… --network=…, which stand before the command


@dataclass(frozen=True, slots=True)
class Instruction:
    """name: in capitals. text: what follows it, lines joined. lines: each line of it with its number. words: of the JSON form, else empty."""

    name: str
    text: str
    line: int
    lines: tuple[tuple[int, str], ...]
    words: tuple[str, ...] = ()


def instructions(text: str) -> Iterator[Instruction]:
    """Give the instructions; comments and parser directives are left out. ValueError where there are too many lines."""
    rows = text.splitlines()
    if len(rows) > MOST_LINES:
        raise ValueError(f"it has more than {MOST_LINES:,} lines")
    escape = _escape(rows)
    at = 0
    while at < len(rows):
        begun = at
        row = rows[at].strip()
        at += 1
        if not row or row.startswith("#"):
            continue
        if (
            rows[begun].split(None, 1)[0].upper() == "ONBUILD"
        ):  # what it holds is run where the image is built upon
            rows[begun] = re.sub(r"(?i)\bonbuild\b", " " * 7, rows[begun], count=1)
        held = [(begun + 1, rows[begun])]
        while held[-1][1].rstrip().endswith(escape) and at < len(rows):
            bare = rows[at].strip()
            if bare and not bare.startswith("#"):  # a comment or nothing among continued lines ends nothing
                held.append((at + 1, rows[at]))
            at += 1
        if escape != "\\":
            held = [(n, r.rstrip()[:-1] + "\\" if r.rstrip().endswith(escape) else r) for n, r in held]
        upper = held[0][1].lstrip().upper()
        found = _DOCUMENT.search(held[0][1]) if upper.startswith(("RUN", "COPY", "ADD")) else None
        if found:
            document: list[tuple[int, str]] = []
            while at < len(rows) and rows[at].strip() != found[1]:
                document.append((at + 1, rows[at]))
                at += 1
            at += 1
            if upper.startswith("RUN"):
                yield Instruction(
                    "RUN", " ".join(row.strip() for _, row in document), begun + 1, tuple(document)
                )
                continue
        first = held[0][1].lstrip()
        name, *more = first.split(None, 1)
        rest = more[0] if more else ""
        if name.upper() == "RUN":
            rest = _FLAGS.sub("", rest)
        body = [(held[0][0], " " * (len(held[0][1]) - len(rest)) + rest), *held[1:]]
        whole = " ".join(line.strip().rstrip("\\").strip() for _, line in body)
        yield Instruction(name.upper(), whole, begun + 1, tuple(body), _words(whole))


def _escape(rows: list[str]) -> str:
    """Return what continues a line: a backslash, or what the directive at the top says."""
    for row in rows:
        found = re.match(r"#\s*(\w+)\s*=\s*(\S+)", row.strip())
        if found is None:
            break
        if found[1].lower() == "escape" and found[2] in ("\\", "`"):
            return found[2]
    return "\\"


def _words(text: str) -> tuple[str, ...]:
    if not text.startswith("["):
        return ()
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    return tuple(str(w) for w in found) if isinstance(found, list) else ()
