"""The walk over a tree: which files are searched, and what is made of what is found in them."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assay.checks.code.secrets._files import PART, Piece, unfolded
from assay.checks.code.secrets._tally import Tally, placed
from assay.kernel.handles import Tree, Work
from assay.methods.secrets.allowed import allowed
from assay.methods.secrets.chain import rewrite, shown_diff
from assay.methods.secrets.engine import Blob, Engine, as_text

if TYPE_CHECKING:
    from assay.engines.unfolding import Room

_OBJECT = r"objects/(?:[0-9a-f]{2}/(?:[0-9a-f]{38}|[0-9a-f]{62})|pack/pack-[0-9a-f]+\.(?:pack|idx))$"
_KEPT = re.compile(rf"(?:(?:worktrees/[^/\n]{{1,255}}/)?logs/[^\n]+|{_OBJECT})")
_FAR = re.compile(rf"(?:^|/)\.git/(?:modules/[^\n]{{1,400}}/)?{_OBJECT}")
_EVERY = 500  # files between two words on how far the search is


def search_files(
    tree: Tree,
    found: Sequence[tuple[Path, str]],
    tally: Tally,
    exclude: Sequence[str],
    room: Room,
    work: Work,
) -> int:
    """Search the files of a tree, and return how many were left out as asked. found: the repositories in it."""
    left = [0]
    is_store = _Stores(tree, found)

    def blobs() -> Iterator[Blob]:
        done = 0
        for name, path in tree.files():
            if any(matches(name, pattern) for pattern in exclude):
                left[0] += 1
                continue
            if is_store(name):
                continue
            if _FAR.search(name):
                tally.skip(
                    f"the history of {name.partition('.git/')[0] or 'the tree'}",
                    "it is read of a whole repository in a folder of this machine alone, and none is here",
                )
                continue
            done += 1
            if done % _EVERY == 0:
                work.progress(done, 0, f"{done:,} files")
            yield from unfolded(name, path, tally, room, work.scratch)

    for blob, hits in Engine(work.now).search(blobs()):
        piece = blob.key
        assert isinstance(piece, Piece)
        text = as_text(blob.data) if hits else b""
        if (
            hits
            and piece.spot.file.endswith(".py")
            and not piece.spot.member
            and not piece.made
            and len(text) < PART
        ):
            made = rewrite(text, [(h.start, h.stop) for h in hits])
            if made is not None:
                tally.diffs.append(shown_diff(piece.spot.file, text, made, [h.secret for h in hits]))
        for hit in hits:
            tally.add(hit, placed(piece.spot, piece.lines + hit.line), allowed(text, hit.start))
    for what, why in tree.refused:
        if not is_store(what) and not any(matches(what, pattern) for pattern in exclude):
            tally.skip(what, why)
    return left[0]


def matches(name: str, pattern: str) -> bool:
    """Whether a name is meant by a pattern: of the whole path, of the file's own name, or of a folder above it."""
    if fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(name.rpartition("/")[2], pattern):
        return True
    return name.startswith(pattern.rstrip("/") + "/")


class _Stores:
    """Which files are of git's own stores, whose objects and reflogs are read as history."""

    def __init__(self, tree: Tree, found: Sequence[tuple[Path, str]]) -> None:
        from assay.engines.blobs import name_in

        root = Path(tree.root)
        names = {name_in(root, git) for git, _ in found if git.is_dir()}
        self._folders = sorted(("" if name == "." else f"{name}/" for name in names), key=len)

    def __call__(self, name: str) -> bool:
        return any(name.startswith(f) and _KEPT.match(name, len(f)) for f in self._folders)
