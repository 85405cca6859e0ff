from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from assay.engines.capture import counters, handle, packing, sources
from assay.engines.capture.tap import sampled, tap
from assay.engines.capture.writing import COUNTERS, Writer
from assay.kernel.asset import Asset
from assay.kernel.serving import Answer, Question

SECRET = bytes(range(32))
AT = 1_795_857_949.25  # 2026-11-28T09:25:49Z


def question(id: str, body: bytes = b"1,PRT", at: float = AT, **more: Any) -> Question:
    return Question(
        id, "shop", "blue", at, "ana", more.pop("content_type", "text/csv"), "text/csv", body, **more
    )


ANSWER = Answer(200, b"0.5\n", "text/csv; charset=utf-8")


def read(root: Path, scratch: Path) -> handle.CapturedTraffic:
    scratch.mkdir(exist_ok=True)
    asset = Asset("traffic", "shop", str(root))
    return handle.open_traffic(asset, sources.pinned(str(root)), scratch=scratch, secret=SECRET)


def test_what_was_put_is_read_back_and_lies_where_sagemaker_puts_it(tmp_path):
    made = tap(tmp_path / "shop", SECRET, percent=100)
    assert made.put(question("a", inference_id="mine", attributes="k=v"), ANSWER)
    assert made.put(question("b", at=AT + 3600), Answer(200, b"1", "text/csv", variant="green"))
    assert made.put(question("c", b"\xff\x00"), Answer(500, b"out of order", "text/plain"))
    assert made.put(question("d"), Answer(403, b"no", "text/plain")) is None  # which a guard refused
    assert made.flush(10) and made.counted.durable == 3
    made.close()
    names = sorted(n.rsplit("/", 1)[0] for n, _ in sources.listed(str(tmp_path / "shop")))
    assert names == ["blue/2026/11/28/09", "green/2026/11/28/10"]
    assert all(b"PRT" not in p.read_bytes() for p in (tmp_path / "shop").rglob("*.sealed"))
    with read(tmp_path / "shop", tmp_path / "s") as found:
        about = found.about.to_pylist()
        assert [(r["event"], r["inference"], r["time"], r["caller"], r["variant"]) for r in about] == [
            ("a", "mine", AT, "ana", "blue"), ("b", "", AT + 3600, "ana", "green"),
        ]  # fmt: skip
        assert [p.where["field"] for p in found.problems] == ["a payload is bytes, and no text"]


def test_a_sample_is_told_from_the_id_and_a_larger_one_holds_the_smaller(tmp_path):
    ids = [f"{n:08d}" for n in range(20_000)]
    ten = {i for i in ids if sampled(i, 10)}
    assert abs(len(ten) - 2_000) < 4 * (20_000 * 0.09) ** 0.5
    assert ten < {i for i in ids if sampled(i, 50)} and not any(sampled(i, 0) for i in ids)
    made = tap(tmp_path / "shop", SECRET, percent=10, what="input")
    said = [
        made.put(question(i), ANSWER) for i in ids[:200]
    ]  # a request outside of the sample was told as kept
    assert said == [True if i in ten else None for i in ids[:200]]
    made.close()
    with read(tmp_path / "shop", tmp_path / "s") as found:
        assert set(found.about.column("event").to_pylist()) == ten & set(ids[:200]) and found.outputs == ()


def test_what_finds_no_room_is_dropped_counted_and_waits_for_nobody(tmp_path):
    made = tap(tmp_path / "shop", SECRET, percent=100, most=5)
    answers = [made.put(question(str(n)), ANSWER) for n in range(50)]
    made.flush(10)
    counted = made.counted
    made.close()
    assert not all(answers) and counted.dropped == answers.count(False)
    assert counted.durable == answers.count(True) and counted.taken == 50 and counted.lost == 0


def test_a_disk_that_does_not_take_it_is_a_drop_and_the_next_event_is_tried_again(tmp_path, monkeypatch):
    real, full = os.write, [False]

    def write(fd: int, data: object) -> int:
        if full[0] and len(data) > 40:  # type: ignore[arg-type]
            real(fd, bytes(data)[:20])  # type: ignore[call-overload]
            raise OSError(28, "No space left on device")
        return real(fd, data)  # type: ignore[arg-type]

    made = tap(tmp_path / "shop", SECRET, percent=100)
    made.put(question("a"), ANSWER)
    assert made.flush(10)
    monkeypatch.setattr(os, "write", write)
    full[0] = True
    made.put(question("b"), ANSWER)
    assert made.flush(10) and made.counted.dropped == 1 and "No space" in made.writer.error
    full[0] = False
    made.put(question("c"), ANSWER)
    assert made.flush(10) and made.writer.error == ""
    made.close()
    with read(tmp_path / "shop", tmp_path / "s") as found:
        assert sorted(found.about.column("event").to_pylist()) == ["a", "c"]
        assert not found.problems


def test_a_full_disk_cost_a_file_and_a_descriptor_for_each_event(tmp_path, monkeypatch):
    real, full = os.write, [True]

    def write(fd: int, data: object) -> int:
        if full[0]:
            raise OSError(28, "No space left on device")
        return real(fd, data)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "write", write)
    made = tap(tmp_path / "shop", SECRET, percent=100)
    opened = len(os.listdir("/proc/self/fd"))
    for n in range(5):  # not even its counters can be written
        with pytest.raises(OSError, match="No space left"):
            made.put(question(f"a{n}"), ANSWER)
    assert len(os.listdir("/proc/self/fd")) == opened
    assert not [p for p in (tmp_path / "shop").rglob("*") if p.is_file()]
    full[0] = False
    made.put(question("b"), ANSWER)
    assert made.flush(10)
    full[0] = True
    for n in range(5):  # nor the head of a file, once an hour is over
        made.put(question(f"c{n}", at=AT + 3600 * (n + 1)), ANSWER)
        assert made.flush(10)
    assert made.counted.dropped == 5 and len(list((tmp_path / "shop").rglob("*.sealed"))) == 1
    full[0] = False
    made.close()
    with read(tmp_path / "shop", tmp_path / "s") as found:
        assert found.about.column("event").to_pylist() == ["b"] and not found.problems


def test_a_file_of_an_hour_that_is_over_is_packed_and_read_once(tmp_path):
    root = tmp_path / "shop"
    packed: list[Path] = []
    made = tap(root, SECRET, percent=100, closed=lambda path: packed.append(packing.pack(path, SECRET)))
    for n in range(10):
        made.put(question(f"a{n}"), ANSWER)
    made.flush(10)
    made.put(question("b", at=AT + 3600), ANSWER)
    made.flush(10)
    assert len(packed) == 1 and packed[0].exists()
    made.close()
    assert len(packed) == 2 and len(list(root.rglob("*.jsonl.sealed"))) == 2
    with read(root, tmp_path / "s") as found:
        assert found.events == 11 and not found.problems
        assert found.about.column("time").to_pylist()[-1] == AT + 3600
    assert packing.tidy(root) == 0 and packing.tidy(root, time.time() + packing.KEPT + 5) == 2
    with read(root, tmp_path / "s2") as found:
        assert found.events == 11


def test_a_large_event_does_not_fit_and_the_others_do(tmp_path, monkeypatch):
    from assay.engines.capture import writing

    monkeypatch.setattr(writing, "LARGEST", 2_000)
    writer = Writer(tmp_path, SECRET, lambda event: ("v/2026/01/01/00", bytes(event)))  # type: ignore[arg-type]
    for event in (b"x" * 3_000, b"small", b"y" * 400):
        writer.put(event, len(event))
    assert writer.flush(10)
    assert (writer.counted.dropped, writer.counted.durable) == (1, 2)
    writer.close()


KILLED = """
import os, sys, time
from pathlib import Path
from typing import Any
from assay.engines.capture.tap import tap
from assay.kernel.serving import Answer, Question
made = tap(Path(sys.argv[1]), bytes(range(32)), percent=100)
answer = Answer(200, b"0.5", "text/csv")
n = 0
while True:
    made.put(Question(f"{os.getpid()}-{n}", "shop", "blue", time.time(), "ana", "text/csv", "", b"1,PRT"), answer)
    n += 1
    if n % 50 == 0:
        os.write(1, b"%d\\n" % made.counted.durable)  # what it says that it has captured
        time.sleep(0.001)
"""


def _killed(root: Path, after: float) -> tuple[int, int]:
    """A writer that was killed: its process, and how many events it had acknowledged."""
    child = subprocess.Popen([sys.executable, "-c", KILLED, str(root)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    while (first := child.stdout.readline()) == b"0\n":
        pass
    time.sleep(after)
    child.send_signal(signal.SIGKILL)
    said = first + child.stdout.read()
    child.wait()
    return child.pid, int(said.split(b"\n")[-2])


def _holds(root: Path, scratch: Path, acknowledged: dict[int, int]) -> None:
    with read(root, scratch) as found:
        assert not found.problems
        events = found.about.column("event").to_pylist()
    for pid, count in acknowledged.items():
        mine = [e for e in events if e.startswith(f"{pid}-")]
        assert len(mine) >= count > 0
        assert mine == [f"{pid}-{n}" for n in range(len(mine))]  # in order, none missing, none twice
    total = counters.total(root / COUNTERS)
    assert total.taken - total.dropped - total.durable == total.lost
    assert len(events) - total.durable >= 0  # a frame may have been whole before it was counted


def test_a_killed_writer_loses_nothing_that_it_had_acknowledged(tmp_path):
    root = tmp_path / "shop"
    told = dict(_killed(root, after) for after in (0.05, 0.12))
    _holds(root, tmp_path / "s", told)
    assert len(counters.gone(root / COUNTERS)) == 2


@pytest.mark.slow
def test_a_writer_killed_at_many_times_loses_nothing(tmp_path):
    root = tmp_path / "shop"
    told = dict(_killed(root, n * 0.013) for n in range(60))
    _holds(root, tmp_path / "s", told)


def test_what_was_sent_as_parquet_is_kept_as_the_arrow_stream_it_was_read_as(tmp_path):
    import pyarrow as pa

    from assay.kernel.serving import Rows

    table = pa.table({"age": [3, 4], "city": ["Faro", None]})
    asked = question(
        "a", b"PAR1...", content_type="application/x-parquet", rows=Rows(("age", "city"), table=table)
    )
    made = tap(tmp_path / "shop", SECRET, percent=100)
    made.put(asked, Answer(200, b"0.1\n0.2\n", "text/csv"))
    made.put(question("b"), Answer(200, b"PAR1", "application/x-parquet"))
    made.close()
    with read(tmp_path / "shop", tmp_path / "s") as found:
        rows = found.table.arrow().to_pylist()
        assert [(r["age"], r["city"], r["prediction"]) for r in rows[:2]] == [
            (3, "Faro", 0.1),
            (4, None, 0.2),
        ]
        assert len(rows) == 3 and rows[2]["prediction"] is None
        (problem,) = found.problems
        assert problem.where["field"].startswith("of an answer")
