"""Archives, packed the same way each time and unpacked within bounds, whatever they contain."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from assay.kernel.errors import BadInput


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an archive may unpack to: bytes in all, members, and bytes of a name."""

    size: int = 8 << 30
    members: int = 100_000
    name: int = 1024
    ratio: int = 200  # unpacked to packed, above the first 64 MiB


def pack(folder: Path, to: Path) -> None:
    """Write ``folder`` as a .tar.gz: names in order, no times, no owners. Links and devices are refused."""
    with (
        to.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path in sorted(_files(folder)):
            info = tarfile.TarInfo(path.relative_to(folder).as_posix())
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            with os.fdopen(handle, "rb") as content:
                info.size = os.fstat(handle).st_size
                info.mode = 0o644
                archive.addfile(info, content)


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise BadInput(
                f"the job left {path.relative_to(folder)}, which is a link or a device",
                remedy="write files only",
            )
        if path.is_file():
            yield path


def unpack(archive: Path, to: Path, bounds: Bounds | None = None) -> list[Path]:
    """Unpack a .tar, .tar.gz, .tar.bz2 or .tar.xz into ``to``; return its files.

    BadInput, before anything is written, names the member that leaves the folder, is a link or a device, is there
    twice, or that makes it larger than the bounds. What a name hides is not followed.
    """
    bounds = bounds or Bounds()
    packed = archive.stat().st_size
    to.mkdir(parents=True, exist_ok=True)
    seen: set[str] = set()
    made: list[Path] = []
    total = 0
    try:
        with tarfile.open(archive, "r:*") as source:
            for member in source:
                name = _name(member, bounds, archive.name)
                if not name or member.isdir():
                    continue
                if name in seen:
                    raise BadInput(f"the member {name!r} is there twice", where=archive.name)
                seen.add(name)
                total += member.size
                _bounded(total, packed, len(seen), bounds, archive.name)
                made.append(_write(source, member, to / name))
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(
            f"cannot be unpacked: {error}", where=archive.name, remedy="is it cut short?"
        ) from None
    return made


def _name(member: tarfile.TarInfo, bounds: Bounds, archive: str) -> str:
    name = PurePosixPath(member.name.replace("\\", "/"))
    shown = ascii(member.name[:80])
    if len(member.name) > bounds.name:
        raise BadInput(f"the member {shown} has a name of {len(member.name)} characters", where=archive)
    if name.is_absolute() or ".." in name.parts or "\x00" in member.name:
        raise BadInput(f"the member {shown} would be written outside the folder", where=archive)
    if not (member.isfile() or member.isdir()):
        raise BadInput(f"the member {shown} is a link or a device", where=archive, remedy="pack files only")
    return str(name) if str(name) != "." else ""


def _bounded(total: int, packed: int, members: int, bounds: Bounds, archive: str) -> None:
    if members > bounds.members:
        raise BadInput(f"has more than {bounds.members} members", where=archive)
    if total > bounds.size or (total > 64 << 20 and total > packed * bounds.ratio):
        raise BadInput(
            f"unpacks to more than {total >> 20} MiB from {packed >> 10} KiB",
            where=archive,
            remedy="is it a bomb?",
        )


def _write(source: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = source.extractfile(member) or io.BytesIO()
    with path.open("xb") as out:
        left = member.size
        while left and (part := content.read(min(left, 1 << 20))):
            out.write(part)
            left -= len(part)
    if left:
        raise EOFError(f"{member.name} is cut short")
    return path
