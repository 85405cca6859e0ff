"""Captured payloads are read as the endpoint read them; what others answer is read besides."""

from __future__ import annotations

import pytest

from assay.engines.capture.decoding import decoded
from assay.engines.capture.gathering import Gathered
from assay.engines.capture.records import Events
from assay.methods.payloads import read
from assay.methods.payloads.captured import json_rows

QUESTIONS = (
    '{"instances": [[1, 2], [3, 4]]}', '{"instances": [{"age": 3}, {"age": 4}]}', '{"instances": [{"features": [1, 2]}]}',
    '{"instances": [1, 2]}', '{"inputs": [[1, 2]]}', '{"inputs": {"age": [3, 4]}}', '{"columns": ["age"], "data": [[3], [4]]}',
    '{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]], "index": [0]}}', '{"dataframe_records": [{"a": 1, "b": null}]}',
    '[{"age": 3}]', "[[1, 2]]", "[1, 2]", '{"age": 3}', '{"instances": [{"data": {"features": {"values": [1, 2]}}}]}',
    '{"instances": [{"a": 1}, {"a": 2, "b": 3}]}',
)  # fmt: skip


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_question_is_read_as_the_endpoint_read_it(text):
    rows = read(text.encode(), "application/json")
    assert json_rows(text) == (rows.names, rows.cells)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"predictions": [0.5, 0.1], "deployedModelId": "7"}', ((), [[0.5], [0.1]])),
        ('{"predictions": [{"score": [0.1, 0.9], "label": "b"}]}', (("score_0", "score_1", "label"), [[0.1, 0.9, "b"]])),
        ('{"predictions": {"label": ["a", "b"], "score": [1, 2]}}', (("label", "score"), [["a", 1], ["b", 2]])),
        ('{"prediction": [0, 1], "score": [0.1, 0.9]}', (("prediction", "score"), [[0, 0.1], [1, 0.9]])),
        ('{"label": "a", "probabilities": [0.1, 0.9]}', (("label", "probabilities_0", "probabilities_1"), [["a", 0.1, 0.9]])),
        ('{"label": ["a", "b"], "why": ["c"]}', (("label", "why"), [['["a","b"]', '["c"]']])),
        ('{"prediction": 1}\n{"prediction": 0}\n', (("prediction",), [[1], [0]])),
        ("3", ((), [[3]])),
    ],
)  # fmt: skip
def test_an_answer_is_read_whatever_it_is_wrapped_in(text, found):
    assert json_rows(text) == found


@pytest.mark.parametrize("text", ["{", "a\nb", "[" * 5_000])
def test_what_is_no_json_is_told(text):
    with pytest.raises(ValueError, match="no JSON"):
        json_rows(text)


def test_a_row_of_lists_was_read_as_columns_and_lost():
    question = '{"a": [1, 2], "b": [3, 4]}'
    assert json_rows(question) == (("a", "b"), [[1, 3], [2, 4]])  # of two rows, as others write them
    events = Events(
        ids=["x"], inputs=[question], input_kinds=["JSON"], input_types=["application/json"], outputs=["7"],
        output_kinds=["CSV"], output_types=["text/csv"], statuses=[200], truths=[None], truth_kinds=["CSV"],
    )  # fmt: skip
    part = decoded(events, {})
    assert not part.lost and {k: v.to_pylist() for k, v in part.inputs.items()} == {
        "a": ["[1,2]"],
        "b": ["[3,4]"],
    }


def test_a_caller_who_sends_csv_among_others_who_send_json_doubled_every_column(tmp_path):
    """Rows without names were columns of their own beside those with names, and each was half empty."""
    questions = [
        ("JSON", '{"instances": [{"age": 3, "city": "Rom"}]}'), ("CSV", "4,Ulm\n"), ("CSV", '"age","city"\n5,Bonn'),
        ("JSON", '{"instances": [[6, null]]}'), ("JSON", '{"instances": [{"city": "Gent", "age": 7.5}]}'),
    ]  # fmt: skip
    held = Gathered(tmp_path, features=("age", "city"))
    for lot in (questions, questions[1:2], questions[3:4]):  # together, and in lots that name nothing
        n = len(lot)
        events = Events(
            ids=list("abcde")[:n], inputs=[t for _, t in lot], input_kinds=[k for k, _ in lot], outputs=["7"] * n,
            input_types=["text/csv" if k == "CSV" else "application/json" for k, _ in lot], output_kinds=["CSV"] * n,
            output_types=["text/csv"] * n, statuses=[200] * n, truths=[None] * n, truth_kinds=["CSV"] * n,
            inferences=[""] * n, times=["2026-01-02T03:04:05Z"] * n, moments=[0.0] * n, callers=[""] * n, variants=["v"] * n,
        )  # fmt: skip
        held.add(held.prepared(decoded(events, {}, held.features)))
    table = held.whole()
    assert sorted(n for n in held.names if n[0] == "i") == ["iage", "icity"] and not held.mistaken()
    assert table["iage"].to_pylist() == [3.0, 4.0, 5.0, 6.0, 7.5, 4.0, 6.0]
    assert table["icity"].to_pylist() == ["Rom", "Ulm", "Bonn", None, "Gent", "Ulm", None]
