"""Inside the sandbox: loads one model and answers over stdin and stdout. Nothing here runs in our process."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from assay.engines.models import wire


def main() -> None:
    """Load the model in the folder named, then answer until the pipe closes."""
    answers = os.fdopen(os.dup(1), "wb", buffering=1 << 20)
    os.dup2(2, 1)  # what a model prints goes to the log, not between the messages
    requests = os.fdopen(os.dup(0), "rb", buffering=1 << 20)
    loaded = None
    while True:
        try:
            kind, body = wire.receive(requests)
        except EOFError:
            return
        try:
            if loaded is None:
                from assay.engines.models.load import load

                loaded = load(Path(sys.argv[1]))
            if kind == b"I":
                wire.send(answers, b"A", wire.pack_json(loaded.describe()))
                continue
            table = wire.unpack_table(body)
            made = loaded.predict(table) if kind == b"P" else loaded.contributions(table)
            wire.send(answers, b"A", b"" if made is None else wire.pack_answer(made))
        except MemoryError:
            os._exit(1)
        except Exception as error:  # noqa: BLE001 - a model's code may raise anything; the asker is told
            said = f"{type(error).__name__}: {error}".strip().splitlines()[0]
            wire.send(answers, b"E", said.encode("utf-8", "replace")[:2000])


if __name__ == "__main__":
    main()
