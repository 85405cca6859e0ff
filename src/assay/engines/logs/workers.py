"""Processes that take files in side by side, each a share of them.

Each reads jobs as JSON lines and answers likewise; when whoever asked is gone, so that its input ends, it ends too.
"""

from __future__ import annotations

import gc
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assay.kernel.errors import AssayError, Broken, UsageError, of_the_machine

Job = tuple[Sequence[str], str, str, str, Mapping[str, Any]]


def run(jobs: Sequence[Job], cores: int) -> list[dict[str, Any]]:
    """Carry jobs out, as many at a time as there are cores, and return their answers in order."""
    if cores < 2 or len(jobs) < 2:
        from assay.engines.logs.taking import take

        try:
            return [take(*job) for job in jobs]
        except OSError as error:
            raise _told(error.errno, str(error.filename or ""), str(error)) from None
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(len(jobs)):
        waiting.put(number)
    answers: list[Any] = [None] * len(jobs)
    threads = [
        threading.Thread(target=_serve, args=(waiting, jobs, answers)) for _ in range(min(cores, len(jobs)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for answer in answers:
        if isinstance(answer, AssayError):
            raise answer
        if answer is None:
            raise Broken("a process that read logs was lost", remedy="is there enough memory? run it again")
    return answers


def _serve(waiting: queue.SimpleQueue[int], jobs: Sequence[Job], answers: list[Any]) -> None:
    command = [sys.executable, "-m", "assay.engines.logs.workers"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        put, get = process.stdin, process.stdout
        assert put is not None and get is not None
        try:
            while True:
                try:
                    number = waiting.get_nowait()
                except queue.Empty:
                    return
                put.write(json.dumps(jobs[number]) + "\n")
                put.flush()
                line = get.readline()
                if not line:
                    return
                said = json.loads(line)
                answers[number] = said["done"] if "done" in said else _told(*said["failed"])
        except OSError:
            return
        finally:
            put.close()


def _told(number: int | None, file: str, said: str) -> AssayError:
    known = of_the_machine(OSError(number, said, file)) if number else None
    return known or UsageError(f"the logs cannot be read: {said[:300]}", where=file)


def _main(take: Callable[..., dict[str, Any]]) -> None:
    """Answer jobs until the input ends."""
    gc.set_threshold(
        200_000
    )  # what is made here by the million holds no circles, and to look for some takes a twentieth
    for line in sys.stdin:
        try:
            answer: dict[str, Any] = {"done": take(*json.loads(line))}
        except OSError as error:
            answer = {"failed": [error.errno, str(error.filename or ""), str(error)]}
        except MemoryError:
            answer = {"failed": [None, "", "there is not enough memory"]}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


class _Unlooked:
    """Modules that are not there: pyarrow looks for them, needs neither, and takes four times as long to start with them."""

    NAMES = ("pandas", "numpy", "cloudpickle")

    @classmethod
    def find_spec(cls, name: str, *_: Any) -> None:
        if name in cls.NAMES:
            raise ModuleNotFoundError(f"{name} is not looked for here", name=name)


if __name__ == "__main__":
    sys.meta_path.insert(0, _Unlooked)
    from assay.engines.logs.taking import take

    _main(take)
