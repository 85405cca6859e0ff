from __future__ import annotations

import json
from pathlib import Path

import pytest

from assay.engines.blobs import Store
from assay.kernel.errors import Missing, UsageError
from assay.kernel.handles import Table, Traffic
from assay.works import captured
from assay.works.bench import Bench
from assay.works.home import Home
from assay.works.resolve import pin, still_as_pinned
from assay.works.signature import signature


def _check(traffic: Traffic, *, against: Traffic | Table) -> None:
    raise AssertionError


def _write(folder: Path, hour: str = "2026/11/28/09", data: str = "1,2") -> Path:
    path = folder / "shop" / "blue" / hour / "a.jsonl"
    path.parent.mkdir(parents=True)
    sides = {
        "endpointInput": {"data": data, "encoding": "CSV"},
        "endpointOutput": {"data": "0", "encoding": "CSV"},
    }
    meta = {"eventId": "e", "inferenceTime": f"{hour[:10].replace('/', '-')}T{hour[-2:]}:30:00Z"}
    path.write_text(json.dumps({"captureData": sides, "eventMetadata": meta}) + "\n")
    return path


def test_a_signature_may_ask_for_traffic():
    kinds = [p.kinds for p in signature(_check)]
    assert kinds == [("traffic",), ("traffic", "table")]


def test_traffic_is_pinned_opened_and_looked_at_again(tmp_path):
    path = _write(tmp_path / "c")
    store = Store(str(tmp_path / "objects"))
    asset = pin(str(tmp_path / "c"), ("traffic", "table"), store)
    assert (asset.kind, asset.format, asset.name) == ("traffic", "capture", "c")
    (tmp_path / "scratch").mkdir()
    bench = Bench(store, tmp_path / "scratch")
    with bench.opened(asset, "traffic") as found:
        assert found.table.arrow().to_pylist() == [{"_c1": 1, "_c2": 2, "prediction": 0}]
    still_as_pinned({"it": asset}, None, store)
    path.write_text(path.read_text().replace("1,2", "1,3"))
    with pytest.raises(UsageError, match="changed while it was examined"):
        still_as_pinned({"it": asset}, None, store)


def test_a_plain_table_is_traffic_too_and_a_table_where_either_may_be(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("age,prediction,truth\n3,1,0\n")
    store = Store(str(tmp_path / "objects"))
    assert pin(str(path), ("traffic", "table"), store).kind == "table"
    asset = pin(str(path), ("traffic",), store)
    (tmp_path / "scratch").mkdir()
    with Bench(store, tmp_path / "scratch").opened(asset, "traffic") as found:
        assert (found.features, found.outputs, found.events) == (("age",), ("prediction",), 1)
        assert found.about.num_rows == 1 and isinstance(found, Traffic)
    with pytest.raises(Missing, match="no file"):
        pin(str(tmp_path / "none"), ("traffic",), store)


def test_an_endpoints_capture_is_named_by_its_period(tmp_path):
    home = Home.create(tmp_path, {})
    for hour in ("2026/11/28/08", "2026/11/28/09"):
        _write(captured.folder(home, "shop").parent, hour, f"{hour[-2:]},2")
    asset = pin(
        "capture://shop?from=2026-11-28T09:00:00Z&to=2026-11-28T10:00:00Z", ("traffic",), home.store, home
    )
    (tmp_path / "scratch").mkdir()
    bench = Bench(home.store, tmp_path / "scratch", home=home)
    with bench.opened(asset, "traffic") as found:
        assert found.events == 1 and found.about.column("variant").to_pylist() == ["blue"]
    with pytest.raises(UsageError, match="no bound of a capture"):
        pin("capture://shop?from=whenever", ("traffic",), home.store, home)
    with pytest.raises(Missing, match="nothing was captured in that time"):
        pin("capture://shop?to=2026-11-27", ("traffic",), home.store, home)
    with pytest.raises(UsageError, match="needs a home"):
        pin("capture://shop", ("traffic",), home.store)
