"""Runs of scripts: what they say of themselves is in the office, in reports, in lineage and in search."""

from __future__ import annotations

import hashlib
import json
import math
import multiprocessing
import os
import random
import threading
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import assay
from assay.kernel.errors import Refused, UsageError
from assay.office import contexts, ledger, runs, verification
from assay.works.call import call
from assay.works.recorded import told
from assay.works.tracking.ending import journal_of


def _report(home, run):
    (step,) = runs.steps_of(home.office, run.id)
    return json.loads(home.store.read(step.report))


def test_what_a_run_says_is_in_its_record_its_report_and_its_page(home, begin):
    with begin(experiment="churn", params={"depth": 6}, seed=11) as run:
        for step in range(5):
            run.log(metrics={"train/loss": 1 / (step + 1), "valid/loss": 2 / (step + 1)})
        run.metric("auc", 0.9, step=4)
        run.tag("team", "fraud")
    record = runs.get(home.office, run.id)
    assert (record.outcome, record.experiment, record.pipeline) == ("pass", "churn", "train")
    report = _report(home, run)
    assert report["params"] == {"depth": 6} and report["data"]["tags"] == {"team": "fraud"}
    assert {m["name"]: m["value"] for m in report["metrics"]} == {
        "train/loss": 0.2,
        "valid/loss": 0.4,
        "auc": 0.9,
    }
    (chart,) = report["charts"]
    assert [r["value"] for r in chart["data"] if r["series"] == "train"] == [1, 0.5, 1 / 3, 0.25, 0.2]
    page = (home.root / "runs" / run.id / "report.html").read_text()
    assert (
        page.count("<polyline") == 2
        and "nothing of it was examined" in page
        and "passed its gate" not in page
    )
    points = next(o for o in report["outputs"] if o["name"] == "metrics")
    table = pq.read_table(home.store.path(points["digest"])).to_pandas()
    assert list(table[table.metric == "train/loss"].step) == [0, 1, 2, 3, 4]
    assert not (home.root / "runs" / run.id / "journal.jsonl").exists()
    assert verification.verify(home.office).ok


def test_a_metric_that_is_no_number_is_told_so_and_one_in_a_tensor_is_read(home, begin):
    with begin() as run:
        run.metric("x", math.nan)
        run.metric("y", math.inf)
        run.metric("z", pd.Series([2.5]).to_numpy()[0])
        with pytest.raises(UsageError, match="'w' is a str and no number"):
            run.metric("w", "high")
    told_ = {m["name"]: (m["value"], m["reason"]) for m in _report(home, run)["metrics"]}
    assert told_ == {"x": (None, "undefined"), "y": (None, "infinite"), "z": (2.5, None)}


def test_lineage_goes_from_what_was_read_to_what_was_made(home, begin, tmp_path):
    (tmp_path / "rows.csv").write_text("a,b\n1,x\n2,y\n3,\n")
    (tmp_path / "notes.txt").write_text("said")
    with begin() as run:
        run.input(tmp_path / "rows.csv", name="rows")
        run.output(pd.DataFrame({"score": [0.1, 0.2]}), name="scores")
        run.output(tmp_path / "notes.txt")
    made = call("lineage", {"urn": "rows", "up": False}, home=home)["edges"]
    assert {(e["from_name"], e["to_name"], e["run"]) for e in made} == {
        ("rows", "scores", run.id),
        ("rows", "notes.txt", run.id),
    }
    (rows, scores) = (d for d in told(home, runs.get(home.office, run.id))["datasets"])
    assert rows["rows"] == 3 and rows["columns"][1] == {
        "name": "b", "type": "text", "missing": 1, "values": 2, "shortest": 1, "longest": 1,
    }  # fmt: skip
    assert rows["columns"][0] == {"name": "a", "type": "integer", "missing": 0, "values": 3, "min": 1.0, "max": 3.0, "mean": 2.0}  # fmt: skip
    assert scores["columns"] == [{"name": "score", "type": "double"}]


def test_a_run_within_another_is_a_part_of_it_and_of_its_experiment(home, begin, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with begin(experiment="study") as outer:
        with assay.run("fold 1") as one:
            one.metric("f1", 0.7)
        with outer.child("fold 2") as two:
            two.metric("f1", 0.9)
    assert assay.run("alone").end() is None
    listed = call("runs.list", {}, home=home)["runs"]
    assert [r["pipeline"] for r in listed] == ["alone", "train"]
    parts = call("runs.list", {"parts_of": outer.id}, home=home)["runs"]
    assert {r["id"] for r in parts} == {one.id, two.id} and {r["experiment"] for r in parts} == {"study"}
    compared = call("runs.compare", {"parts_of": outer.id, "by": "f1"}, home=home)
    assert [r["metrics"]["f1"] for r in compared["runs"]] == [0.9, 0.7]


def test_an_exception_is_recorded_with_its_sentence_and_goes_on_its_way(home, begin):
    with pytest.raises(ValueError, match="no luck"), begin() as run:
        run.param("a", 1)
        raise ValueError("no luck with password=hunter2-and-more\nand a second line")
    record = runs.get(home.office, run.id)
    said = _report(home, run)["error"]
    assert (
        record.outcome == "error" and said.startswith("ValueError: no luck") and "test_run.py, line" in said
    )
    assert "second line" not in said
    shown = call("runs.show", {"run": run.id}, home=home)
    assert shown["error"] == said and shown["params"] == {"a": 1}


def test_whoever_stops_a_run_interrupts_it_and_a_quiet_exit_does_not(home, begin):
    with pytest.raises(KeyboardInterrupt), begin() as one:
        raise KeyboardInterrupt
    with pytest.raises(SystemExit), begin() as two:
        raise SystemExit(0)
    assert [runs.get(home.office, r.id).outcome for r in (one, two)] == ["interrupted", "pass"]


def test_a_parameter_is_set_once_and_a_tag_anew(home, begin):
    with begin(params={"depth": 6}) as run:
        run.param("depth", 6)
        with pytest.raises(UsageError, match="'depth' is 6 already, and is set once"):
            run.log(params={"depth": 7})
        run.tag("state", "early")
        run.tag("state", "late")
    assert _report(home, run)["data"]["tags"] == {"state": "late"}


@pytest.mark.parametrize("name", ["", "x" * 251, "a\nb", 7, "\x1b[2J"])
def test_names_are_bounded_and_printable(begin, name):
    with begin() as run:
        for call_ in (run.metric, run.param, run.tag):
            with pytest.raises(UsageError, match="cannot be called"):
                call_(name, 1)
    with pytest.raises(UsageError, match="cannot be called"):
        begin(name)


def test_what_is_no_text_or_nests_too_deep_is_one_sentence(begin):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    with begin() as run:
        for value in ("\ud800", deep):
            with pytest.raises(UsageError, match="no plain text or nests too deep|nests too deep"):
                run.param("x", value)
        run.param("x", "fine")


@settings(max_examples=15)
@given(st.dictionaries(st.text("abcé_./ ", min_size=1, max_size=8), st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(codec="utf-8"), max_size=20), lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=4), x, max_size=3), max_leaves=6), max_size=5))  # fmt: skip
def test_parameters_come_back_as_they_were_told(tmp_path_factory, params):
    from assay.kernel.canonical import plain
    from assay.works.tracking.gathered import gather
    from assay.works.tracking.journal import Entry, Journal, read

    path = tmp_path_factory.mktemp("j") / "journal"
    kept = Journal(path)
    kept.write(Entry(1, p=plain(params)))
    kept.close()
    assert gather(read(path)).params == plain(params)


def test_a_seed_makes_what_follows_the_same(begin):
    drawn = []
    for _ in range(2):
        with begin(seed=5):
            drawn.append(random.random())
    assert drawn[0] == drawn[1]


def test_where_and_from_what_a_run_ran_is_shown(home, begin):
    with begin(seed=5) as run:
        pass
    shown = call("runs.show", {"run": run.id}, home=home)["provenance"]
    assert shown["seed"] == 5 and shown["seeds"]["set"][0] == "random"
    assert shown["environment"]["cpus"] and shown["packages"]["pyarrow"]


def test_the_image_is_the_one_that_whoever_started_it_names(tmp_path):
    from assay.works.home import Home
    from assay.works.tracking.beginning import tracked

    image = "registry.example/train@sha256:" + "a" * 64
    home = Home.create(tmp_path, {"ASSAY_IMAGE": image})
    with tracked(home, "t") as run:
        pass
    assert call("runs.show", {"run": run.id}, home=home)["provenance"]["environment"]["image"] == image
    home.close()
    with pytest.raises(UsageError, match="image cannot be 'train:latest'"):
        Home.create(tmp_path, {"ASSAY_IMAGE": "train:latest"})


def test_a_series_of_many_points_is_drawn_with_few_and_kept_whole(home, begin):
    with begin() as run:
        for step in range(5_000):
            run.metric("x", step)
    report = _report(home, run)
    assert 300 <= len(report["charts"][0]["data"]) <= 601
    assert report["data"]["series"]["x"] == {"points": 5000, "last": 4999.0, "min": 0.0, "max": 4999.0}
    points = next(o for o in report["outputs"] if o["name"] == "metrics")
    assert pq.read_metadata(home.store.path(points["digest"])).num_rows == 5_000


def test_a_model_is_kept_and_registered_when_the_scan_lets_it(home, begin, tmp_path):
    import struct

    head = json.dumps({"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    (tmp_path / "m.safetensors").write_bytes(struct.pack("<Q", len(head)) + head + b"\0" * 16)
    (tmp_path / "bad.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with begin() as run:
        run.model(tmp_path / "m.safetensors", register="m", owner="ada")
        with pytest.raises(Refused, match=r"bad.pkl is not registered, because model.scan says fail"):
            run.model(tmp_path / "bad.pkl", register="bad")
    model = call("model.show", {"name": "m"}, home=home)
    assert (model["status"], model["run"], model["metadata"]["owner"]) == ("PENDING", run.id, "ada")
    assert runs.get(home.office, run.id).model == "m@1"


def test_a_run_joins_contexts_and_is_found_by_search(home, begin):
    with begin("night", experiment="churn", params={"depth": 6}, contexts=("release/1",)) as run:
        run.metric("f1", 0.91)
        run.tag("team", "fraud")
    assert contexts.of(home.office, f"run/{run.id}") == ["release/1"]
    for query in (
        "runs metrics.f1 > 0.9",
        "runs params.depth = 6",
        "runs experiment = churn",
        "runs tags.team = fraud",
    ):
        found = call("search", {"query": query}, home=home)["results"]
        assert [r["id"] for r in found] == [run.id], query


def test_a_run_that_is_under_way_shows_how_far_it_came(home, begin):
    with begin() as run:
        run.log(params={"depth": 6}, metrics={"x": 1})
        shown = call("runs.show", {"run": run.id}, home=home)
    assert shown["outcome"] == "running" and shown["params"] == {"depth": 6}


def test_two_runs_of_scripts_can_be_held_against_one_another(home, begin):
    for seed in (1, 2):
        with begin(seed=seed, params={"depth": 4 * seed}):
            pass
    found = call("runs.diff", {"a": "last~1", "b": "last"}, home=home)
    said = json.dumps(found)
    assert "the parameter `depth`, 8 (before: 4)" in said and "the pipeline's seed, 2 (before: 1)" in said


def test_without_a_home_it_says_how_to_make_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASSAY_HOME", raising=False)
    with pytest.raises(UsageError, match="no home here; `assay init` makes one"):
        assay.run("train")


def test_a_run_has_a_trace_with_the_spans_that_it_names(begin, home):
    import assay
    from assay.office import traces
    from assay.works.traces import keeping

    with assay.span("nowhere"):
        pass
    with begin("train") as run:
        with assay.span("fit", depth=3), assay.span("epoch"):
            pass
        with run.child("part") as part, assay.span("of the part"):
            pass
    spans = keeping.read(home, traces.of(home.office, run.id))
    by = {s.id: s for s in spans}
    told = [(s.name, by[s.parent].name if s.parent in by else "") for s in spans]
    assert told == [("run train", ""), ("fit", "run train"), ("epoch", "fit")]
    assert spans[1].attributes == {"depth": 3} and spans[0].attributes["assay.outcome"] == "pass"
    whole = traces.of(home.office, spans[0].trace)
    assert [r.run for r in whole] == [run.id, part.id]  # a part belongs to the trace of what it is a part of
    assert {s.name for s in keeping.read(home, whole)} == {
        "run train",
        "fit",
        "epoch",
        "run part",
        "of the part",
    }
    assert call("log.verify", {}, home=home)["ok"]
    assert "Where the time went" in Path(run.page).read_text()


class _Silent:
    """An object that can be told neither as text nor as a number."""

    def __str__(self) -> str:
        raise ZeroDivisionError

    __float__ = __repr__ = __str__


@pytest.mark.parametrize(
    "log",
    [
        lambda run: run.param("p", _Silent()),
        lambda run: run.param("p", 10**5000),
        lambda run: run.tag("t", _Silent()),
        lambda run: run.tag("t", 10**5000),
        lambda run: run.metric("m", _Silent()),
        lambda run: run.log(params="abc"),
        lambda run: run.log(metrics=[1.0]),
    ],
)
def test_an_object_that_cannot_be_told_did_raise_its_own_error(begin, log):
    with begin() as run, pytest.raises(UsageError):
        log(run)


def test_an_output_that_is_a_pipe_did_wait_for_ever(begin, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with begin() as run, pytest.raises(UsageError, match="neither a file nor a folder"):
        run.output(tmp_path / "pipe")


def test_a_run_under_way_was_unknown_to_the_office_until_it_ended(home, begin):
    with begin("long", params={"depth": 6}) as run:
        run.log(metrics={"loss": 0.5}, tags={"team": "fraud"})
        assert _searched(home, "runs metrics.loss exists") == []
        run.metric("loss", 0.25)
        run.flush()
        assert _searched(home, "runs metrics.loss = 0.25 params.depth = 6 tags.team = fraud") == [run.id]
        record = runs.get(home.office, run.id)
        assert record.detail["so_far"]["counts"] == {"params": 1, "tags": 1, "metrics": 1}
        compared = call("runs.compare", {"names": [run.id]}, home=home)["runs"][0]
        assert (compared["params"], compared["metrics"]) == ({"depth": 6}, {"loss": 0.25})
        (event,) = [e for e in ledger.tail(home.office, 9) if e.action == "run.said"]
        journal = journal_of(home, run.id).read_bytes()
        assert event.detail["journal"] == f"sha256:{hashlib.sha256(journal).hexdigest()}"
        assert event.detail["bytes"] == len(journal)
    assert "so_far" not in runs.get(home.office, run.id).detail
    assert _searched(home, "runs metrics.loss = 0.25 params.depth = 6 tags.team = fraud") == [run.id]
    assert verification.verify(home.office).ok


def test_the_office_hears_of_a_run_each_minute(home, begin, monkeypatch):
    with begin("long") as run:
        run.metric("loss", 1)
        monkeypatch.setattr("assay.works.tracking.run.TOLD", 0.0)
        run.metric("loss", 2)
        monkeypatch.setattr("assay.works.tracking.run.TOLD", 60.0)
        run.metric("loss", 3)
        assert runs.get(home.office, run.id).detail["so_far"]["metrics"] == {"loss": 2.0}


def test_a_journal_that_was_edited_before_its_end_is_named(home, begin):
    with begin("long") as run:
        run.metric("loss", 1)
        run.flush()
        path = journal_of(home, run.id)
        path.write_bytes(path.read_bytes().replace(b"1.0", b"0.1"))
        run.metric("loss", 2)
    (finding,) = _report(home, run)["findings"]
    assert finding["rule"] == "tracked.journal_changed" and finding["severity"] == "high"


def test_two_threads_that_ended_a_run_at_once_ended_it_twice(home, begin):
    run = begin("short")
    threads = [threading.Thread(target=run.end) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended = [e for e in ledger.tail(home.office, 20) if e.action == "run.end"]
    assert len(ended) == 1 and run.outcome == "pass"


def test_what_forked_processes_log_was_taken_for_an_edited_journal(home, begin):
    with begin("forked") as run:
        child = multiprocessing.get_context("fork").Process(target=run.metric, args=("c", 1))
        child.start()
        child.join()
        run.metric("p", 2)
        run.flush()
    told = _report(home, run)
    assert told["findings"] == [] and {m["name"]: m["value"] for m in told["metrics"]} == {"c": 1, "p": 2}


def _searched(home, text):
    return [r["id"] for r in call("search", {"query": text}, home=home)["results"]]
