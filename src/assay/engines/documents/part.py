"""What came out of a document: a piece of running text, or a small table of texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from assay.engines.documents.bounds import LINE


@dataclass
class Part:
    """name: where in the document. columns: texts by column; one column called ``text`` where it is running text."""

    name: str
    columns: dict[str, list[str | None]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"name": self.name, "columns": self.columns}


def running(name: str, texts: Iterable[str]) -> Part:
    """Return running text, in lines of bounded length."""
    return Part(name, {"text": [line for text in texts for line in lines(text)]})


def lines(text: str) -> Iterator[str]:
    """Give the lines of a text; a long one is cut at a space where there is one."""
    for line in text.splitlines():
        rest = line.strip()
        while len(rest) > LINE:
            cut = rest.rfind(" ", LINE - 300, LINE)
            cut = cut if cut > 0 else LINE
            yield rest[:cut]
            rest = rest[cut:].lstrip()
        if rest:
            yield rest
