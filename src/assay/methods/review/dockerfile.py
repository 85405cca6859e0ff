"""A Dockerfile as its instructions. Source: the Dockerfile reference of Docker's documentation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_LINES = 20_000


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
    at = 0
    while at < len(rows):
        begun = at
        row = rows[at].strip()
        at += 1
        if not row or row.startswith("#"):
            continue
        held = [(begun + 1, rows[begun])]
        while held[-1][1].rstrip().endswith("\\") and at < len(rows):
            if not rows[at].lstrip().startswith("#"):  # a comment among continued lines ends nothing
                held.append((at + 1, rows[at]))
            at += 1
        found = re.search(r"<<-?[\"']?(\w+)[\"']?", held[0][1])
        if found and held[0][1].lstrip().upper().startswith(("RUN", "COPY", "ADD")):
            document = []
            while at < len(rows) and rows[at].strip() != found[1]:
                document.append((at + 1, rows[at]))
                at += 1
            at += 1
            if held[0][1].lstrip().upper().startswith("RUN"):
                yield Instruction(
                    "RUN", " ".join(row.strip() for _, row in document), begun + 1, tuple(document)
                )
                continue
        first = held[0][1].lstrip()
        name, _, rest = first.partition(" ")
        body = [(held[0][0], " " * (len(held[0][1]) - len(rest)) + rest), *held[1:]]
        whole = " ".join(line.strip().rstrip("\\").strip() for _, line in body)
        yield Instruction(name.upper(), whole, begun + 1, tuple(body), _words(whole))


def _words(text: str) -> tuple[str, ...]:
    if not text.startswith("["):
        return ()
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    return tuple(str(w) for w in found) if isinstance(found, list) else ()
