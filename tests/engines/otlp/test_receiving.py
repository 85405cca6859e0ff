"""The receiver asked over real sockets: by the protocol, and by whoever means it ill."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import subprocess
import threading
import time
from contextlib import contextmanager

import pytest

from assay.engines import listening, tls
from assay.engines.otlp.receiving import Busy, Full, Receiver
from assay.engines.otlp.sending import Endpoint, send
from assay.kernel.errors import Broken, UsageError
from assay.kernel.span import Scope, Span
from assay.methods.traces import otlp, protobuf
from assay.methods.traces.bounds import Bounds

SPANS = [
    Span(f"{n + 1:032x}", f"{n + 1:016x}", "n", 10, 20, scope=Scope({"service.name": "s"})) for n in range(3)
]
JSON, PROTO = "application/json", "application/x-protobuf"


@contextmanager
def serving(keep=lambda taken: None, **rest):
    with Receiver("127.0.0.1", 0, keep, **rest) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def ask(server, body, kind=JSON, path="/v1/traces", method="POST", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    try:
        connection.request(
            method, path, body, {"Content-Type": kind} | {k.replace("_", "-"): v for k, v in headers.items()}
        )
        response = connection.getresponse()
        return response.status, response.read(), response.headers
    finally:
        connection.close()


@pytest.fixture(scope="module")
def seen():
    return []


@pytest.fixture(scope="module")
def server(seen):
    with serving(seen.append, bounds=Bounds(document=1 << 20, objects=5_000, spans=4)) as running:
        yield running


def test_each_encoding_is_taken_plain_and_as_gzip(server, seen):
    for kind, body in ((JSON, otlp.write_json(SPANS)), (PROTO, otlp.write_protobuf(SPANS))):
        for encoding, sent in (("identity", body), ("gzip", gzip.compress(body, mtime=0))):
            seen.clear()
            status, answer, headers = ask(server, sent, kind, Content_Encoding=encoding)
            assert (status, headers["Content-Type"]) == (200, kind)
            assert answer == (b"{}" if kind == JSON else b"")
            assert seen[0].spans == SPANS and seen[0].bytes == len(sent)


def test_what_was_left_out_is_told_as_partial_success(server, seen):
    seen.clear()
    bad = Span("0" * 32, "1" * 16, "bad", 1, 2)
    many = [bad] + [SPANS[0]] * 4 + [SPANS[1]]
    status, answer, _ = ask(server, otlp.write_json(many))
    told = json.loads(answer)["partialSuccess"]
    assert (status, told["rejectedSpans"]) == (200, "2") and "traceId" in told["errorMessage"]
    status, answer, _ = ask(server, otlp.write_protobuf(many), PROTO)
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

    assert ExportTraceServiceResponse.FromString(answer).partial_success.rejected_spans == 2
    assert [len(t.spans) for t in seen] == [4, 4]


@pytest.mark.parametrize(
    ("body", "options", "status"),
    [
        (b"not json", {}, 400),
        (b"[]", {}, 400),
        (b"\xff\xff", {"kind": PROTO}, 400),
        (b"[" * 5_001, {}, 400),
        (b"x", {"Content_Encoding": "gzip"}, 400),
        (gzip.compress(b"{}", mtime=0)[:-3], {"Content_Encoding": "gzip"}, 400),
        (gzip.compress(b" " * (9 << 20), mtime=0), {"Content_Encoding": "gzip"}, 400),
        (b"{}", {"Content_Encoding": "br"}, 415),
        (b"{}", {"kind": "text/plain"}, 415),
        (b"{}", {"path": "/v1/logs"}, 404),
        (b"{}", {"Host": "evil.example"}, 421),
        (b" " * (1 << 20) + b" ", {}, 413),
        (b"{}", {"Content_Length": "-1"}, 411),
        (b"{}", {"Content_Length": "9" * 400}, 411),
        (b"2\r\n{}\r\n0\r\n\r\n", {"Transfer_Encoding": "chunked"}, 411),
        (b"{}", {"method": "GET"}, 405),
        (b"{}", {"method": "PUT"}, 405),
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused_and_nothing_is_kept(server, seen, body, options, status):
    seen.clear()
    found, answer, _ = ask(server, body, **options)
    assert found == status and not seen
    if found in (400, 415, 413) and options.get("kind", JSON) == JSON:
        assert json.loads(answer)["message"]


def test_an_error_is_told_in_the_encoding_that_was_asked_in(server):
    _, answer, headers = ask(server, b"\xff", PROTO)
    assert headers["Content-Type"] == PROTO and protobuf.decode(answer, "RpcStatus", 9)["code"] == 3


def test_one_connection_may_send_again_and_again(server, seen):
    seen.clear()
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    for body in (otlp.write_json(SPANS), b"broken", otlp.write_json(SPANS[:1])):
        connection.request("POST", "/v1/traces", body, {"Content-Type": JSON})
        assert connection.getresponse().read()
    connection.close()
    assert [len(t.spans) for t in seen] == [3, 1]


@pytest.mark.parametrize(
    ("error", "status", "after"),
    [(Busy("wait", 7), 503, "7"), (Full("no more"), 507, None), (Broken("the disk is full"), 503, "5")],
)
def test_what_cannot_be_kept_is_not_said_to_be(error, status, after):
    def keep(taken):
        raise error

    with serving(keep) as server:
        found, answer, headers = ask(server, otlp.write_json(SPANS))
    assert (found, headers["Retry-After"]) == (status, after) and str(error) in json.loads(answer)["message"]


def test_a_token_is_needed_where_there_is_one_and_beyond_this_machine():
    body = otlp.write_json(SPANS)
    with serving(token="s3cret") as server:
        assert ask(server, body)[0] == ask(server, body, Authorization="Bearer other")[0] == 401
        assert ask(server, body, Authorization="Bearer s3cret")[0] == 200
    with pytest.raises(UsageError, match="token"):
        Receiver("0.0.0.0", 0, lambda taken: None)


def test_a_port_that_is_taken_is_named(server):
    with pytest.raises(UsageError, match="cannot be listened on"):
        Receiver("127.0.0.1", server.server_address[1], lambda taken: None)


def test_a_request_that_comes_a_byte_at_a_time_is_ended(monkeypatch):
    monkeypatch.setattr(listening, "_REQUEST", 0.2)
    with (
        serving() as server,
        socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=5) as slow,
    ):
        began = time.monotonic()
        with pytest.raises(OSError):
            while True:
                slow.sendall(b"P")
                time.sleep(0.05)
                if time.monotonic() - began > 4:
                    pytest.fail("it was borne")


def test_too_many_at_once_are_told_to_come_again(monkeypatch):
    monkeypatch.setattr(listening, "CONNECTIONS", 2)
    with serving() as server:
        held = [socket.create_connection(("127.0.0.1", server.server_address[1])) for _ in range(2)]
        time.sleep(0.2)
        status, _, headers = ask(server, b"{}")
        assert (status, headers["Retry-After"]) == (503, "1")
        for one in held:
            one.close()
        time.sleep(0.2)
        assert ask(server, b"{}")[0] == 200


def test_the_host_may_be_said_in_each_way(server):
    port = server.server_address[1]
    for host in ("localhost", f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}"):
        assert ask(server, b"{}", Host=host)[0] == 200, host


def test_it_listens_on_the_sixth_version_too():
    with Receiver("::1", 0, lambda taken: None) as server:
        assert server.local and server.url.startswith("http://[::1]:") and server.url.endswith("/v1/traces")


@pytest.mark.parametrize("method", ["GET", "PUT", "OPTIONS", "HEAD", "DELETE"])
def test_another_method_was_answered_with_a_page_of_another_server(server, method):
    status, body, headers = ask(server, b"", method=method)
    assert (status, headers["Allow"], headers["Content-Type"]) == (405, "POST", JSON)
    assert (json.loads(body)["message"] == "only POST is served") if method != "HEAD" else body == b""


def test_a_body_of_two_lengths_was_read_by_the_first(server):
    head = f"POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {JSON}\r\n"
    with socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=10) as to:
        to.sendall(f"{head}Content-Length: 2\r\nContent-Length: 40\r\n\r\n{{}}".encode())
        assert to.recv(4_000).startswith(b"HTTP/1.1 400 ")


@pytest.fixture
def certificate(tmp_path):
    """A server's certificate that signs itself, and its key."""
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    )
    files = tmp_path / "cert.pem", tmp_path / "key.pem"
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out", files[0], "-keyout", files[1]]
    subprocess.run([*command.split(), *map(str, names)], check=True, capture_output=True)
    return files


def test_spans_come_over_tls_and_who_speaks_none_is_let_go(certificate, seen):
    seen.clear()
    with serving(seen.append, tls=tls.context(*map(str, certificate))) as server:
        url = server.url
        assert url.startswith("https://127.0.0.1:")
        sent = send(Endpoint(url, {}, certificate[0]), SPANS)
        assert (sent.spans, len(seen)) == (3, 1)
        with pytest.raises((ConnectionError, http.client.HTTPException)):  # in the clear
            ask(server, otlp.write_json(SPANS))
        with socket.create_connection(
            server.server_address[:2]
        ) as quiet:  # one that says nothing holds nobody up
            assert send(Endpoint(url, {}, certificate[0]), SPANS).spans == 3
            quiet.close()
