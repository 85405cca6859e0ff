"""A zip that anybody may have made, looked at before anything of it is unpacked, and unpacked within bounds."""

from __future__ import annotations

import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from assay.engines.archives import Bounds
from assay.kernel.errors import BadInput, Missing
from assay.methods import ziplists

_CHUNK = 1 << 20
_KINDS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_LISTED = 64 << 20  # bytes of a list of members


def members(path: Path, bounds: Bounds | None = None) -> list[zipfile.ZipInfo]:
    """Return a zip's members, folders left out; Missing where there is no file.

    BadInput names the member that leaves the folder, is a link or a device, is there twice, is encrypted or packed in
    another way than deflate, or that makes it larger than the bounds. Nothing of it is unpacked.
    """
    bounds = bounds or Bounds()
    if not path.is_file():
        raise Missing(f"there is no archive {str(path)!r}", remedy="check its path")
    bounded(path, bounds)
    try:
        with zipfile.ZipFile(path) as archive:
            found = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
        raise _broken(path, error) from None
    if len(found) > bounds.members:
        raise BadInput(f"has more than {bounds.members} members", where=path.name)
    seen: set[str] = set()
    total = 0
    for member in found:
        _allowed(member, bounds, path.name)
        if member.filename in seen:
            raise BadInput(f"the member {_shown(member)} is there twice", where=path.name)
        seen.add(member.filename)
        total += member.file_size
        _room(member.file_size, member.compress_size, total, bounds, path.name)
    return [m for m in found if not m.is_dir()]


def unpack(path: Path, to: Path, bounds: Bounds | None = None) -> dict[str, Path]:
    """Unpack a zip into a folder that is made; return name → file. BadInput as ``members`` says, and where it is cut short."""
    bounds = bounds or Bounds()
    found = members(path, bounds)
    to.mkdir(parents=True, exist_ok=True)
    made: dict[str, Path] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in found:
                target = to / member.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                left = member.file_size
                with archive.open(member) as source, target.open("xb") as out:
                    while part := source.read(_CHUNK):
                        left -= len(part)
                        if left < 0:
                            raise BadInput(
                                f"the member {_shown(member)} is longer than it says", where=path.name
                            )
                        out.write(part)
                made[member.filename] = target
    except (
        zipfile.BadZipFile,
        OSError,
        EOFError,
        ValueError,
        zlib.error,
        NotImplementedError,
        RuntimeError,
    ) as error:
        if isinstance(error, BadInput):
            raise
        raise _broken(path, error) from None
    return made


def bounded(path: Path, bounds: Bounds) -> None:
    """Raise BadInput for a zip that is too large, or says so of its list of members, which is read whole before it is counted."""
    size = path.stat().st_size
    with path.open("rb") as content:
        listed = ziplists.listed(content)
    if listed is None:
        raise BadInput("is no zip, or is cut short", where=path.name)
    if listed > _LISTED:
        raise BadInput(f"lists members over {listed >> 20} MiB", where=path.name, remedy="is it a bomb?")
    if size > bounds.size:
        raise BadInput(f"holds {size >> 20} MiB, more than the {bounds.size >> 20} allowed", where=path.name)


def _allowed(member: zipfile.ZipInfo, bounds: Bounds, archive: str) -> None:
    name = PurePosixPath(member.filename)
    shown = _shown(member)
    if len(member.filename) > bounds.name:
        raise BadInput(f"the member {shown} has a name of {len(member.filename)} characters", where=archive)
    plain = (
        str(name) == member.filename.removesuffix("/")
        and "\\" not in member.filename
        and "\0" not in member.orig_filename
    )
    if name.is_absolute() or ".." in name.parts or not plain or not name.parts:
        raise BadInput(f"the member {shown} would be written outside the folder", where=archive)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind and kind not in (stat.S_IFREG, stat.S_IFDIR):
        raise BadInput(f"the member {shown} is a link or a device", where=archive, remedy="pack files only")
    if member.flag_bits & 1:
        raise BadInput(f"the member {shown} is encrypted", where=archive)
    if member.compress_type not in _KINDS:
        raise BadInput(f"the member {shown} is packed in a way that is not read here", where=archive)


def _room(size: int, packed: int, total: int, bounds: Bounds, archive: str) -> None:
    if total > bounds.size or (size > 64 << 20 and size > bounds.ratio * max(packed, 1)):
        raise BadInput(
            f"unpacks to {total >> 20} MiB and perhaps more", where=archive, remedy="is it a bomb?"
        )


def _shown(member: zipfile.ZipInfo) -> str:
    return ascii(member.filename[:80])


def _broken(path: Path, error: Exception) -> BadInput:
    return BadInput(
        f"cannot be unpacked: {ascii(str(error))[1:-1][:200]}", where=path.name, remedy="is it cut short?"
    )
