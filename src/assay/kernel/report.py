"""What an examination says: findings, metrics, coverage, charts, and the report that holds them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from assay.kernel.asset import Asset
from assay.kernel.canonical import digest_of, plain
from assay.kernel.errors import UsageError
from assay.kernel.severity import Severity

SCHEMA = "assay.report/1"
# A place that stays where it is when rows are added or bytes move; the rest of `where` only helps to look.
STABLE = (
    "file",
    "member",
    "column",
    "step",
    "resource",
    "package",
    "facet",
    "group",
    "class",
    "pair",
    "field",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person should act on.

    rule: check + rule, such as ``data.bias.DPL``. message: one full sentence.
    where: what fits of file, line, member, offset, opcode, column, row, step, resource, package, commit.
    count: how many places it stands for; findings are capped per rule, with the count kept.
    """

    rule: str
    severity: Severity
    message: str
    where: Mapping[str, Any] = field(default_factory=dict)
    remedy: str = ""
    refs: tuple[str, ...] = ()
    count: int = 1

    def fingerprint(self, asset_name: str) -> str:
        """Return 16 hex digits that name this finding across versions: no digest, no row, no value."""
        place = {k: v for k, v in self.where.items() if k in STABLE}
        return digest_of([self.rule, asset_name, place])[7:23]

    def to_dict(self, asset_name: str = "") -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "rule": self.rule,
            "severity": str(self.severity),
            "message": self.message,
            "where": plain(dict(self.where)),
            "remedy": self.remedy,
            "refs": list(self.refs),
            "count": self.count,
            "fingerprint": self.fingerprint(asset_name),
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Finding:
        """Read what to_dict wrote."""
        return cls(
            raw["rule"],
            Severity.parse(raw["severity"]),
            raw["message"],
            dict(raw.get("where", {})),
            raw.get("remedy", ""),
            tuple(raw.get("refs", ())),
            raw.get("count", 1),
        )


@dataclass(frozen=True, slots=True)
class Metric:
    """A number with a name, or no number and the reason why.

    of: what it is about, such as ``{"facet": "sex", "group": "Female"}``. interval: (low, high).
    """

    name: str
    value: float | int | None
    of: Mapping[str, Any] = field(default_factory=dict)
    interval: tuple[float, float] | None = None
    unit: str | None = None
    reason: str | None = None

    def __post_init__(self) -> None:
        value = self.value
        if value is None and not self.reason:
            raise ValueError(f"metric {self.name} has neither a value nor a reason")
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(
                f"metric {self.name} is {value}; use Metric.number, which turns it into a reason"
            )

    @classmethod
    def number(
        cls, name: str, value: float | int | None, *, reason: str | None = None, **rest: Any
    ) -> Metric:
        """Make a metric of any number: NaN becomes null and ``undefined``, infinity null and ``infinite``."""
        if value is not None:
            value = value if isinstance(value, int) else float(value)
            if math.isnan(value):
                value, reason = None, reason or "undefined"
            elif math.isinf(value):
                reason = "infinite" if value > 0 else "-infinite"
                value = None
            else:
                reason = None
        else:
            reason = reason or "undefined"
        return cls(name, value, reason=reason, **rest)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "name": self.name,
            "value": self.value,
            "of": plain(dict(self.of)),
            "interval": list(self.interval) if self.interval else None,
            "unit": self.unit,
            "reason": self.reason,
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Metric:
        """Read what to_dict wrote."""
        interval = raw.get("interval")
        return cls(
            raw["name"],
            raw["value"],
            dict(raw.get("of") or {}),
            (interval[0], interval[1]) if interval else None,
            raw.get("unit"),
            raw.get("reason"),
        )


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that was not examined, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much was examined: rows, files, opcodes ... and what was left out, with the reason."""

    examined: int
    of: int
    skipped: tuple[Skipped, ...] = ()
    unit: str = "rows"

    @property
    def complete(self) -> bool:
        """Whether everything was examined to the end."""
        return self.examined >= self.of and not self.skipped

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        skipped = [{"what": s.what, "why": s.why} for s in self.skipped]
        return {"examined": self.examined, "of": self.of, "skipped": skipped, "unit": self.unit}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Coverage:
        """Read what to_dict wrote."""
        skipped = tuple(Skipped(s["what"], s["why"]) for s in raw.get("skipped", ()))
        return cls(raw["examined"], raw["of"], skipped, raw.get("unit", "rows"))


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture as plain data; reports draw it.

    kind: bar | grouped_bar | line | histogram | heatmap | waterfall | interval | scatter | table | text | image
    data: rows as JSON objects. x, y, series: the fields drawn. low, high: fields of an interval.
    alt: one sentence that says what a person who cannot see it should know.
    """

    title: str
    kind: str
    data: tuple[Mapping[str, Any], ...]
    x: str
    y: str
    series: str | None = None
    low: str | None = None
    high: str | None = None
    x_title: str = ""
    y_title: str = ""
    alt: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        out = {f: getattr(self, f) for f in self.__slots__}
        out["data"] = [plain(dict(row)) for row in self.data]
        return out

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Chart:
        """Read what to_dict wrote; unknown fields are ignored."""
        known = {f: raw[f] for f in cls.__slots__ if f in raw}
        return cls(**(known | {"data": tuple(raw["data"])}))


@dataclass(frozen=True, slots=True)
class Report:
    """What one check said about one subject, tied by digest to exactly what was examined.

    A check fills metrics, findings, coverage, outputs and charts (see Report.make); works fills the rest.
    """

    check: str = ""
    subject: Asset | None = None
    inputs: Mapping[str, Asset] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    metrics: tuple[Metric, ...] = ()
    findings: tuple[Finding, ...] = ()
    coverage: Coverage = field(default_factory=lambda: Coverage(0, 0))
    outputs: tuple[Asset, ...] = ()
    charts: tuple[Chart, ...] = ()
    # What a later step needs and no finding says well: the rules found, columns to mask ... as JSON.
    data: Mapping[str, Any] = field(default_factory=dict)
    engine: str = ""
    seed: int = 0
    started: str = ""
    seconds: float = 0.0
    error: str = ""

    @classmethod
    def make(
        cls,
        *,
        coverage: Coverage,
        metrics: Iterable[Metric] = (),
        findings: Iterable[Finding] = (),
        outputs: Iterable[Asset] = (),
        charts: Iterable[Chart] = (),
        data: Mapping[str, Any] | None = None,
    ) -> Report:
        """Make the part of a report that a check knows; findings are put in order, gravest first."""
        ordered = tuple(sorted(findings, key=lambda f: -f.severity))
        return cls(
            metrics=tuple(metrics),
            findings=ordered,
            coverage=coverage,
            outputs=tuple(outputs),
            charts=tuple(charts),
            data=data or {},
        )

    def of(self, check: str) -> Report:
        """Return this report; UsageError where it is of another check than the one named."""
        if self.check not in ("", check):
            raise UsageError(
                f"the report given is of {self.check}",
                remedy=f"give a report of {check}: it says what is wanted here",
            )
        return self

    def worst(self) -> Severity | None:
        """Return the gravest severity found, or None."""
        return max((f.severity for f in self.findings), default=None)

    def metric(self, name: str, **of: Any) -> Metric:
        """Return the first metric of that name whose ``of`` holds every given pair; KeyError if none."""
        for metric in self.metrics:
            if metric.name == name and all(metric.of.get(k) == v for k, v in of.items()):
                return metric
        raise KeyError(name)

    def with_(self, **changes: Any) -> Report:
        """Return a copy with fields replaced."""
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON, without an outcome: that is the asker's (see Verdict)."""
        name = self.subject.name if self.subject else ""
        return {
            "schema": SCHEMA,
            "check": self.check,
            "subject": self.subject.to_dict() if self.subject else None,
            "inputs": {k: a.to_dict() for k, a in self.inputs.items()},
            "params": plain(dict(self.params)),
            "coverage": self.coverage.to_dict(),
            "outputs": [a.to_dict() for a in self.outputs],
            "metrics": [m.to_dict() for m in self.metrics],
            "findings": [f.to_dict(name) for f in self.findings],
            "charts": [c.to_dict() for c in self.charts],
            "data": plain(dict(self.data)),
            "engine": self.engine,
            "seed": self.seed,
            "started": self.started,
            "seconds": self.seconds,
            "error": self.error,
        }

    def to_json(self) -> bytes:
        """Return the bytes that it is stored as."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False).encode()

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Report:
        """Read what to_dict wrote; unknown fields are ignored."""
        subject = raw.get("subject")
        return cls(
            check=raw["check"],
            subject=Asset.from_dict(subject) if subject else None,
            inputs={k: Asset.from_dict(v) for k, v in raw.get("inputs", {}).items()},
            params=raw.get("params", {}),
            metrics=tuple(Metric.from_dict(m) for m in raw.get("metrics", ())),
            findings=tuple(Finding.from_dict(f) for f in raw.get("findings", ())),
            coverage=Coverage.from_dict(raw["coverage"]),
            outputs=tuple(Asset.from_dict(a) for a in raw.get("outputs", ())),
            charts=tuple(Chart.from_dict(c) for c in raw.get("charts", ())),
            data=raw.get("data", {}),
            engine=raw.get("engine", ""),
            seed=raw.get("seed", 0),
            started=raw.get("started", ""),
            seconds=raw.get("seconds", 0.0),
            error=raw.get("error", ""),
        )
