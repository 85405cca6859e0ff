"""A document's bytes read as what they are, told by content first and by name where content says nothing."""

from __future__ import annotations

from collections.abc import Iterator

from assay.engines.documents import mail, office, plain
from assay.engines.documents.bounds import DEPTH, Room, TooMuch
from assay.engines.documents.part import Part

SUFFIXES = {
    ".txt": "text", ".md": "text", ".markdown": "text", ".rst": "text", ".log": "text", ".html": "html", ".htm": "html", ".xml": "text",
    ".yaml": "text", ".yml": "text", ".ini": "text", ".cfg": "text", ".conf": "text", ".env": "text", ".toml": "text", ".properties": "text", ".sql": "text", ".py": "text",
    ".js": "text", ".ts": "text", ".java": "text", ".go": "text", ".sh": "text", ".ipynb": "json", ".json": "json", ".geojson": "json",
    ".pdf": "pdf", ".docx": "docx", ".docm": "docx", ".xlsx": "xlsx", ".xlsm": "xlsx", ".eml": "eml", ".mbox": "mbox", ".rtf": "text", ".vcf": "text", ".ics": "text",
}  # fmt: skip


def kind(name: str, head: bytes) -> str:
    """Return what a document is, or "" where it is none that is read."""
    if head.startswith(b"%PDF-"):
        return "pdf"
    low = name.lower()
    suffix = "." + low.rpartition(".")[2] if "." in low else ""
    said = SUFFIXES.get(suffix, "")
    if head.startswith(b"PK\x03\x04"):
        return said if said in ("docx", "xlsx") else ""
    if head.startswith(b"From ") and said in ("", "mbox"):
        return "mbox"
    return "" if said in ("pdf", "docx", "xlsx") else said


def parts(raw: bytes, name: str, room: Room, depth: int = 0) -> Iterator[Part]:
    """Give the parts of a document; ValueError where it cannot be read, TooMuch where only its beginning was."""
    if depth > DEPTH:
        raise TooMuch(f"documents nest deeper than {DEPTH} levels; the rest was not read")
    found = kind(name, raw[:1024])
    where = name if depth else ""
    if found == "pdf":
        from assay.engines.documents.pdf import pdf

        return pdf(raw, where, room)
    if found == "eml":
        return mail.message(raw, where, room, depth, _attached)
    if found == "mbox":
        return mail.mailbox(raw, where, room, _attached)
    if found == "json":
        return plain.read_json(raw, where, room)
    if found == "docx":
        return _under(where, office.docx(raw, where, room))
    if found == "xlsx":
        return _under(where, office.xlsx(raw, where, room))
    if found == "html":
        return plain.text(mail.plain_of(plain.decoded(raw)).encode(), where, room)
    if found == "text":
        return plain.text(raw, where, room)
    raise ValueError("it is of no kind that is read")


def _under(where: str, found: Iterator[Part]) -> Iterator[Part]:
    for part in found:
        part.name = f"{where}/{part.name}" if where else part.name
        yield part


def _attached(raw: bytes, name: str, room: Room, depth: int) -> Iterator[Part]:
    if not kind(name, raw[:1024]):
        raise TooMuch(f"the attachment {name[-60:]!r} is of no kind that is read")
    yield from parts(raw, name, room, depth)
