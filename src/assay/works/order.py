"""In which order steps run, and which gate stands before which use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.works.step import Step

SCAN = "model.scan"


@dataclass(frozen=True, slots=True)
class Needs:
    """What a step waits for. made: steps whose output or report it uses; gates: steps whose gate must pass;
    order: steps that must have ended, however they ended.
    """

    made: frozenset[str]
    gates: frozenset[str]
    order: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        """Return every step it waits for."""
        return self.made | self.gates | self.order


def arrange(steps: Mapping[str, Step], data: frozenset[str]) -> dict[str, Needs]:
    """Return each step's needs, in an order that can run; UsageError where the steps go in a circle.

    A gate stands before every other use of what its step examines. Checks of one thing that each have a gate do
    not wait for one another, or none could begin; but model.scan comes before whatever loads the model.
    """
    needs = {name: _needs(step, steps, data) for name, step in steps.items()}
    graph = {name: n.all for name, n in needs.items()}
    try:
        order = tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = [str(n) for n in error.args[1]]
        place = steps[circle[0]].place
        raise place.error(
            f"the steps wait for one another in a circle: {' → '.join(reversed(circle))}",
            "remove one of these uses, or say `after:` in one of them",
        ) from None
    file_order = {name: i for i, name in enumerate(steps)}
    return {name: needs[name] for name in _stable(order, graph, file_order)}


def _stable(
    order: tuple[str, ...], graph: Mapping[str, frozenset[str]], rank: Mapping[str, int]
) -> list[str]:
    """Among the steps that are ready, the one written first runs first."""
    waiting = set(order)
    done: list[str] = []
    while waiting:
        ready = min((n for n in waiting if not (graph[n] & waiting)), key=rank.__getitem__)
        waiting.remove(ready)
        done.append(ready)
    return done


def _needs(step: Step, steps: Mapping[str, Step], data: frozenset[str]) -> Needs:
    made = {ref.name for ref in step.inputs.values() if ref.name not in data} | set(step.reports.values())
    order = set(step.after or ())
    gates: set[str] = set()
    if step.uses == "model.register":
        gates = {n for n, s in steps.items() if s.verb != "do" and n != step.name}
    elif step.after is None:
        gates = {n for n, s in steps.items() if n != step.name and _guards(s, step)}
    return Needs(frozenset(made), frozenset(gates - made), frozenset(order - made - gates))


def _guards(guard: Step, step: Step) -> bool:
    """Whether ``guard`` is a gate in front of ``step``."""
    if guard.verb != "check" or guard.gate.at is None or guard.subject is None:
        return False
    if guard.subject not in step.inputs.values():
        return False
    if step.uses == SCAN:
        return False
    if guard.uses == SCAN:
        return True
    peers = step.verb == "check" and step.gate.at is not None
    return not peers and step.name not in guard.reports.values()
