"""What every job of a team's own script may be told: its options, named once, and what they come to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Ge, Le
from typing_extensions import Doc

from assay.kernel.errors import UsageError
from assay.kernel.report import Finding
from assay.kernel.severity import Severity
from assay.works import reaching
from assay.works.scripts import CHANNEL, copy_code
from assay.works.work import LocalWork

if TYPE_CHECKING:
    from assay.engines.isolation.grant import Limits
    from assay.engines.processing import Processed
    from assay.engines.reach import Reach
    from assay.engines.training import Trained

Source = Annotated[Path | None, Doc("the folder that goes with the script; alone, the script goes alone")]
Bounds = Annotated[dict[str, Any], Doc("memory, minutes, processes, disk")]
Isolation = Annotated[Literal["full", "partial"] | None, Doc("the least isolation this script accepts")]
Workers = Annotated[int, Ge(1), Le(64), Doc("so many, in a private network among themselves alone")]
Network = Annotated[
    dict[str, Any] | None,
    Doc(
        "stores it may reach: {allow: [https://HOST, s3://BUCKET/PREFIX], credential: read}; none: no network"
    ),
]
Isolated = Annotated[bool | None, Doc("true: no store is reached, whatever else is said")]
Encrypted = Annotated[bool | None, Doc("TLS between workers, by certificates of this job alone")]
Image = Annotated[
    Path | None, Doc("a saved image, such as an OCI layout: the file system that the script runs in")
]


@dataclass(frozen=True, slots=True)
class Job:
    """A script's job before it begins. code: the folder that is run, apart from where it came from."""

    work: LocalWork
    code: Path
    limits: Limits
    level: str
    reach: Reach

    @classmethod
    def of(
        cls,
        script: Path,
        source: Path | None,
        work: LocalWork,
        *,
        what: str = "training",
        limits: dict[str, Any],
        isolation: str | None,
        **network: Any,
    ) -> Job:
        """Copy its code, and read what it was told. network: as ``reaching.reach_of`` takes it."""
        from assay.engines.isolation.limits import read_limits

        bounds = read_limits(limits)
        reach = reaching.reach_of(work, seconds=bounds.seconds, **network)
        code = work.scratch / "code"
        copy_code(script, source, code, what)
        level = "none" if work.isolation == "none" else isolation or work.isolation
        return cls(work, code, bounds, level, reach)

    @property
    def around(self) -> dict[str, Any]:
        """Return what ``engines.training.train`` and ``engines.processing.process`` take besides the script and its input."""
        work = self.work
        return {
            "limits": self.limits, "level": self.level, "scratch": work.scratch / "job",
            "requirements_cache": work.cache or work.scratch / "requirements", "seed": work.seed, "recorder": work.recorder,
            "python": work.python, "threads": work.threads, "reach": self.reach,
        }  # fmt: skip


def plain_names(names: Iterable[str], what: str) -> None:
    """UsageError where a table's name could not be a folder's. what: such as a channel."""
    for name in names:
        if not CHANNEL.fullmatch(name):
            raise UsageError(f"{what} cannot be called {name!r}", remedy="use letters, digits, -, _ and .")


def failed(verb: str, what: str, script: Path, done: Trained | Processed, said: str = "") -> Finding:
    """Return the finding of a job that made nothing. said: how it ended, where the job itself cannot say it."""
    from assay.engines.training import ENDED

    return Finding(
        f"{verb}.{done.ended.reason if done.ended.reason in ENDED else 'failed'}",
        Severity.CRITICAL,
        f"The {what} script {script.name} {said or done.said}.{done.last_words}",
        {"file": script.name},
        "give that file of its output another name"
        if said
        else "read its log in the report; raise the limit under `limits:` only if the job needs it",
    )
