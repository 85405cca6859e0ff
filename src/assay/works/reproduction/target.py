"""What a person wants rebuilt: a run, or a model of the registry through the run that made it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import Missing, UsageError

if TYPE_CHECKING:
    from assay.office.registry import PackageRecord
    from assay.works.home import Home
    from assay.works.provenance.past import Past


@dataclass(frozen=True, slots=True)
class Target:
    """A run, and the package that was asked for, None where a run was."""

    past: Past
    package: PackageRecord | None = None

    @property
    def urn(self) -> str:
        """Return what the log calls it."""
        return self.package.urn if self.package is not None else f"run/{self.past.id}"

    @property
    def step(self) -> str:
        """Return the step that made the package's model, "" of a run."""
        if self.package is None:
            return ""
        digest = self.package.files[str(self.package.metadata["artifact"])]
        made = (
            s.name for s in self.past.steps.values() if any(a.digest == digest for a in s.outputs.values())
        )
        return next(made, "")

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        package = self.package
        return {
            "run": self.past.id,
            "pipeline": self.past.run.pipeline,
            "model": f"{package.name}@{package.version}" if package is not None else None,
            "model_step": self.step or None,
        }


def target(home: Home, text: str) -> Target:
    """Return what a text names: a run (its id or the beginning of it, ``last``, ``last~1``), or a model.

    A model is ``registry://NAME``, ``NAME@VERSION`` or any name of the registry that is no run. Missing where it is
    neither, where no run made the model, or where its run made another.
    """
    from assay.office import registry
    from assay.works.provenance.past import past

    if text.startswith("registry://") or "@" in text:
        return _of(home, registry.get(home.office, text))
    try:
        return Target(_with_steps(past(home, text)))
    except Missing as error:
        try:
            record = registry.get(home.office, text)
        except (Missing, UsageError):
            raise error from None
        return _of(home, record)


def _with_steps(found: Past) -> Past:
    if found.document["steps"]:
        return found
    raise UsageError(
        f"the run {found.id} was recorded from a script or a notebook, and has no pipeline that could be carried out again",
        remedy="make a pipeline of it: an assay.yaml with a train step",
    )


def _of(home: Home, record: PackageRecord) -> Target:
    from assay.office import runs
    from assay.works.provenance.past import read

    if not record.run:
        raise Missing(
            f"{record.name}@{record.version} was registered from a file, and no run made it",
            remedy="name a run",
        )
    found = Target(_with_steps(read(home, runs.get(home.office, record.run))), record)
    if not found.step:
        raise Missing(f"no step of the run {record.run} made the model of {record.name}@{record.version}")
    return found
