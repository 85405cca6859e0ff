"""Workers of one job reach one another and nothing else; encrypted, what they say crosses their shared link unreadable."""

from __future__ import annotations

import os
import select
import socket
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from assay.engines.egress.policy import Egress, Store
from assay.engines.isolation import Grant, Limits
from assay.engines.peers import crew
from assay.kernel.errors import Broken, UsageError

PLANTED = b"planted-plaintext-9f3c"


def workers(code, tmp_path, count=2, *, encrypted=False, watched=False, seconds=90):
    places = crew.places(count)
    logs = [tmp_path / f"log-{p.rank}" for p in places]
    grants = [Grant(env=dict(p.environment), peers=p.peers, limits=Limits(seconds=seconds)) for p in places]
    argv = [sys.executable, "-c", textwrap.dedent(code)]
    begun = crew.start([argv] * count, grants, logs, cwd=[None] * count, encrypted=encrypted, watched=watched)
    seen = bytearray()
    if watched:
        reader = threading.Thread(target=read_all, args=(begun.capture, seen))
        reader.start()
    capture = begun.capture
    if watched:
        begun.capture = None  # the reader closes it
    ended = begun.wait()
    if watched:
        time.sleep(0.1)
        capture.close()
        reader.join()
    return ended, [log.read_text() for log in logs], bytes(seen)


def read_all(capture, seen):
    """Read every packet of the shared link, until it is closed."""
    try:
        while True:
            if select.select([capture], [], [], 0.2)[0]:
                seen += capture.recv(1 << 17)
    except (OSError, ValueError):
        return


TALK = """
    import os, socket, time
    rank, size, port = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]), int(os.environ["MASTER_PORT"])
    said = b"planted-plaintext-9f3c " * {times}
    if rank == 0:
        server = socket.create_server(("0.0.0.0", port))
        begun = None
        for _ in range(size - 1):
            client, address = server.accept()
            begun = begun or time.perf_counter()
            got = 0
            while part := client.recv(1 << 20):
                got += len(part)
            assert got == len(said), got
            client.close()
        print(time.perf_counter() - begun)
    else:
        for _ in range(500):
            try:
                client = socket.create_connection((os.environ["MASTER_ADDR"], port), 5)
                break
            except OSError:
                time.sleep(0.01)
        client.sendall(said)
        client.close()
"""


def test_what_workers_say_crosses_their_link_in_plain_or_unreadable(tmp_path):
    """The packets of the job's own network: without encryption they hold what was planted, and with it nowhere."""
    for encrypted in (False, True):
        ended, logs, seen = workers(TALK.format(times=200), tmp_path, encrypted=encrypted, watched=True)
        assert [(e.code, e.reason, e.level) for e in ended] == [(0, "exit", "full")] * 2, logs
        assert len(seen) > 200 * len(PLANTED)  # what was said went over the link that was watched
        assert (PLANTED in seen) is not encrypted
        assert (b"\x17\x03\x03" in seen) is encrypted  # records of TLS


@pytest.mark.slow
def test_what_encryption_costs_is_told(tmp_path, capsys):
    """40 MB from worker to worker: both ways the bytes arrive; the ratio is printed."""
    took = []
    for encrypted in (False, True):
        ended, logs, _ = workers(TALK.format(times=40_000_000 // 23), tmp_path, encrypted=encrypted)
        assert all(e.code == 0 for e in ended), logs
        took.append(float(logs[0]))
    with capsys.disabled():
        print(f"\n40 MB between two workers: {took[0]:.2f} s in plain, {took[1]:.2f} s encrypted")
    assert took[1] < 20 * took[0] + 5


@pytest.mark.slow
def test_all_of_several_reach_all(tmp_path):
    code = """
        import os, socket, threading, time
        rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
        server = socket.create_server(("0.0.0.0", 7000), backlog=16)
        got = []
        def serve():
            for _ in range(size - 1):
                client, address = server.accept()
                got.append((client.recv(100).decode(), address[0]))
                client.sendall(b"ok")
        thread = threading.Thread(target=serve); thread.start()
        for other in range(size):
            if other == rank: continue
            for _ in range(500):
                try:
                    client = socket.create_connection((f"algo-{other + 1}", 7000), 5); break
                except OSError: time.sleep(0.02)
            client.sendall(str(rank).encode()); client.recv(10)
        thread.join()
        assert sorted(got) == sorted((str(o), socket.gethostbyname(f"algo-{o + 1}")) for o in range(size) if o != rank), got
        assert socket.gethostname() == f"algo-{rank + 1}"
        print("all")
    """
    ended, logs, _ = workers(code, tmp_path, 4, encrypted=True)
    assert logs == ["all\n"] * 4, logs
    assert all(e.code == 0 for e in ended)


@pytest.mark.slow
def test_a_worker_reaches_nothing_but_its_peers(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as host:
        port = host.getsockname()[1]
        code = f"""
            import os, socket
            own = [int(x) for x in os.environ["MASTER_ADDR"].split(".")]
            for address in ("127.0.0.1", "169.254.169.254", "169.254.170.2", "8.8.8.8", "10.213.0.254", "10.214.0.1", "192.168.0.1"):
                try:
                    socket.create_connection((address, {port}), 0.3)
                    print("REACHED", address)
                except OSError:
                    pass
            for family, kind, number in ((2, 3, 1), (2, 3, 255), (17, 3, 3), (40, 1, 0), (16, 3, 9)):
                try:
                    socket.socket(family, kind, number)
                    print("MADE", family, kind)
                except OSError:
                    pass
            import ctypes, fcntl, struct
            try:
                fcntl.ioctl(socket.socket(2, 2), 0x8914, struct.pack("16sH22x", b"eth0", 0))
                print("CHANGED")
            except OSError:
                pass
            print(os.path.exists("/dev/net/tun"), sorted(os.listdir("/proc/self/fd"))[:3])
        """
        _, logs, _ = workers(code, tmp_path)
    assert all(log.startswith("False") for log in logs), logs


@pytest.mark.slow
def test_a_worker_that_fails_ends_the_others(tmp_path):
    code = "import os, sys, time\nif os.environ['RANK'] == '1': sys.exit(3)\ntime.sleep(60)"
    begun = time.monotonic()
    ended, _, _ = workers(code, tmp_path, 3)
    assert time.monotonic() - begun < 30
    assert (ended[1].code, ended[1].reason) == (3, "exit")
    assert {ended[0].reason, ended[2].reason} == {"stopped"}
    assert crew.as_one(ended).code == 3


@pytest.mark.slow
def test_a_worker_past_its_limit_ends_the_job_with_that_reason(tmp_path):
    code = "import os, time\nif os.environ['RANK'] == '1':\n  x = bytearray(3 << 30)\ntime.sleep(60)"
    places = crew.places(2)
    grants = [
        Grant(env=dict(p.environment), peers=p.peers, limits=Limits(seconds=40, memory=200 << 20))
        for p in places
    ]
    logs = [tmp_path / f"log-{p.rank}" for p in places]
    ended = crew.start([[sys.executable, "-c", code]] * 2, grants, logs, cwd=[None, None]).wait()
    assert crew.as_one(ended).reason == "memory"


@pytest.mark.parametrize("count", [0, 1, 65, -3])
def test_a_number_of_workers_that_no_job_has_is_a_mistake(count):
    with pytest.raises(UsageError):
        crew.places(count)


def test_places_are_what_torch_distributed_reads():
    first, second = crew.places(2)
    assert first.environment["MASTER_ADDR"] == second.environment["MASTER_ADDR"] == first.peers.address
    assert (second.environment["RANK"], second.environment["WORLD_SIZE"]) == ("1", "2")
    assert second.peers.hosts == {"algo-1": "10.213.0.1", "algo-2": "10.213.0.2"}


def children():
    """Return the processes that this one has begun and that are not over; others of the suite may be among them."""
    tasks = Path(f"/proc/{os.getpid()}/task")
    return {int(pid) for task in tasks.iterdir() for pid in (task / "children").read_text().split()}


class Spent(Egress):
    """A way out that cannot be begun."""

    def begin(self):
        raise RuntimeError("can't start new thread")


def test_where_one_worker_cannot_begin_none_is_left(tmp_path):
    places = crew.places(2)
    way_out = Spent((Store.read("http://127.0.0.1:9"),))
    grants = [Grant(peers=places[0].peers), Grant(peers=places[1].peers, egress=way_out)]
    before, others = len(os.listdir("/proc/self/fd")), children()
    with pytest.raises(RuntimeError, match="new thread"):
        crew.start(
            [[sys.executable, "-c", "import time; time.sleep(60)"]] * 2, grants, [tmp_path / "a", tmp_path / "b"],
            cwd=[None, None],
        )  # fmt: skip
    assert children() <= others  # neither a worker nor what carried their packets
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_network_that_ends_before_its_workers_is_no_fault_of_the_script(tmp_path):
    """It was told as a job that was stopped, which nobody had done."""
    places, others = crew.places(2), children()
    begun = crew.start(
        [[sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)"]] * 2,
        [Grant(peers=p.peers) for p in places], [tmp_path / "a", tmp_path / "b"], cwd=[None, None],
    )  # fmt: skip
    begun.ports.kill()
    with pytest.raises(Broken, match="network ended before"):
        begun.wait()
    assert children() <= others
