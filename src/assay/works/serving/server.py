"""A server from its start until it is told to end: models and gateways looked after, and beside them what else is due."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from assay.engines import tls
from assay.engines.terminal import say
from assay.kernel.errors import AssayError
from assay.works.serving import counts
from assay.works.serving.fleet import Start
from assay.works.serving.gateways import Options
from assay.works.serving.supervising import LOOK, Supervisor
from assay.works.serving.telling import Teller

if TYPE_CHECKING:
    from assay.works.home import Home

_PACE = 0.1  # seconds between looks at processes


def serve(
    home: Home,
    actor: str,
    options: Options,
    *,
    start: Start,
    reader: Start | None = None,
    ready: Callable[[str], None],
    seconds: float | None = None,
    beside: Sequence[Callable[[], object]] = (),
) -> dict[str, Any]:
    """Answer until interrupted, or for some seconds. ready: called with the URL once gateways answer there.

    start, reader: what starts a replica, and whoever reads Parquet (engines/serving).

    beside: what else is done about once a second, such as the schedules of monitors.
    """
    from assay.works.home import loose_scratch
    from assay.works.stopping import terminated

    end = None if seconds is None else time.monotonic() + seconds
    with terminated(), loose_scratch("serve") as folder:
        supervisor = Supervisor(home, actor, folder, options, start, reader)
        if options.tls and (said := tls.ends(options.tls["tls_cert"], time.time())):
            say(f"assay: {said}")
        over, told, teller = threading.Event(), False, Teller()
        aside = threading.Thread(target=_beside, args=(over, beside, teller), name="beside", daemon=True)
        try:
            aside.start()
            while end is None or time.monotonic() < end:
                try:
                    supervisor.tick()
                except (
                    AssayError,
                    OSError,
                ) as error:  # what answers goes on: it may be well again in a moment
                    teller.error(error)
                    time.sleep(LOOK)
                if not told and supervisor.ready():
                    told = True
                    ready(supervisor.gateways.url)
                time.sleep(_PACE)
        except KeyboardInterrupt:
            pass
        finally:
            over.set()
            supervisor.close()
            aside.join(timeout=5)
        whole = counts.totals(folder)
    answered, refused = (int(sum(c.values.values())) for c in (whole.requests, whole.refused))
    return {
        "schema": "assay.served/1",
        "url": supervisor.gateways.url,
        "answered": answered,
        "refused": refused,
    }


def _beside(over: threading.Event, acts: Sequence[Callable[[], object]], teller: Teller) -> None:
    """Do what else is to be done, in a thread of its own: however long it takes, models are looked after."""
    while acts and not over.wait(LOOK):
        for act in acts:
            try:
                act()
            except Exception as error:  # noqa: BLE001 - a fault in one act ends neither the others nor the next
                teller.error(error)
