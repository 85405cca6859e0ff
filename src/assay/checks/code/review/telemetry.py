"""What people send, written into logs and trackers as it came."""

from __future__ import annotations

from collections.abc import Iterator

from assay.checks.code.review._spots import spot
from assay.kernel.severity import Severity
from assay.methods.review.python.program import Program
from assay.methods.review.spot import Spot

LANGUAGE = "python"
_LEVELS = ("debug", "info", "warning", "error", "exception", "critical", "log")
_TRACKERS = ("mlflow.log_", "wandb.log", "sentry_sdk.", "statsd.", "neptune.", "comet_ml.")


def rule(program: Program) -> Iterator[Spot]:
    """Name each."""
    for call in program.calls:
        logged = call.method in _LEVELS and (
            call.name.startswith(("logging.", "structlog.", "loguru."))
            or call.receiver.name.startswith(("logging.", "structlog.", "loguru."))
            or program.segment(call.node.func).partition(".")[0].lower()
            in ("log", "logger", "_log", "_logger")
        )
        if not logged and not call.name.startswith(_TRACKERS) and call.name != "builtins.print":
            continue
        if any(v.has("caller") for v in [*call.args, *call.keywords.values()]):
            yield spot(
                program, call.node, "raw_input_logged", Severity.MEDIUM, "What a caller sends is written down as it came, personal data and line breaks with it.",
                "log an id, its size, a digest", "CWE-532",
            )  # fmt: skip
