"""A model card as Markdown. Whatever a name or a sentence holds, it is shown and never read as markup."""

from __future__ import annotations

from collections.abc import Iterable

from assay.kernel.card import Card
from assay.kernel.printable import printable
from assay.reports.card.blocks import Bullets, Charts, Facts, Grid, Head, Section, Text
from assay.reports.card.told import sections

_MARKS = "\\`*_[]<>#|~@&$"


def escaped(text: object) -> str:
    """Return a text in one line, with all that Markdown or HTML would read as markup behind a backslash.

    A line that would begin a list or a heading is safe too, for each block begins with words of ours or a mark of a list; an
    address with a scheme loses the colon's meaning, so that nothing links by itself.
    """
    tidy = printable(" ".join(str(text).split()))
    out = "".join(f"\\{c}" if c in _MARKS else c for c in tidy)
    return out.replace("://", "&#58;//").replace("www.", "www&#46;")


def body(card: Card) -> str:
    """Return the card without front matter."""
    lines = [f"# Model card: {escaped(card.title)}", ""]
    for one in sections(card):
        lines += [f"## {one.title}", "", *_section(one)]
    tool = f"{card.tool.get('name', 'assay')} {card.tool.get('version', '')}".strip()
    lines += ["---", "", f"Written by {escaped(tool)} from the reports listed above."]
    return "\n".join(lines).rstrip() + "\n"


def _section(section: Section) -> Iterable[str]:
    for block in section.blocks:
        if isinstance(block, Head):
            yield f"### {escaped(block.text)}"
        elif isinstance(block, Text):
            yield f"*{escaped(block.text)}*" if block.absent else _start(escaped(block.text))
        elif isinstance(block, Bullets):
            yield "\n".join(f"- {_start(escaped(item))}" for item in block.items)
        elif isinstance(block, Facts):
            yield "\n".join(_fact(name, values) for name, values in block.pairs)
        elif isinstance(block, Grid):
            yield _grid(block)
        elif isinstance(block, Charts):
            yield "\n".join(f"- {_start(escaped(c.title))}: {escaped(c.alt)}" for c in block.charts if c.alt)
        yield ""
    if section.sources:
        yield f"Stands on report {', '.join(map(str, section.sources))}."
        yield ""


def _start(text: str) -> str:
    """Keep a line from being read as a list, a rule or a numbered item by how it begins."""
    if text[:1] in ("-", "+", "="):
        return "\\" + text
    head = text.split(" ", 1)[0]
    return f"{head[:-1]}\\.{text[len(head) :]}" if head.endswith(".") and head[:-1].isdigit() else text


def _fact(name: str, values: tuple[str, ...]) -> str:
    if len(values) == 1:
        return f"- **{escaped(name)}**: {escaped(values[0])}"
    return "\n".join([f"- **{escaped(name)}**:", *(f"  - {_start(escaped(v))}" for v in values)])


def _grid(grid: Grid) -> str:
    rule = "| --- |" + (" ---: |" if grid.numbers else " --- |") * (len(grid.head) - 1)
    lines = [f"| {' | '.join(escaped(h) for h in grid.head)} |", rule]
    lines += [f"| {' | '.join(escaped(c) for c in row)} |" for row in grid.rows]
    if grid.more:
        lines += ["", f"{grid.more} more rows are in the card as JSON."]
    return "\n".join(lines)
