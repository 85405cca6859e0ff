from __future__ import annotations

import json
from pathlib import Path

import pytest

from assay.engines.capture import records, truths
from assay.kernel.errors import BadInput, UsageError

NOW = 1767326400.0  # 2026-01-02T04:00:00Z

SECRET = bytes(range(32))


def write(path: Path, *lines: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join((x if isinstance(x, str) else json.dumps(x)) + "\n" for x in lines))
    return path


def truth(id: str, data: str) -> dict[str, object]:
    return {
        "groundTruthData": {"data": data, "encoding": "CSV"},
        "eventMetadata": {"eventId": id},
        "eventVersion": "0",
    }


def test_sagemakers_ground_truth_is_read_and_damage_counted(tmp_path):
    given = truths.of_files(
        write(tmp_path / "g" / "2026" / "a.jsonl", truth("a", "1"), "{", truth("", "1"), truth("b", "0"))
    )
    assert [(x.id, x.data) for x in given.labels] == [("a", "1"), ("b", "0")] and given.damaged == 2
    with pytest.raises(BadInput, match="no ground truth in it"):
        truths.of_files(write(tmp_path / "h.jsonl", "{}"))


def test_a_table_needs_an_id_and_a_label(tmp_path):
    given = truths.of_table({"Id": ["1", None, "3"], "label": ["yes, no", "x", None], "time": ["2026-01-02T03:00:00Z", "", ""]}, "t", NOW)  # fmt: skip
    assert [(x.id, x.data, x.at) for x in given.labels] == [
        ("1", '"yes, no"', 1767322800.0)
    ] and given.damaged == 2
    with pytest.raises(UsageError, match="no column is called label"):
        truths.of_table({"id": [1], "x": [2]}, "t", NOW)


def test_labels_are_kept_by_their_own_hour_and_joined_by_inference_id_else_event_id(tmp_path):
    labels = [truths.Label("a", "0", at=1767322800.0), truths.Label("mine", "1"), truths.Label("a", "1")]
    made = truths.keep(tmp_path / "t", SECRET, labels, now=1767326400.0)
    assert [p.parent.relative_to(tmp_path / "t").as_posix() for p in made] == [
        "2026/01/02/03",
        "2026/01/02/04",
    ]
    from assay.engines.capture import sources

    manifest = sources.with_truths(sources.Manifest("", ()), str(tmp_path / "t"))
    joined = truths.of_manifest(manifest, SECRET)
    events = records.Events(
        ids=["a", "b", "a"], inferences=["", "mine", "other"], truths=[None] * 3, truth_kinds=["CSV"] * 3
    )
    joined(events)
    assert events.truths == [
        "1",
        "1",
        None,
    ]  # the later label of a; b by its inference id; that of the third is unknown
    assert joined.of_rows(["a", "a"], ["", ""]) == ["1", None]


@pytest.mark.parametrize(
    "row",
    [
        {"label": "NaN"}, {"label": "inf"}, {"label": "1e999"}, {"label": float("nan")}, {"label": ""}, {"label": "a\0b"},
        {"label": "9" * 2_000_000}, {"id": ""}, {"id": "a\0b"}, {"id": "a\nb"}, {"id": "x" * 65},
        {"time": "someday"}, {"time": "9999-01-01T00:00:00Z"}, {"time": 1e300}, {"time": float("inf")}, {"time": -1},
    ],
)  # fmt: skip
def test_a_truth_that_is_none_was_taken_for_one(row):
    """A label that is no number, an id that no event has, a time that is none or ahead: each was a label of now."""
    told = {"id": "e", "label": "1", "time": "2026-01-02T03:00:00Z"}
    columns = {name: [told[name], row.get(name, told[name])] for name in told}
    given = truths.of_table(columns, "t", NOW, damaged=3)
    assert len(given.labels) == 1 and given.damaged == 4
    with pytest.raises(BadInput, match="no ground truth in it"):
        truths.of_table({name: values[1:] for name, values in columns.items()}, "t", NOW)


def test_a_time_in_seconds_is_one_also_as_text():
    given = truths.of_table(
        {"id": ["a", "b"], "label": [1, 2], "time": ["1767322800", 1767322800.5]}, "t", NOW
    )
    assert [label.at for label in given.labels] == [1767322800.0, 1767322800.5]
