"""A step of a script, carried out: its tables opened, the script run, whatever goes wrong reported."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import Any

from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError, interrupted
from assay.kernel.report import Report
from assay.works import deeds, processing
from assay.works.bench import Bench
from assay.works.examine import NO_MEMORY, failed
from assay.works.step import Step
from assay.works.work import Progress, utc_now


def carry_out(
    step: Step,
    inputs: Mapping[str, Asset],
    params: Mapping[str, Any],
    bench: Bench,
    *,
    seed: int,
    progress: Progress | None = None,
) -> tuple[Report, dict[str, Asset], Exception | None]:
    """Train or process; return the report, what was made, and the error that ended it, if any."""
    function = deeds.train if step.verb == "train" else processing.process
    started, clock = utc_now(), time.perf_counter()
    made: dict[str, Asset] = {}
    raised: Exception | None = None
    try:
        with contextlib.ExitStack() as stack:
            tables = {n: stack.enter_context(bench.opened(a, "table")) for n, a in inputs.items()}
            result = function(tables, **params, work=bench.work(seed, progress))
        made, report = dict(result.outputs), result.report
        report = report.with_(outputs=tuple(made.values()))
    except AssayError as error:
        if interrupted(error):
            raise KeyboardInterrupt from error
        raised, report = error, Report(error=str(error))
    except MemoryError as error:
        raised, report = error, Report(error=NO_MEMORY)
    except Exception as error:
        if interrupted(error):
            raise KeyboardInterrupt from error
        raised, report = error, Report(error=failed(params["script"].name, error))
    report = report.with_(
        check=step.uses,
        subject=next(iter(inputs.values()), None),
        inputs=dict(inputs),
        params={k: str(v) if k in ("script", "source") else v for k, v in params.items() if k != "script"}
        | {"script": params["script"].name},
        seed=seed,
        started=started,
        seconds=round(time.perf_counter() - clock, 3),
        engine="sandbox",
    )
    return report, made, raised
