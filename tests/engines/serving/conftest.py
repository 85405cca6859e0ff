"""Models to serve, and replicas that are ended with the test."""

from __future__ import annotations

import asyncio
import textwrap
import time

import numpy as np
import pandas as pd
import pytest

from assay.engines.serving import Replicas, sockets, start
from assay.kernel.serving import Question
from assay.methods.payloads import read

SECONDS = 90


@pytest.fixture(scope="session")
def bookings(tmp_path_factory):
    """An XGBoost model of numbers and categories, and rows of its kind."""
    import xgboost as xgb

    random = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "lead_time": random.integers(0, 300, 400),
            "channel": pd.Categorical(random.choice(["TA/TO", "Direct", "Corporate"], 400)),
            "rate": random.normal(100, 20, 400).round(2),
        }
    )
    label = ((frame["lead_time"] > 120) ^ (frame["channel"] == "Direct")).astype(int)
    model = xgb.XGBClassifier(n_estimators=20, max_depth=4, enable_categorical=True, n_jobs=1)
    model.fit(frame, label)
    folder = tmp_path_factory.mktemp("bookings")
    model.get_booster().save_model(folder / "model.json")
    return folder, frame, model


@pytest.fixture(scope="session")
def served(bookings):
    """One replica of the bookings model for all tests: ``served(work)`` runs an async function with a client of it."""
    with sockets.folder() as folder:
        replica = start(bookings[0], folder / "shared.sock", level="partial")
        assert replica.wait(SECONDS), replica.reason

        def run(work, **more):
            async def whole():
                client = Replicas([replica.path], **more)
                await client.connect(SECONDS)
                try:
                    return await work(client)
                finally:
                    await client.close(1)

            return asyncio.run(whole())

        run.replica = replica
        yield run
        replica.end()


@pytest.fixture
def serve():
    """Start replicas of a folder, and end them with the test."""
    made = []
    with sockets.folder() as folder:

        def start_(package, count=1, *, wait=True, **more):
            at = len(made)
            more = {"level": "partial", **more}
            found = [start(package, folder / f"{at + i}.sock", **more) for i in range(count)]
            made.extend(found)
            for replica in found:
                assert not wait or replica.wait(SECONDS), replica.reason
            return found

        yield start_
        for replica in made:
            replica.end()


@pytest.fixture
def script(tmp_path):
    """Write an inference script into a folder, and return the folder."""

    def write(code, name="model"):
        folder = tmp_path / name
        (folder / "code").mkdir(parents=True)
        (folder / "code" / "inference.py").write_text(textwrap.dedent(code))
        return folder

    return write


def question(body, content_type="text/csv", accept="", *, features=(), rows=True):
    body = body if isinstance(body, bytes) else body.encode()
    found = read(body, content_type, features=features, native=True) if rows else None
    return Question("id", "e", "v", time.time(), "ada", content_type, accept, body, found)


@pytest.fixture
def ask(serve):
    """Run an async function with a client of fresh replicas: ``run(package, function, count, **more)``."""

    def run(package, work, count=1, *, limits=None, rows=64, **more):
        replicas = serve(package, count, **({"limits": limits} if limits else {}), **more)

        async def whole():
            client = Replicas([r.path for r in replicas], rows=rows)
            await client.connect(SECONDS)
            try:
                return await work(client, replicas)
            finally:
                await client.close(1)

        return asyncio.run(whole())

    return run
