"""Endpoints answered for over HTTP, until interrupted."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from assay.engines import tls
from assay.kernel.errors import Missing, UsageError
from assay.methods.loopback import is_loopback
from assay.works.home import Home
from assay.works.verbs.shape import Json


def serve(
    home: Home, actor: str, *, worker: Sequence[str], host: str = "127.0.0.1", port: int = 8080, workers: int = 1,
    tls: Mapping[str, str] | None = None, plain: bool = False, api: bool = True, warm: float = 300.0,
    drain: float = 30.0, metrics: bool = False, seconds: float | None = None, ready: Callable[[str], None] = lambda url: None,
) -> Json:  # fmt: skip
    """Answer for every endpoint of the home. worker: the command that starts a gateway process.

    tls: ``cert``, ``key``, ``client_ca`` and ``client`` (``required`` or ``optional``). plain: whether to listen beyond this
    machine without it. metrics: whether /metrics needs a token. warm: seconds that replaced models stay. ready: called with the URL once it answers.
    """
    from assay.engines.serving import start, start_reader
    from assay.works import monitoring
    from assay.works.serving import server
    from assay.works.serving.gateways import Options
    from assay.works.watching import ticking

    _extra()
    secured = _tls(tls or {})
    if not secured and not plain and not is_loopback(host):
        raise UsageError(
            f"whoever listens on the way to {host} could read tokens and payloads",
            remedy="give --tls-cert and --tls-key, or say --plain behind what ends TLS",
        )
    options = Options(host, port, workers, tuple(worker), warm, drain, api, metrics, secured)
    if home.office.outside.readonly:  # what cannot be recorded is not answered
        raise UsageError(
            "this home can be read and not written, and what is answered is recorded",
            where=str(home.root),
            remedy="serve from a folder that may be written, or with ASSAY_DATABASE_URL and a home that may",
        )
    # The monitors whose time has come, and images where advisories have changed.
    beside: list[Callable[[], object]] = [lambda: monitoring.tick(home), lambda: ticking.tick(home)]
    try:
        return server.serve(
            home,
            actor,
            options,
            start=start,
            reader=start_reader,
            ready=ready,
            seconds=seconds,
            beside=beside,
        )
    finally:
        monitoring.stop(home)
        ticking.stop(home)


def _extra() -> None:
    from assay.engines.extras import install

    if importlib.util.find_spec("httptools") is None:
        raise Missing("serving needs httptools, which is not here", remedy=install("serve"))


def _tls(given: Mapping[str, str]) -> dict[str, str]:
    """Return the files of TLS, each looked at now: a gateway would only end because of them."""
    found = {f"tls_{k}": str(Path(v).absolute()) if k != "client" else v for k, v in given.items() if v}
    if found.get("tls_client") == "required" and "tls_client_ca" not in found:
        raise UsageError(
            "no certificate of a client can be required where nobody is said to sign them",
            remedy="give --tls-client-ca FILE",
        )
    found = found if len(found) > ("tls_client" in found) else {}
    if not found:
        return {}
    if "tls_cert" not in found:
        raise UsageError("TLS needs a certificate", remedy="give --tls-cert FILE")
    tls.checked(found["tls_cert"], found.get("tls_key", ""), found.get("tls_client_ca", ""))
    return found


VERBS: Mapping[str, Callable[..., Any]] = {"serve": serve}
