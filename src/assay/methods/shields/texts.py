"""Which texts of a question the rules look at: those of its rows that are no numbers, and of a body that is no table."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from assay.kernel.serving import Question, Rows

if TYPE_CHECKING:
    import pyarrow

OTHER = "text"  # the name of a text that no feature names
MOST_NODES = 200_000
WINDOW, OVERLAP = 1_000, 250  # characters
_PARTS = 200  # of a multipart body
_BLANKS = re.compile(r"\s{9,}")
_NUMBER = re.compile(r"[+-]?[0-9]{0,20}\.?[0-9]{0,20}(?:[eE][+-]?[0-9]{1,3})?")
_FORMS = (
    "application/x-www-form-urlencoded",
    "multipart/",
    "application/xml",
    "text/xml",
    "application/soap",
)


def of_rows(rows: Rows, known: Mapping[str, frozenset[str]]) -> list[tuple[str, str]]:
    """Return feature and text of each different text of rows, but for numbers and for values that the schema knows.

    known: by feature, values that were there at training. A name that is no feature is looked at as a text itself.
    """
    names = rows.names or (tuple(rows.table.column_names) if rows.table is not None else ())
    out: dict[tuple[str, str], None] = {(OTHER, n): None for n in names if n not in known}
    if rows.cells is not None:
        for row in rows.cells:
            for at, value in enumerate(row):
                kind = type(value)
                if kind is str:
                    name = names[at] if at < len(names) else OTHER
                    _add(out, name if name in known else OTHER, value, known)
                elif kind is list or kind is dict:
                    for text in strings(value):
                        _add(out, OTHER, text, known)
    elif rows.table is not None:
        for name, texts in _of_table(rows.table):
            for text in texts:
                _add(out, name if name in known else OTHER, text, known)
    return list(out)


def _add(out: dict[tuple[str, str], None], name: str, text: str, known: Mapping[str, frozenset[str]]) -> None:
    if text and text not in known.get(name, ()) and not _NUMBER.fullmatch(text):
        out[name, text] = None


def _of_table(table: pyarrow.Table) -> Iterator[tuple[str, Iterable[str]]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    for name, column in zip(table.column_names, table.columns, strict=True):
        type_ = column.type
        inner = type_.value_type if pa.types.is_dictionary(type_) else type_
        if pa.types.is_string(inner) or pa.types.is_large_string(inner) or pa.types.is_string_view(inner):
            yield name, [t for t in pc.unique(column).to_pylist() if t is not None]
        elif pa.types.is_nested(type_):
            yield name, strings(column.to_pylist())


def strings(value: Any) -> Iterator[str]:
    """Give each text inside lists and mappings, their keys too; at most 200,000 nodes are looked at."""
    left, stack = MOST_NODES, [value]
    while stack and left:
        left -= 1
        one = stack.pop()
        if type(one) is str:
            yield one
        elif isinstance(one, (list, tuple)):
            stack.extend(one)
        elif isinstance(one, dict):
            stack.extend(one.keys())
            stack.extend(one.values())


def of_body(question: Question) -> list[tuple[str, str]]:
    """Return the texts of a body that only the model's own code can read: of JSON and forms each, of another text the whole.

    Of bytes that are no text there are none: what looks at bytes are the shields.
    """
    body, kind = question.body, question.content_type.lower()
    if not body:
        return []
    found: Iterable[str]
    if kind.startswith("multipart/"):
        found = _of_parts(question.content_type, body)
    else:
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return []
        if kind.startswith("application/x-www-form-urlencoded"):
            found = (one for pair in parse_qsl(text, keep_blank_values=True) for one in pair)
        elif "json" in kind:
            found = _of_json(text)
        else:
            found = [text]
    return list(dict.fromkeys((OTHER, t) for t in found if t and not _NUMBER.fullmatch(t)))


def _of_json(text: str) -> Iterable[str]:
    try:
        return strings(json.loads(text))
    except (ValueError, RecursionError):
        return [text]


def _of_parts(content_type: str, body: bytes) -> Iterator[str]:
    """Give names and texts of a multipart body's parts; of a part that is no text its names alone."""
    from email.parser import BytesParser
    from email.policy import HTTP

    head = b"Content-Type: " + content_type.encode("latin-1", "replace").replace(b"\n", b" ") + b"\r\n\r\n"
    parts = BytesParser(policy=HTTP).parsebytes(head + body).walk()
    for part in itertools.islice(parts, _PARTS):
        if part.is_multipart():
            continue
        yield from (str(v) for k, v in part.items() if k.lower() != "content-type")
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            try:
                yield content.decode()
            except UnicodeDecodeError:
                continue


def windows(text: str) -> Iterator[str]:
    """Give a long text in pieces of 1,000 characters that overlap by 250, a short one as it is.

    Rules of 932100's kind take time that grows with the square of a text's length: 2,000 characters made for it take
    0.4 s, pieces of 1,000 each 9 ms.
    """
    if len(text) <= WINDOW:
        yield text
        return
    text = _BLANKS.sub(lambda run: run[0][:8], text)  # so that blanks alone do not part what belongs together
    for start in range(0, max(len(text) - OVERLAP, 1), WINDOW - OVERLAP):
        yield text[start : start + WINDOW]
