"""Ground truth that comes late has its windows looked at again, those that it fills and no others, while there is patience."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.works.remedies.conftest import served  # noqa: F401 - a fixture

from assay.kernel.serving import Answer, Question
from assay.office import monitors
from assay.works.call import call
from assay.works.home import Home
from assay.works.monitoring import carrying, late, times
from assay.works.serving import taps


@dataclass
class Record:
    """As much of an endpoint's record as a tap looks at."""

    name: str = "shop"
    capture: dict[str, Any] = field(
        default_factory=lambda: {"percent": 100.0, "what": "both", "format": "jsonl"}
    )


@pytest.fixture
def home(served, tmp_path):  # noqa: F811
    import shutil

    shutil.copytree(served / ".assay", tmp_path / ".assay")
    opened = Home.open(tmp_path / ".assay", {"ASSAY_ACTOR": "ada"})
    yield opened
    opened.close()


def ask(home, moments):
    (made,) = taps.of(home, Record())
    for number, at in enumerate(moments):
        said = Question(f"e{number}", "shop", "v1", at, "ana", "text/csv", "", f"{number},PRT".encode())
        made.put(said, Answer(200, b"1", "text/csv; charset=utf-8"))
    made.close()


def test_only_the_window_that_truth_fills_is_looked_at_again(home, tmp_path):
    hour = float(int(time.time()) // 3600 * 3600)
    first, second = hour - 2 * 3600, hour - 3600
    ask(home, [first + 60 * n for n in range(3)] + [second + 60 * n for n in range(3)])
    said = {"endpoint": "shop", "check": "data.profile", "schedule": "0 * * * *", "since": times.text(first)}
    call("monitor.create", {"name": "m", "patience": "1d", **said}, home=home)
    done = carrying.run_due(home, "m", "ada", hour)
    assert [(e.rows, e.truths, e.trigger) for e in done] == [(3, 0, "schedule"), (3, 0, "schedule")]
    monitor = monitors.get(home.office, "m")
    assert late.news(home, monitor) == 0 and carrying.run_due(home, "m", "ada", hour) == []
    (tmp_path / "labels.csv").write_text("id,label\ne4,1\ne5,0\n")
    call("endpoint.truth", {"name": "shop", "source": str(tmp_path / "labels.csv")}, home=home)
    assert (
        late.news(home, monitor) > 0 and late.filled(home, monitor, hour + 2 * 86_400) == []
    )  # no patience any more
    (again,) = carrying.run_due(home, "m", "ada", hour)
    assert (again.trigger, again.truths, again.start) == ("truth", 2, times.text(second))
    assert again.key == done[1].key + ".2" and carrying.run_due(home, "m", "ada", hour) == []


@pytest.mark.slow
def test_volume_and_callers_of_an_endpoint(home):
    hour = float(int(time.time()) // 3600 * 3600)
    ask(home, [hour - 3600 + n for n in range(25)])
    said = {"endpoint": "shop", "check": "data.profile", "schedule": "every 10 requests"}
    call("monitor.create", {"name": "m", "since": times.text(hour - 3600), **said}, home=home)
    assert [e.rows for e in carrying.run_due(home, "m", "ada", hour)] == [10, 10]
    from assay.works.monitoring import sources

    found = sources.of(home, monitors.get(home.office, "m")).rows(hour - 3600, hour, 100)
    assert set(found["__caller"].to_pylist()) == {"ana"} and found.num_rows == 25
