"""A plain file below a folder, opened through the folders above it, none of which may be a link.

What is named so lies in the folder, however its tree changes meanwhile and whatever a hostile name says.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from assay.engines import regular

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def opened(root: Path, name: str) -> IO[bytes]:
    """Return a file's bytes. name: pieces with / between them, from the root. OSError where it is no regular file there."""
    *folders, last = name.split("/")
    if not last or any(piece in ("", ".", "..") for piece in (*folders, last)):
        raise OSError(0, "its name leads elsewhere")
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for folder in folders:
            inner = os.open(folder, _FOLDER, dir_fd=handle)
            os.close(handle)
            handle = inner
        return regular.opened(last, folder=handle)
    except ValueError:  # a NUL in a name
        raise OSError(0, "its name leads elsewhere") from None
    finally:
        os.close(handle)
