# ruff: noqa: F811
"""A gateway that answers over HTTP in a thread, before stand-ins of models that do as a test says."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
from types import SimpleNamespace

import pytest
from tests.works.serving.conftest import approved, clock, does, home  # noqa: F401 - fixtures

from assay.doors.gateway.api import Api
from assay.doors.gateway.application import Gate
from assay.doors.gateway.connections import Bounds, Server
from assay.kernel.serving import Answer
from assay.methods.routing.buckets import SIZE, Buckets
from assay.office import endpoints, registry, tokens
from assay.works.call import call
from assay.works.serving import publishing, tracing
from assay.works.serving.counts import Counts
from assay.works.serving.deployable import folder_of
from assay.works.serving.gateway import Gateway
from assay.works.serving.journal import Journal
from assay.works.serving.publishing import Published
from assay.works.serving.rules import Rules


class Loop:
    """An event loop in a thread."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def run(self, coroutine, seconds=20):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(seconds)

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        self.loop.close()


class Listening:
    """A server of connections in a thread. Whatever is sent to it is answered, or the test fails."""

    def __init__(self, application, bounds=None, ssl=None):
        self.loop = Loop()
        self.server = Server(application, bounds)

        async def begin():
            made = await asyncio.get_running_loop().create_server(self.server, "127.0.0.1", 0, ssl=ssl)
            return made, asyncio.get_running_loop().create_task(self.server.watch())

        self.made, self.watching = self.loop.run(begin())
        self.port = self.made.sockets[0].getsockname()[1]

    def close(self):
        async def end():
            self.made.close()
            await self.server.drain(2)
            self.watching.cancel()

        self.loop.run(end())
        self.loop.close()


class Pool:
    """A stand-in for the replicas of a variant. does: what it answers a question, if not its own name."""

    def __init__(self, stand, variant):
        self.stand, self.variant = stand, variant

    async def ask(self, question, seconds):
        assert not getattr(self, "closed", False), "asked after it was closed"
        self.stand.asked.append((self.variant, question))
        act = self.stand.does.get(self.variant)
        made = act(question) if act else None
        if asyncio.iscoroutine(made):
            try:
                made = await asyncio.wait_for(made, seconds)
            except TimeoutError:  # as replicas answer
                return Answer(
                    504, b'{"error":"the model did not answer within its time"}', "application/json"
                )
        return made or Answer(200, self.variant.encode(), "text/csv", 0.001)

    async def close(self, drain=10.0):
        self.closed = True


class Stand:
    """A gateway of a home, its models stood in for."""

    def __init__(self, home, folder, ssl=None, bounds=None, api=False, guarded=False):
        self.home, self.folder, self.serial = home, folder, 0
        self.does, self.asked, self.pools, self.taps = {}, [], [], []
        self.ready = None  # variants that are; None: all

        def connect(sockets, guard, variant):
            self.pools.append(Pool(self, variant))
            return self.pools[-1]

        self.journal_folder = home.root / "serving" / "journal"
        journal = Journal(self.journal_folder, "gateway-1")
        tracer = tracing.Tracer(tracing.journal(home, "gateway-1"))
        self.gateway = Gateway(
            home, folder, "gateway-1", connect, journal, Counts(), Buckets(bytearray(SIZE)), tracer
        )
        self.api = Api(home) if api else None
        self.listening = Listening(Gate(self.gateway, self.api, guarded=guarded), bounds, ssl)
        self.port, self.loop = self.listening.port, self.listening.loop

    def publish(self, draining=False, reader="", starting=()):
        """Let the gateway know what the office says now. starting: endpoints whose first model is not there yet."""
        served = {}
        for record in endpoints.listing(self.home.office):
            if record.name in starting:
                continue
            names = [v["name"] for v in record.variants if self.ready is None or v["name"] in self.ready]
            folders = {
                v["name"]: str(folder_of(self.home, registry.get(self.home.office, v["package"])))
                for v in record.variants
            }
            served[record.name] = publishing.served(
                record, record.variants, {n: [f"/{n}"] for n in names}, folders, Rules(self.home).of(record)
            )
        held = {t.id: publishing.token(t) for t in tokens.listing(self.home.office, revoked=False)}
        self.serial += 1
        publishing.publish(self.folder, Published(self.serial, draining, served, held, reader, starting))
        return self.loop.run(self.gateway.refresh())

    def token(self, **given):
        return call("token.create", {"subject": "desk", "endpoints": ["*"], **given}, home=self.home)["token"]

    def ask(self, body=b"1,2\n", path="/endpoints/e/invocations", method="POST", token=None, **headers):
        """Return status, headers and body of an answer."""
        given = {"content-type": "text/csv", **{k.replace("_", "-"): v for k, v in headers.items()}}
        given |= {"authorization": f"Bearer {token}"} if token else {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, {k: v for k, v in given.items() if v is not None})
            found = connection.getresponse()
            raw = found.read()
            kind = found.headers.get("content-type", "")
            told = json.loads(raw) if kind.startswith("application/json") and raw else raw
            return SimpleNamespace(status=found.status, headers=found.headers, body=told)
        finally:
            connection.close()

    def close(self):
        self.loop.run(self.gateway.close(2))
        if self.api:
            self.api.close()
        self.listening.close()


@pytest.fixture
def stand(home, does, tmp_path):
    """Make a gateway that answers for the home's endpoints."""
    made = []

    def make(**given):
        folder = tmp_path / f"run{len(made)}"
        folder.mkdir()
        made.append(Stand(home, folder, **given))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def listening():
    """Make a server of connections before an application."""
    made = []

    def make(application, **bounds):
        made.append(Listening(application, Bounds(**bounds)))
        return made[-1]

    yield make
    for one in made:
        one.close()
