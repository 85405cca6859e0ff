"""A run rebuilt: bit for bit, by chance, by threads, on data that are gone, with other packages."""

from __future__ import annotations

import pytest
from tests.works.reproduction.small import READ, WRITE, Small, step

CHANCE = "import random\nfor row in rows:\n    row['x'] = float(row['x']) + random.random() / 1000\n"
THREADS = """
import time
from concurrent.futures import ThreadPoolExecutor
order = []
def one(k):
    time.sleep(0.0002)
    order.append(k)
with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
    list(pool.map(one, range(400)))
for row, place in zip(rows, order): row['x'] = place
"""


def test_a_run_is_rebuilt_on_what_it_read_then_and_the_log_knows(tmp_path):
    """What lies in the folder now is another: the data and the scripts of then are used."""
    small = Small(tmp_path)
    small.run()
    small.write("points.csv", "id,x\n1,1\n")
    small.write("scale.py", "raise SystemExit(3)\n")
    found = small.reproduce()
    assert found["verdict"] == "reproduced", found["said"]
    assert [step(found, n)["same"] for n in ("scaled", "model")] == ["bits", "bits"]
    assert found["data"][0]["from"] == "the copy that was kept"
    assert "has another digest now" in found["data"][0]["said"]
    event = small.call("log.tail", number=1)["events"][0]
    assert (event["action"], event["outcome"]) == ("run.reproduce", "reproduced")
    assert event["detail"]["reproduction"] == found["reproduction"]
    assert small.call("log.verify")["ok"]
    assert not small.call("runs.list")["runs"][1:]  # it left no run


@pytest.mark.slow
def test_chance_that_nothing_seeds_is_proved_by_running_twice_and_its_line_is_named(tmp_path):
    small = Small(tmp_path, scale=READ + CHANCE + WRITE)
    small.run()
    found = small.reproduce()
    assert found["verdict"] == "not_reproduced"
    first = found["first"]
    assert (first["step"], first["where"]["row"], first["where"]["column"]) == ("scaled", 1, "x")
    assert first["where"]["cells"] == 40 and first["where"]["columns"] == ["x"]
    (cause,) = found["causes"]
    assert (cause["kind"], cause["step"], cause["proved"]) == ("seed", "scaled", True)
    assert "line 5 of scale.py: random.random() draws from a stream that nothing seeds" in cause["said"]
    assert not step(found, "model")["read_the_same"]  # it follows, and is no cause
    near = small.reproduce(tolerance=0.01, probes=False)
    assert step(near, "scaled")["same"] == "tolerance" and near["causes"]
    assert 0 < step(near, "scaled")["compared"][0]["gap"] < 0.001


@pytest.mark.slow
def test_threads_that_finish_in_any_order_are_proved_by_one_thread(tmp_path):
    import os

    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one processor is one thread")
    small = Small(tmp_path, scale=READ + THREADS + WRITE)
    small.run()
    found = small.reproduce()
    (cause,) = found["causes"]
    assert (cause["kind"], cause["step"], cause["proved"]) == ("threads", "scaled", True), found["said"]


def test_data_that_are_gone_make_it_incomplete_and_what_was_made_of_them_stands_in(tmp_path):
    small = Small(tmp_path)
    done = small.run()
    small.forget(done.steps[0].inputs["data"].digest)
    small.write("points.csv", "id,x\n1,1\n")
    found = small.reproduce()
    assert found["verdict"] == "incomplete"
    assert step(found, "scaled")["how"] == "recorded" and step(found, "model")["same"] == "bits"
    said = " ".join(found["said"])
    assert (
        "points has another digest now" in said
        and "no copy of it was kept; what it made then stands in" in said
    )
    (tmp_path / "points.csv").unlink()
    assert "points is no longer where it was read" in " ".join(small.reproduce()["said"])


@pytest.mark.slow
def test_a_file_that_is_given_must_have_the_bytes_of_then(tmp_path):
    from assay.kernel.errors import UsageError

    small = Small(tmp_path)
    done = small.run()
    small.forget(done.steps[0].inputs["data"].digest)
    (tmp_path / "points.csv").rename(tmp_path / "moved.csv")
    found = small.reproduce(data={"points": str(tmp_path / "moved.csv")})
    assert found["verdict"] == "reproduced" and found["data"][0]["from"] == "the file that was given"
    small.write("points.csv", "id,x\n1,1\n")
    with pytest.raises(UsageError, match="is not what the run read as points: its digest is"):
        small.reproduce(data={"points": str(tmp_path / "points.csv")})
    with pytest.raises(UsageError, match="the run read no data set 'point'.*points"):
        small.reproduce(data={"point": str(tmp_path / "moved.csv")})


@pytest.mark.slow
def test_a_model_whose_bytes_are_others_and_that_cannot_be_asked_is_no_pass(tmp_path):
    """It writes where it lies, which is another place in every job, into a format that nobody loads."""
    small = Small(
        tmp_path,
        train="import os\nhere = os.environ['SM_MODEL_DIR']\nopen(here + '/m.json', 'w').write(here)\n",
    )
    small.run()
    found = small.reproduce(probes=False)
    assert found["verdict"] == "incomplete"
    assert found["first"]["where"]["member"] == "m.json" and "it cannot be asked" in found["first"]["said"]


@pytest.mark.slow
def test_recorded_bytes_that_are_gone_are_no_pass_where_the_new_ones_are_others(tmp_path):
    small = Small(tmp_path, scale=READ + CHANCE + WRITE)
    done = small.run()
    small.forget(done.steps[0].outputs["out"].digest)
    found = small.reproduce(probes=False)
    assert step(found, "scaled")["same"] == "unknown"
    assert "nobody can say where" in step(found, "scaled")["compared"][0]["said"]
