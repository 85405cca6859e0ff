"""Why a step comes out otherwise than it did: proved, where carrying it out again can prove it, and else as likely.

Two runs here that part from one another prove that nothing governs the step's chance; where two runs with one thread
agree, it is the threads. A step that comes out the same each time here owes it to what is other here than it was then.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assay.works.done import Done
from assay.works.reproduction.environment import Surroundings, files
from assay.works.scripts import BESIDE

if TYPE_CHECKING:
    from assay.works.bench import Bench
    from assay.works.reproduction.rebuild import Rebuild, Say

_MOST = 4  # packages that a sentence names


@dataclass(frozen=True, slots=True)
class Cause:
    """kind: seed, threads, package, python, machine, assay or unknown. proved: whether a run here shows it."""

    kind: str
    step: str
    said: str
    proved: bool
    more: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"kind": self.kind, "step": self.step, "said": self.said, "proved": self.proved, **self.more}


def causes(rebuild: Rebuild, step: str, around: Surroundings, *, probes: bool, say: Say) -> list[Cause]:
    """Return why a step that read the very same came out otherwise, the likeliest first. probes: whether it may run again."""
    first = rebuild.made[step].done
    if first is None:
        return []
    if probes:
        proved = _probed(rebuild, step, first, say)
        if proved is not None:
            return [proved]
    script = rebuild.pipeline.steps[step].script is not None
    out = list(_elsewhere(rebuild, step, around) if script else _ours(rebuild, step, first, around))
    twice = (
        "it comes out the same each time here, and otherwise than it did then"
        if probes
        else "it comes out otherwise"
    )
    if out:
        return out
    drawn = _drawn(rebuild, step)
    hint = f"; {drawn[0]['said']} (line {drawn[0]['line']} of {drawn[0]['file']})" if drawn else ""
    return [
        Cause(
            "unknown",
            step,
            f"{twice}; nothing that was recorded of where it ran differs{hint}",
            False,
            {"drawn": drawn},
        )
    ]


def _probed(rebuild: Rebuild, step: str, first: Done, say: Say) -> Cause | None:
    bench = rebuild.stage.bench
    say(f"running {step} again, to see whether it comes out the same twice")
    second = rebuild.again(step)
    script = rebuild.pipeline.steps[step].script is not None
    threads = bench.threads or len(os.sched_getaffinity(0))
    if signature(second) == signature(first):
        if not script or threads == 1:
            return None
        say(f"running {step} with one thread")
        with one_thread(bench):
            alone = signature(rebuild.again(step))
        if alone != signature(first) and alone == _recorded(rebuild, step):
            said = f"with one thread it comes out as it did; with {threads}, as here, it does not"
            return Cause("threads", step, said, True, {"threads": threads})
        return None
    more: dict[str, Any] = {"runs": 2, "drawn": _drawn(rebuild, step)}
    if not script:
        return Cause(
            "seed",
            step,
            "two runs here, on the same data with the same seed, part from one another",
            True,
            more,
        )
    say(f"running {step} twice with one thread")
    with one_thread(bench):
        single = [signature(rebuild.again(step)) for _ in range(2)]
    if single[0] == single[1]:
        said = f"with one thread two runs agree; with {threads} they part, as threads add up in the order they finish"
        return Cause("threads", step, said, True, more | {"threads": threads})
    said = "two runs here, on the same data with the same seed and code, part from one another: nothing seeds what it draws"
    if more["drawn"]:
        where = more["drawn"][0]
        said += f"; line {where['line']} of {where['file']}: {where['said']}"
    return Cause("seed", step, said, True, more)


def signature(done: Done) -> tuple[Any, ...]:
    """Return what a step made, by digest; of one that makes nothing, its outcome and its metrics."""
    from assay.works.reproduction.documents import TIMED

    made = tuple(sorted((n, a.digest) for n, a in done.outputs.items() if n not in BESIDE))
    if made or done.verdict is None:
        return (done.outcome, made)
    metrics = tuple(
        (m.name, str(sorted(m.of.items())), m.value)
        for m in done.verdict.report.metrics
        if m.name not in TIMED
    )
    return (done.outcome, metrics)


def _recorded(rebuild: Rebuild, step: str) -> tuple[Any, ...]:
    was = rebuild.past.steps[step]
    return (was.outcome, tuple(sorted((n, a.digest) for n, a in was.outputs.items() if n not in BESIDE)))


@contextlib.contextmanager
def one_thread(bench: Bench) -> Iterator[None]:
    """Run jobs on one processor, told of one: whatever counts processors finds one."""
    before, cores = bench.threads, bench.cores
    allowed = os.sched_getaffinity(0)
    bench.threads = bench.cores = 1
    os.sched_setaffinity(0, {min(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
        bench.threads, bench.cores = before, cores


def _drawn(rebuild: Rebuild, step: str) -> list[dict[str, Any]]:
    """Return where the step's script draws what no seed governs."""
    from assay.methods.randomness import drawn
    from assay.works.provenance.recording import is_path

    value = rebuild.past.document["steps"][step]["params"].get("script")
    if not is_path(value):
        return []
    return [
        {"file": path, "line": d.line, "kind": d.kind, "said": d.said}
        for text, path in files(value["digest"], rebuild.stage.bench.store)
        for d in drawn(text)
    ][:20]


def _elsewhere(rebuild: Rebuild, step: str, around: Surroundings) -> Iterator[Cause]:
    """Give what is other here than it was where a script ran, and may be why."""
    packages = around.of_scripts or around.packages
    if packages:
        more = (
            ""
            if not around.python.here
            else "; rebuild it with those recorded to prove it: --wheels DIR, --build or --python"
        )
        yield Cause("package", step, _packages(packages) + more, False, {"packages": list(packages)})
    yield from _machine(step, around)


def _ours(rebuild: Rebuild, step: str, first: Done, around: Surroundings) -> Iterator[Cause]:
    """Give what may be why a check or a treatment comes out otherwise: the engines it works with, or its own code.

    The key under which its result was kept holds both, with what it read and was told.
    """
    from assay.works.reuse import ENGINES

    packages = {n: v for n, v in around.packages.items() if n in ENGINES}
    if packages:
        yield Cause("package", step, _packages(packages), False, {"packages": list(packages)})
    elif _other_key(rebuild, step, first):
        yield Cause("assay", step, "Assay's own code of this step is another than it was then", False)
    yield from _machine(step, around)


def _other_key(rebuild: Rebuild, step: str, first: Done) -> bool:
    from assay.works.reuse import reuse_key

    was, told = rebuild.past.steps[step], rebuild.pipeline.steps[step]
    then = rebuild.past.document["bench"]
    if not was.key or first.verdict is None:
        return False
    reports = {
        p: d.verdict.report for p, n in told.reports.items() if (d := rebuild.steps.done.get(n)) and d.verdict
    }
    seed = told.seed if told.seed is not None else rebuild.pipeline.seed
    level = then.get("isolation_then") or then["isolation"]
    now = reuse_key(told, first.inputs, reports, told.params, seed, level, then.get("engine") or "duckdb")
    return now != was.key


def _machine(step: str, around: Surroundings) -> Iterator[Cause]:
    then = around.recorded.get("python")
    if then != around.python.version:
        yield Cause("python", step, f"Python is {around.python.version} (recorded: {then})", False)
    told = {k: v for k, v in around.machine.items() if k != "release"}
    if told:
        said = ", ".join(f"{k} {b} (recorded: {a})" for k, (a, b) in told.items())
        yield Cause("machine", step, f"the machine is another: {said}", False)


def _packages(packages: Mapping[str, tuple[str, str]]) -> str:
    names = [f"{n} {b or 'is not here'} (recorded: {a or 'none'})" for n, (a, b) in packages.items()]
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"the packages are others: {', '.join(names[:_MOST])}{more}"
