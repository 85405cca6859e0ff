"""E-mail: headers as columns, texts as running text, and what is attached read in its turn."""

from __future__ import annotations

import email
import html
import re
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import default

from assay.engines.documents.bounds import DEPTH, Room, TooMuch
from assay.engines.documents.part import Part, running

_HEADS = ("From", "To", "Cc", "Bcc", "Reply-To", "Sender", "Subject")
_TAGS = re.compile(
    r"<(?:script|style)\b[^>]{0,2000}>.{0,200000}?</(?:script|style)>|<[^<>]{0,5000}>", re.S | re.I
)
Reader = Callable[[bytes, str, Room, int], Iterator[Part]]


def plain_of(markup: str) -> str:
    """Return the text of HTML, a space where a tag was."""
    return html.unescape(_TAGS.sub(" ", markup))


def message(raw: bytes, name: str, room: Room, depth: int, inner: Reader) -> Iterator[Part]:
    """Give the parts of one message. inner: reads what is attached, one level deeper."""
    if depth > DEPTH:
        raise TooMuch(f"messages nest deeper than {DEPTH} levels; the rest was not read")
    held = email.message_from_bytes(raw, policy=default)
    if not isinstance(held, EmailMessage) or not held.keys():
        raise ValueError("it is no e-mail message")
    columns: dict[str, list[str | None]] = {}
    for head in _HEADS:
        values = [str(v)[:4000] for v in held.get_all(head, [])]
        if values:
            columns[head] = list(values)
            room.take_text(sum(map(len, values)))
    if columns:
        yield Part(f"{name} headers".strip(), columns)
    yield from _parts(held, name, room, depth, inner)


def _parts(held: EmailMessage, name: str, room: Room, depth: int, inner: Reader) -> Iterator[Part]:
    todo = [(held, 0)]
    while todo:
        part, level = todo.pop(0)
        room.take_member()
        if level > 4 * DEPTH:
            raise TooMuch("its parts nest too deep; the rest was not read")
        if part.get_content_type() == "message/rfc822":
            for payload in part.iter_parts():
                yield from message(payload.as_bytes(), f"{name}/message", room, depth + 1, inner)
        elif part.is_multipart():
            todo += [(p, level + 1) for p in part.get_payload() if isinstance(p, EmailMessage)]
        else:
            yield from _leaf(part, name, room, depth, inner)


def _leaf(part: EmailMessage, name: str, room: Room, depth: int, inner: Reader) -> Iterator[Part]:
    body = part.get_payload(decode=True)
    if not isinstance(body, bytes):
        return
    room.take_bytes(len(body))
    attached = part.get_filename()
    if attached or part.get_content_maintype() != "text":
        if attached:
            yield from inner(body, f"{name}/{attached[:120]}".lstrip("/"), room, depth + 1)
        return
    charset = part.get_content_charset() or "utf-8"
    try:
        text = body.decode(charset, "replace")
    except LookupError:
        text = body.decode("latin-1")
    text = plain_of(text) if part.get_content_subtype() == "html" else text
    room.take_text(len(text))
    shown = "body html" if part.get_content_subtype() == "html" else "body"
    yield running(f"{name} {shown}".strip(), [text])


def mailbox(raw: bytes, name: str, room: Room, inner: Reader) -> Iterator[Part]:
    """Give the parts of every message of an mbox file."""
    starts = [m.start() for m in re.finditer(rb"^From [^\r\n]{1,400}\r?\n", raw, re.M)]
    if not starts:
        raise ValueError("it is no mailbox")
    for number, (start, stop) in enumerate(zip(starts, [*starts[1:], len(raw)], strict=True), 1):
        room.take_member()
        _, _, body = raw[start:stop].partition(b"\n")
        yield from message(body, f"message {number}", room, 0, inner)
