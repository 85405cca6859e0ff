"""Pictures read as arrays: PNG by our own reader, JPEG and other PNG by Pillow, in the sandbox alone."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from pathlib import Path

from assay.engines import pixels
from assay.engines.isolation.grant import Grant, Level, Limits, interpreter, source
from assay.engines.isolation.sandbox import run
from assay.methods import png

BYTES = 20 << 20
PIXELS = 16_000_000
_KINDS = (png.SIGNATURE[:4], b"\xff\xd8\xff")


def read(
    raw: Sequence[bytes],
    scratch: Path,
    level: Level = "full",
    span: Callable[[str], AbstractContextManager[object]] = nullcontext,
) -> list[bytes | str]:
    """Return each picture as a cell of engines/pixels, or as text why it cannot be read. The order is kept.

    span: records how long a job takes.

    A file's size, its kind and the size that it claims are judged before it is unpacked.
    """
    out: list[bytes | str] = []
    hard: dict[int, str] = {}  # what only Pillow may read, and why
    for content in raw:
        if len(content) > BYTES:
            out.append(f"it has more than {BYTES >> 20} MiB")
        elif not content.startswith(_KINDS):
            out.append("it is neither PNG nor JPEG")
        else:
            try:
                if not content.startswith(png.SIGNATURE):
                    raise ValueError("it is JPEG")
                out.append(pixels.packed(png.read(content, PIXELS)))
            except ValueError as error:
                if "claims" not in str(error):
                    hard[len(out)] = str(error)
                out.append(str(error))
    if hard and find_spec("PIL") is None:
        for at, why in hard.items():
            out[at] = f"{why}, and Pillow is not installed: pip install 'assay[images]'"
    elif hard:
        with span("job read pictures"):
            read_ = _apart([raw[at] for at in hard], scratch, level)
        for at, found in zip(hard, read_, strict=True):
            out[at] = found
    return out


def _apart(raw: Sequence[bytes], scratch: Path, level: Level) -> list[bytes | str]:
    """Read pictures with Pillow in the sandbox; one that ends the reader is told as not read, as are those behind it."""
    folder = scratch / f"pictures-{uuid.uuid4().hex[:12]}"
    given, made = folder / "given", folder / "made"
    given.mkdir(parents=True)
    made.mkdir()
    for at, content in enumerate(raw):
        (given / str(at)).write_bytes(content)
    limits = Limits(memory=2 << 30, seconds=10 + 5 * len(raw), processes=8, disk=4 << 30)
    env = {"PYTHONPATH": str(source()), "PYTHONDONTWRITEBYTECODE": "1"}
    grant = Grant(read=(given,), write=(made,), limits=limits, level=level, env=env)
    command = "from assay.engines.images.worker import main; main()"
    argv = [str(interpreter()), "-s", "-c", command, str(given), str(made), str(len(raw))]
    run(argv, grant, log=folder / "log")
    out: list[bytes | str] = []
    for at in range(len(raw)):
        cell, said = made / f"{at}.cell", made / f"{at}.json"
        if said.is_file() and said.stat().st_size < 4096:
            out.append(str(json.loads(said.read_text())))
        elif cell.is_file() and cell.stat().st_size <= 6 + 3 * PIXELS:
            found = cell.read_bytes()
            try:
                pixels.unpacked(found)
                out.append(found)
            except ValueError:
                out.append("its reader wrote no picture")
        else:
            out.append("its reader ended over it")
    return out
