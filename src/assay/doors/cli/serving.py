"""serve: endpoints answered for over HTTP."""

from __future__ import annotations

import sys
from typing import Any

import click

from assay.doors.cli import context
from assay.engines.terminal import say

_FILE = click.Path(exists=True, dir_okay=False)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8080, show_default=True, help="0 takes a free one."
)
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="Gateways.")
@click.option("--tls-cert", type=_FILE, metavar="FILE", help="The server's certificate chain, as PEM.")
@click.option("--tls-key", type=_FILE, metavar="FILE", help="Its key, where the chain's file has none.")
@click.option("--tls-client-ca", type=_FILE, metavar="FILE", help="Who signs the certificates of clients.")
@click.option("--tls-client", type=click.Choice(["required", "optional"]), default="optional", help="Theirs.")
@click.option("--plain", is_flag=True, help="Without TLS beyond this machine: something ends it before.")
@click.option("--no-api", is_flag=True, help="Endpoints alone, and nothing under /api/v1.")
@click.option("--metrics-token", is_flag=True, help="Give /metrics to whoever sends a token that holds.")
@click.option("--warm", type=click.FloatRange(0), default=300, show_default=True, metavar="S",
              help="That replaced models stay, to return to.")  # fmt: skip
@click.option("--drain", type=click.FloatRange(0), default=30, show_default=True, metavar="S",
              help="That requests have when it ends.")  # fmt: skip
@click.option("--seconds", type=click.FloatRange(0.1), metavar="S", help="End after so long.")
@context.format_option
def serve(format_: str, **raw: Any) -> None:
    """Answer for every endpoint of the home over HTTP, until interrupted.

    \b
    POST /endpoints/NAME/invocations   as SageMaker's clients ask
    POST /invocations                  where there is one endpoint
    GET  /ping /healthz /readyz /metrics
    /api/v1                            the office, for tokens with --admin

    Callers send `Authorization: Bearer TOKEN`. Models run in the sandbox, and
    each is verified before it starts. SIGTERM answers what is under way, and
    then ends.

    Example: assay serve --port 0 --seconds 1
    """
    tls = {"cert": raw["tls_cert"], "key": raw["tls_key"], "client_ca": raw["tls_client_ca"],
           "client": raw["tls_client"]}  # fmt: skip
    found = context.call(
        "serve",
        worker=[sys.executable, "-m", "assay.doors.gateway.worker"],
        host=raw["host"],
        port=raw["port"],
        workers=raw["workers"],
        tls={k: v for k, v in tls.items() if v},
        plain=raw["plain"],
        api=not raw["no_api"],
        warm=raw["warm"],
        drain=raw["drain"],
        metrics=raw["metrics_token"],
        seconds=raw["seconds"],
        ready=lambda url: say(f"answering on {url}; Ctrl-C ends it"),
    )
    if format_ == "json":
        return context.emit_json(found)
    return click.echo(f"{found['answered']:,} requests were answered, {found['refused']:,} refused")
