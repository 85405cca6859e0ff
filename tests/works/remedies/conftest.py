"""A home with approved models behind an endpoint, a log of what it was asked that goes bad, and a receiver of alerts."""

from __future__ import annotations

import http.server
import json
import shutil
import threading
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from tests.works.inventory.conftest import enter
from tests.works.monitoring.conftest import START, at, rows, write

from assay.works.call import call
from assay.works.home import Home
from assay.works.marking import strike
from assay.works.monitoring import carrying

RULES = "rules:\n  - {range: lead, min: 0, severity: high}\n"


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """The folder of a home in which m@1, and then m@2, answer for the endpoint shop."""
    folder = tmp_path_factory.mktemp("served")
    made = Home.create(folder, {"ASSAY_ACTOR": "ada"})
    for number in (1, 2, 3):
        strike(made, enter(made, "m", byte=bytes([number])), "ada", "full")
        call("model.approve", {"name": f"m@{number}", "reason": "seen"}, home=made, actor="bob")
    call("endpoint.create", {"name": "shop", "model": "m@1"}, home=made)
    serve(made)
    call("endpoint.update", {"name": "shop", "model": "m@2"}, home=made)
    serve(made)
    made.close()
    write(folder / "log.parquet", rows(START, 4, 60, bad_from=2))
    (folder / "rules.yaml").write_text(RULES)
    return folder


def serve(home, name="shop"):
    """As a server leaves an endpoint whose models it has started."""
    from dataclasses import replace

    from assay.office import endpoints

    with home.office.transaction() as tx:
        now = endpoints.current(tx, name)
        endpoints.write(tx, replace(now, state="in_service", rollout=None), "endpoint.ready", actor="ada")


@pytest.fixture
def home(served, tmp_path):
    shutil.copytree(served, tmp_path, dirs_exist_ok=True)
    opened = Home.open(tmp_path / ".assay", {"ASSAY_ACTOR": "ada"})
    yield opened
    opened.close()


@pytest.fixture
def watch(home, tmp_path):
    """Make a monitor of the log with a policy, run what is due, and return the executions. since, until: hours; the log is bad from 2 on."""

    def made(policy, until=4, name="m", since=2, **said):
        path = tmp_path / f"{name}.policy.yaml"
        path.write_text(policy)
        given = {
            "name": name,
            "endpoint": "shop",
            "source": str(tmp_path / "log.parquet"),
            "time": "at",
            "check": "data.quality",
            "params": {"rules": str(tmp_path / "rules.yaml")},
            "schedule": "0 * * * *",
            "since": datetime.fromtimestamp(at(since), UTC).isoformat(),
            "policy": str(path),
        }
        call("monitor.create", {**given, **said}, home=home)
        return carrying.run_due(home, name, "ada", at(until))

    return made


@pytest.fixture
def variants(home):
    """The packages that answer for the shop now."""

    def now():
        found = call("endpoint.show", {"name": "shop"}, home=home)
        return {v["package"]: v["weight"] for v in found["variants"]}

    return now


@pytest.fixture
def deeds(home):
    """The corrective actions, the oldest first: what, and in which state."""

    def found(**said):
        listed = call("monitor.actions", said, home=home)["actions"]
        return [(a["verb"], a["state"]) for a in reversed(listed)]

    return found


@pytest.fixture
def hook(home, monkeypatch):
    """A receiver of alerts, and the home's channel `ops` that leads to it. answers: the status of each in turn."""
    known = SimpleNamespace(got=[], answers=[204])

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            known.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(known.answers.pop(0) if len(known.answers) > 1 else known.answers[0])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    (home.root / "channels.yaml").write_text(
        "hosts: [127.0.0.1]\nchannels:\n"
        f"  ops: {{webhook: 'http://127.0.0.1:{server.server_address[1]}/', secret: env:OPS_SECRET}}\n"
    )
    monkeypatch.setenv("OPS_SECRET", "hush")
    yield known
    server.shutdown()
    server.server_close()
    thread.join()
