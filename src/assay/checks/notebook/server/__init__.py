"""A Jupyter server judged: who reaches it, who gets in, what stands in clear text, and what it may do.

Whoever opens a notebook runs programs as its owner, so the server's door is the machine's. Bind address, token, password hash, TLS
versions and certificate, pages of other sites (CORS, XSRF), root, terminals, idle time, extensions, files that others may
change, and whether the cloud's metadata service hands the role's credentials to it. The subject is what ``assay notebook
check`` gathers, from a configuration folder or a server that runs; no token or password is ever in it. What could not be
told counts as not examined, never as right.

Example: assay notebook secure --dir jupyter &&
      assay notebook check jupyter --save seen --allow-incomplete &&
      assay check notebook.server seen --allow-incomplete
"""

from __future__ import annotations

from assay.kernel.errors import UsageError
from assay.kernel.handles import Tree, Work
from assay.kernel.report import Coverage, Metric, Report, Skipped

_REMEDY = "say assay notebook check URL, or a configuration folder"


def check(tree: Tree, *, work: Work) -> Report:
    """Judge the server that ``tree`` describes; coverage counts questions, those without an answer are skipped."""
    from assay.checks.notebook.server import _access, _machine, _pages, _transport
    from assay.methods.jupyter.posture import MOST, NAME, Posture

    path = next((p for name, p in tree.files() if name.rpartition("/")[2] == NAME), None)
    if path is None or path.stat().st_size > MOST:
        raise UsageError(f"{tree.asset.name} holds no description of a Jupyter server", remedy=_REMEDY)
    try:
        posture = Posture.from_json(path.read_text(encoding="utf-8"))
    except (ValueError, TypeError) as error:
        raise UsageError(f"{tree.asset.name}: {error}", remedy=_REMEDY) from None
    findings, asked, skipped = [], 0, []
    for part in (_access, _transport, _pages, _machine):
        for question in part.QUESTIONS:
            asked += 1
            answer = question(posture)
            if isinstance(answer, str):
                title = (question.__doc__ or "").strip().splitlines()[0].rstrip(".")
                skipped.append(Skipped(title[:1].lower() + title[1:], answer))
            else:
                findings += answer
    skipped += [Skipped(where, why) for where, why in sorted(posture.unknown.items())]
    return Report.make(
        coverage=Coverage(
            asked - sum(s.what not in posture.unknown for s in skipped), asked, tuple(skipped), "questions"
        ),
        findings=findings,
        metrics=[Metric.number("questions", asked, unit="questions")],
        data={
            "target": posture.target,
            "running": posture.running,
            "server": str(posture.observed.get("version", "")),
        },
    )
