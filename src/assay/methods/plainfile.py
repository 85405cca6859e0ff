"""A small file that a person named, read within bounds: never a device, never a pipe that nobody writes to."""

from __future__ import annotations

import stat
from pathlib import Path

from assay.kernel.errors import Missing, UsageError

_HANDED = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")  # what a shell hands over, such as <(command)


def read_plain(path: Path, most: int, what: str, remedy: str = "") -> bytes:
    """Return a file's bytes. what: what it is, in words; remedy: what to do where it is not there.

    Missing where it is not there, UsageError where it cannot be read, is no plain file, or holds more than ``most`` bytes.
    """
    where = str(path)
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) and not where.startswith(_HANDED):
            kind = "a folder" if stat.S_ISDIR(mode) else "no plain file"
            raise UsageError(f"{what} cannot be read: it is {kind}", where=where, remedy="name a file")
        with path.open("rb") as opened:
            data = opened.read(most + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, UsageError):
            raise
        said = getattr(error, "strerror", None) or str(error)
        raise Missing(f"{what} cannot be read: {said}", where=where, remedy=remedy) from None
    if len(data) > most:
        size = f"{most >> 20} MiB" if most >= 1 << 20 else f"{most >> 10} KiB"
        raise UsageError(f"{what} is larger than {size}", where=where, remedy="split it")
    return data
