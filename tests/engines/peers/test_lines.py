"""TLS between ports: only with one whom the job's own authority names, and only under that name."""

from __future__ import annotations

import socket
import ssl
import threading
from collections import deque

import pytest

from assay.engines.authority import for_job
from assay.engines.peers.lines import FULL, Line, sealed


def joined(server_papers, client_papers, called="algo-1", caller="algo-2"):
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    theirs.settimeout(5)
    out = deque()

    def serve():
        try:
            out.append(sealed(ours, server_papers, caller, server=True))
        except OSError as error:
            out.append(error)
            ours.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        client = sealed(theirs, client_papers, called, server=False)
        client.settimeout(5)
    except OSError as error:
        client = error
        theirs.close()
    thread.join()
    return out.pop(), client


def test_two_of_one_job_speak():
    papers = for_job(["algo-1", "algo-2"], 60)
    server, client = joined(papers[0], papers[1])
    one, other = Line(server, 1), Line(client, 0)
    one.put(b"x" * 60_000)
    one.put(b"yy")
    got = []
    for _ in range(200):
        one.flush()
        got += list(other.packets())
    assert [len(p) for p in got] == [60_000, 2] and not one.out and not one.ended
    assert server.version() == "TLSv1.3"
    server.close()
    client.close()


def test_one_of_another_job_is_not_spoken_to():
    server, client = joined(for_job(["algo-1", "algo-2"], 60)[0], for_job(["algo-1", "algo-2"], 60)[1])
    assert isinstance(server, ssl.SSLError) and isinstance(client, ssl.SSLError)


@pytest.mark.parametrize("called", ["algo-1", "algo-2"])
def test_one_of_the_job_that_is_not_the_one_called_is_not_spoken_to(called):
    papers = for_job(["algo-1", "algo-2", "algo-3"], 60)
    server, client = joined(papers[0 if called == "algo-1" else 2], papers[2], called=called)
    assert isinstance(server, ssl.SSLError) or isinstance(client, ssl.SSLError)
    for one in (server, client):
        if isinstance(one, ssl.SSLSocket):
            one.close()


def test_a_length_that_no_packet_has_ends_the_line():
    ours, theirs = socket.socketpair()
    theirs.sendall((1 << 30).to_bytes(4, "big") + b"x")
    line = Line(ours, 0)
    assert list(line.packets()) == [] and line.ended
    theirs.close()
    ours.close()


def test_a_line_that_nobody_reads_says_that_it_is_full():
    ours, theirs = socket.socketpair()
    line = Line(ours, 0)
    for _ in range(200):
        line.put(bytes(60_000))
        line.flush()
    assert len(line.out) > FULL and not line.ended
    theirs.close()
    ours.close()


class Endless:
    """A peer that always has sent more already."""

    def __init__(self):
        self.read = 0

    def setblocking(self, _):
        pass

    def recv(self, most):
        self.read += most
        one = (996).to_bytes(4, "big") + bytes(996)
        return (one * (most // 1000 + 1))[:most] if most % 1000 == 0 else (one * (most // 1000))


def test_one_that_sends_without_pause_does_not_fill_the_memory_of_who_carries_it():
    """All that came was kept until nothing more came: a job's two workers could use up memory that no limit of theirs counts."""
    line = Line(Endless(), 0)
    held = 0
    for packet in line.packets():
        assert len(packet) == 996
        held = max(held, len(line._in))
    assert held <= 1 << 18 and line.held.read < 2 * FULL and not line.ended


@pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\n\r\n", bytes(200), b"\x16\x03\x01\x00\x05hello", b""])
def test_whoever_speaks_no_tls_is_told_nothing(sent):
    ours, theirs = socket.socketpair()
    ours.settimeout(0.5)
    theirs.sendall(sent)
    theirs.shutdown(socket.SHUT_WR)
    with pytest.raises(OSError):
        sealed(ours, for_job(["algo-1", "algo-2"], 60)[0], "algo-2", server=True)
    theirs.close()


def test_a_certificate_of_this_job_without_its_key_opens_nothing():
    """One that was seen on its way and is shown again."""
    from dataclasses import replace

    papers = for_job(["algo-1", "algo-2", "algo-3"], 60)
    stolen = replace(papers[1], key=papers[2].key)
    with pytest.raises(OSError):
        sealed(socket.socketpair()[0], stolen, "algo-1", server=False)


def test_a_certificate_whose_job_is_over_opens_nothing():
    papers = for_job(["algo-1", "algo-2"], -14 * 60.0)
    server, client = joined(papers[0], papers[1])
    assert isinstance(server, ssl.SSLError) and isinstance(client, ssl.SSLError)
