"""Homes, a registry of our own and a receiver of alerts on the loopback, for what arrives."""

import http.server
import json
import threading

import pytest
from tests.answering import Quiet
from tests.images import DEBIAN, layer, oci_layout, stanza

from assay.works.home import Home

STATUS = stanza("zlib1g", "1.2.13", "zlib")
FILES = {"etc/os-release": DEBIAN, "var/lib/dpkg/status": STATUS}


@pytest.fixture
def home(tmp_path):
    made = Home.create(tmp_path / "home", {"ASSAY_ACTOR": "ada"})
    yield made
    made.close()


def served(handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server


class Asked(list):
    """The paths that were asked for. wants: the one value of Authorization that is let in, where there is one."""


@pytest.fixture
def registry(tmp_path):
    """A registry of team/app:1, which notes what it is asked; returns host, digest and the paths asked for."""
    folder = oci_layout(tmp_path / "pushed", [layer(FILES)])
    index = json.loads((folder / "index.json").read_text())
    asked, wants = Asked(), []
    asked.wants = wants

    class Handler(Quiet):
        def do_GET(self):
            asked.append(self.path)
            if wants and self.headers.get("Authorization") != wants[0]:
                return self.send(b"{}", 401, WWW_Authenticate='Basic realm="team"')
            name = self.path.rpartition("/")[2]
            name = index["manifests"][0]["digest"] if name == "1" else name
            file = folder / "blobs" / "sha256" / name.removeprefix("sha256:")
            if self.path.startswith("/v2/team/app/") and file.is_file():
                return self.send(file.read_bytes())
            return self.send(b"{}", 404)

    server = served(Handler)
    yield f"127.0.0.1:{server.server_port}", index["manifests"][0]["digest"], asked
    server.shutdown()
    server.server_close()


@pytest.fixture
def told(home, monkeypatch):
    """A receiver of alerts that the home's channel `security` leads to; returns what it was told."""
    out = []

    class Handler(Quiet):
        def do_POST(self):
            out.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send(b"{}")

    server = served(Handler)
    monkeypatch.setenv("HOOK_SECRET", "a-secret-of-alerts")
    (home.root / "channels.yaml").write_text(
        "hosts: [127.0.0.1]\nchannels:\n  security:\n    webhook: "
        f"http://127.0.0.1:{server.server_port}/in\n    secret: env:HOOK_SECRET\n"
    )
    yield out
    server.shutdown()
    server.server_close()
