"""An image of layers as one file system, read from the highest layer down, each once: what lies above hides what lies below.

Whiteouts as the OCI image specification has them (layer.md): ``.wh.NAME`` hides NAME below, ``.wh..wh..opq`` all that its
folder held below. A layer that is not what its digest says is a finding; one that cannot be read to its end is a gap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from assay.engines.containers.file import StreamedFile
from assay.engines.containers.filed import FiledImage
from assay.engines.containers.room import DIGEST, LONGEST, Full, Room
from assay.engines.containers.stream import LayerStream
from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput, Missing
from assay.kernel.handles import ImageFile
from assay.kernel.report import Finding
from assay.kernel.severity import Severity
from assay.methods import tars

WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"


@dataclass(frozen=True, slots=True)
class Layer:
    """digest: of its bytes as they lie, or empty; size: how many, or -1; plain: digest of what they unpack to, or empty."""

    digest: str
    size: int
    plain: str = ""
    place: str = ""  # where a saved image keeps it, where that is not by its digest

    @property
    def name(self) -> str:
        """Return what it is called by."""
        return self.digest or self.plain or self.place


def streamed(layer: Layer, raw: IO[bytes], room: Room) -> LayerStream:
    """Return a layer's plain bytes in order; at their end ``held`` tells whether they are what its digests say."""
    packed = layer.digest.partition(":")[0] if DIGEST.fullmatch(layer.digest) else "sha256"
    plain = layer.plain.partition(":")[0] if DIGEST.fullmatch(layer.plain) else ""
    return LayerStream(raw, room, packed=packed, plain=plain)


def held(layer: Layer, stream: LayerStream) -> bool | None:
    """Whether a layer that was read to its end is what is said of it, of both forms where both are; None where nothing is."""
    if not DIGEST.fullmatch(layer.digest) and not DIGEST.fullmatch(layer.plain):
        return None
    right = layer.size < 0 or stream.packed_size == layer.size
    if layer.digest:
        right = right and stream.packed_digest == layer.digest
    return right and (not layer.plain or stream.plain_digest == layer.plain)


class _Hides:
    """What one layer, or all that lie higher, hide of those below."""

    def __init__(self) -> None:
        self.gone: set[str] = set()  # files, links and whiteouts: nothing of that name or below it
        self.folders: set[str] = set()  # a file or link of that name, and nothing below it
        self.opaque: set[str] = set()  # all below it
        self._folder, self._hidden = "", False

    def hides(self, path: str) -> bool:
        """Whether a path of a lower layer is seen no more."""
        if path in self.gone or path in self.folders:
            return True
        folder = path.rpartition("/")[0]
        if folder != self._folder:
            pieces = folder.split("/") if folder else []
            above = ["/".join(pieces[:n]) for n in range(len(pieces) + 1)]
            self._hidden = any(f in self.gone or f in self.opaque for f in above)
            self._folder = folder
        return self._hidden

    def add(self, other: _Hides) -> None:
        """Take in a layer that was read: it hides what follows."""
        self.gone |= other.gone
        self.folders |= other.folders
        self.opaque |= other.opaque
        self._folder, self._hidden = "\0", False


class LayeredImage(FiledImage):
    """An Image of layers. opened: gives the bytes of one as they lie."""

    def __init__(
        self,
        asset: Asset,
        layers: tuple[Layer, ...],
        opened: Callable[[Layer], IO[bytes]],
        scratch: Path,
        *,
        platform: str = "",
        tags: tuple[str, ...] = (),
    ) -> None:
        super().__init__(asset)
        self.platform, self.tags = platform, tags
        self._layers, self._opened, self._scratch = layers, opened, scratch
        self.layers = tuple(layer.name for layer in layers)
        self.problems: tuple[Finding, ...] = ()

    def files(self, wanted: Callable[[str, int], bool], *, hidden: bool = False) -> Iterator[ImageFile]:
        """Give the wanted files, the highest layer's first. hidden: those as well that a later layer hides."""
        above = _Hides()
        self.room = Room(gaps=self.room.gaps)
        for layer in reversed(self._layers):
            own = _Hides()
            try:
                yield from self._one(layer, wanted, above, own, hidden)
            except tars.Damaged as error:
                self.room.gap(f"layer {layer.name[:19]}", f"{error.what}, and what follows was not read")
            except (BadInput, Missing, OSError) as error:
                self.room.gap(f"layer {layer.name[:19]}", str(error)[:200])
            except Full as full:
                self.room.gap(f"the rest of layer {layer.name[:19]} and those below it", str(full))
                return
            above.add(own)

    def _one(
        self, layer: Layer, wanted: Callable[[str, int], bool], above: _Hides, own: _Hides, hidden: bool
    ) -> Iterator[ImageFile]:
        stream = streamed(layer, self._opened(layer), self.room)
        try:
            for member in tars.members(stream):
                self.room.entry()
                path = self._cleaned(member.name)
                if path is None:
                    continue
                self.room.name(path)
                folder, _, name = path.rpartition("/")
                if name.startswith(WHITEOUT):
                    self._whiteout(folder, name, own)
                    continue
                if member.kind == "folder":
                    own.folders.add(path)
                    continue
                own.gone.add(path)
                if member.kind == "file":
                    if wanted(path, member.size) and (hidden or not above.hides(path)):
                        yield StreamedFile(path, member.size, layer.name, stream.take, self._scratch)
                elif member.kind == "link" and wanted(path, 0) and not above.hides(path):
                    self._link(path, member, above, own)
                elif member.kind != "link" and wanted(path, 1) and not above.hides(path):
                    self.room.gap(path, "it is no regular file, and a record would stand there")
            stream.drain()
            self._verify(layer, stream)
        finally:
            stream.close()

    def _whiteout(self, folder: str, name: str, own: _Hides) -> None:
        if name == OPAQUE:
            own.opaque.add(folder)
        elif name[len(WHITEOUT) :] in (
            "",
            ".",
            "..",
        ):  # engines differ: it is an error, nothing, or the folder
            self.room.gap(f"{folder}/{name}"[:100], "it says that something is gone, and not what")
        elif not name.startswith(WHITEOUT * 2):  # marks of aufs
            own.gone.add("/".join(filter(None, (folder, name[len(WHITEOUT) :]))))

    def _cleaned(self, name: str) -> str | None:
        """Return a member's path from the root; None for the root itself, and for what leads out of it."""
        if len(name) > LONGEST:
            self.room.gap(name[:100], "its path is too long")
            return None
        pieces = [p for p in name.split("/") if p not in ("", ".")]
        if ".." in pieces:
            self.room.gap(name[:100], "its name leads out of the image")
            return None
        return "/".join(pieces) or None

    def _link(self, path: str, member: tars.Member, above: _Hides, own: _Hides) -> None:
        """Keep where a link leads; what another name leads to is read under that, wherever it lies."""
        if len(member.link) > LONGEST:
            self.room.gap(path, "it is a link to a path that is too long")
            return
        target = member.link
        if member.hard:
            target = "/" + "/".join(p for p in member.link.split("/") if p not in ("", "."))
            if above.hides(target[1:]):
                self.room.gap(path, f"it is another name of {target[1:101]}, which a later layer hides")
                return
            if target[1:] not in own.gone:
                self.room.gap(path, f"it is another name of {target[1:101]}, which its layer does not hold")
                return
        if not self._may_link(path):
            return
        self.room.name(target)
        self._links[path] = target

    def _verify(self, layer: Layer, stream: LayerStream) -> None:
        right = held(layer, stream)
        if right is None:
            self.room.gap(f"layer {layer.name[:40]}", "nothing says what its digest should be")
            return
        if not right and not any(p.where["member"] == layer.name for p in self.problems):
            self.problems = (
                *self.problems,
                Finding(
                    "image.layer_digest",
                    Severity.CRITICAL,
                    f"The layer {layer.name[:19]} is not what its digest says: it was changed or damaged.",
                    {"member": layer.name},
                    "fetch the image anew from where it was built, and compare its digest",
                ),
            )
