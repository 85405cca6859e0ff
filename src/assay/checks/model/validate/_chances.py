"""Whether scores can be read as chances, and what they promise beside what happens."""

from __future__ import annotations

from typing import Any

from assay.kernel.report import Chart, Finding
from assay.kernel.severity import Severity

_OFF = 0.1  # of the expected calibration error: more is told
_SOME = 0.2  # of the scores: where fewer are outside 0 to 1 the others are meant as probabilities


def off(error: float, promised: float, happened: float, what: str) -> list[Finding]:
    """Return what is told of an expected calibration error. what: that is promised, such as ``yes``."""
    if error <= _OFF:
        return []
    message = (
        f"Its scores are off as probabilities by {error:.2f} on average (expected calibration error): "
        f"they promise {promised:.1%} {what}, and {happened:.1%} of rows are."
    )
    remedy = "calibrate it before its scores are read as chances"
    return [Finding("model.validate.calibration", Severity.MEDIUM, message, {}, remedy)]


def none_of(score: Any) -> Finding:
    """Return what is told of scores of which some are outside 0 to 1."""
    from assay.methods import again

    out, n = again.outside(score), score.size
    message = f"{out:,} of {n:,} scores are outside 0 to 1 (from {float(score.min()):.3g} to {float(score.max()):.3g})"
    remedy = "give probabilities; calibration is judged of them alone"
    if out < n * _SOME:  # meant as probabilities, and wrong as such
        message += ": as probabilities they are wrong, and no calibration is told of them."
        return Finding("model.validate.no_probabilities", Severity.HIGH, message, {}, remedy, count=out)
    message += ": they are read as ranks and not as probabilities."
    return Finding("model.validate.no_probabilities", Severity.MEDIUM, message, {}, remedy, count=out)


def drawn(truth: Any, score: Any, x: str, y: str) -> Chart:
    """Return the reliability diagram. truth: whether it happened; score: its chance."""
    from assay.methods import scores

    points = [{"x": m, "y": s, "curve": "model"} for m, s, _ in scores.calibration(truth, score)]
    points += [{"x": v, "y": v, "curve": "perfect"} for v in (0.0, 1.0)]
    error = scores.calibration_error(truth, score)
    alt = f"Scores are off by {error:.3f} on average."
    return Chart("Calibration", "line", tuple(points), "x", "y", "curve", x_title=x, y_title=y, alt=alt)
