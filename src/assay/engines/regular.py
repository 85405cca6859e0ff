"""Regular files opened as such where others may write: a pipe or a device that took a file's place meanwhile is never waited for.

Between the look at a folder and the opening of what was seen there, whoever writes in it may put anything in its place.
"""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader, FileIO
from pathlib import Path

LINK = "it is a link, and was not followed"  # how a tree tells of what it leaves out
ODD = "it is no regular file"
_WORDS = {
    errno.ENOENT: "it went meanwhile",
    errno.ENOTDIR: "it went meanwhile",
    errno.ELOOP: "it became a link meanwhile",
    errno.ENXIO: ODD,
    errno.EACCES: "permission is denied",
    errno.EPERM: "permission is denied",
    errno.EIO: "the disk fails to give it (input/output error)",
}


def opened(path: Path | str, *, follow: bool = False, folder: int | None = None) -> BufferedReader:
    """Return a regular file open for reading; OSError of a link, a pipe, a socket or a device.

    follow: whether its own name may be a link, as where a person named it. folder: a descriptor of the folder it is in.
    """
    nofollow = 0 if follow else os.O_NOFOLLOW
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | nofollow, dir_fd=folder)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, ODD, str(path))
        return BufferedReader(FileIO(handle, "rb"))
    except BaseException:
        os.close(handle)
        raise


def why(error: OSError) -> str:
    """Return in words why a file cannot be read."""
    return _WORDS.get(error.errno or 0) or str(error.strerror or "it cannot be read")
