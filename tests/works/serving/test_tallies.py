"""What a gateway notes of answers: predictions of each form, fifty a second, and sums over gateways."""

from __future__ import annotations

import pytest

from assay.kernel.serving import Answer
from assay.works.serving import tallies
from assay.works.serving.counts import Counts, shown
from assay.works.serving.tallies import Tallies, values

KEY = ("e", "v1", "sha256:1")


@pytest.mark.parametrize(
    ("body", "kind", "found"),
    [
        (b'{"predictions":[{"score":0.5,"prediction":1},{"score":0.1,"prediction":0}]}', "application/json", [1, 0]),
        (b'{"predictions":[3.5,null]}', "application/json", [3.5, None]),
        (b"[1, 0, 1]", "application/json", [1, 0, 1]),
        (b"[[0.5, 0.1], [0.2, 0.3]]", "application/json", [0.5, 0.2]),
        (b"[[0.5, 0.1]]", "application/json", [0.5]),
        (b"7", "application/json", [7]),
        (b'{"prediction":"yes","score":1}\n{"prediction":"no","score":0}', "application/jsonlines", ["yes", "no"]),
        (b"1,0.5\n0,0.1\n", "text/csv; charset=utf-8", ["1", "0"]),
        (b'"a,b",1\n', "text/csv", ["a,b"]),
        (b"{", "application/json", [None]),
        (b"\xff\xff", "text/csv", [None]),
        (b"7", "text/plain", []),
        (b"ARROW1", "application/vnd.apache.arrow.stream", []),
    ],
)  # fmt: skip
def test_the_predictions_of_an_answer(body, kind, found):
    assert values(body, kind) == found


def test_fifty_answers_a_second_are_looked_at_and_all_are_timed():
    now = [5.0]
    tallies = Tallies(clock=lambda: now[0])
    for _ in range(120):
        tallies.take(KEY, Answer(200, b"1\n", "text/csv"), 0.01)
    tally = tallies.values[KEY]
    assert (tally.rows, tally.seconds.n) == (50, 120)
    now[0] = 6.0
    tallies.take(KEY, Answer(500, b"{}", "application/json"), 0.01)
    tallies.take(KEY, Answer(200, b"1\n" * 40_000, "text/csv"), 0.01)
    tallies.take(KEY, Answer(200, b"1\n" * 100, "text/csv"), 0.01)
    assert (tally.rows, tally.seconds.n) == (114, 123)


def test_gateways_add_up_and_one_of_before_counts_nothing():
    a, b, whole = Counts(), Counts(), Counts()
    for one in (a, b):
        one.tallies.take(KEY, Answer(200, b"1\n", "text/csv"), 0.01)
    old = b.dump()
    del old["tallies"]
    whole.load([a.dump(), b.dump(), old])
    assert whole.tallies.values[KEY].rows == 2 and whole.tallies.values[KEY].labels == {"1": 2}
    assert b"tallies" not in shown(whole)


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        (b"1,0.25", b"1,0.75", "same"),
        (b"1", b"1.0", "same"),
        (b"0.30000000000000004", b"0.3", "same"),
        (b"0.31", b"0.3", "other"),
        (b"yes", b"no", "other"),
        (b"1\n0", b"1", "other"),
        (b"", b"1", "unread"),
    ],
)
def test_answers_of_two_models_are_held_beside_one_another(one, other, told):
    assert tallies.beside(Answer(200, one, "text/csv"), Answer(200, other, "text/csv")) == told
    as_json = Answer(200, b'{"predictions":[{"prediction":1,"score":0.2}]}', "application/json")
    assert tallies.beside(Answer(200, b"1", "text/csv"), as_json) == "same"
    assert tallies.beside(Answer(503, b"", "text/csv"), as_json) == "unread"
