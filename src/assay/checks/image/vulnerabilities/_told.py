"""What is said of vulnerabilities: findings, the gravest first, and the upgrades that clear them."""

from __future__ import annotations

from typing import Any

from assay.checks.image.vulnerabilities._match import Hit, Matched
from assay.kernel.report import Finding, Metric
from assay.kernel.severity import SEVERITIES, Severity

CHECK = "image.vulnerabilities"
_MOST = 2_000


def severity(hit: Hit, unscored: str) -> Severity:
    """Return how grave a hit is."""
    return Severity.parse(hit.gravity.word or unscored)


def findings(matched: Matched, unscored: str) -> list[Finding]:
    """Return a finding a vulnerability and package; of more than 2,000 the gravest, and how many the rest are."""
    told = sorted((_finding(h, matched, unscored) for h in matched.hits), key=lambda f: (-f.severity, f.rule))
    if len(told) <= _MOST:
        return told
    rest = told[_MOST:]
    worst = max(f.severity for f in rest)
    return [
        *told[:_MOST],
        Finding(
            f"{CHECK}.more", worst, f"{len(rest):,} further vulnerabilities are not listed one by one.", {},
            "clear the gravest first, and run it again", count=len(rest),
        ),
    ]  # fmt: skip


def _finding(hit: Hit, matched: Matched, unscored: str) -> Finding:
    package = hit.package
    score = f", CVSS {hit.gravity.score:.1f}" if hit.gravity.score is not None else ""
    grave = severity(hit, unscored)
    known = f"{grave}{score}" if hit.gravity.word else "nobody says how grave"
    summary = f": {hit.summary.rstrip('.')}" if hit.summary else ""
    message = f"{_named(hit)} is affected by {hit.id} ({known}){summary}."
    where = {
        "package": f"{package.kind}/{hit.name}",
        "version": hit.version,
        "path": package.path,
        **({"fixed": ", ".join(hit.fixed[:5])} if hit.fixed else {}),
    }
    refs = (*hit.ids[:10], *hit.links[:2])
    return Finding(f"{CHECK}.{hit.id}", grave, message, where, _remedy(hit, matched), refs, len(hit.packages))


def _named(hit: Hit) -> str:
    """Return the package as its advisories call it, and those installed that were built from it."""
    names = list(dict.fromkeys(p.name for p in hit.packages))
    if names == [hit.name] or hit.package.full == hit.name or hit.package.kind == "pypi":
        return f"{hit.package.full} {hit.version}"
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{hit.name} {hit.version} (installed as {shown})"


def _remedy(hit: Hit, matched: Matched) -> str:
    version, left, total = matched.upgrades.get((hit.base, hit.name, hit.version), ("", 0, 0))
    if not hit.fixed:
        end = "no fixed version is known: remove it, or see that what is affected cannot be reached"
        return end if not version else f"{end}; {version} leaves fewer of its {total}"
    if not version:
        return f"upgrade to {hit.fixed[0]}"
    if left == 0:
        clears = f"clears all {total} of its vulnerabilities" if total > 1 else "is not affected"
        return f"upgrade to {version}, which {clears}"
    return f"upgrade to {hit.fixed[0]}; {version} leaves the fewest of its vulnerabilities"


def counts(matched: Matched, unscored: str) -> list[Metric]:
    """Return how many there are of each severity, and the highest score."""
    out = []
    for name in SEVERITIES[::-1]:
        number = sum(1 for h in matched.hits if str(severity(h, unscored)) == name)
        out.append(Metric.number("severity", number, of={"severity": name}))
    scores = [h.gravity.score for h in matched.hits if h.gravity.score is not None]
    out.append(Metric.number("highest_score", max(scores, default=None), reason="nothing is scored"))
    return out


def upgrades(matched: Matched) -> list[dict[str, Any]]:
    """Return what to upgrade to what, most cleared first."""
    rows: list[dict[str, Any]] = [
        {"ecosystem": base, "package": name, "from": old, "to": new, "clears": total, "leaves": left}
        for (base, name, old), (new, left, total) in matched.upgrades.items()
    ]
    return sorted(rows, key=lambda r: (-r["clears"], r["package"]))[:1_000]
