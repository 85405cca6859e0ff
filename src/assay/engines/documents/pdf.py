"""Texts of PDF files, by pypdf, which is an extra. Runs inside the sandbox only."""

from __future__ import annotations

import io
from collections.abc import Iterator

from assay.engines.documents.bounds import PAGES, Room, TooMuch
from assay.engines.documents.part import Part, running


def pdf(raw: bytes, name: str, room: Room) -> Iterator[Part]:
    """Give the text of each page, and who is said to have written it."""
    import logging

    try:
        from pypdf import PdfReader
        from pypdf.errors import PyPdfError
    except ImportError:
        raise ValueError("PDF files need pypdf: pip install 'pypdf>=5,<8'") from None
    logging.disable(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(raw))
        if reader.is_encrypted and not reader.decrypt(""):
            raise ValueError("it is encrypted")
        said = reader.metadata
        if said and said.author:
            yield Part("properties", {"author": [str(said.author)[:400]]})
        empty = pages = 0
        for number, page in enumerate(reader.pages, 1):
            if number > PAGES:
                raise TooMuch(f"it has more than {PAGES:,} pages; the rest was not read")
            text = page.extract_text()
            pages += 1
            empty += not text.strip()
            room.take_text(len(text))
            if text.strip():
                yield running(f"page {number}", [text])
    except (ValueError, TooMuch):
        raise
    except (
        PyPdfError,
        LookupError,
        TypeError,
        AttributeError,
        OSError,
        RecursionError,
        ArithmeticError,
    ) as error:
        raise ValueError(f"it cannot be read: {type(error).__name__}: {str(error)[:120]}") from None
    if pages and empty == pages:
        raise ValueError("its pages hold no text; pictures of text are not read")
    if empty:
        raise TooMuch(f"{empty:,} of {pages:,} pages hold no text; pictures of text are not read")
