"""A model card shown: as a page, as Markdown, and in the forms that Hugging Face, SageMaker, CycloneDX and SPDX read."""

from __future__ import annotations

from collections.abc import Callable

from assay.kernel.card import Card

FORMATS = ("html", "markdown", "huggingface", "sagemaker", "cyclonedx", "spdx", "json")
FILES = {
    "html": "card.html",
    "huggingface": "README.md",
    "sagemaker": "sagemaker.json",
    "cyclonedx": "bom.cdx.json",
    "json": "card.json",
}


def render(card: Card, format: str) -> str:
    """Return a card as text in one of FORMATS; the same card gives the same text. ValueError for another."""
    if format not in _RENDERERS:
        raise ValueError(f"a card is not shown as {format!r}")
    return _RENDERERS[format](card)


def _html(card: Card) -> str:
    from assay.reports.card.html import page

    return page(card)


def _markdown(card: Card) -> str:
    from assay.reports.card.markdown import body

    return body(card)


def _huggingface(card: Card) -> str:
    from assay.reports.card.huggingface import readme

    return readme(card)


def _sagemaker(card: Card) -> str:
    from assay.reports.card.sagemaker import request

    return _json(request(card))


def _cyclonedx(card: Card) -> str:
    from assay.reports.card.cyclonedx import bom

    return _json(bom(card))


def _spdx(card: Card) -> str:
    from assay.reports.card.spdx import graph

    return _json(graph(card))


def _json(value: object) -> str:
    import json

    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(card: Card) -> str:
    return card.to_bytes().decode() + "\n"


_RENDERERS: dict[str, Callable[[Card], str]] = {
    "html": _html,
    "markdown": _markdown,
    "huggingface": _huggingface,
    "sagemaker": _sagemaker,
    "cyclonedx": _cyclonedx,
    "spdx": _spdx,
    "json": _plain,
}
