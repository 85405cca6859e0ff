"""An endpoint asked over HTTP: what is said where there is no server."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from assay.kernel.errors import UsageError
from assay.works.serving import invoking
from assay.works.serving.invoking import Asked, over_http


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "http://127.0.0.1:port", "http://127.0.0.1:1"])
def test_a_port_that_is_none_ended_in_a_traceback(url):
    with pytest.raises(UsageError, match="nothing answers at"):
        over_http(url, "e", Asked(b"[]", "application/json"), "", None, 2.0)


class _Large(BaseHTTPRequestHandler):
    """Answers with more than is taken."""

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/csv")
        self.end_headers()
        for _ in range(21):
            self.wfile.write(b"1\n" * 50)

    def log_message(self, *said):
        """Say nothing."""


def test_a_large_answer_was_cut_without_a_word(monkeypatch):
    monkeypatch.setattr(invoking, "_LARGEST", 2_000)
    server = HTTPServer(("127.0.0.1", 0), _Large)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        with pytest.raises(UsageError, match="has more than"):
            over_http(url, "e", Asked(b"[]", "application/json"), "", None, 5.0)
        monkeypatch.setattr(invoking, "_LARGEST", 2_100)
        assert len(over_http(url, "e", Asked(b"[]", "application/json"), "", None, 5.0).body) == 2_100
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_question_asked_here_has_the_head_that_a_firewall_wants():
    """Behind `--firewall block` the command refused each question: a POST without Content-Length."""
    head = dict(invoking._headers(Asked(b"[1]", "application/json")))
    assert head["content-length"] == "3" and head["content-type"] == "application/json" and head["host"]
