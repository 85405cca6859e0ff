"""A replica that does as it likes, and the client that asks it: each request is answered, and nothing else is believed."""

from __future__ import annotations

import asyncio
import json
import struct
import time

import msgspec
import pytest
from tests.engines.serving.conftest import question

from assay.engines.serving import Replicas, frames, sockets

HELLO = json.dumps({"features": ["a"], "wide": 1, "asked": "matrix"}).encode()
FINE = msgspec.msgpack.encode((["prediction"], "d", [struct.pack("<d", 1.0)]))


def _served(answer, work, hello=HELLO):
    """Run a client against a server whose answers are ``answer(frame)``: bytes, or None for none."""

    async def talk(reader, writer):
        cut = frames.Reader()
        try:
            while data := await reader.read(1 << 16):
                for frame in cut.feed(data):
                    if frame.kind == frames.DESCRIBE:
                        writer.write(frames.packed(frame.number, frames.SAID, hello))
                        continue
                    said = answer(frame)
                    if said is None:
                        writer.close()
                        return
                    writer.write(said)
        except (OSError, ValueError):
            pass
        finally:
            writer.close()

    async def whole():
        with sockets.folder() as folder:
            server = await asyncio.start_unix_server(talk, str(folder / "r"))
            client = Replicas([folder / "r"])
            client.open()
            try:
                return await work(client)
            finally:
                await client.close(0.1)
                server.close()
                await server.wait_closed()

    return asyncio.run(whole())


@pytest.mark.parametrize(
    "said",
    [
        lambda f: b"\xff" * 200,
        lambda f: frames.packed(f.number, 99, FINE),
        lambda f: frames.packed(f.number + 7, frames.ANSWER, FINE),
        lambda f: frames.packed(f.number, frames.ANSWER, b"\xc1"),
        lambda f: frames.packed(f.number, frames.ANSWER, msgspec.msgpack.encode((["a"], "d", [b"x" * 800]))),
        lambda f: frames.HEAD.pack(frames.LARGEST_ANSWER + 1, f.number, frames.ANSWER, 0, 0.0),
        lambda f: None,
    ],
    ids=["noise", "kind", "nobody", "no columns", "other rows", "too large", "hangs up"],
)
def test_what_is_no_answer_is_not_believed(said):
    async def work(client):
        began = time.monotonic()
        answer = await client.ask(question("1\n"), 5)
        assert answer.status == 500 and b"could not answer" in answer.body
        assert time.monotonic() - began < 4
        return client.health()["lost"]

    assert 2 <= _served(said, work) <= 6


def test_a_failure_tells_the_caller_no_more_than_a_sentence():
    def said(frame):
        return frames.packed(frame.number, frames.FAILED, msgspec.msgpack.encode((299, "", "x" * 5000, -1)))

    async def work(client):
        answer = await client.ask(question("1\n"), 5)
        assert answer.status == 500 and len(answer.reason) <= 500 and b"x" not in answer.body

    _served(said, work)


@pytest.mark.parametrize(
    "hello", [b"", b"[]", b"{}", b'{"features": 3, "asked": "matrix"}', b'{"features": [], "asked": "x"}']
)
def test_what_says_nothing_of_itself_is_not_asked(hello):
    async def work(client):
        return (await client.ask(question("1\n"), 0.3)).status

    assert _served(lambda f: frames.packed(f.number, frames.ANSWER, FINE), work, hello) == 503


def test_an_honest_one_is_believed():
    async def work(client):
        return [(await client.ask(question("1\n"), 5)).body for _ in range(3)]

    assert _served(lambda f: frames.packed(f.number, frames.ANSWER, FINE), work) == [b"1.0\n"] * 3
