"""Programs reviewed for what would let somebody in, leak, or not be repeatable, with rules made for machine learning.

Shell, Dockerfiles, workflows of GitHub Actions, CloudFormation and Terraform are read too.
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
from typing import Annotated

from typing_extensions import Doc

from assay.kernel.errors import UsageError
from assay.kernel.handles import Tree, Work
from assay.kernel.report import Coverage, Finding, Metric, Report, Skipped

CAP = 200


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

    from assay.checks.code.review import _walk
    from assay.methods.review.spot import patch, rows

    findings: list[Finding] = []
    skipped: list[Skipped] = []
    counts: Counter[str] = Counter()
    seen = good = lines = left = allowed = 0
    patches: list[str] = []
    files = list(tree.files())
    for done, (name, path) in enumerate(files):
        work.progress(done, len(files), name)
        if work.stopped:
            raise UsageError("the review was stopped")
        if any(fnmatch(name, pattern) for pattern in exclude):
            left += 1
            continue
        with path.open("rb") as handle:
            head = handle.read(200).decode("utf-8", "replace")
        if not _walk.language(name, head):
            continue
        raw = path.read_bytes() if path.stat().st_size <= _walk.MOST else None
        if raw is None:
            seen += 1
            skipped.append(Skipped(name, "it is longer than 4 MB"))
            continue
        text = raw.decode("utf-8-sig", "replace")
        try:
            found = _walk.read(name, head, text)
        except ValueError as error:
            seen += 1
            skipped.append(Skipped(name, str(error)))
            continue
        if found is None:
            continue
        source, cells = found.source, found.cells
        seen += 1
        good += not found.cut
        if found.cut:
            skipped.append(Skipped(name, found.cut))
        lines += source.count("\n") + 1
        passed: list[str] = []
        kept = list(_walk.allowed(found.spots, rows(source), passed.append))
        allowed += len(passed)
        for spot in kept:
            counts[spot.rule] += 1
            if counts[spot.rule] > CAP:
                continue
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
            findings.append(
                Finding(f"code.review.{spot.rule}", spot.severity, said, where, spot.remedy, (spot.cwe,))
            )
        if cells is None and not raw.startswith(BOM_UTF8):
            patches.append(patch(name, text, (e for s in kept for e in s.edits)))
    work.progress(len(files), len(files), "")
    whole = "".join(patches)
    outputs = [work.put("review", whole.encode(), format="patch")] if whole else []
    return Report.make(
        coverage=Coverage(good, seen, tuple(skipped), "programs"),
        findings=_counted(findings, counts),
        metrics=[
            Metric.number("programs", seen, unit="programs"),
            Metric.number("lines", lines, unit="lines"),
            Metric.number("allowed", allowed, unit="places"),
        ],
        outputs=outputs,
        data={"excluded": left, "rules": dict(sorted(counts.items()))},
    )


def _counted(findings: list[Finding], counts: Counter[str]) -> list[Finding]:
    """Let the last finding of a rule that was cut short count the rest."""
    last = {f.rule: i for i, f in enumerate(findings)}
    out = []
    for i, f in enumerate(findings):
        rest = counts[f.rule.removeprefix("code.review.")] - CAP if last[f.rule] == i else 0
        out.append(Finding(f.rule, f.severity, f.message, f.where, f.remedy, f.refs, f.count + max(0, rest)))
    return out
