"""The drifts of a real capture, as a user types them: its own times, and names by place where it has none."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pandas as pd
import pytest

from .conftest import MONDAY, requests

HOUR = 3600
COLUMNS = ["prediction", "score", "lead_time", "hotel", "country", "adr"]


def _line(values):
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(["" if pd.isna(v) else v for v in values])
    return buffer.getvalue()


@pytest.fixture(scope="module")
def capture(tmp_path_factory, answered):
    """An hour of 900 requests in the layout of SageMaker, from the 40th minute on with negative lead_time."""
    folder = tmp_path_factory.mktemp("capture")
    rows = requests(answered, 900, MONDAY, HOUR, np.random.default_rng(2))
    rows.loc[600:, "lead_time"] *= -1
    path = folder / "bookings" / "AllTraffic" / "2008" / "05" / "05" / "00" / "a.jsonl"
    path.parent.mkdir(parents=True)
    with path.open("w") as out:
        for n, (at, *row) in enumerate(rows[["at", *COLUMNS]].itertuples(index=False)):
            sides = {
                name: {"observedContentType": "text/csv", "data": _line(cells), "encoding": "CSV", "mode": mode}
                for name, cells, mode in (
                    ("endpointInput", row[2:], "INPUT"), ("endpointOutput", row[:2], "OUTPUT"),
                )
            }  # fmt: skip
            meta = {
                "eventId": f"e{n}",
                "inferenceTime": at.isoformat(timespec="seconds").replace("+00:00", "Z"),
            }
            out.write(json.dumps({"captureData": sides, "eventMetadata": meta, "eventVersion": "0"}) + "\n")
    answered[[*COLUMNS, "truth"]].to_parquet(folder / "reference.parquet")
    return folder


@pytest.mark.parametrize(
    "name",
    ["drift", *(pytest.param(n, marks=pytest.mark.slow) for n in ("multivariate", "outliers"))],
)
def test_a_capture_is_held_against_a_table(assay, capture, name):
    args = ("check", f"traffic.{name}", "bookings", "--against", "reference.parquet")
    done = assay.run(capture, *args, "--format", "json")
    verdict = json.loads(done.stdout)
    assert verdict["data"]["alarm"] is True, done.stdout
    if name == "drift":
        assert done.returncode == 1 and verdict["data"]["drifted"] == ["lead_time"]
        where = next(f for f in verdict["findings"] if f["rule"] == "traffic.drift.column")["where"]
        assert where["since"].startswith("2008-05-05T00:") and abs(int(where["since"][14:16]) - 40) <= 2
    else:
        assert "lead_time" in verdict["findings"][0]["where"]["columns"]


@pytest.mark.slow
def test_an_estimate_and_errors_of_a_capture(assay, capture):
    args = ("bookings", "--against", "reference.parquet", "--format", "json")
    found = json.loads(assay.run(capture, "check", "traffic.estimate", *args).stdout)
    assert found["data"]["problem"] == "binary" and found["coverage"]["examined"] == 900
    found = json.loads(assay.run(capture, "check", "traffic.concept", *args).stdout)
    assert found["outcome"] == "incomplete" and found["data"]["alarm"] is False
