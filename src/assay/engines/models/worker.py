"""Inside the sandbox: loads one model and answers over stdin and stdout. Nothing here runs in our process."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from assay.engines.models import sharing, wire


def main() -> None:
    """Load the model in the folder named, then answer until the pipe closes."""
    answers = os.fdopen(os.dup(1), "wb", buffering=1 << 20)
    os.dup2(2, 1)  # what a model prints goes to the log, not between the messages
    requests = os.fdopen(os.dup(0), "rb", buffering=1 << 20)
    loaded = None
    sharing.allow()
    while True:
        try:
            kind, body = wire.receive(requests)
        except EOFError:
            return
        told, began = [], time.time_ns()
        try:
            if loaded is None:
                from assay.engines.models.load import load

                loaded = load(Path(sys.argv[1]))
                told.append(["load, inside", began, time.time_ns()])
                began = time.time_ns()
            if kind == b"F":
                loaded = _refitted(loaded, body)
                kind = b"I"
            if kind == b"I":
                answer = wire.pack_json(loaded.describe())
            else:
                answer = answered(loaded, kind, body)
            told.append(["answer, inside", began, time.time_ns()])
            wire.send(answers, b"T", json.dumps(told).encode())
            wire.send(answers, b"A", answer)
        except MemoryError:
            os._exit(1)
        except Exception as error:  # noqa: BLE001 - a model's code may raise anything; the asker is told
            said = _last_words(error)
            wire.send(answers, b"E", said.encode("utf-8", "replace")[:2000])


def _last_words(error: Exception) -> str:
    """Return what an exception says, on a line; the kind is named but of a ValueError, which is how sentences are raised."""
    name = "" if type(error) is ValueError and str(error).strip() else f"{type(error).__name__}: "
    return f"{name}{error}".strip().splitlines()[0]


def _refitted(loaded: Any, body: bytes) -> Any:
    """Return what was loaded, fitted to the rows of a message; they alone answer from then on."""
    from assay.engines.models.refit import refitted

    said, table = wire.unpack_asked(body)
    return refitted(loaded, table, json.loads(said or "{}"))


def answered(loaded: Any, kind: bytes, body: bytes) -> bytes:
    """Return what a loaded model answers: predictions, contributions, gradients, interactions, or what is inside; empty for none.

    W: itself in a form without code, behind what is said of that and a NUL.
    """
    if kind == b"P":
        return wire.pack_answer(loaded.predict(wire.unpack_table(body)))
    if kind == b"B":
        if hasattr(loaded, "background"):
            loaded.background(wire.unpack_table(body))
        return b""
    if kind == b"S":
        found = loaded.inside() if hasattr(loaded, "inside") else None
        return b"" if found is None else wire.pack_json(found)
    if kind == b"W":
        from assay.engines.models.converted import converted

        said, raw = converted(loaded)
        return wire.pack_json(said) + b"\0" + raw
    of, table = wire.unpack_asked(body)
    if kind == b"N":
        made = loaded.interactions(table, of) if hasattr(loaded, "interactions") else None
    elif kind == b"G":
        made = loaded.gradients(table, of["of"], of["baseline"]) if hasattr(loaded, "gradients") else None
    else:
        made = loaded.contributions(table, of)
    return b"" if made is None else wire.pack_answer(made)


if __name__ == "__main__":
    main()
