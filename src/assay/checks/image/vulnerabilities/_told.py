"""What is said of vulnerabilities: findings, the gravest first, and the upgrades that clear them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assay.checks.image.vulnerabilities._known import Known
from assay.checks.image.vulnerabilities._match import Hit, Matched
from assay.kernel.report import Finding, Metric
from assay.kernel.severity import SEVERITIES, Severity

CHECK = "image.vulnerabilities"
_MOST = 2_000


@dataclass(frozen=True, slots=True)
class Standing:
    """A hit that nobody has cleared, with how grave it is here. reach: how the code comes to the package, None where that is not known."""

    hit: Hit
    severity: Severity
    exploited: bool
    probability: float | None
    reach: str | None = None

    @property
    def order(self) -> tuple[float, ...]:
        """Return what it is put in order by: severity, known to be exploited, likely to be, reached, score."""
        score = self.hit.gravity.score
        return (-self.severity, -self.exploited, -(self.probability or 0), self.reach == "", -(score or 0))


@dataclass
class Told:
    """standing: what findings are of. cleared: what a statement clears, with its words."""

    matched: Matched
    standing: list[Standing]
    cleared: list[dict[str, Any]]

    def findings(self) -> list[Finding]:
        """Return a finding a vulnerability and package; of more than 2,000 the gravest, and how many the rest are.

        Of one severity those known to be exploited come first, then those that EPSS thinks likeliest to be.
        """
        ordered = sorted(self.standing, key=lambda s: (*s.order, s.hit.id))
        told = [_finding(s, self.matched) for s in ordered[:_MOST]]
        rest = ordered[_MOST:]
        if rest:
            words = f"{len(rest):,} further vulnerabilities are not listed one by one."
            remedy = "clear the gravest first, and run it again"
            told.append(Finding(f"{CHECK}.more", rest[0].severity, words, {}, remedy, count=len(rest)))
        return told

    def counts(self) -> list[Metric]:
        """Return how many there are, of each severity and otherwise, and the highest score and probability."""
        out = [
            Metric.number("vulnerabilities", len(self.standing)),
            Metric.number("fixable", sum(1 for one in self.standing if one.hit.fixed)),
            Metric.number("known_exploited", sum(1 for one in self.standing if one.exploited)),
            Metric.number("cleared", len(self.cleared)),
        ]
        for name in SEVERITIES[::-1]:
            number = sum(1 for s in self.standing if str(s.severity) == name)
            out.append(Metric.number("severity", number, of={"severity": name}))
        scores = [s.hit.gravity.score for s in self.standing if s.hit.gravity.score is not None]
        out.append(Metric.number("highest_score", max(scores, default=None), reason="nothing is scored"))
        chances = [s.probability for s in self.standing if s.probability is not None]
        out.append(Metric.number("highest_epss", max(chances, default=None), reason="no EPSS is known"))
        told = [s.reach for s in self.standing if s.reach is not None]
        reached = sum(1 for reach in told if reach) if told else None
        out.append(
            Metric.number("reached", reached, reason="no code that could be read says what it imports")
        )
        return out


def told(matched: Matched, known: Known, unscored: str) -> Told:
    """Weigh each hit by what else is known of it."""
    out = Told(matched, [], [])
    for hit in matched.hits:
        statement = known.cleared(hit)
        if statement is not None:
            why = statement.why or statement.status
            out.cleared.append(
                {"id": hit.id, "package": hit.package.place, "status": statement.status, "why": why}
            )
            continue
        used, reach = known.exploited(hit), known.reach(hit)
        grave = Severity.CRITICAL if used else Severity.parse(hit.gravity.word or unscored)
        if reach == "":
            grave = min(grave, Severity.MEDIUM)
        out.standing.append(Standing(hit, grave, used, known.probability(hit), reach))
    return out


def _finding(one: Standing, matched: Matched) -> Finding:
    hit = one.hit
    package = hit.package
    said = [hit.gravity.word or "nobody says how grave"]
    said += [f"CVSS {version} {score:.1f}" for version, score in hit.gravity.scores]
    said += [f"EPSS {one.probability:.3f}"] if one.probability is not None else []
    said += ["known to be exploited"] if one.exploited else []
    said += (
        []
        if one.reach is None
        else [f"the code reaches it: {one.reach}" if one.reach else "nothing in the code imports it"]
    )
    summary = f": {hit.summary.rstrip('.')}" if hit.summary else ""
    message = f"{_named(hit)} is affected by {hit.id} ({', '.join(said)}){summary}."
    where = {
        "package": f"{package.kind}/{hit.name}",
        "version": hit.version,
        "path": package.path,
        **({"fixed": ", ".join(hit.fixed[:5])} if hit.fixed else {}),
        **({} if one.reach is None else {"reach": one.reach or "not imported"}),
    }
    refs = (*hit.ids[:10], *hit.links[:2])
    return Finding(
        f"{CHECK}.{hit.id}", one.severity, message, where, _remedy(hit, matched), refs, len(hit.packages)
    )


def _named(hit: Hit) -> str:
    """Return the package as its advisories call it, and those installed that were built from it."""
    names = list(dict.fromkeys(p.name for p in hit.packages))
    if names == [hit.name] or hit.package.full == hit.name or hit.package.kind == "pypi":
        return f"{hit.package.full} {hit.version}"
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{hit.name} {hit.version} (installed as {shown})"


def _remedy(hit: Hit, matched: Matched) -> str:
    version, left, total = matched.upgrades.get((hit.base, hit.name, hit.version), ("", 0, 0))
    if not hit.fixed and version and left == 0:  # as where a record says only which version was the last
        return f"no record names the version that fixes it; {version} has none of its vulnerabilities"
    if not hit.fixed:
        end = "no fixed version is known: remove it, or see that what is affected cannot be reached"
        return end if not version else f"{end}; {version} leaves fewer of its {total}"
    if not version:
        return f"upgrade to {hit.fixed[0]}"
    if left == 0:
        clears = f"clears all {total} of its vulnerabilities" if total > 1 else "is not affected"
        return f"upgrade to {version}, which {clears}"
    return f"upgrade to {hit.fixed[0]}; {version} leaves the fewest of its vulnerabilities"


def upgrades(matched: Matched) -> list[dict[str, Any]]:
    """Return what to upgrade to what, most cleared first."""
    rows: list[dict[str, Any]] = [
        {"ecosystem": base, "package": name, "from": old, "to": new, "clears": total, "leaves": left}
        for (base, name, old), (new, left, total) in matched.upgrades.items()
    ]
    return sorted(rows, key=lambda r: (-r["clears"], r["package"]))[:1_000]
