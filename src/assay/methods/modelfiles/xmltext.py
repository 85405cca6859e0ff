"""XML read tag by tag in one pass, without resolving anything: what is declared, and how deep and wide it is.

No entity is expanded and nothing is opened: entities other than XML's five, document types, stylesheets and inclusions are
told as they stand.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

DEPTH, _ATTRIBUTES = 512, 4096
_TAG = re.compile(
    r"<(?:!--(?P<comment>.*?)-->|!\[CDATA\[(?P<cdata>.*?)\]\]>|\?(?P<pi>.*?)\?>|!(?P<decl>[A-Za-z]+)"
    r"|/(?P<close>[^\s<>/]+)\s*>|(?P<open>[^\s<>/!?]+)(?P<attrs>(?:\s+[^\s=<>/]+\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*)\s*(?P<empty>/?)>)",
    re.DOTALL,
)  # fmt: skip
_ATTRIBUTE = re.compile(r"([^\s=<>/]+)\s*=\s*(?:\"([^\"<]*)\"|'([^'<]*)')")
_ENTITY = re.compile(
    r"<!ENTITY\s+((?:%\s*)?[^\s]+)\s+(SYSTEM|PUBLIC)?\s*(?:[\"']([^\"']{0,300})[\"'])?(?:\s*[\"']([^\"']{0,300})[\"'])?",
    re.IGNORECASE,
)
_DOCTYPE = re.compile(
    r"<!DOCTYPE\s+[^\s\[>]+\s*(?:(SYSTEM|PUBLIC)\s+(?:[\"']([^\"']{0,300})[\"'])?(?:\s*[\"']([^\"']{0,300})[\"'])?)?",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"&(?!#|amp;|lt;|gt;|quot;|apos;)([^\s;<&]{1,100});")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
         (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_BARE = (
    (b"<\0?\0", "utf-16-le"),
    (b"\0<\0?", "utf-16-be"),
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
)


@dataclass(frozen=True, slots=True)
class Element:
    """A tag that opens. path: the names above it."""

    name: str
    attributes: dict[str, str]
    at: int
    depth: int
    parent: str


@dataclass(slots=True)
class Document:
    """entities: name, kind (SYSTEM, PUBLIC or empty), place or text. doctype: the place of an external one."""

    text: str
    encoding: str
    entities: list[tuple[str, str, str, int]] = field(default_factory=list)
    doctype: str | None = None
    has_doctype: bool = False
    instructions: list[tuple[str, int]] = field(default_factory=list)
    references: list[str] = field(default_factory=list)


def encoding(head: bytes) -> str:
    """Return the encoding of XML, the empty string where the bytes begin as none."""
    for mark, name in sorted(_BOMS, key=lambda pair: -len(pair[0])):
        if head.startswith(mark):
            try:
                return (
                    name
                    if head[: len(head) // 4 * 4]
                    .decode(name, "ignore")
                    .lstrip("\ufeff \r\n\t")
                    .startswith("<")
                    else ""
                )
            except UnicodeDecodeError:
                return ""
    for mark, name in _BARE:
        if head.startswith(mark):
            return name
    if not head.lstrip(b" \r\n\t").startswith(b"<"):
        return ""
    said = re.match(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']", head)
    return said[1].decode("ascii").lower() if said else "utf-8"


def read(data: bytes) -> Document:
    """Read what stands before the first element; ValueError where the text cannot be read as it says."""
    name = encoding(data[:512])
    try:
        text = data.decode(name)
    except (LookupError, UnicodeDecodeError) as error:
        raise ValueError(
            f"it says it is written in {name[:40]!r}, and is not ({type(error).__name__})"
        ) from None
    found = Document(text, name)
    for match in _ENTITY.finditer(text):
        found.entities.append((match[1], (match[2] or "").upper(), match[4] or match[3] or "", match.start()))
    doctype = _DOCTYPE.search(text)
    if doctype:
        found.has_doctype = True
        found.doctype = (doctype[3] or doctype[2] or "") if doctype[1] else None
    return found


def elements(found: Document) -> Iterator[Element]:
    """Give each element that opens; ValueError where tags do not match or lie too deep."""
    text = found.text
    stack: list[str] = []
    at = _after_doctype(text) if found.has_doctype else 0
    while True:
        start = text.find("<", at)
        if start < 0:
            break
        match = _TAG.match(text, start)
        if match is None:
            raise ValueError(f"a tag at {start:,} is none")
        at = match.end()
        if match["pi"] is not None:
            found.instructions.append((match["pi"][:200], start))
        elif match["decl"]:
            raise ValueError(f"a declaration at {start:,} stands among the elements")
        elif match["close"]:
            if not stack or stack.pop() != match["close"]:
                raise ValueError(f"a tag at {start:,} closes what was not open")
        elif match["open"]:
            pairs = _ATTRIBUTE.findall(match["attrs"] or "")
            if len(pairs) > _ATTRIBUTES:
                raise ValueError(f"an element at {start:,} has {len(pairs):,} attributes")
            yield Element(
                match["open"],
                {k: _plain(a or b) for k, a, b in pairs},
                start,
                len(stack),
                stack[-1] if stack else "",
            )
            if not match["empty"]:
                stack.append(match["open"])
                if len(stack) > DEPTH:
                    raise ValueError(f"its elements nest deeper than {DEPTH}")
    if stack:
        raise ValueError(f"{len(stack):,} elements are not closed")
    found.references = [m[1] for m in list(_REFERENCE.finditer(text))[:1000]]


def _plain(text: str) -> str:
    for name, sign in (("lt", "<"), ("gt", ">"), ("quot", '"'), ("apos", "'"), ("amp", "&")):
        text = text.replace(f"&{name};", sign)
    return text


def _after_doctype(text: str) -> int:
    """Return where a document type ends: its brackets and quotes are stepped over."""
    match = _DOCTYPE.search(text)
    at, deep, quote = (match.end() if match else 0), 0, ""
    while at < len(text):
        sign = text[at]
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign == "[":
            deep += 1
        elif sign == "]":
            deep -= 1
        elif sign == ">" and deep <= 0:
            return at + 1
        at += 1
    raise ValueError("its document type does not end")
