"""A process that is killed, ends, hangs, eats memory or speaks garbage costs its own request, and no other."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time

import pytest
from tests.engines.serving.conftest import question

from assay.engines.isolation import Limits
from assay.engines.serving import frames, packing
from assay.engines.serving.batch import Asked, Batch
from assay.engines.serving.client import Replicas
from assay.engines.serving.replica import _LONGEST_DELAY, Replica, _delay, processes

# What a request's body says, the model does
_MODEL = """
    import os, signal, sys, time

    def model_fn(folder):
        return {"asked": 0}

    def predict_fn(data, model):
        model["asked"] += 1
        if data == "exit":
            os._exit(7)
        if data == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if data == "hang":
            time.sleep(1000)
        if data == "spin":
            while True:
                pass
        if data == "eat":
            held = []
            while True:
                held.append(bytearray(b"x" * (1 << 24)))
        if data == "raise":
            raise RuntimeError("a secret of the model")
        if data == "print":
            print("x" * (1 << 16))
            sys.stdout.flush()
        if data.startswith("garbage"):
            for number in range(3, 20):
                try:
                    os.write(number, b"\\xff" * 100)
                except OSError:
                    pass
        if data == "slow":
            time.sleep(0.4)
        return data

    def input_fn(body, content_type):
        return body.decode() if isinstance(body, bytes) else body

    def output_fn(made, accept):
        return made
"""


def _q(word):
    return question(word, "text/plain", rows=False)


@pytest.fixture
def model(script):
    return script(_MODEL)


@pytest.mark.parametrize("word", ["kill", "garbage", pytest.param("exit", marks=pytest.mark.slow)])
def test_what_ends_a_process_costs_its_own_request_and_no_other(model, ask, word):
    async def work(client, replicas):
        words = ["fine"] * 60
        words[7] = words[31] = word
        answers = await asyncio.gather(*(client.ask(_q(w), 30) for w in words))
        for said, answer in zip(words, answers, strict=True):
            if said == "fine":
                assert (answer.status, answer.body) == (200, b"fine")
            else:
                assert answer.status == 500 and b"could not answer" in answer.body and answer.reason
        assert client.health()["lost"] >= 4  # each of the two was asked twice, and the second time by itself
        assert (await client.ask(_q("fine"), 30)).status == 200
        return replicas[0].reason

    ask(model, work, 2)


@pytest.mark.parametrize("word", ["hang", pytest.param("spin", marks=pytest.mark.slow)])
def test_what_hangs_costs_its_own_request_and_no_other(model, ask, word):
    async def work(client, replicas):
        began = time.monotonic()
        words = ["fine"] * 20
        words[3] = word
        answers = await asyncio.gather(*(client.ask(_q(w), 5) for w in words))
        assert [a.status for a in answers] == [504 if w == word else 200 for w in words]
        assert time.monotonic() - began < 8
        assert client.health()["hung"] >= 1
        assert (await client.ask(_q("fine"), 30)).status == 200
        until = time.monotonic() + 10  # the supervisor's thread ends it in a moment of its own
        while not sum(r.restarts for r in replicas) and time.monotonic() < until:
            await asyncio.sleep(0.02)
        assert sum(r.restarts for r in replicas) >= 1

    ask(model, work, 2)


def test_memory_is_held(model, ask):
    async def work(client, replicas):
        answers = await asyncio.gather(*(client.ask(_q(w), 30) for w in ("fine", "eat", "fine")))
        assert [a.status for a in answers] == [200, 500, 200]
        assert "memory" in replicas[0].reason or replicas[0].state == "ready"

    ask(model, work, limits=Limits(memory=200 << 20, seconds=float("inf"), processes=16, disk=64 << 20))


def test_a_model_that_raises_or_prints_answers_on_and_tells_the_caller_nothing(model, ask):
    async def work(client, replicas):
        answer = await client.ask(_q("raise"))
        assert answer.status == 500 and b"secret" not in answer.body and "RuntimeError" in answer.reason
        for _ in range(80):
            assert (await client.ask(_q("print"))).status == 200
        await asyncio.sleep(0.3)
        assert replicas[0].log.stat().st_size < 4 << 20
        assert replicas[0].restarts == 0

    ask(model, work)


def test_replicas_that_are_killed_under_load_lose_no_request(model, ask):
    async def work(client, replicas):
        stop, statuses = time.monotonic() + 2, []

        async def load():
            while time.monotonic() < stop:
                statuses.append((await client.ask(_q("fine"), 30)).status)

        async def kill():
            turn = 0
            while time.monotonic() < stop - 0.5:
                await asyncio.sleep(0.3)
                inside = processes(replicas[turn % 2])[-1:]
                turn += 1
                for number in inside:
                    os.kill(number, signal.SIGKILL)
            return turn

        *_, turns = await asyncio.gather(*(load() for _ in range(16)), kill())
        assert turns >= 2 and sum(r.restarts for r in replicas) >= 2
        assert set(statuses) == {200} and len(statuses) > 200

    ask(model, work, 2)


def test_a_model_that_cannot_be_loaded_is_given_up_with_its_words(script, serve):
    folder = script("raise KeyError('weights are missing')")
    (replica,) = serve(folder, wait=False)
    assert not replica.wait(60)
    assert replica.state == "failed" and "weights are missing" in replica.reason


@pytest.mark.slow
def test_a_replica_that_has_answered_is_never_given_up(model, serve):
    """Killed again and again while it was being replaced, it was left for good."""
    (replica,) = serve(model)
    until = time.monotonic() + 60
    while replica.restarts < 7 and time.monotonic() < until:
        for number in processes(replica)[-1:]:
            os.kill(number, signal.SIGKILL)
        time.sleep(0.01)
    assert replica.restarts >= 7 and replica.state != "failed"
    assert replica.wait(60)


def test_what_must_hold_before_a_start_is_asked_each_time(model, serve):
    from assay.kernel.errors import Refused

    asked = []

    def before():
        asked.append(1)
        if len(asked) > 1:
            raise Refused("its hallmark does not verify any more")

    (replica,) = serve(model, before=before)
    for number in processes(replica)[-1:]:
        os.kill(number, signal.SIGKILL)
    until = time.monotonic() + 20
    while replica.state != "failed" and time.monotonic() < until:
        time.sleep(0.02)
    assert replica.state == "failed" and "hallmark" in replica.reason


def test_a_start_that_met_a_fault_of_ours_was_said_to_begin_for_ever(tmp_path):
    def fault() -> None:
        raise LookupError("nobody thought of this")

    replica = Replica(tmp_path, tmp_path / "r", before=fault)
    try:
        assert not replica.wait(20) and replica.state == "failed"
        assert "LookupError: nobody thought of this" in replica.reason
    finally:
        replica.end()


def test_a_large_body_is_packed_while_others_are_answered(monkeypatch):
    """Its rows were made ready on the loop: whoever asked meanwhile waited for it."""
    seen = []
    monkeypatch.setattr(packing, "packed", lambda *_: seen.append(threading.current_thread()))
    pool = Replicas([])

    async def ask() -> None:
        for size in (10, 1 << 20):
            await pool._packed(question(b"1" * size, rows=False), packing.Wants())

    asyncio.run(ask())
    assert seen[0] is threading.main_thread() and seen[1] is not threading.main_thread()


def test_a_path_that_no_socket_can_have_is_refused_in_a_sentence(tmp_path):
    from assay.engines.serving import start
    from assay.kernel.errors import UsageError

    with pytest.raises(UsageError, match="may have 100 bytes"):
        start(tmp_path, tmp_path / ("x" * 120))


@pytest.mark.parametrize("level", ["full", "partial"])
def test_a_poisoned_model_reaches_nothing(script, ask, tmp_path, level):
    """It tries the network, the files of the machine, its own supervisor, and to leave something behind."""
    import socket

    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("the-secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        folder = script(
            f"""
            import json, os, signal, socket

            def tried(what):
                try:
                    return str(what())[:200]
                except BaseException as error:
                    return type(error).__name__

            def reach():
                return {{
                    "network": tried(lambda: socket.create_connection(("127.0.0.1", {server.getsockname()[1]}), 1)),
                    "file": tried(lambda: open({str(outside / "secret")!r}).read()),
                    "passwd": tried(lambda: open("/etc/passwd").read()),
                    "write": tried(lambda: open({str(outside / "left")!r}, "w").write("x")),
                    "itself": tried(lambda: open(__file__, "a").write("x")),
                    "parent": tried(lambda: os.kill({os.getpid()}, signal.SIGCONT)),
                    "unix": tried(lambda: socket.socket(socket.AF_UNIX).connect({str(outside / "door")!r})),
                    "environment": os.environ.get("ASSAY_SECRET", "none"),
                }}

            WHEN_LOADED = reach()

            def model_fn(folder):
                return None

            def transform_fn(model, body, content_type, accept):
                return json.dumps([WHEN_LOADED, reach()])
            """
        )
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(str(outside / "door"))
            door.listen()

            async def work(client, _):
                return (await client.ask(_q("{}"))).body.decode()

            os.environ["ASSAY_SECRET"] = "the-secret"
            try:
                said = ask(folder, work, level=level)
            finally:
                del os.environ["ASSAY_SECRET"]
    import json

    assert "the-secret" not in said and "root:" not in said
    for found in json.loads(said):
        assert found["environment"] == "none"
        for name, what in found.items():
            assert name == "environment" or what.endswith(("Error", "timeout")) or what == "gaierror", (
                name,
                what,
            )
    assert not (outside / "left").exists()


def test_a_process_that_was_ended_by_requests_again_and_again_came_back_after_half_a_minute():
    """Whoever sent what ends it, every few seconds, kept it from everybody else: the wait doubled up to 30 seconds."""
    assert [_delay(n, 0.5) for n in (0, 1, 2, 3, 4, 20, 10_000)] == [0, 0, 0.1, 0.2, 0.4, 0.5, 0.5]
    assert [_delay(n, _LONGEST_DELAY) for n in (1, 5, 20)] == [0, 0.8, 30]  # one that never answered


def test_what_stood_behind_a_replica_that_ended_goes_before_what_may_end_another(tmp_path):
    """The only replica left was given what had ended one before, and the other waited for a start."""

    async def work():
        client, sent = Replicas([tmp_path / "a", tmp_path / "b"]), []
        left = client._links[1]
        left.ready, left.send = True, lambda batch: sent.append(batch.asked[0])
        loop, packed = asyncio.get_running_loop(), packing.Packed(frames.BODY, (), b"", 1)
        worst, behind = (Asked(packed, time.monotonic() + 9, loop.create_future()) for _ in range(2))
        client._lost([Batch([worst]), Batch([behind])], "the replica did not answer in time")
        client._pump()
        assert sent[0] is behind and worst in (*client._again, *sent)
        for asked in (worst, behind):
            asked.answered.cancel()
        client._again.clear()
        await client.close(0)

    asyncio.run(work())


@pytest.mark.slow
def test_who_stands_behind_what_another_gateway_asked_is_answered_by_another_replica(model, serve):
    """Each gateway knew its own questions alone: the other's waited behind what hung until their time was over."""

    async def work(paths):
        one, other = (Replicas(paths) for _ in range(2))
        for client in (one, other):
            await client.connect(30)
            while client.health()["ready"] < 2:
                await asyncio.sleep(0.02)
        hangs = asyncio.create_task(one.ask(_q("hang"), 6))
        await asyncio.sleep(0.1)
        began = time.monotonic()
        answers = await asyncio.gather(*(other.ask(_q("fine"), 6) for _ in range(2)))
        assert [a.status for a in answers] == [200, 200]
        assert time.monotonic() - began < 3
        assert (await hangs).status == 504
        for client in (one, other):
            await client.close(1)

    asyncio.run(work([r.path for r in serve(model, 2)]))
