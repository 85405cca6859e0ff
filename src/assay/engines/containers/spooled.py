"""Layers that were fetched, kept while an image is looked at: where links lead elsewhere it is read again, and not fetched again.

What is kept is bounded; what is larger is fetched anew each time. Nothing is kept of a layer that was not read to its end.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from assay.engines.containers.layers import Layer

MOST = 8 << 30  # bytes of one image


class Spool:
    """The layers of one image. fetched: gives a layer's bytes as they come; scratch: a private folder that goes with the image."""

    def __init__(self, fetched: Callable[[Layer], IO[bytes]], scratch: Path, most: int = MOST) -> None:
        self._fetched, self._scratch, self.room = fetched, scratch, most
        self._kept: dict[str, Path] = {}

    def __call__(self, layer: Layer) -> IO[bytes]:
        """Return a layer's bytes: as they lie here, or as they come."""
        held = self._kept.get(layer.digest)
        if held is not None:
            return held.open("rb")
        source = self._fetched(layer)
        if not 0 <= layer.size <= self.room:
            return source
        try:
            out = self.made()
        except OSError:  # the disk takes no file more
            return source
        self.room -= layer.size
        return _Teed(source, layer, self, out)  # type: ignore[return-value]

    def made(self) -> IO[bytes]:
        """Return a new file to keep a layer in."""
        return tempfile.NamedTemporaryFile(dir=self._scratch, prefix="layer-", delete=False)

    def ended(self, layer: Layer, path: Path, came: int) -> None:
        """Keep a layer that came whole; of another nothing is left."""
        if came == layer.size:
            self._kept[layer.digest] = path
        else:
            self.room += layer.size
            path.unlink(missing_ok=True)


class _Teed:
    """Bytes as they come, kept on the way. A disk that is full ends the keeping and not the reading."""

    def __init__(self, source: IO[bytes], layer: Layer, spool: Spool, out: IO[bytes]) -> None:
        self._source, self._layer, self._spool = source, layer, spool
        self._out: IO[bytes] | None = out
        self._path, self._came = Path(out.name), 0

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        part = self._source.read(size)
        if self._out is not None:
            try:
                self._out.write(part)
            except OSError:
                self._out, self._came = None, -1
        if self._came >= 0:
            self._came += len(part)
        return part

    def close(self) -> None:
        """End it; what came whole is kept. What is damaged is found damaged again: its bytes are digested at each reading."""
        self._source.close()
        if self._out is not None:
            try:
                self._out.close()
            except OSError:
                self._came = -1
        self._spool.ended(self._layer, self._path, self._came)
