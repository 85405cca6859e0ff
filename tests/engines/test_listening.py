"""A request that meets a fault of ours is told of in one line, without what was sent; one that breaks off is not."""

import socket
import threading
import time
import urllib.error
import urllib.request

import pytest

from assay.engines.listening import Bounded, Listener


class Broken(Bounded):
    def do_POST(self):
        raise ZeroDivisionError("secret of whoever asked")


@pytest.fixture
def server():
    made = Listener("127.0.0.1", 0, Broken)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


def settled(capsys, wanted):
    out, end = "", time.monotonic() + 5
    while wanted not in out and time.monotonic() < end:
        time.sleep(0.02)
        out += capsys.readouterr().err
    return out


def test_a_fault_of_ours_is_said_in_one_line_and_not_for_each_of_thousands(server, capsys):
    """It was swallowed: whoever ran the server saw a connection that closed, and nothing else."""
    for _ in range(3):
        with pytest.raises((urllib.error.URLError, ConnectionError)):
            urllib.request.urlopen(server.base + "/", data=b"x", timeout=5)
    said = settled(capsys, "test_listening")
    assert said.count("\n") == 1 and "ZeroDivisionError at test_listening.py" in said and "secret" not in said


def test_a_connection_that_breaks_off_is_not_told(server, capsys):
    with socket.create_connection(server.server_address[:2]) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        one.sendall(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n")
    time.sleep(0.2)
    assert capsys.readouterr().err == ""
