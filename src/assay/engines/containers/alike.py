"""What the names of one file say: of hard links, of which a host with many environments has millions, the first is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from assay.kernel.handles import ImageFile
from assay.methods.packages.package import Package

_MOST = 200_000  # files that are remembered; what is past that is read again
_KINDS = frozenset(
    {"binary", "java", "model"}
)  # of which nothing but the file's own name is in what they say

Read = Callable[[ImageFile, str], Iterator[Package]]


class Alike:
    """Remembers files that have several names, for one walk over an image."""

    def __init__(self) -> None:
        self._said: dict[tuple[object, ...], tuple[str, tuple[Package, ...]]] = {}
        self._other: set[tuple[int, ...]] = set()

    def begins(self, file: ImageFile, marks: tuple[bytes, ...]) -> bool:
        """Whether a file begins with one of a few bytes, such as a program's."""
        if file.same and file.same in self._other:
            return False
        found = file.head(4).startswith(marks)
        if not found and file.same and len(self._other) < _MOST:
            self._other.add(file.same)
        return found

    def packages(self, file: ImageFile, kind: str, read: Read) -> Iterator[Package]:
        """Give what a file says, as ``read`` gives it; a file that could not be read to its end is read again."""
        name = file.path.rpartition("/")[2]
        key = (kind, name, file.same) if file.same and kind in _KINDS else ()
        if key in self._said:
            path, said = self._said[key]
            yield from (replace(one, path=file.path + one.path[len(path) :]) for one in said)
            return
        found = []
        for one in read(file, kind):
            found.append(one)
            yield one
        if key and len(self._said) < _MOST:
            self._said[key] = (file.path, tuple(found))
