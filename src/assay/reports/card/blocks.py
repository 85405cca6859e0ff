"""What a card is told in: sections of plain blocks. No text here is markup."""

from __future__ import annotations

from dataclasses import dataclass

from assay.kernel.report import Chart


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph. absent: it says that something is not there."""

    text: str
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what they are; several values stand each by itself."""

    pairs: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Bullets:
    """Sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table. The first column names the row; numbers: the others hold numbers. more: rows left out."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: bool = True
    more: int = 0


@dataclass(frozen=True, slots=True)
class Charts:
    """Charts side by side."""

    charts: tuple[Chart, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """A heading inside a section."""

    text: str


Block = Text | Facts | Bullets | Grid | Charts | Head


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the card. sources: the numbers of the reports it stands on, as the list of them counts."""

    key: str
    title: str
    blocks: tuple[Block, ...]
    sources: tuple[int, ...] = ()
