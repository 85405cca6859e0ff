"""A model card as one self-contained page: no network, no script; in the style of every other page, and fit for A4."""

from __future__ import annotations

from assay.kernel.card import Card
from assay.kernel.printable import printable_page
from assay.reports.card.blocks import Bullets, Charts, Facts, Grid, Head, Text
from assay.reports.card.told import sections
from assay.reports.html import template

_KINDS = {Text: "text", Facts: "facts", Bullets: "bullets", Grid: "grid", Charts: "charts", Head: "head"}


def page(card: Card) -> str:
    """Return the page of a card."""
    parts = [
        {
            "key": one.key,
            "title": one.title,
            "sources": one.sources,
            "blocks": [(_KINDS[type(block)], block) for block in one.blocks],
        }
        for one in sections(card)
    ]
    lacking = [f.title.lower() for f in card.missing]
    shown = template("card.html.j2").render(
        card=card,
        title=f"{card.title}: model card",
        sections=parts,
        outcome="fail" if lacking else "pass",
        lacking=", ".join(lacking),
    )
    return printable_page(shown).rstrip("\n") + "\n"
