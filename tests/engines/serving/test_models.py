"""What a replica answers is what the model itself does, in each form of payload."""

from __future__ import annotations

import asyncio
import io
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tests.engines.serving.conftest import question

from assay.kernel.serving import Rows
from assay.methods.payloads import read, write_rows


def test_a_booster_answers_as_it_does_by_itself_in_every_form(bookings, served):
    _, frame, model = bookings
    few = frame.head(7)
    expected = model.predict_proba(few)[:, 1]
    plain = Rows(tuple(few.columns), [[int(a), b, float(c)] for a, b, c in few.itertuples(index=False)])

    async def work(client):
        names = client.wants.features
        assert names == tuple(few.columns) and client.info["task"] == "binary"
        forms = {
            "text/csv": few.to_csv(index=False, header=False).encode(),
            "text/csv;header=present": few[["rate", "channel", "lead_time"]].to_csv(index=False).encode(),
            "application/json": few.to_json(orient="split").encode(),
            "application/jsonlines": few.to_json(orient="records", lines=True).encode(),
            "application/x-parquet": write_rows(plain, "application/x-parquet"),
            "application/vnd.apache.arrow.stream": write_rows(plain, "application/x-arrow"),
        }
        for kind, body in forms.items():
            answer = await client.ask(question(body, kind, "application/json", features=names))
            assert answer.status == 200, (kind, answer)
            told = json.loads(answer.body)["predictions"]
            assert np.allclose([t["score"] for t in told], expected, atol=1e-7), kind
            assert [t["prediction"] for t in told] == (expected > 0.5).astype(int).tolist()
            unread = await client.ask(question(body, kind, "application/json", rows=False))
            assert unread.body == answer.body, kind
        answer = await client.ask(question(forms["text/csv"], features=names))
        assert answer.content_type.startswith("text/csv") and len(answer.body.splitlines()) == 7
        answer = await client.ask(question(forms["text/csv"], "text/csv", "application/x-parquet"))
        table = read(answer.body, "application/x-parquet", native=True).table
        assert table.column_names == ["prediction", "score"]

        unseen = await client.ask(
            question("10,Carrier pigeon,80.5\n10,,80.5\n", accept="application/jsonlines")
        )
        first, second = (json.loads(li) for li in unseen.body.splitlines())
        missing = pd.DataFrame(
            {
                "lead_time": [10],
                "channel": pd.Categorical([None], few["channel"].cat.categories),
                "rate": [80.5],
            }
        )
        assert first == second and np.isclose(first["score"], model.predict_proba(missing)[0, 1], atol=1e-7)

    served(work)


def test_what_the_model_does_not_take_is_refused_with_the_column(served):
    async def work(client):
        for body, kind, status, said in (
            ("1,2\n", "text/csv", 400, "2 values, and the model takes 3"),
            ('{"lead_time": 1, "rate": 2}', "application/json", 400, "lacks the column 'channel'"),
            ("many,Direct,2\n", "text/csv", 400, "takes numbers in 'lead_time'"),
            ("[1e300, null, 1]", "application/json", 200, ""),
        ):
            answer = await client.ask(question(body, kind))
            assert answer.status == status and said in answer.body.decode(), answer
            assert "many" not in answer.body.decode()
        answer = await client.ask(question("1,Direct,2\n", accept="image/png"))
        assert answer.status == 406

    served(work)


def test_one_row_that_is_not_taken_fails_its_own_request_and_no_other(served):
    async def work(client):
        good, bad = question("1,Direct,2\n"), question("many,Direct,2\n")
        answers = await asyncio.gather(*(client.ask(bad if i % 5 == 3 else good) for i in range(60)))
        assert [a.status for a in answers] == [400 if i % 5 == 3 else 200 for i in range(60)]
        assert len({a.body for a in answers if a.status == 200}) == 1
        assert client.health()["batches"] < 60

    served(work)


@pytest.mark.parametrize("name", ["plain", pytest.param("choosing", marks=pytest.mark.slow)])
def test_a_scikit_learn_pipeline_of_numbers_and_one_that_chooses_columns(tmp_path, ask, name):
    import joblib
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    random = np.random.default_rng(3)
    frame = pd.DataFrame(
        {"a": random.normal(size=90), "b": random.normal(size=90), "c": random.choice(["x", "y"], 90)}
    )
    label = np.where(frame["a"] + frame["b"] > 0, "yes", "no")
    plain = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame[["a", "b"]], label)
    choosing = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["c"]), remainder="passthrough"), LogisticRegression()
    ).fit(frame, label)
    model, columns = (plain, ["a", "b"]) if name == "plain" else (choosing, ["a", "b", "c"])
    (tmp_path / name).mkdir()
    joblib.dump(model, tmp_path / name / "model.joblib")
    few = frame[columns].head(5)

    async def work(client, _):
        body = few.to_json(orient="records")
        answer = await client.ask(question(body, "application/json"))
        told = json.loads(answer.body)["predictions"]
        assert [t["prediction"] for t in told] == model.predict(few).tolist()
        assert np.allclose([t["score"] for t in told], model.predict_proba(few)[:, 1])
        return client.info["asked"]

    assert ask(tmp_path / name, work) == ("matrix" if name == "plain" else "cells")


def test_a_package_is_laid_out_without_its_reports(tmp_path, bookings):
    from assay.engines import archives
    from assay.engines.serving import laying

    folder, _, _ = bookings
    package = tmp_path / "package"
    (package / "reports").mkdir(parents=True)
    (package / "reports" / "validate.json").write_text("{}")
    (package / "package.json").write_text('{"schema": "assay.package/1"}')
    archives.pack(folder, package / "model.tar.gz")
    laid = laying.lay_out(package, tmp_path / "laid")
    assert sorted(p.name for p in laid.rglob("*")) == ["model.json"]
    (package / "code").mkdir()
    (package / "code" / "inference.py").write_text("def transform_fn(*asked): return 'x'")
    laid = laying.lay_out(package, tmp_path / "laid")
    assert sorted(p.name for p in laid.rglob("*")) == ["code", "inference.py", "model.json"]


def test_requests_wait_for_nobody_while_a_replica_is_idle_and_are_joined_while_none_is(served):
    async def work(client):
        for _ in range(20):
            assert (await client.ask(question("1,Direct,2\n"))).status == 200
        assert client.health()["batches"] == 20
        await asyncio.gather(*(client.ask(question(f"{i},Direct,2\n")) for i in range(200)))
        return client.health()["batches"] - 20

    assert served(work) < 20


def test_answers_reach_those_who_asked(bookings, served):
    """Many at once, of several rows each: each gets the answers of its own rows."""
    _, frame, model = bookings
    expected = model.predict_proba(frame)[:, 1]

    async def work(client):
        async def one(at):
            part = frame.iloc[at : at + 1 + at % 4]
            answer = await client.ask(question(part.to_csv(index=False, header=False)))
            found = np.loadtxt(io.BytesIO(answer.body), delimiter=",", ndmin=2)[:, 1]
            assert np.allclose(found, expected[at : at + len(part)], atol=1e-7)

        await asyncio.gather(*(one(at) for at in range(300)))

    served(work)


def test_a_late_request_is_told_so_and_the_replica_lives(served):
    async def work(client):
        answer = await client.ask(question("1,Direct,2\n"), 0.0)
        assert answer.status in (200, 504)
        answers = await asyncio.gather(*(client.ask(question("1,Direct,2\n"), 0.001) for _ in range(300)))
        assert {a.status for a in answers} <= {200, 504}
        assert (await client.ask(question("1,Direct,2\n"))).status == 200
        assert served.replica.restarts == 0

    served(work)


def test_more_than_may_wait_are_refused_at_once(served):
    from assay.engines.serving import Replicas

    replica = served.replica

    async def work():
        client = Replicas([replica.path], waiting=10)
        await client.connect(60)
        answers = await asyncio.gather(*(client.ask(question("1,Direct,2\n")) for _ in range(500)))
        await client.close()
        return [a.status for a in answers]

    found = asyncio.run(work())
    assert set(found) == {200, 503}


def test_closing_waits_for_what_is_under_way_and_takes_no_more(served):
    from assay.engines.serving import Replicas

    replica = served.replica

    async def work():
        client = Replicas([replica.path])
        await client.connect(60)
        asked = [asyncio.create_task(client.ask(question("1,Direct,2\n"))) for _ in range(200)]
        await asyncio.sleep(0)
        await client.close(30)
        late = await client.ask(question("1,Direct,2\n"))
        return [(await a).status for a in asked], late.status

    statuses, late = asyncio.run(work())
    assert statuses == [200] * 200 and late == 503


def test_an_arrow_table_of_texts_and_numbers_is_answered_as_cells_are(bookings, served):
    _, frame, _ = bookings
    table = pa.Table.from_pandas(frame.head(3).astype({"channel": str}), preserve_index=False)

    async def work(client):
        first = await client.ask(
            question(
                write_rows(Rows(tuple(table.column_names), None, table), "application/x-arrow"),
                "application/x-arrow",
                "text/csv",
            )
        )
        second = await client.ask(question(frame.head(3).to_csv(index=False, header=False)))
        assert first.body == second.body

    served(work)


def test_truths_of_a_csv_are_numbers_to_a_model_that_was_trained_on_them():
    """A column of True and False in a CSV was refused, where JSON's true and false were taken."""
    import numpy as np

    from assay.engines.serving.inside.quick import RowFault, fill

    x = np.zeros((5, 1))
    fill(x, 0, ["True", "false", None, "1.5", True], "changed")
    assert x[:, 0].tolist()[:2] == [1.0, 0.0] and np.isnan(x[2, 0]) and x[3:, 0].tolist() == [1.5, 1.0]
    with pytest.raises(RowFault, match="it takes numbers in 'changed'"):
        fill(np.zeros((2, 1)), 0, [1.0, ["True"]], "changed")
