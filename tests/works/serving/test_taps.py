from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from assay.engines.capture import sources
from assay.kernel.errors import BadInput, Missing, UsageError
from assay.kernel.serving import Answer, Question
from assay.office import ledger
from assay.works import captured
from assay.works.bench import Bench
from assay.works.call import call
from assay.works.home import Home
from assay.works.resolve import pin
from assay.works.serving import taps


@dataclass
class Record:
    """As much of an endpoint's record as a tap looks at."""

    name: str = "shop"
    capture: dict[str, Any] = field(
        default_factory=lambda: {"percent": 100.0, "what": "both", "format": "jsonl"}
    )


def home_of(folder: Path) -> Home:
    home = Home.create(folder, {})
    (made,) = taps.of(home, Record())
    for n in range(4):
        asked = Question(f"e{n}", "shop", "blue", 1_795_857_949.0 + n, "ana", "text/csv", "", f"{n},PRT".encode(), inference_id="mine" if n == 3 else "")  # fmt: skip
        made.put(asked, Answer(200, b"1", "text/csv; charset=utf-8"))
    made.close()
    return home


def test_an_endpoint_that_captures_nothing_has_no_tap(tmp_path):
    home = Home.create(tmp_path, {})
    assert taps.of(home, Record(capture={"percent": 0.0})) == []
    assert taps.counted(home, "shop").taken == 0
    with pytest.raises(Missing, match="no endpoint 'shop'"):
        call("endpoint.capture.show", {"name": "shop"}, home=home)


def test_ground_truth_comes_later_and_is_joined(tmp_path):
    home = home_of(tmp_path)
    labels = tmp_path / "labels.csv"
    labels.write_text("id,label\ne0,0\nmine,1\ne3,0\nnobody,1\n")
    told = call("endpoint.truth", {"name": "shop", "source": str(labels)}, home=home)
    assert (told["labels"], told["damaged"]) == (4, 0)
    asset = pin("capture://shop?to=2026-11-28T09:25:53Z", ("traffic",), home.store, home)
    (tmp_path / "scratch").mkdir()
    with Bench(home.store, tmp_path / "scratch", home=home).opened(asset, "traffic") as found:
        rows = found.table.arrow().to_pylist()
    assert [r["truth"] for r in rows] == [0, None, None, 1] and rows[0]["prediction"] == 1
    with pytest.raises(Missing, match="no endpoint 'none'"):
        call("endpoint.truth", {"name": "none", "source": str(labels)}, home=home)


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_what_a_shadow_answered_was_watched_as_if_a_caller_had_been_given_it(tmp_path, form):
    """Each row stood twice in every monitor's window, once with the answer of a model that answers nobody."""
    home = Home.create(tmp_path, {})
    (made,) = taps.of(home, Record(capture={"percent": 100.0, "what": "both", "format": form}))
    for n in range(3):
        asked = Question(
            f"e{n}", "shop", "blue", 1_795_857_949.0 + n, "ana", "text/csv", "", f"{n},PRT".encode()
        )
        made.put(asked, Answer(200, b"1", "text/csv"))
        made.put(replace(asked, variant="green", shadow=True), Answer(200, b"0", "text/csv"))
    made.close()

    def answers(asked: str) -> list[tuple[str, int]]:
        asset = pin(f"capture://shop{asked}", ("traffic",), home.store, home)
        scratch = Path(tempfile.mkdtemp(dir=tmp_path))
        with Bench(home.store, scratch, home=home).opened(asset, "traffic") as found:
            told = found.table.arrow()["prediction"].to_pylist()
            return sorted(zip(found.about["variant"].to_pylist(), told, strict=True))

    assert answers("") == [("blue", 1)] * 3
    assert answers("?variant=green") == [("green", 0)] * 3
    assert answers("?to=2026-11-28T09:25:51Z&variant=blue") == [("blue", 1)] * 2
    with pytest.raises(BadInput, match="no captured event is there"):
        answers("?variant=red")


def test_export_is_what_sagemaker_writes_and_the_log_keeps_who_took_it(tmp_path):
    home = home_of(tmp_path)
    out = tmp_path / "out"
    period = {"since": "2026-11-28T09:25:50Z", "until": "2026-11-28T09:25:52Z"}
    told = call("endpoint.capture.export", {"name": "shop", "to": str(out), **period}, home=home, actor="ana")
    assert (told["events"], told["files"]) == (2, 1)
    (file,) = out.rglob("*.jsonl")
    assert file.parent.relative_to(out).as_posix() == "shop/blue/2026/11/28/09"
    first = json.loads(file.read_text().splitlines()[0])
    assert first == {
        "captureData": {
            "endpointInput": {"data": "1,PRT", "encoding": "CSV", "observedContentType": "text/csv", "mode": "INPUT"},
            "endpointOutput": {"data": "1", "encoding": "CSV", "observedContentType": "text/csv; charset=utf-8", "mode": "OUTPUT"},
        },
        "eventMetadata": {"eventId": "e1", "inferenceTime": "2026-11-28T09:25:50Z"},
        "eventVersion": "0",
    }  # fmt: skip
    assert len(file.read_text().splitlines()) == 2
    event = ledger.event(home.office, told["event"])
    assert event is not None and (event.actor, event.subject) == ("ana", "endpoint://shop")
    with pytest.raises(UsageError, match="files in it already"):
        call("endpoint.capture.export", {"name": "shop", "to": str(out)}, home=home)
    call(
        "endpoint.capture.export", {"name": "shop", "to": str(tmp_path / "p"), "format": "parquet"}, home=home
    )
    (whole,) = (tmp_path / "p").rglob("*.parquet")
    assert pq.read_table(whole).column("event").to_pylist() == ["e0", "e1", "e2", "e3"]
    assert sources.is_capture(str(tmp_path / "p"))


def test_what_was_lost_when_a_writer_was_killed_is_told_once(tmp_path):
    home = home_of(tmp_path)
    from assay.engines.capture.counters import Counters
    from assay.engines.capture.writing import COUNTERS

    one = Counters(captured.folder(home, "shop") / COUNTERS)
    one.add("taken", 7)
    one.add("durable", 2)
    one.add("dropped", 1)
    one.close()  # as its death would
    assert taps.counted(home, "shop").lost == 4
    for _ in range(2):
        taps.tell(home, "shop")
    dropped = [
        e for e in call("log.tail", {}, home=home)["events"] if e["action"] == "endpoint.capture.dropped"
    ]
    assert [e["detail"] for e in dropped] == [{"dropped": 1, "lost": 4, "captured": 6}]
    told = call("endpoint.capture.show", {"name": "shop"}, home=home)
    assert (told["captured"], told["dropped"], told["lost"]) == (6, 1, 4)


def test_what_was_told_of_drops_was_read_as_a_captured_event(tmp_path):
    """From the first dropped capture on, each look at the traffic found a damaged line, and was incomplete."""
    home = home_of(tmp_path)
    root = captured.folder(home, "shop")
    before = sources.listed(str(root))
    (root / ".counters" / "told.json").write_text('{"dropped": 1, "lost": 0}')
    assert sources.listed(str(root)) == before and len(before) == 1
    (tmp_path / "far" / ".counters").mkdir(parents=True)
    (tmp_path / "far" / ".counters" / "told.json").write_text("{}")
    (tmp_path / "far" / "a.jsonl").write_text("")
    assert [n for n, _ in sources.listed(f"file://{tmp_path}/far")] == ["a.jsonl"]
