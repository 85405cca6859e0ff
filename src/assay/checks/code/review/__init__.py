"""Programs reviewed for what would let somebody in, leak, or not be repeatable, with rules made for machine learning.

Shell, Dockerfiles, pipelines (GitHub, GitLab, CodeBuild, Bitbucket, Azure, CircleCI), CloudFormation and Terraform are read too.
Python and notebooks are followed by data flow within a file: from where what is untrusted comes in (requests, the network, downloads,
arguments) through names, texts, containers and functions to where it ends (a shell, a query, a pickle, a path). Besides:
pickles and remote code of models, versions that are not named, SageMaker jobs without isolation and keys, keys in boto3, plain HTTP,
raw inputs in logs, seeds, models judged by the rows they learnt. Nothing is run. What can be mended in place comes
as a patch. `# assay: allow RULE -- reason` at the end of a line lets what it names pass.

Example: assay check code.review .
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typing_extensions import Doc

from assay.kernel.errors import UsageError
from assay.kernel.handles import Tree, Work
from assay.kernel.report import Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.methods.review.cells import Cells
    from assay.methods.review.spot import Spot

CAP = 200  # findings of a rule that are told one by one


def check(
    tree: Tree,
    *,
    exclude: Annotated[
        tuple[str, ...], Doc("files to leave out, as a glob such as tests/**; told in the report")
    ] = (),
    work: Work,
) -> Report:
    """Review every program of ``tree``; coverage counts programs. Output: ``review.patch``, where something can be mended in place."""
    from fnmatch import fnmatch

    tally = _Tally()
    done = 0
    for name, path in tree.files():  # of a bucket an object is here for a while only
        done += 1
        work.progress(done, 0, name)
        if work.stopped:
            raise UsageError("the review was stopped")
        if any(fnmatch(name, pattern) for pattern in exclude):
            tally.left += 1
        else:
            _file(tally, name, path)
    for name, said in tree.closed:
        if any(fnmatch(name, pattern) for pattern in exclude):
            tally.left += 1
        elif tree.asset.format != "bucket" or _may_be(name):
            tally.unread(name, said)
    work.progress(done, done, "")
    if tally.templates:
        _held(tally, work)
    whole = "".join(tally.patches)
    outputs = [work.put("review", whole.encode(), format="patch")] if whole else []
    return Report.make(
        coverage=Coverage(tally.good, tally.seen, tuple(tally.skipped), "programs"),
        findings=tally.counted(),
        metrics=[
            Metric.number("programs", tally.seen, unit="programs"),
            Metric.number("lines", tally.lines, unit="lines"),
            Metric.number("allowed", tally.allowed, unit="places"),
        ],
        outputs=outputs,
        data={"excluded": tally.left, "rules": dict(sorted(tally.counts.items()))},
    )


@dataclass
class _Tally:
    """What was found so far. seen: programs; good: those that were followed to their end; left: files that were left out.
    templates: of CloudFormation, name and text.
    """

    findings: list[Finding] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    patches: list[str] = field(default_factory=list)
    seen: int = 0
    good: int = 0
    lines: int = 0
    left: int = 0
    allowed: int = 0
    templates: list[tuple[str, str]] = field(default_factory=list)

    def unread(self, name: str, why: str) -> None:
        """Count a program that was not examined."""
        self.seen += 1
        self.skipped.append(Skipped(name, why))

    def take(self, name: str, spots: list[Spot], source: str, cells: Cells | None = None) -> list[Spot]:
        """Make findings of what no comment lets pass, and return it."""
        from assay.checks.code.review import _masked, _walk
        from assay.methods.review.spot import rows

        passed: list[str] = []
        kept = list(_walk.allowed(spots, rows(source), passed.append))
        self.allowed += len(passed)
        for spot in _masked.masked(kept, source, name):
            self.found(name, spot, cells)
        return kept

    def found(self, name: str, spot: Spot, cells: Cells | None) -> None:
        """Make a finding of a spot; past so many of a rule it is only counted."""
        self.counts[spot.rule] += 1
        if self.counts[spot.rule] > CAP:
            return
        where: dict[str, object] = {
            "file": name,
            "line": spot.line,
            "column": spot.column,
            "code": spot.code,
        }
        if cells is not None and spot.line <= len(cells.places):
            cell, line = cells.places[spot.line - 1]
            where |= {"cell": cell, "line": line}
        place = f"{name}, cell {where['cell']}, line {where['line']}" if cells else f"{name}:{spot.line}"
        said = f"{place}: {spot.message}"
        self.findings.append(
            Finding(
                f"code.review.{spot.rule}",
                spot.severity,
                said,
                where,
                spot.remedy,
                (spot.cwe,) if spot.cwe else (),
            )
        )

    def counted(self) -> list[Finding]:
        """Return the findings; the last of a rule that was cut short counts the rest."""
        last = {f.rule: i for i, f in enumerate(self.findings)}
        out = []
        for i, f in enumerate(self.findings):
            rest = self.counts[f.rule.removeprefix("code.review.")] - CAP if last[f.rule] == i else 0
            out.append(
                Finding(f.rule, f.severity, f.message, f.where, f.remedy, f.refs, f.count + max(0, rest))
            )
        return out


def _file(tally: _Tally, name: str, path: Path) -> None:
    """Review one file, if it is a program."""
    from assay.checks.code.review import _walk
    from assay.engines.regular import opened, why
    from assay.methods.review.languages import by_name
    from assay.methods.review.spot import patch

    try:
        with opened(path) as handle:
            start = handle.read(200)
            head = start.decode("utf-8", "replace")
            if not by_name(name, head):
                return
            raw = start + handle.read(_walk.MOST)
    except OSError as error:
        if _may_be(name):
            tally.unread(name, f"it cannot be read: {why(error)}")
        return
    if len(raw) > _walk.MOST:
        tally.unread(name, "it is longer than 4 MB")
        return
    text = raw.decode("utf-8-sig", "replace")
    try:
        read = _walk.read(name, head, text)
    except ValueError as error:
        tally.unread(name, str(error))
        return
    if read is None:
        return
    tally.seen += 1
    tally.good += not read.cut
    if read.cut:
        tally.skipped.append(Skipped(name, read.cut))
    tally.lines += read.source.count("\n") + 1
    if read.template:
        tally.templates.append((name, text))
    kept = tally.take(name, read.spots, read.source, read.cells)
    if read.cells is None and not raw.startswith(BOM_UTF8):
        tally.patches.append(patch(name, text, (e for s in kept for e in s.edits)))


def _may_be(name: str) -> bool:
    """Whether a file that cannot be read may be a program: by its name, or without an ending by its first line."""
    from assay.methods.review.languages import by_name

    return bool(by_name(name, "")) or not Path(name).suffix


def _held(tally: _Tally, work: Work) -> None:
    """Hold templates to the schemas of what they declare, where cfn-lint is installed; where it is not, that is said."""
    from assay.checks.code.review import _templates

    if why := _templates.missing():
        count = len(tally.templates)
        said = f"Whether CloudFormation takes {'the template' if count == 1 else f'the {count} templates'} was not looked at: {why}"
        tally.findings.append(
            Finding(
                "code.review.template_not_held",
                Severity.INFO,
                said,
                {"file": tally.templates[0][0]},
                "",
                (),
                count,
            )
        )
        tally.counts["template_not_held"] = 1
        return
    every = _templates.spots([text for _, text in tally.templates], work)
    for (name, text), spots in zip(tally.templates, every, strict=True):
        if isinstance(spots, str):
            tally.good -= 1
            tally.skipped.append(Skipped(name, spots))
        else:
            tally.take(name, spots, text)
