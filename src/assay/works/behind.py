"""Which reports of a pipeline are about a step's subject: of what made it, of what examined it, and of the data behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from assay.works.signature import Param

if TYPE_CHECKING:
    from assay.works.step import Step


def given_all(
    step: Step, params: Mapping[str, Param], steps: Mapping[str, Step], asking: frozenset[str]
) -> Step:
    """Return the step with every report behind its subject, where it may have them all and none was named.

    asking: the steps that may; none of them is told of another.
    """
    param = next((p for p in params.values() if p.role == "report" and p.all_about), None)
    if param is None or any(name.startswith(f"{param.name}.") for name in step.reports):
        return step
    found = behind(step, steps) - asking
    return replace(step, reports={**step.reports, **{f"{param.name}.{n}": n for n in steps if n in found}})


def behind(step: Step, steps: Mapping[str, Step]) -> set[str]:
    """Return the names of the steps whose reports are about a step's subject.

    Those are the steps that made it and the data it was made from, back to the first; the checks whose own subject is one
    of these; and, of the data that such a check judged it on, likewise. Another model that it was compared with, and what
    was made from the same data besides, are not about it.
    """
    found, things = set[str](), {step.subject} if step.subject else set()
    known = -1
    while len(things) + len(found) > known:
        known = len(things) + len(found)
        for name, other in steps.items():
            if name == step.name or other.verb == "do":
                continue
            makes = other.verb != "check" and any(thing.name == name for thing in things)
            if makes or (other.verb == "check" and other.subject in things):
                found.add(name)
                things |= {r for r in other.inputs.values() if makes or not _trained(r.name, steps)}
    return found


def _trained(name: str, steps: Mapping[str, Step]) -> bool:
    return name in steps and steps[name].verb == "train"
