"""What model.scan says of each sample of the corpus, and how often it is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields

from tests.corpus.sample import Sample

from assay.checks.model.scan import check
from assay.kernel.asset import Asset
from assay.kernel.report import Report
from assay.kernel.severity import Severity
from assay.works.bench import FileTree


def scanned(sample: Sample, work) -> Report:
    """The report on one sample."""
    path = sample.path
    return check(FileTree(Asset("tree", path.name, str(path), "sha256:0"), path), work=work)


def found(report: Report) -> bool:
    """Whether something grave is named, and not only that it could not be read."""
    return any(f.severity >= Severity.HIGH and not f.rule.endswith("not_understood") for f in report.findings)


def refused(report: Report) -> bool:
    """Whether it would not pass: a grave finding, or something that was not examined."""
    return any(f.severity >= Severity.HIGH for f in report.findings) or not report.coverage.complete


@dataclass
class Tally:
    """hostile, benign: samples by family. found, refused: of the hostile. alarmed: of the benign."""

    hostile: Counter[str] = field(default_factory=Counter)
    benign: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    alarmed: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, sample: Sample, report: Report) -> None:
        """Count one."""
        said = "; ".join(f.message for f in report.findings) or str(report.coverage)
        if sample.hostile:
            self.hostile[sample.family] += 1
            self.found[sample.family] += found(report)
            self.refused[sample.family] += refused(report)
            if not found(report):
                kind = "only refused" if refused(report) else "MISSED"
                self.wrong.append(f"{kind}: {sample.family}/{sample.path.name} ({sample.why}): {said[:300]}")
        else:
            self.benign[sample.family] += 1
            self.alarmed[sample.family] += refused(report)
            if refused(report):
                self.wrong.append(f"ALARM: {sample.family}/{sample.path.name} ({sample.why}): {said[:300]}")

    def __add__(self, other: Tally) -> Tally:
        pairs = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return Tally(*(a + b for a, b in pairs))

    @property
    def recall(self) -> float:
        """Of the hostile, the fraction found."""
        return self.found.total() / max(1, self.hostile.total())

    @property
    def false_alarms(self) -> float:
        """Of the benign, the fraction that would not pass."""
        return self.alarmed.total() / max(1, self.benign.total())

    def __str__(self) -> str:
        lines = [f"{'family':24} {'hostile':>8} {'found':>6} {'refused':>8} {'benign':>7} {'alarms':>7}"]
        for name in sorted({*self.hostile, *self.benign}):
            counts = (self.hostile, self.found, self.refused, self.benign, self.alarmed)
            lines.append(
                f"{name:24} {counts[0][name]:8} {counts[1][name]:6} {counts[2][name]:8} {counts[3][name]:7} {counts[4][name]:7}"
            )
        lines.append(f"recall {self.recall:.4f}, false alarms {self.false_alarms:.4f}")
        return "\n".join([*lines, *self.wrong[:60]])


def tally(samples: Iterable[Sample], work) -> Tally:
    """Scan every sample, and count."""
    out = Tally()
    for sample in samples:
        out.add(sample, scanned(sample, work))
    return out
