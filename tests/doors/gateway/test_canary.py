"""Canaries of a real server: one that is slow, and one that answers what was never answered, go back by themselves."""

from __future__ import annotations

import itertools
import signal
import threading
import time
from collections import Counter

import pytest
from tests.doors.gateway.scripted import lay_out
from tests.doors.gateway.test_serve import Served, create, does, until

pytestmark = pytest.mark.slow
SCRIPT = b"""
import os, time

def model_fn(folder):
    return int(open(os.path.join(folder, "number.txt")).read())

def predict_fn(table, number):
    if number == 2:
        time.sleep(0.06)
    return [9 if number == 3 else int(row[0]) % 2 for row in table]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A home with s@1, s@2, which is slow, s@3, which answers 9, and s@4, which is as s@1."""
    return lay_out(tmp_path_factory.mktemp("canaries"), SCRIPT)


@pytest.fixture
def asked(assay, folder):
    """A server that is asked all the while; what was answered, by status and variant."""
    create(assay, folder)
    served, over, answers = Served(folder), threading.Event(), Counter()

    def ask():
        for number in itertools.count():
            if over.is_set():
                return
            status, variant, _ = served.ask(f"{number}\n", **{"content-type": "text/csv"})
            answers[status, variant] += 1
            time.sleep(0.005)

    until(lambda: served.ask("1\n", **{"content-type": "text/csv"})[0] == 200, 90)
    thread = threading.Thread(target=ask)
    thread.start()
    yield answers
    over.set()
    thread.join()
    served.end(signal.SIGTERM)


def test_a_canary_is_taken_back_for_its_pace_and_for_its_answers_and_a_healthy_one_goes_on(
    assay, folder, asked
):
    def shown():
        found = does(assay, folder, "show", "e")
        return found["rollout"] is None and found["state"] == "in_service" and found

    until(shown)
    until(lambda: asked[200, "v1"] > 400)
    plan = ("--steps", "40,100", "--every", "3", "--least", "20")
    for model, why in (("s@2", "95 of 100 answers came within"), ("s@3", "answers are none that")):
        does(assay, folder, "update", "e", "--model", model, *plan)
        found = until(shown, 90)
        assert why in found["reason"] and [v["package"] for v in found["variants"]] == ["s@1"]
    does(assay, folder, "update", "e", "--model", "s@4", *plan)
    assert [v["package"] for v in until(shown, 90)["variants"]] == ["s@4"]
    assert {status for status, _ in asked} == {200}  # and nobody was refused, or lost, by any of it
