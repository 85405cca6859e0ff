"""Counts and histograms by labels, added up over processes, and written as Prometheus reads them (text format 0.0.4)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
Labels = tuple[str, ...]


@dataclass
class Counter:
    """What only grows, by the values of its labels."""

    name: str
    help: str
    labels: Labels = ()
    values: dict[Labels, float] = field(default_factory=dict)
    kind: str = "counter"

    def add(self, labels: Labels = (), amount: float = 1.0) -> None:
        """Count."""
        self.values[labels] = self.values.get(labels, 0.0) + amount

    def set(self, labels: Labels, value: float) -> None:
        """Say how many there are now (a gauge)."""
        self.values[labels] = value

    def lines(self) -> Iterable[str]:
        """Give its samples."""
        for values, number in sorted(self.values.items()):
            yield f"{self.name}{_labels(self.labels, values)} {_number(number)}"

    def dump(self) -> list[Any]:
        """Return its samples as JSON."""
        return [[list(k), v] for k, v in self.values.items()]

    def load(self, dumped: Sequence[Any]) -> None:
        """Add the samples of another process."""
        for labels, value in dumped:
            self.add(tuple(labels), value)


@dataclass
class Histogram:
    """How long things took, by the values of its labels. bounds: upper ones, in seconds, rising."""

    name: str
    help: str
    labels: Labels = ()
    bounds: tuple[float, ...] = SECONDS
    values: dict[Labels, list[float]] = field(
        default_factory=dict
    )  # a count a bucket, over all bounds, the sum
    kind: str = "histogram"

    def observe(self, labels: Labels, seconds: float) -> None:
        """Count one."""
        held = self.values.get(labels)
        if held is None:
            held = self.values[labels] = [0.0] * (len(self.bounds) + 2)
        held[bisect_left(self.bounds, seconds)] += 1
        held[-1] += seconds

    def lines(self) -> Iterable[str]:
        """Give its samples: cumulative buckets, the sum and the count."""
        for values, held in sorted(self.values.items()):
            below = 0.0
            for bound, number in zip((*self.bounds, None), held[:-1], strict=True):
                below += number
                shown = "+Inf" if bound is None else f"{bound:g}"
                yield f"{self.name}_bucket{_labels((*self.labels, 'le'), (*values, shown))} {_number(below)}"
            yield f"{self.name}_sum{_labels(self.labels, values)} {held[-1]:.9g}"
            yield f"{self.name}_count{_labels(self.labels, values)} {_number(below)}"

    def dump(self) -> list[Any]:
        """Return its samples as JSON."""
        return [[list(k), list(v)] for k, v in self.values.items()]

    def load(self, dumped: Sequence[Any]) -> None:
        """Add the samples of another process; those of other bounds are left aside."""
        for labels, values in dumped:
            held = self.values.setdefault(tuple(labels), [0.0] * (len(self.bounds) + 2))
            if len(values) == len(held):
                held[:] = [a + b for a, b in zip(held, values, strict=True)]


def text(metrics: Iterable[Counter | Histogram]) -> str:
    """Return metrics as Prometheus reads them."""
    out: list[str] = []
    for metric in metrics:
        out += [f"# HELP {metric.name} {_help(metric.help)}", f"# TYPE {metric.name} {metric.kind}"]
        out += metric.lines()
    return "\n".join(out) + "\n"


def _labels(names: Labels, values: Labels) -> str:
    if not names:
        return ""
    pairs = zip(names, values, strict=True)
    return "{" + ",".join(f'{n}="{_escaped(v)}"' for n, v in pairs) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _help(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.9g}"


def merged(dumps: Iterable[Mapping[str, Any]], into: Iterable[Counter | Histogram]) -> None:
    """Add up what several processes dumped, name → samples."""
    metrics = {m.name: m for m in into}
    for dump in dumps:
        for name, samples in dump.items():
            if name in metrics:
                metrics[name].load(samples)
