"""Training in the sandbox, under SageMaker's script-mode contract, so that existing scripts run unchanged."""

from __future__ import annotations

import itertools
import json
import os
import platform
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines import archives, interpreters, requirements, toldspans
from assay.engines.folders import entries, tail
from assay.engines.interpreters import Interpreter
from assay.engines.isolation import Ended, Grant, Level, Limits, links, run
from assay.engines.reach import Reach, run_together
from assay.engines.tracing import spanned
from assay.kernel.errors import BadInput, UsageError
from assay.kernel.printable import printable
from assay.methods.recognise.credentials import hidden

if TYPE_CHECKING:
    import pyarrow

    from assay.engines.peers.crew import Place
    from assay.engines.tracing import Recorder

ENDED = {
    "time": "ran past its time",
    "memory": "used more memory than its limit",
    "processes": "started more processes than its limit",
    "disk": "wrote more than its limit",
    "folders": "left folders that nest too deep or cannot be read",
    "stopped": "was stopped",
}
_LAST = 4096


@dataclass(frozen=True, slots=True)
class Trained:
    """What a job left. model: its model.tar.gz, None when it failed or wrote nothing. output: its output folder.

    problem: why what it wrote could not be taken.
    """

    model: Path | None
    output: Path
    log: Path
    ended: Ended
    environment: Mapping[str, Any]
    problem: str = ""

    @property
    def said(self) -> str:
        """Return how a job that left no model ended, as a sentence goes on."""
        if self.problem:
            return f"left what cannot be taken: {self.problem}"
        if self.ended.reason in ENDED:
            return ENDED[self.ended.reason]
        return (
            f"ended with exit code {self.ended.code}" if self.ended.code else "left no model in SM_MODEL_DIR"
        )

    @property
    def last_words(self) -> str:
        """Return a sentence with the last line that it printed."""
        return last_words(self.log)


def last_words(log: Path) -> str:
    """Return a sentence with the last line of a job's log, without the credentials in it."""
    lines = tail(log, _LAST).decode("utf-8", "replace").strip().splitlines()
    return f" Its last line: {printable(hidden(lines[-1])[:300])}" if lines else " It printed nothing."


def write_channel(schema: pyarrow.Schema, batches: Iterable[pyarrow.RecordBatch], folder: Path) -> Path:
    """Write rows as ``data.csv`` into a new folder, which a script reads as a channel; return the folder.

    schema: of the header where there is no batch.
    """
    import pyarrow.csv as pacsv

    folder.mkdir(parents=True)
    given = iter(batches)
    first = next(given, None)
    with pacsv.CSVWriter(folder / "data.csv", schema if first is None else first.schema) as writer:
        for batch in itertools.chain([first] if first is not None else [], given):
            writer.write_batch(batch)
    return folder


def train(
    script: Path,
    channels: Mapping[str, Path],
    hyperparameters: Mapping[str, Any],
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
) -> Trained:
    """Run ``script`` (its folder goes with it), its channels read-only, its model folder writable, no network.

    reach: the stores it may reach after all, its workers, its image. Each worker has folders of its own; the model of a job
    of several is what the first leaves.

    The wheels that a requirements.txt beside it asks for are installed first, into a folder cached by their digest
    that the job can only read. python, threads: other than those of here. Refused where the isolation demanded cannot
    be had.
    """
    reach = reach or Reach()
    python = reach.python(python or interpreters.here())
    code, packages = own_code(script, scratch, requirements_cache, reach)
    read = (code, *channels.values(), *([packages] if packages else []), *python.read)
    argv = [str(python.path), "-u", str(code / script.name), *as_flags(hyperparameters)]

    def worker(place: Place | None, folder: Path) -> tuple[list[str], Grant, Path]:
        folders = {"model": folder / "model", "output": folder / "output", "code": code}
        folders["model"].mkdir(parents=True, exist_ok=True)
        (folders["output"] / "data").mkdir(parents=True)
        env = _environment(script, channels, hyperparameters, folders, seed, threads, place)
        if packages is not None:
            env["PYTHONPATH"] = str(packages)
        grant = Grant(read, (folders["model"], folders["output"]), env, limits, level)
        return argv, reach.grant(grant, place), folders["output"]

    log = scratch / "log.txt"
    ended = run_workers(worker, reach, script.name, log=log, scratch=scratch, recorder=recorder)
    folders = {"model": scratch / "model", "output": scratch / "output"}
    model, problem = None, ""
    if ended.reason == "exit" and ended.code == 0:
        model, problem = _collected(folders["model"], scratch / "model.tar.gz", limits)
    return Trained(
        model, folders["output"], log, ended, described(packages, python) | reach.environment(), problem
    )


def own_code(script: Path, scratch: Path, cache: Path, reach: Reach) -> tuple[Path, Path | None]:
    """Copy a script's folder into ``scratch``, and install what a requirements.txt there asks for; return both places.

    UsageError of one in an image, which brings its own packages.
    """
    code = scratch / "code"
    # Links stay links: what they lead to here is not there inside.
    shutil.copytree(script.parent, code, symlinks=True, dirs_exist_ok=True)
    if reach.image is not None and (code / "requirements.txt").is_file():
        raise UsageError(
            "a requirements.txt is installed for this machine's Python, and the step runs in an image",
            where="requirements.txt",
            remedy="put the packages into the image",
        )
    return code, requirements.install(code / "requirements.txt", cache)


def run_workers(
    worker: Callable[[Place | None, Path], tuple[list[str], Grant, Path]],
    reach: Reach,
    name: str,
    *,
    log: Path,
    scratch: Path,
    recorder: Recorder | None,
) -> Ended:
    """Run a script's job to its end, of one worker or of several. worker: its command, grant and working directory."""
    if reach.workers == 1:
        argv, grant, cwd = worker(None, scratch)
        return run_job(argv, grant, name, log=log, cwd=cwd, recorder=recorder)
    with spanned(recorder, f"job {name}") as span:
        ended = run_together(worker, reach, log=log, scratch=scratch)
        if span is not None:
            span.set(
                assay__isolation=ended.level,
                assay__peak_memory=ended.peak_memory,
                assay__exit_code=ended.code,
            )
            if ended.reason != "exit" or ended.code:
                span.fail(ENDED.get(ended.reason, f"ended with exit code {ended.code}"))
        return ended


def run_job(
    argv: list[str], grant: Grant, name: str, *, log: Path, cwd: Path, recorder: Recorder | None
) -> Ended:
    """Run a team's script to its end, as a span; what it tells of itself (ASSAY_SPANS) is below that."""
    with spanned(recorder, f"job {name}") as span:
        if span is None or recorder is None:
            return run(argv, grant, log=log, cwd=cwd)
        told = log.parent / "told"
        told.mkdir()
        env = {**grant.env, toldspans.VARIABLE: str(told / toldspans.FILE)}
        ended = run(argv, replace(grant, env=env, write=(*grant.write, told)), log=log, cwd=cwd)
        recorder.told(span, toldspans.read_file(told / toldspans.FILE))
        span.set(
            assay__isolation=ended.level, assay__peak_memory=ended.peak_memory, assay__exit_code=ended.code
        )
        if ended.reason != "exit" or ended.code:
            span.fail(ENDED.get(ended.reason, f"ended with exit code {ended.code}"))
        return ended


def _collected(folder: Path, to: Path, limits: Limits) -> tuple[Path | None, str]:
    """Pack what lies in the model's folder, or say why it cannot be. Nothing of the job is alive any more."""
    try:
        if all(entry.is_folder for entry in entries(folder)):
            return None, ""
        archives.pack(folder, to, archives.Bounds(size=limits.disk))
    except BadInput as error:
        to.unlink(missing_ok=True)
        return None, str(error)
    return to, ""


def as_flags(hyperparameters: Mapping[str, Any]) -> list[str]:
    """Return ``--name value`` for each, a value that is no text as JSON."""
    out: list[str] = []
    for name, value in hyperparameters.items():
        out += [f"--{name}", as_text(value)]
    return out


def as_text(value: Any) -> str:
    """Return a text as it is, and anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def _environment(
    script: Path,
    channels: Mapping[str, Path],
    hyperparameters: Mapping[str, Any],
    folders: Mapping[str, Path],
    seed: int,
    threads: int | None,
    place: Place | None = None,
) -> dict[str, str]:
    cores = threads or len(os.sched_getaffinity(0))
    flags = as_flags(hyperparameters)
    output_data = str(folders["output"] / "data")
    hosts = list(place.names) if place is not None else ["algo-1"]
    host, interface = (hosts[place.rank], links.INTERFACE) if place is not None else (hosts[0], "lo")
    resources = {"current_host": host, "hosts": hosts, "network_interface_name": interface}
    training = {
        "channel_input_dirs": {n: str(p) for n, p in channels.items()},
        "hyperparameters": dict(hyperparameters),
        "model_dir": str(folders["model"]),
        "output_data_dir": output_data,
        "num_cpus": cores,
        "num_gpus": 0,
        "module_name": script.stem,
        "user_entry_point": script.name,
        **resources,
    }
    env = {
        "SM_MODEL_DIR": str(folders["model"]),
        "SM_OUTPUT_DIR": str(folders["output"]),
        "SM_OUTPUT_DATA_DIR": output_data,
        "SM_INPUT_DIR": str(next(iter(channels.values())).parent) if channels else "",
        "SM_CHANNELS": json.dumps(sorted(channels)),
        "SM_HPS": json.dumps(dict(hyperparameters)),
        "SM_NUM_CPUS": str(cores),
        "SM_NUM_GPUS": "0",
        "SM_HOSTS": json.dumps(hosts),
        "SM_CURRENT_HOST": host,
        "SM_NETWORK_INTERFACE_NAME": interface,
        "SM_RESOURCE_CONFIG": json.dumps(resources),
        "SM_MODULE_DIR": str(folders["code"]),
        "SM_MODULE_NAME": script.stem,
        "SM_USER_ENTRY_POINT": script.name,
        "SM_USER_ARGS": json.dumps(flags),
        "SM_TRAINING_ENV": json.dumps(training),
        "SM_LOG_LEVEL": "20",
        "OMP_NUM_THREADS": str(cores),
        "PYTHONHASHSEED": str(seed % 4_294_967_295),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "ASSAY_SEED": str(seed),
    }
    env |= {f"SM_CHANNEL_{as_variable(name)}": str(path) for name, path in channels.items()}
    return env | {f"SM_HP_{as_variable(name)}": as_text(value) for name, value in hyperparameters.items()}


def as_variable(name: str) -> str:
    """Return a name as the environment spells it: ``learning-rate`` is LEARNING_RATE."""
    return "".join(c if c.isalnum() else "_" for c in name).upper()


def described(packages: Path | None, python: Interpreter) -> dict[str, Any]:
    """Return what the job could import: what its Python finds, and what was installed for it."""
    found = {d.metadata["Name"]: d.version for d in distributions()} if python.here else dict(python.packages)
    own = {d.metadata["Name"]: d.version for d in distributions(path=[str(packages)])} if packages else {}
    return {
        "python": python.version,
        "system": f"{platform.system()} {platform.machine()}",
        "packages": dict(sorted(found.items())),
        "installed": dict(sorted(own.items())),
    }
