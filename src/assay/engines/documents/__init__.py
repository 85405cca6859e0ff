"""Documents read for their texts, in the sandbox: whatever they hold, it is parsed where it can do no harm."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.engines.documents.bounds import BYTES, MEMORY, SECONDS
from assay.engines.documents.reading import SUFFIXES, kind
from assay.engines.isolation.grant import Grant, Level, Limits, interpreter, source
from assay.engines.isolation.sandbox import run

__all__ = ["SUFFIXES", "Document", "kind", "read"]
_LARGEST = 256 << 20  # bytes that one document's texts may take as JSON


@dataclass(frozen=True)
class Document:
    """What came out of one document. parts: (name, columns of texts). why: what was not read of it, if anything."""

    name: str
    parts: tuple[tuple[str, dict[str, list[str | None]]], ...]
    why: str


def read(
    files: Sequence[tuple[str, Path]],
    scratch: Path,
    level: Level = "full",
    at_once: int = 200,
    span: Callable[[str], AbstractContextManager[object]] = nullcontext,
) -> Iterator[Document]:
    """Read documents, in order. files: names and paths; the sandbox sees these and nothing that lies beside them.

    span: records how long each job takes.

    Refused where the sandbox cannot be had. A document that ends the reader (memory, a crash) is told as not read, and the
    reader begins again behind it.
    """
    todo = list(files)
    while todo:
        batch, failed = todo[:at_once], ""
        out = scratch / f"documents-{uuid.uuid4().hex[:12]}"
        out.mkdir(parents=True)
        listed = out / "list"
        held = [_named(path.resolve(), scratch / f"{out.name}-{k}") for k, (_, path) in enumerate(batch)]
        lines = [
            json.dumps([k, name, str(path)])
            for k, ((name, _), path) in enumerate(zip(batch, held, strict=True))
        ]
        listed.write_text("\n".join(lines) + "\n", encoding="utf-8")
        grant = Grant(
            read=tuple(dict.fromkeys(held)),
            write=(out,),
            limits=Limits(memory=MEMORY, seconds=SECONDS * (len(batch) + 1), processes=8, disk=1 << 30),
            level=level,
            env={"PYTHONPATH": str(source()), "PYTHONDONTWRITEBYTECODE": "1"},
        )
        command = "from assay.engines.documents.worker import main; main()"
        argv = [str(interpreter()), "-s", "-c", command, str(listed), str(out)]
        with span("job read documents"):
            ended = run(argv, grant, log=scratch / f"{out.name}.log")
        if ended.code != 0 or ended.reason != "exit":
            said = {"memory": f"it takes more than {MEMORY >> 20} MiB", "time": "it takes too long"}
            failed = said.get(ended.reason, f"its reader ended with {ended.signal or ended.code}")
        done = 0
        for number, (name, _) in enumerate(batch):
            path = out / f"{number}.jsonl"
            if not path.is_file():
                break
            yield _document(name, path)
            path.unlink()
            done += 1
        if done < len(batch):
            yield Document(batch[done][0], (), failed or "its reader wrote nothing")
            done += 1
        todo = todo[done:]


def _named(path: Path, stand_in: Path) -> Path:
    """Return a path that the sandbox can be told of: a copy's where the file's own is no UTF-8."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        with path.open("rb") as source, stand_in.open("wb") as copy:
            copy.write(source.read(BYTES + 1))
        return stand_in
    return path


def _document(name: str, path: Path) -> Document:
    if path.stat().st_size > _LARGEST:
        return Document(name, (), f"its texts take more than {_LARGEST >> 20} MiB")
    parts: list[tuple[str, dict[str, list[str | None]]]] = []
    why = "its reader did not finish"
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            said: dict[str, Any] = json.loads(line)
            if "end" in said:
                why = str(said["end"])
            else:
                parts.append((str(said["name"]), _texts(said["columns"])))
    return Document(name, tuple(parts), why)


def _texts(raw: Any) -> dict[str, list[str | None]]:
    """Return columns that a reader wrote, which a hostile document may have taken over: texts and nothing else."""
    if not isinstance(raw, dict):
        return {}
    return {
        str(c): [None if v is None else str(v) for v in values]
        for c, values in raw.items()
        if isinstance(values, list)
    }
