import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from assay.engines.jupyter import reach

CLOSED = ("127.0.0.1", 1)


@contextmanager
def metadata(token_needed):
    """Answer as the metadata service of an instance does; asks are kept in a list."""
    asked = []

    class Answer(BaseHTTPRequestHandler):
        def do_PUT(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"token")

        def do_GET(self):
            asked.append(self.path)
            fine = not token_needed or self.headers.get("X-aws-ec2-metadata-token") == "token"
            self.send_response(200 if fine else 401)
            self.end_headers()
            self.wfile.write(b"notebook-role" if fine else b"")

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address, asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(("token_needed", "v1"), [(False, True), (True, False)])
def test_the_role_is_named_and_its_credentials_are_never_asked_for(token_needed, v1, monkeypatch):
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    with metadata(token_needed) as (place, asked):
        found = reach.told(instance=place, container=CLOSED)
    assert found["role"] == "notebook-role"
    assert found["imds_v1"] is v1
    assert found["imds_v2"] is not v1
    assert all(path in (reach._ROLE, "/latest/api/token") for path in asked)


def test_where_nothing_answers_nothing_is_reached(monkeypatch):
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "tulip")
    found = reach.told(instance=CLOSED, container=CLOSED)
    assert (found["imds_v1"], found["imds_v2"], found["container"]) == (False, False, False)
    assert found["environment"] == "AWS_SECRET_ACCESS_KEY"
    assert "tulip" not in str(found)
