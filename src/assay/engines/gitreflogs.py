"""What git notes of how refs moved: the files in ``logs``, of a repository and of its linked work trees.

A line repeats the first line of a message, or says what was asked of git, such as the address that was pulled from. They are no
objects, and outlive the commits that they name (git's gitrepository-layout, logs).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from assay.engines.blobs import name_in
from assay.engines.folders import entries
from assay.engines.gitobjects import inside
from assay.engines.regular import opened, why
from assay.kernel.errors import BadInput

LARGEST = 64 << 20  # bytes of one that is read
MOST = 200_000  # that are read of one history
ALL = 2 << 30  # bytes of them in all


def reflogs(common: Path, root: Path, skip: Callable[[str, str], None]) -> Iterator[tuple[Path, bytes]]:
    """Give each reflog of the repository whose refs lie in ``common``, with its bytes.

    root: what all must lie in. skip: told of what is no file there, cannot be read, or is past a bound, and why.
    """
    if (common / "reftable").is_dir():
        skip("the reflogs", "they lie in a reftable, which is not read; nor are its refs")
    count = size = 0
    for path in _paths(common, root, skip):
        shown = f"reflog {name_in(common, path)}"
        if count == MOST or size > ALL:
            skip("the other reflogs", f"there are more than {MOST:,}, or more than {ALL >> 30} GiB of them")
            return
        try:
            with opened(path) as source:
                data = source.read(LARGEST + 1)
        except OSError as error:
            skip(shown, f"it cannot be read: {why(error)}")
            continue
        count, size = count + 1, size + len(data)
        if len(data) > LARGEST:
            skip(shown, f"it has more than {LARGEST >> 20} MiB")
        else:
            yield path, data


def _paths(common: Path, root: Path, skip: Callable[[str, str], None]) -> Iterator[Path]:
    """Give what lies in the folders of reflogs, folders left out."""
    for folder in (common, *_linked(common, root)):
        logs = folder / "logs"
        if not inside(logs, root):
            skip("the reflogs", "they lie outside of the tree")
            continue
        if logs.is_dir():
            try:
                for one in entries(logs):
                    if not one.is_folder:
                        yield logs / one.path
            except (BadInput, OSError) as error:
                skip("the reflogs", str(error)[:200])


def _linked(common: Path, root: Path) -> Iterator[Path]:
    """Give the folders of linked work trees, each of which has a HEAD of its own."""
    folder = common / "worktrees"
    if folder.is_dir() and inside(folder, root):
        with contextlib.suppress(OSError):
            yield from sorted(p for p in folder.iterdir() if p.is_dir())
