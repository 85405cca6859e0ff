"""A processing script in the sandbox: tables in, tables out, under the contract of SageMaker Processing.

Each input is a folder that can only be read, ``input/NAME`` below the working directory; what the script writes to
``output`` is what it made. ``ASSAY_INPUT`` and ``ASSAY_OUTPUT`` name the two folders, ``ASSAY_INPUT_NAME`` each input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.engines import interpreters
from assay.engines.folders import entries
from assay.engines.interpreters import Interpreter
from assay.engines.isolation import Ended, Grant, Level, Limits
from assay.engines.peers.crew import Place
from assay.engines.reach import Reach, merged
from assay.engines.tracing import Recorder
from assay.engines.training import (
    ENDED,
    as_text,
    as_variable,
    described,
    last_words,
    own_code,
    run_workers,
)
from assay.kernel.errors import BadInput
from assay.kernel.printable import printable

SUFFIXES = {
    ".csv": "csv", ".csv.gz": "csv", ".tsv": "csv", ".parquet": "parquet", ".pq": "parquet", ".jsonl": "jsonl",
    ".jsonl.gz": "jsonl", ".ndjson": "jsonl",
}  # fmt: skip
_MOST = 64  # outputs


@dataclass(frozen=True, slots=True)
class Processed:
    """What a job left. made: name → the file or folder of each table. problem: why what it wrote cannot be taken."""

    made: Mapping[str, Path]
    log: Path
    ended: Ended
    environment: Mapping[str, Any]
    problem: str = ""

    @property
    def well(self) -> bool:
        """Whether it ended by itself, well, and left tables."""
        return self.ended.reason == "exit" and self.ended.code == 0 and bool(self.made) and not self.problem

    @property
    def said(self) -> str:
        """Return how a job that made nothing ended, as a sentence goes on."""
        if self.ended.reason in ENDED:
            return ENDED[self.ended.reason]
        if self.ended.code:
            return f"ended with exit code {self.ended.code}"
        if self.problem:
            return f"left what cannot be taken: {self.problem}"
        return "left no table in its output folder"

    @property
    def last_words(self) -> str:
        """Return a sentence with the last line that it printed."""
        return last_words(self.log)


def process(
    script: Path,
    inputs: Path,
    arguments: Mapping[str, Any],
    *,
    limits: Limits,
    level: Level,
    scratch: Path,
    requirements_cache: Path,
    seed: int,
    recorder: Recorder | None = None,
    python: Interpreter | None = None,
    threads: int | None = None,
    reach: Reach | None = None,
) -> Processed:
    """Run ``script`` (its folder goes with it) over the folders in ``inputs``, with no network.

    reach: the stores it may reach after all, its workers, its image. What each of several workers writes is put together.

    arguments: given as ``--name value``; ``{input}``, ``{input.NAME}`` and ``{output}`` in a text stand for the folders.
    python, threads: other than those of here. Refused where the isolation demanded cannot be had.
    """
    reach = reach or Reach()
    python = reach.python(python or interpreters.here())
    place = inputs.parent
    code, packages = own_code(script, scratch, requirements_cache, reach)
    names = sorted(p.name for p in inputs.iterdir())
    own = {
        "ASSAY_INPUT": str(inputs),
        "ASSAY_SEED": str(seed),
        "PYTHONHASHSEED": str(seed % 4_294_967_295),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }
    own |= {f"ASSAY_INPUT_{as_variable(name)}": str(inputs / name) for name in names}
    if threads is not None:
        own["OMP_NUM_THREADS"] = str(threads)
    if packages is not None:
        own["PYTHONPATH"] = str(packages)
    read = (code, inputs, *([packages] if packages else []), *python.read)
    begin = [str(python.path), "-u", str(code / script.name)]

    def worker(where: Place | None, folder: Path) -> tuple[list[str], Grant, Path]:
        output = folder / "output"
        output.mkdir(parents=True)
        argv = begin + _flags(arguments, inputs, output, names)
        env = {**own, "ASSAY_OUTPUT": str(output)}
        return argv, reach.grant(Grant(read, (output,), env, limits, level), where), folder

    log = scratch / "log.txt"
    ended = run_workers(worker, reach, script.name, log=log, scratch=place, recorder=recorder)
    problem = merged([place / w.names[w.rank] / "output" for w in reach.places()[1:]], place / "output")
    made: dict[str, Path] = {}
    if ended.reason == "exit" and ended.code == 0 and not problem:
        made, problem = _collected(place / "output")
    return Processed(made, log, ended, described(packages, python) | reach.environment(), problem)


def _flags(arguments: Mapping[str, Any], inputs: Path, output: Path, names: list[str]) -> list[str]:
    places = {"{output}": str(output), "{input}": str(inputs / names[0] if len(names) == 1 else inputs)}
    places |= {f"{{input.{name}}}": str(inputs / name) for name in names}
    out: list[str] = []
    for name, value in arguments.items():
        text = as_text(value)
        for mark, folder in places.items():
            text = text.replace(mark, folder)
        out += [f"--{name}", text]
    return out


def suffix(name: str) -> str:
    """Return the suffix by which a file's name says that it is a table; nothing where it does not."""
    low = name.lower()
    return next((s for s in sorted(SUFFIXES, key=len, reverse=True) if low.endswith(s)), "")


def _collected(folder: Path) -> tuple[dict[str, Path], str]:
    """Return the tables that lie in the output folder: each file, and each folder of files. One alone is ``out``."""
    made: dict[str, Path] = {}
    try:
        for entry in entries(folder):
            if not entry.is_file and not entry.is_folder:
                return {}, f"{printable(entry.path[:80])} is a link or no regular file"
            if "/" in entry.path:
                continue
            kind = suffix(entry.path)
            if entry.is_file and not kind:
                return {}, f"{printable(entry.path[:80])} is no table (.csv, .parquet or .jsonl)"
            name = entry.path[: len(entry.path) - len(kind)] if entry.is_file else entry.path
            if not name.replace("_", "").replace("-", "").isalnum():
                return {}, f"a table cannot be called {printable(name[:80])!r}"
            if name in made:
                return {}, f"two tables are called {name}"
            made[name] = folder / entry.path
            if len(made) > _MOST:
                return {}, f"it wrote more than {_MOST} tables"
    except BadInput as error:
        return {}, str(error)
    return ({"out": next(iter(made.values()))} if len(made) == 1 else made), ""
