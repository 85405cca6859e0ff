"""One gateway process: started by the supervisor with a socket that listens already, ended by SIGTERM when all is answered."""

from __future__ import annotations

import asyncio
import contextlib
import json
import mmap
import os
import resource
import signal
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines import tls
from assay.engines.terminal import say
from assay.kernel.errors import AssayError, of_the_machine
from assay.methods.routing.buckets import SIZE, Buckets
from assay.works.serving import counts, tracing
from assay.works.serving.gateway import Gateway
from assay.works.serving.journal import Journal
from assay.works.serving.telling import Teller

if TYPE_CHECKING:
    from assay.doors.gateway.connections import Server

_LOOK = 0.1  # seconds between looks at what is published
_WRITE = 0.5  # between writings of what was counted
_BATCH = 5.0  # between batches of requests
_HANDSHAKE = 10.0
_CONNECTIONS, _FILES = 10_000, 256  # open at once; files that are kept for everything else


def main(argv: list[str]) -> int:
    """Answer until SIGTERM. argv: the file that the supervisor wrote for this process."""
    told = json.loads(Path(argv[0]).read_text(encoding="utf-8"))
    try:
        import uvloop

        runner: Any = uvloop.run
    except ImportError:  # slower, and the same otherwise
        runner = asyncio.run
    try:
        runner(_serve(told))
    except (AssayError, OSError) as error:
        told = (of_the_machine(error) or error) if isinstance(error, OSError) else error
        say(f"assay: {told}")
        return told.exit_code if isinstance(told, AssayError) else 3
    return 0


async def _serve(told: dict[str, Any]) -> None:
    from assay.doors.gateway.api import Api
    from assay.doors.gateway.application import Gate
    from assay.doors.gateway.connections import Bounds, Server
    from assay.works.home import Home
    from assay.works.serving.connecting import connect

    home, folder, name = Home.open(Path(told["home"]), os.environ), Path(told["folder"]), str(told["name"])
    file = folder / f"{name}.json"
    journal = Journal(home.root / "serving" / "journal", name)
    tracer = tracing.Tracer(tracing.journal(home, name))
    gateway = Gateway(home, folder, name, connect, journal, counts.restored(file), _buckets(folder), tracer)
    api = Api(home) if told["api"] else None
    server = Server(Gate(gateway, api, guarded=bool(told.get("metrics"))), Bounds(connections=_room()))
    listener = socket.socket(fileno=int(told["socket"]))
    loop, ending = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ending.set)
    loop.add_signal_handler(signal.SIGINT, lambda: None)  # the supervisor's affair
    await gateway.refresh()
    kept = _tls(told)
    tasks = [loop.create_task(_keep(gateway, server, file, kept)), loop.create_task(server.watch())]
    listening = await loop.create_server(
        server,
        sock=listener,
        ssl=kept.context if kept else None,
        backlog=1024,
        ssl_handshake_timeout=_HANDSHAKE if kept else None,
    )
    orphaned = loop.create_task(_orphaned(int(told["parent"]), ending))
    await ending.wait()
    listening.close()
    drain = float(told["drain"])
    await server.drain(drain)
    for task in (*tasks, orphaned):
        task.cancel()
    await gateway.close(drain)
    if api is not None:
        api.close()
    _write(gateway, server, file)
    home.close()


async def _keep(gateway: Gateway, server: Server, file: Path, kept: tls.Kept | None) -> None:
    """Look at what is published, and write down what was counted, until cancelled."""
    written = settled = time.monotonic()
    teller = Teller()
    while True:
        try:
            if await gateway.refresh():
                written = 0.0
            now = time.monotonic()
            if now - written >= _WRITE:
                gateway.look()
                _write(gateway, server, file)
                written = now
            if now - settled >= _BATCH:
                gateway.settle()
                settled = now
                if kept is not None and kept.refresh():
                    teller.say("the certificate was read again")
        except (AssayError, OSError, ValueError) as error:  # what was published before goes on
            teller.error(error)
        await asyncio.sleep(_LOOK)


def _write(gateway: Gateway, server: Server, file: Path) -> None:
    for name, line in gateway.lines.items():
        gateway.counts.under_way.set((name,), line.held)
    gateway.counts.connections.set((), len(server.connections))
    serial = gateway.published.serial
    counts.keep(file, gateway.counts, serial=serial, parting=gateway.parting, ready=gateway.ready())


async def _orphaned(parent: int, ending: asyncio.Event) -> None:
    """End when the supervisor is gone: nobody would look after the models any more."""
    while os.getppid() == parent:
        await asyncio.sleep(1)
    ending.set()


def _room() -> int:
    """Return how many connections may be open: as many files as the system allows, but for those that are needed besides."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    if soft == resource.RLIM_INFINITY:
        return _CONNECTIONS
    return min(_CONNECTIONS, max(soft // 2, soft - _FILES))


def _buckets(folder: Path) -> Buckets:
    """Return the buckets that all gateways of a server share."""
    with (folder / "buckets").open("r+b") as opened:
        return Buckets(memoryview(mmap.mmap(opened.fileno(), SIZE)))


def _tls(told: dict[str, Any]) -> tls.Kept | None:
    cert, key = told.get("tls_cert") or "", told.get("tls_key") or ""
    if not cert:
        return None
    required = told.get("tls_client") == "required"
    return tls.Kept(tls.context(cert, key, told.get("tls_client_ca") or "", required=required), cert, key)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main(sys.argv[1:]))
