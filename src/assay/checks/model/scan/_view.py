"""The bytes of one file or one member of an archive, and where they came from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from assay.engines import regular
from assay.engines.mapped import mapped
from assay.methods.pickles.opcodes import Buffer

# Names under which loaders expect a model; text found under one of them is not taken for text.
MODEL_ENDINGS = (
    ".pkl", ".pickle", ".joblib", ".dill", ".pt", ".pth", ".ckpt", ".bin", ".npy", ".npz", ".h5", ".hdf5", ".keras",
    ".pb", ".onnx", ".skops", ".safetensors", ".gguf", ".ubj", ".dat", ".t7", ".mar", ".zip", ".tar", ".gz", ".pyc",
    ".so", ".dll", ".dylib", ".exe",
)  # fmt: skip

_READ = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class View:
    """file: its name in the tree. member: its path inside that file, ``!`` between nested archives, or empty."""

    data: Buffer
    file: str
    member: str = ""
    depth: int = 0

    @property
    def size(self) -> int:
        """Return how many bytes there are."""
        return len(self.data)

    @property
    def head(self) -> bytes:
        """Return the first 512 bytes."""
        return bytes(self.data[:512])

    @property
    def name(self) -> str:
        """Return the name of the innermost file, in lower case."""
        return (self.member or self.file).rsplit("!", 1)[-1].rsplit("/", 1)[-1].lower()

    @property
    def place(self) -> str:
        """Return how to name it in a sentence."""
        return f"{self.file}!{self.member}" if self.member else self.file

    def inside(self, data: Buffer, member: str | None = None) -> View:
        """Return a view of what this one wraps: a member, or its own content unpacked (member None)."""
        path = self.member if member is None else f"{self.member}!{member}" if self.member else member
        return View(data, self.file, path, self.depth + 1)


def opened(path: Path) -> Buffer:
    """Return a file's bytes: a large one's mapped and not read; OSError of what is no regular file.

    Of a small one the bytes are taken at once. Who cuts a mapped one short meanwhile is told of (``engines.mapped``).
    """
    with regular.opened(path) as handle:
        size = os.fstat(handle.fileno()).st_size
        if size <= _READ:
            return handle.read(size + 1) if size else b""
        return mapped(handle)
