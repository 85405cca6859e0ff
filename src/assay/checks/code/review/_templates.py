"""What cfn-lint says of CloudFormation templates, as spots: types, properties, values and references that the service would refuse."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assay.kernel.severity import Severity
from assay.methods.review.spot import Spot

if TYPE_CHECKING:
    from assay.engines.templates import Word
    from assay.kernel.handles import Work

_SECRETS = ("W1011", "W2010", "W2501", "W4002")  # secrets that parameters, outputs and metadata show
_HOW = {"Error": Severity.MEDIUM, "Warning": Severity.LOW}


def spots(texts: Sequence[str], work: Work) -> list[list[Spot] | str]:
    """Return what is named in each template, or as text why nothing can be said of it. The order is kept."""
    from assay.engines import templates

    return [
        said if isinstance(said, str) else [_spot(one, text) for one in said]
        for said, text in zip(templates.words(texts, Path(work.scratch), span=work.span), texts, strict=True)
    ]


def missing() -> str:
    """Return why templates cannot be held to their schemas here; empty where they can."""
    from assay.engines import templates
    from assay.engines.extras import install

    return "" if templates.present() else f"cfn-lint is not installed: {install('review')}"


def _spot(word: Word, text: str) -> Spot:
    from assay.methods.review.spot import rows

    lines = rows(text)
    code = lines[word.line - 1].strip()[:120] if word.line <= len(lines) else ""
    secret = word.rule in _SECRETS
    message = " ".join(word.message.split()).rstrip(".") + "."
    return Spot(
        "shown_secret" if secret else "template_refused",
        Severity.MEDIUM if secret else _HOW.get(word.level, Severity.INFO),
        f"{message} ({word.rule})",
        word.line,
        "a dynamic reference to a store of secrets, and NoEcho"
        if secret
        else "what the service's schema asks for"
        if word.level == "Error"
        else "as the rule of cfn-lint says",
        f"cfn-lint {word.rule}",
        word.column,
        code,
    )
