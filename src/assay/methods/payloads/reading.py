"""A body into rows: its size first, then whether it is what it calls itself, then its form's own reader."""

from __future__ import annotations

from collections.abc import Sequence

from assay.kernel.serving import Rows
from assay.methods.payloads import csvs, jsons
from assay.methods.payloads.bounds import BOUNDS, Bounds
from assay.methods.payloads.kinds import kind_of
from assay.methods.payloads.refused import PayloadRefused

# First bytes, and what they are the first bytes of. None of our forms of text begins with any of them.
_MAGIC = (
    (b"PAR1", "a Parquet file"),
    (b"\xff\xff\xff\xff", "an Arrow stream"),
    (b"ARROW1", "an Arrow file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"PK\x03\x04", "a zip"),
    (b"\x1f\x8b", "gzip"),
    (b"\x80\x02", "a pickle"),
    (b"\x80\x03", "a pickle"),
    (b"\x80\x04", "a pickle"),
    (b"\x80\x05", "a pickle"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"%PDF", "a PDF"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_FIRST = {"parquet": b"PAR1", "arrow": b"\xff\xff\xff\xff"}
_BOM = b"\xef\xbb\xbf"


def read(
    body: bytes,
    content_type: str,
    *,
    features: Sequence[str] = (),
    bounds: Bounds = BOUNDS,
    native: bool = False,
) -> Rows:
    """Return the rows of a payload.

    features: the names that the model takes, which tell a CSV's header from a row where the content type does not say
    ``header=present`` or ``absent``. native: read Parquet too. Malformed files bring the process down that reads them: say
    so only of what is trusted, or where the process may be lost; engines/serving/reading reads it in a sandbox.
    PayloadRefused, with a status of HTTP, where it is too large, is no such form, or
    holds what no row holds; its sentence tells nothing of the values.
    """
    bounds.hold_body(body)
    kind, header = kind_of(content_type)
    if not kind.text:
        if body[:4] != _FIRST[kind.name]:
            raise _confused(body, kind.media)
        if kind.name == "parquet" and not native:
            raise PayloadRefused(
                "type", "Parquet is not read here", status=415, remedy="send an Arrow stream"
            )
        from assay.methods.payloads import arrows

        return arrows.read_parquet(body, bounds) if kind.name == "parquet" else arrows.read(body, bounds)
    if body[:3] == _BOM:
        body = body[3:]
        bounds.hold_body(body)
    if body[0] > 0x7E or body[:1] in (b"P", b"A", b"%"):
        _unlike(body, kind.media)
    if kind.name == "csv":
        return csvs.read(body, header, features, bounds)
    return jsons.read_lines(body, bounds) if kind.name == "jsonlines" else jsons.read(body, bounds)


def _unlike(body: bytes, media: str) -> None:
    if any(body.startswith(first) for first, _ in _MAGIC):
        raise _confused(body, media)


def _confused(body: bytes, media: str) -> PayloadRefused:
    found = next((what for first, what in _MAGIC if body.startswith(first)), "something else")
    return PayloadRefused(
        "confusion",
        f"it is sent as {media} and is {found}",
        status=415,
        remedy="send it under its own content type",
    )
