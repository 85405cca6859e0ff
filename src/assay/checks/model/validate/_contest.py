"""Two ways of training on the same folds: whether the difference is real."""

from __future__ import annotations

from assay.checks.model.validate._judged import Judged
from assay.checks.model.validate._scored import Scored
from assay.kernel.report import Finding, Metric
from assay.kernel.severity import Severity
from assay.methods.inwords import p_value


def contest(here: Scored, there: Scored, name: str, rival: str, ideal: Judged) -> list[Finding]:
    """Compare the main scores fold by fold, by the corrected resampled t-test, and say what follows.

    Folds that one of them could not be trained on, or in which its score is undefined, are left out.
    """
    from math import isfinite

    from assay.methods import comparing

    mine, other = here.named(), there.named()
    both = [n for n in mine if n in other and isfinite(mine[n]) and isfinite(other[n])]
    gaps = [mine[n] - other[n] for n in both]
    of = {"against": rival}
    here.made.metrics.append(
        Metric.number(
            here.main,
            there.mean,
            of={"model": rival},
            interval=comparing.corrected_interval(there.values, *there.sizes),
        )
    )
    if len(gaps) < 2:
        folds = f"{len(gaps)} fold has" if len(gaps) == 1 else "no fold has"
        message = f"It cannot be compared with {rival}: {folds} a score of both."
        return [
            Finding(
                "model.validate.no_comparison", Severity.MEDIUM, message, {}, "ask for more folds or repeats"
            )
        ]
    mean = sum(gaps) / len(gaps)
    bounds = comparing.corrected_interval(gaps, *here.sizes)
    statistic, p = comparing.corrected_t(gaps, *here.sizes)
    here.made.metrics += [
        Metric.number(f"{here.main}_difference", mean, of=of, interval=bounds),
        Metric.number("corrected_t", statistic, of=of),
        Metric.number("corrected_t_p", p, of=of),
    ]
    real = p < 0.05
    ahead = (mean < 0) if ideal.lower_is_better else (mean > 0)
    here.made.data["comparison"] = {"against": rival, "real": real, "better": ahead if real else None}
    own, its = (sum(scores[n] for n in both) / len(both) for scores in (mine, other))
    shown = f"{here.main} {own:.4f} against {its:.4f}, difference {mean:+.4f}"
    if bounds:
        shown += f" [{bounds[0]:+.4f}, {bounds[1]:+.4f}]"
    shown += f", over {len(gaps)} folds p {p_value(p)} (corrected resampled t)"
    if not real:
        message = f"The difference between {name} and {rival} may be chance: {shown}."
        remedy = "judge both with more repeats, or take the simpler one"
        return [Finding("model.validate.no_real_difference", Severity.INFO, message, {}, remedy)]
    if ahead:
        return [
            Finding(
                "model.validate.better",
                Severity.INFO,
                f"The difference is real: {name} is better than {rival}: {shown}.",
            )
        ]
    message = f"The difference is real: {name} is worse than {rival}: {shown}."
    return [Finding("model.validate.worse", Severity.MEDIUM, message, {}, f"train by {rival}")]
