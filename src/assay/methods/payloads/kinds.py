"""Content types: which form of payload one names, and which form an Accept header asks for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from assay.methods.nearest import did_you_mean
from assay.methods.payloads.refused import PayloadRefused

_LONGEST = 512


@dataclass(frozen=True, slots=True)
class Kind:
    """One form. name: ours; media: the content type that is written; also: others that name it."""

    name: str
    media: str
    also: tuple[str, ...] = ()
    text: bool = True


KINDS = (
    Kind("csv", "text/csv", ("application/csv",)),
    Kind("json", "application/json", ("text/json",)),
    Kind(
        "jsonlines",
        "application/jsonlines",
        ("application/x-jsonlines", "application/jsonl", "application/x-ndjson", "application/ndjson"),
    ),
    Kind(
        "parquet",
        "application/vnd.apache.parquet",
        ("application/x-parquet", "application/parquet"),
        text=False,
    ),
    Kind(
        "arrow",
        "application/vnd.apache.arrow.stream",
        ("application/x-arrow", "application/arrow"),
        text=False,
    ),
)
_BY_MEDIA = {media: kind for kind in KINDS for media in (kind.media, *kind.also)}
_CHARSETS = ("", "utf-8", "utf8", "us-ascii", "ascii")


@lru_cache(maxsize=256)
def kind_of(content_type: str) -> tuple[Kind, str]:
    """Return the form that a content type names, and its parameter ``header`` (present, absent or nothing).

    PayloadRefused (415) for an unknown one, and for a charset that is not UTF-8.
    """
    media, parameters = _parsed(content_type)
    kind = _BY_MEDIA.get(media)
    if kind is None:
        known = ", ".join(k.media for k in KINDS)
        said = f"the content type {media[:60]!r} is not read" if media else "it comes without a content type"
        near = did_you_mean(media, list(_BY_MEDIA)) if media else ""
        raise PayloadRefused("type", said, status=415, remedy=near or f"send one of {known}")
    charset = parameters.get("charset", "").lower()
    if charset not in _CHARSETS:
        raise PayloadRefused(
            "charset", f"the charset {charset[:40]!r} is not read", status=415, remedy="send UTF-8"
        )
    return kind, parameters.get("header", "").lower()


@lru_cache(maxsize=256)
def accepted(accept: str, content_type: str = "") -> Kind:
    """Return the form of an answer: what Accept asks for first; the question's own form where anything is fine.

    PayloadRefused (406) where it asks only for forms that are not written.
    """
    asked = []
    for at, part in enumerate(accept[:_LONGEST].split(",")):
        media, parameters = _parsed(part)
        try:
            weight = float(parameters.get("q", "1"))
        except ValueError:
            weight = 0.0
        if media and weight > 0:
            asked.append((-weight, at, media))
    own = _BY_MEDIA.get(_parsed(content_type)[0])
    for _, _, media in sorted(asked):
        if media in _BY_MEDIA:
            return _BY_MEDIA[media]
        if media == "*/*":
            return own or _BY_MEDIA["application/json"]
        if media in ("application/*", "text/*"):
            fitting = [k for k in ((own,) if own else ()) + KINDS if k.media.startswith(media[:-1])]
            return fitting[0]
    if not asked:
        return own or _BY_MEDIA["application/json"]
    known = ", ".join(k.media for k in KINDS)
    raise PayloadRefused(
        "accept", "no form that Accept asks for can be written", status=406, remedy=f"ask for one of {known}"
    )


def _parsed(text: str) -> tuple[str, dict[str, str]]:
    """Return a media type and its parameters, in lower case where case says nothing."""
    media, *rest = text[:_LONGEST].split(";")
    parameters = {}
    for part in rest:
        name, _, value = part.partition("=")
        parameters[name.strip().lower()] = value.strip().strip('"')
    return media.strip().lower(), parameters
