from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assay.engines.capture import handle, lots, sources
from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput, Missing, UsageError
from assay.kernel.handles import Traffic

HOUR = "shop/blue/2026/11/28/09"


def event(
    given: Any, answer: Any = None, id: str = "e", encoding: str = "CSV", **more: Any
) -> dict[str, Any]:
    """One event as SageMaker writes it."""
    sides = {
        "endpointInput": {
            "observedContentType": "text/csv",
            "mode": "INPUT",
            "data": given,
            "encoding": encoding,
        }
    }
    if answer is not None:
        sides["endpointOutput"] = {
            "observedContentType": "text/csv; charset=utf-8", "mode": "OUTPUT", "data": answer, "encoding": encoding,
        }  # fmt: skip
    meta = {"eventId": id, "inferenceTime": "2026-11-28T09:25:49Z"} | more.pop("meta", {})
    return {"captureData": sides, "eventMetadata": meta, "eventVersion": "0"} | more


def written(root: Path, *events: Any, name: str = f"{HOUR}/a.jsonl") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join((e if isinstance(e, str) else json.dumps(e)) + "\n" for e in events).encode()
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return root


def read(root: Path, scratch: Path, **more: Any) -> handle.CapturedTraffic:
    scratch.mkdir(exist_ok=True)
    asset = Asset("traffic", "capture", str(root), "", "capture")
    return handle.open_traffic(asset, sources.pinned(str(root)), scratch=scratch, **more)


def rows(traffic: handle.CapturedTraffic) -> list[tuple[Any, ...]]:
    return [tuple(r.values()) for r in traffic.table.arrow().to_pylist()]


def test_csv_without_names_is_named_by_place_the_answers_columns_first(tmp_path):
    root = written(tmp_path / "c", event("1,PRT,0.5\n", "0.02\n", "a"), event("-7,ESP,", "1", "b"))
    with read(root, tmp_path / "s") as found:
        assert isinstance(found, Traffic)
        assert (found.features, found.outputs, found.named) == (("_c1", "_c2", "_c3"), ("prediction",), False)
        assert rows(found) == [(1, "PRT", 0.5, 0.02), (-7, "ESP", None, 1.0)]
        assert [c.type for c in found.columns] == ["integer", "text", "number", "number"]
        assert found.about.to_pylist()[0] == {
            "event": "a", "inference": "", "time": 1795857949.0, "caller": "", "variant": "blue", "status": 200,
        }  # fmt: skip
        named = found.renamed(["answer", "lead", "country", "rate"])
        assert named.table.columns[0].name == "lead" and named.outputs == ("answer",) and named.named
        assert found.renamed(["lead", "country", "rate"]).outputs == ("prediction",)
        with pytest.raises(UsageError, match="2 names do not fit"):
            found.renamed(["a", "b"])


def test_an_event_of_many_rows_gives_as_many(tmp_path):
    answers = ("0.1\n0.2\n0.3\n", "0.1,0.2,0.3", "0.1,0.9,0.2,0.8,0.3,0.7")
    for n, answer in enumerate(answers):
        root = written(
            tmp_path / f"c{n}",
            event('1,"a,\nb"\n2,b\n3,c\n', answer, "m"),
            event("4,d", answer.split("\n")[0][:3]),
        )
        if n == 2:
            root = written(tmp_path / f"c{n}", event("1,a\n2,b\n3,c\n", answer, "m"))
        with read(root, tmp_path / f"s{n}") as found:
            got = rows(found)
            assert [r[0] for r in got][:3] == [1, 2, 3] and [r[2] for r in got][:3] == [0.1, 0.2, 0.3]
            assert found.about.column("event").to_pylist()[:3] == ["m"] * 3
            assert found.events == (1 if n == 2 else 2) and not found.problems
            if n != 2:
                assert got[0][1] == "a,\nb"


def test_json_names_its_columns_whatever_their_order(tmp_path):
    one = event(json.dumps({"age": 30, "city": "Faro"}), json.dumps({"predictions": [{"score": 0.7, "predicted_label": 1}]}), encoding="JSON")  # fmt: skip
    two = event(json.dumps({"instances": [{"city": "Évora", "age": 31.5, "new": True}]}), '{"prediction": 0}', encoding="JSON")  # fmt: skip
    with read(written(tmp_path / "c", one, two), tmp_path / "s") as found:
        assert found.named and found.features == ("age", "city", "new")
        assert found.table.arrow().to_pylist() == [
            {"age": 30.0, "city": "Faro", "new": None, "score": 0.7, "prediction": 1},
            {"age": 31.5, "city": "Évora", "new": True, "score": None, "prediction": 0},
        ]
        assert found.renamed(["x"]) is found


def test_merged_records_carry_the_truth_and_base64_is_read(tmp_path):
    truth = {"groundTruthData": {"data": "1", "encoding": "CSV"}}
    hidden = base64.b64encode(b"5,x").decode()
    root = written(
        tmp_path / "c",
        event("3,y", "0", "a", **truth),
        event(hidden, None, "b", "BASE64"),
        name=f"{HOUR}/a.jsonl.gz",
    )
    with read(root, tmp_path / "s") as found:
        assert rows(found) == [(3, "y", 0, 1), (5, "x", None, None)]
        assert [c.name for c in found.columns] == ["_c1", "_c2", "prediction", "truth"]


def test_damaged_lines_and_rows_that_do_not_fit_are_counted(tmp_path):
    root = written(
        tmp_path / "c", event("1,2", "0"), '{"captureData": {"endpoint', "[]", event("1,2,3", "0"), event("1,2\n3,4\n5,6", "0\n1"),
        event("\x00", None, encoding="JSON"), event("7,8", "1"),
    )  # fmt: skip
    with read(root, tmp_path / "s") as found:
        assert rows(found) == [(1, 2, 0), (7, 8, 1)]
        told = {p.where["field"]: p.count for p in found.problems}
        assert told == {
            "a line is no captured event": 2,
            "a row has not as many columns as the others": 1,
            "an event has not as many answers as rows": 1,
            "no JSON": 1,
        }
        assert {p.rule for p in found.problems} == {handle.DAMAGED}


def test_a_column_that_turns_out_to_be_text_keeps_the_spelling_of_its_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr(lots, "_ENOUGH", 1)
    root = tmp_path / "c"
    for n, value in enumerate(("0.50", "7", "n/a", "007")):
        written(root, event(f"{value},{n}", "0"), name=f"{HOUR}/{n}.jsonl")
    with read(root, tmp_path / "s") as found:
        assert [r[0] for r in rows(found)] == ["0.50", "7", "n/a", "007"]
        assert [c.type for c in found.columns] == ["text", "integer", "integer"]


def test_what_does_not_fit_into_memory_goes_through_a_file(tmp_path, monkeypatch):
    from assay.engines.capture import gathering

    root = written(tmp_path / "c", *(event(f"{i},{i / 4}", str(i % 2), str(i)) for i in range(100)))
    with read(root, tmp_path / "s1") as whole:
        wanted = rows(whole), whole.about.to_pylist()
    monkeypatch.setattr(gathering, "HELD", 1)
    monkeypatch.setattr(lots, "_ENOUGH", 10)
    with read(root, tmp_path / "s2") as found:
        assert (rows(found), found.about.to_pylist()) == wanted
        assert found.renamed(["y", "a", "b"]).table.arrow().column_names == ["a", "b", "y"]


def test_parquet_capture_is_read_alike(tmp_path):
    path = tmp_path / HOUR / "a.parquet"
    path.parent.mkdir(parents=True)
    columns = {"event": ["a", "b"], "time": ["2026-11-28T09:00:00Z"] * 2, "input": ["1,x", "2,y"], "input_encoding": ["CSV"] * 2,
               "output": ["0", None], "caller": ["ana", None]}  # fmt: skip
    pq.write_table(pa.table(columns), path)
    assert sources.is_capture(str(tmp_path))
    with read(tmp_path, tmp_path / "s") as found:
        assert rows(found) == [(1, "x", 0), (2, "y", None)]
        assert found.about.column("caller").to_pylist() == ["ana", ""]


def test_pins_the_bytes_that_were_there_and_no_more(tmp_path):
    root = written(tmp_path / "c", event("1,2", "0"))
    manifest = sources.pinned(str(root))
    file = root / HOUR / "a.jsonl"
    with file.open("a") as out:
        out.write(json.dumps(event("3,4", "1")) + "\n")
    assert not sources.changed(manifest)
    asset = Asset("traffic", "c", str(root))
    with handle.open_traffic(asset, manifest, scratch=tmp_path) as found:
        assert rows(found) == [(1, 2, 0)]
    file.write_text(file.read_text().replace("1,2", "9,2"))
    assert sources.changed(manifest)


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(Missing, match="no file"):
        sources.pinned(str(tmp_path / "none"))
    (tmp_path / "c").mkdir()
    with pytest.raises(Missing, match="no captured event"):
        sources.pinned(str(tmp_path / "c"))
    with pytest.raises(BadInput, match="no captured event is there: 1 × a line is no captured event"):
        read(written(tmp_path / "c", "{"), tmp_path / "s")
