"""A real server of the standard library, in a thread of its own."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import assay
from assay.kernel.errors import AssayError

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(RNG.normal(size=(4100, 2)).round(4), columns=list("ab"))
FRAME["y"] = (FRAME.a + RNG.normal(size=4100) > 0).astype(int)


def _scores(rows):
    return [1 / (1 + np.exp(-r[0])) for r in rows]


ANSWERS = {
    "/lines": lambda rows: ("text/csv", "\n".join(map(str, _scores(rows)))),
    "/oneline": lambda rows: ("text/csv", ",".join(map(str, _scores(rows)))),
    "/list": lambda rows: ("application/json", json.dumps(_scores(rows))),
    "/matrix": lambda rows: (
        "application/json",
        json.dumps({"predictions": [[1 - s, s] for s in _scores(rows)]}),
    ),
    "/invocations": lambda rows: (
        "application/json",
        json.dumps({"predictions": [{"score": s, "predicted_label": float(s > 0.5)} for s in _scores(rows)]}),
    ),
    "/short": lambda rows: ("text/csv", "0.5"),
    "/odd": lambda rows: ("text/html", "<html>sorry</html>"),
    "/json": lambda rows: ("application/json", '{"oops": 1}'),
    "/objects": lambda rows: ("application/json", '{"predictions": [{"oops": 1}]}'),
    "/huge": lambda rows: ("application/json", f"[1{'0' * 400}]"),
}


TOLD: list[str | None] = []  # the traceparent of each request


@pytest.fixture(scope="module")
def server():
    asked, told = [], TOLD

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            rows = [[float(v) for v in line.split(",")] for line in body.decode().splitlines()]
            asked.append((self.path, len(rows), len(rows[0]), self.headers.get("Authorization")))
            told.append(self.headers.get("traceparent"))
            if self.path == "/busy" and sum(p == "/busy" for p, *_ in asked) < 3:
                return self._say(503, "text/plain", "wait")
            if self.path == "/moved":
                self.send_response(302)
                self.send_header("Location", "/lines")
                self.end_headers()
                return None
            if self.path == "/drip":
                return self._drip()
            kind, said = ANSWERS.get("/lines" if self.path == "/busy" else self.path, lambda _: (None, ""))(
                rows
            )
            return self._say(200 if kind else 404, kind or "text/plain", said)

        def _say(self, status, kind, said):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(said.encode())

        def _drip(self):
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(OSError):
                for _ in range(100):
                    self.wfile.write(b"0")
                    time.sleep(0.05)

        def log_message(self, *_):
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}", asked
    running.shutdown()
    thread.join()
    running.server_close()


def _validate(url, data=FRAME):
    return assay.check("model.validate", url, data=data, label="y", slices=0)


@pytest.mark.parametrize("path", ["/lines", "/oneline", "/list", "/matrix", "/invocations", "/busy"])
def test_each_shape_of_answer_is_read(server, path, monkeypatch):
    from sklearn.metrics import f1_score, roc_auc_score

    monkeypatch.setenv("ASSAY_ENDPOINT_TOKEN", "t0ken")
    result = _validate(server[0] + path)
    assert result.metric("f1").value == pytest.approx(f1_score(FRAME.y, FRAME.a > 0))
    assert result.metric("roc_auc").value == pytest.approx(roc_auc_score(FRAME.y, FRAME.a))
    asked = [a for a in server[1] if a[0] == path]
    assert sum(rows for _, rows, *_ in asked) >= 4100 and all(rows <= 2000 for _, rows, *_ in asked)
    assert {a[2:] for a in asked} == {(2, "Bearer t0ken")}  # never the label


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/short", "answered 1 rows for 2000"),
        ("/odd", "neither CSV nor JSON"),
        ("/json", "neither CSV nor JSON"),
        ("/objects", "no prediction among oops"),
        ("/huge", "neither CSV nor JSON"),
        ("/nothing", "status 404"),
        ("/moved", "status 302"),
    ],
)
def test_what_is_no_answer_is_told_in_a_sentence(server, path, said):
    with pytest.raises(AssayError, match=said) as told:
        _validate(server[0] + path)
    assert "\n" not in str(told.value)


def test_an_answer_that_drips_without_end_is_given_up(server, monkeypatch):
    """Each byte comes in time, and all of them never would."""
    monkeypatch.setattr("assay.engines.models.endpoint._WHOLE", 0.2)
    begun = time.monotonic()
    with pytest.raises(AssayError, match=r"cannot be reached: it has not answered within 0\.2 seconds"):
        _validate(server[0] + "/drip")
    assert time.monotonic() - begun < 4


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:9/invocations", "cannot be reached"),
        ("http://ada:secret@127.0.0.1/x", "ASSAY_ENDPOINT_TOKEN"),
        ("http://", "no URL of a model"),
    ],
)
def test_urls_that_lead_nowhere_and_one_that_holds_a_password(url, said):
    with pytest.raises(AssayError, match=said) as told:
        _validate(url)
    assert "secret" not in str(told.value)


def test_each_request_is_a_span_and_joins_its_trace(server):
    from assay.engines.models.endpoint import EndpointModel, pin
    from assay.engines.tracing import Recorder
    from assay.kernel.span import Caller, Scope

    url, asked = server
    recorder = Recorder(Scope())
    TOLD.clear()
    with recorder.span("check"):
        EndpointModel(pin(f"{url}/lines"), recorder).predict(pa.Table.from_pandas(FRAME[["a", "b"]].head(5)))
    post = next(s for s in recorder.spans() if s.name == "POST")
    assert (post.kind, post.attributes["http.response.status_code"], post.attributes["url.path"]) == (
        "client",
        200,
        "/lines",
    )
    assert Caller.read(TOLD[-1]) == Caller(recorder.trace, post.id, 1)
