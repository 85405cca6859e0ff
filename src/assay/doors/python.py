"""The Python door: checks on tables in memory or on paths, without a home; and runs of notebooks and scripts, in one.

>>> import assay, pandas
>>> assay.check("data.profile", pandas.DataFrame({"age": [34, 51, 28]})).outcome
'pass'
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.doors.endpoints import Endpoints, endpoints
from assay.doors.registry import Registry, registry
from assay.kernel.errors import UsageError
from assay.kernel.report import Finding, Metric, Report
from assay.kernel.severity import SEVERITIES, Severity
from assay.kernel.verdict import Gate, Verdict
from assay.methods.nearest import did_you_mean

__all__ = ["Endpoints", "Registry", "Result", "check", "endpoints", "list_checks", "registry", "run", "span"]

if TYPE_CHECKING:
    from assay.works.tracking.run import TrackedRun


@dataclass(frozen=True, slots=True)
class Result:
    """A report held against a gate; in a notebook it shows itself."""

    verdict: Verdict

    @property
    def report(self) -> Report:
        """Return the report."""
        return self.verdict.report

    @property
    def outcome(self) -> str:
        """Return pass, fail, incomplete or error."""
        return self.verdict.outcome

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return what was found, gravest first."""
        return self.report.findings

    def metric(self, name: str, **of: Any) -> Metric:
        """Return the first metric of that name; KeyError where there is none."""
        return self.report.metric(name, **of)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON (assay.report/1)."""
        from assay.works.registering import tool

        return self.verdict.to_dict(tool())

    def render(self, format: str = "text") -> str:
        """Return the report as text, json, html, sarif, junit or markdown."""
        from assay.reports import render
        from assay.works.registering import tool

        return render([self.verdict], format, tool=tool())

    def save(self, path: str | os.PathLike[str], format: str | None = None) -> Path:
        """Write the report to a file; the format is that of the file's suffix unless named."""
        to = Path(path)
        known = {".html": "html", ".json": "json", ".sarif": "sarif", ".xml": "junit", ".md": "markdown"}
        to.write_text(self.render(format or known.get(to.suffix, "text")), encoding="utf-8")
        return to

    def _repr_html_(self) -> str:
        """Return the page in a frame of its own: in a notebook its style and anchors touch nothing outside."""
        from assay.reports.html import framed
        from assay.works.registering import tool

        return framed([self.verdict], tool())

    def __repr__(self) -> str:
        report = self.report
        subject = f" {report.subject.name}" if report.subject else ""
        return f"<assay.Result {report.check}{subject}: {self.outcome}, {len(report.findings)} findings>"

    def __str__(self) -> str:
        return self.render("text")


def check(
    name: str,
    target: Any,
    *,
    fail_on: str = "high",
    seed: int = 7,
    keep: str | os.PathLike[str] | None = None,
    isolation: str | None = None,
    **params: Any,
) -> Result:
    """Examine ``target`` with the check called ``name`` and return its result.

    target: a pandas, polars or Arrow table, a model in memory (an object with ``predict``, or a function of a DataFrame
    that gives predictions or scores), or a path. params: the check's own, as ``assay checks NAME`` lists them;
    a single value may stand for a list of one. keep: a folder that the outputs are copied into. Records nothing:
    use ``assay check`` inside a home for that. Raises AssayError when the target cannot be examined.
    """
    from assay.works.checking import carry_out
    from assay.works.settings import read_settings

    settings = read_settings(None, os.environ)
    if isolation is not None:
        settings = settings.updated({"isolation": isolation}, "isolation")
    verdict = carry_out(
        "check",
        name,
        os.fspath(target) if isinstance(target, os.PathLike) else target,
        params,
        home=None,
        gate=_gate(fail_on),
        settings=settings,
        keep=Path(keep) if keep is not None else None,
        seed=seed,
    )
    return Result(verdict)


@contextlib.contextmanager
def span(name: str, **attributes: Any) -> Iterator[None]:
    """Record how long the block takes, as a span of the run that it is within.

    Inside ``with assay.run(…)`` it is one of that run's; in a script that Assay trains or processes with, it is told
    through the sandbox's wall as a name and two times, and marked as told from inside. Anywhere else it does nothing.
    Show it with ``assay runs show --trace``.
    """
    tracking = sys.modules.get("assay.works.tracking.run")  # what is not loaded has no run under way
    run = tracking.current() if tracking is not None else None
    if run is not None and run.outcome == "running":
        with run.span(name, **attributes):
            yield
        return
    start = time.time_ns()
    try:
        yield
    finally:
        if file := os.environ.get("ASSAY_SPANS"):
            from assay.engines.toldspans import tell

            tell(file, name, start, time.time_ns())


def run(
    name: str,
    *,
    experiment: str = "",
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    seed: int | None = None,
    contexts: Sequence[str] = (),
    durable: bool = False,
    home: str | os.PathLike[str] | None = None,
) -> TrackedRun:
    """Begin a run of a notebook or a script in the nearest home, with its code, packages, machine and seeds recorded.

    Used as ``with assay.run("train") as run:``, it ends with the block, and an exception is recorded with its sentence.
    Inside another run it is a part of that. What is logged survives the death of the process at once, and a loss of power
    within a second; durable: each call returns when it is on the disk. seed: Python, NumPy and PyTorch are seeded with
    it. home: its ``.assay`` folder or the one above. UsageError where there is no home.
    """
    from assay.works.home import FOLDER, Home
    from assay.works.tracking.beginning import tracked
    from assay.works.tracking.run import current

    parent = current()
    options: dict[str, Any] = {
        "experiment": experiment,
        "params": params,
        "tags": tags,
        "seed": seed,
        "durable": durable,
        "contexts": tuple(contexts),
    }
    if parent is not None and home is None and parent.outcome == "running":
        return tracked(parent.home, name, parent=parent, **options)
    if home is None:
        found = Home.find(Path.cwd(), os.environ)
    else:
        root = Path(home) if (Path(home) / "home.json").is_file() else Path(home) / FOLDER
        found = Home.open(root, os.environ) if (root / "home.json").is_file() else None
    if found is None:
        raise UsageError("there is no home here", remedy="`assay init` makes one, or set ASSAY_HOME")
    try:
        return tracked(found, name, owns=True, **options)
    except BaseException:
        found.close()
        raise


def _gate(fail_on: str) -> Gate:
    known = (*SEVERITIES, "none")
    if fail_on not in known:
        raise UsageError(f"fail_on cannot be {fail_on!r}", remedy=did_you_mean(str(fail_on), known))
    return Gate(None if fail_on == "none" else Severity.parse(fail_on))


def list_checks() -> dict[str, str]:
    """Return every check's name and what it does."""
    from assay.works import declared

    return {item.name: item.summary for item in declared.listing("check")}
