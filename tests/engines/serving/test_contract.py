"""SageMaker's inference contract: each function optional, and what is done where one is left out."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from tests.engines.serving.conftest import question

_MODEL = """
    class Model:
        def predict(self, given):
            {given}
            return given.sum(axis=1)

    def model_fn(folder):
        return Model()
"""


def _asked(*asked):
    async def work(client, _):
        assert client.wants.asked == "body"
        return [await client.ask(question(body, kind, accept, rows=False)) for body, kind, accept in asked]

    return work


def test_what_is_left_out_is_done_as_the_toolkit_does_it(script, ask):
    np.save(held := io.BytesIO(), np.array([[1.0, 2.0]]))
    answers = ask(
        script(_MODEL.format(given="assert type(given).__name__ == 'ndarray'")),
        _asked(
            ("1,2\n3,4\n", "text/csv", ""),
            ("1,2\n3,4\n", "text/csv", "application/json"),
            ("[[1, 2], [3, 4]]", "application/json", "application/json"),
            ('{"instances": [[1, 2]]}', "application/json", "text/csv"),
            (held.getvalue(), "application/x-npy", "application/x-npy"),
            ("x", "image/png", "application/json"),
            ("1,2\n", "text/csv", "image/png"),
        ),
    )
    assert [a.status for a in answers] == [200, 200, 200, 200, 200, 415, 406]
    assert answers[0].body == b"3.0\n7.0\n" and answers[0].content_type == "text/csv"
    assert json.loads(answers[1].body) == json.loads(answers[2].body) == [3.0, 7.0]
    assert answers[3].body == b"3.0\n"
    assert np.load(io.BytesIO(answers[4].body)).tolist() == [3.0]


def test_rows_whose_columns_are_named_become_a_frame(script, ask):
    answers = ask(
        script(_MODEL.format(given="assert list(given.columns) == ['a', 'b']")),
        _asked(('[{"a": 1, "b": 2}]', "application/json", ""), ("a,b\n1,2\n", "text/csv;header=present", "")),
    )
    assert [a.status for a in answers] == [200, 200]
    assert json.loads(answers[0].body) == [3] and answers[1].body == b"3\n"


def test_all_four_functions_and_what_they_are_given(script, ask):
    folder = script(
        """
        import json, os

        def model_fn(folder, context):
            return sorted(os.listdir(folder))

        def input_fn(body, content_type):
            return [type(body).__name__, content_type]

        def predict_fn(data, model):
            return [model, *data]

        def output_fn(made, accept):
            return json.dumps([*made, accept]), "application/x-own"
        """
    )
    answers = ask(
        folder,
        _asked(
            ("1,2", "text/csv", "application/x-thing"), (b"\xff", "application/x-image", "application/json")
        ),
    )
    assert json.loads(answers[0].body) == [["code"], "str", "text/csv", "application/x-thing"]
    assert answers[0].content_type == "application/x-own"
    assert json.loads(answers[1].body)[1:] == ["bytes", "application/x-image", "application/json"]


def test_transform_fn_stands_for_the_other_three(script, ask):
    folder = script(
        """
        def model_fn(folder):
            return 3

        def transform_fn(model, body, content_type, accept):
            return body * model, accept
        """
    )
    (answer,) = ask(folder, _asked(("ab", "text/plain", "text/plain")))
    assert (answer.status, answer.body, answer.content_type) == (200, b"ababab", "text/plain")


@pytest.mark.slow
def test_without_model_fn_a_known_format_is_opened(script, ask, bookings):
    import shutil

    source, frame, model = bookings
    folder = script(
        """
        def input_fn(body, content_type):
            import pandas as pd
            return pd.DataFrame([body.split("|")], columns=["lead_time", "channel", "rate"]).astype({"lead_time": int, "rate": float})
        """
    )
    shutil.copy(source / "model.json", folder / "model.json")
    row = frame.iloc[0]
    (answer,) = ask(
        folder, _asked((f"{row.lead_time}|{row.channel}|{row.rate}", "text/plain", "application/json"))
    )
    (told,) = json.loads(answer.body)["predictions"]
    assert np.isclose(told["score"], model.predict_proba(frame.head(1))[0, 1], atol=1e-7)


@pytest.mark.slow
def test_no_predict_and_no_predict_fn_is_told_in_the_log(script, ask):
    (answer,) = ask(script("def model_fn(folder):\n        return 3\n"), _asked(("1", "text/csv", "")))
    assert answer.status == 500 and "there is no predict_fn" in answer.reason
