from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import assay
from assay.engines import tables
from assay.works.call import call
from assay.works.checking import carry_out
from assay.works.home import Home

BOOKINGS = Path(assay.__file__).parent / "examples" / "bookings" / "bookings.csv.gz"
COLUMNS = ["is_canceled", "lead_time", "hotel", "country", "adr"]


@pytest.fixture(scope="module")
def bookings() -> pd.DataFrame:
    found = pd.read_csv(BOOKINGS, nrows=1_000)
    return found[[c for c in COLUMNS if c in found]]


def captured(folder: Path, rows: pd.DataFrame, answers: int = 1, encoding: str = "CSV") -> Path:
    """The rows as SageMaker captures them: the first columns are the answer's, the others were asked with."""
    path = folder / "bookings" / "AllTraffic" / "2026" / "11" / "28" / "09" / "a.jsonl"
    path.parent.mkdir(parents=True)
    with path.open("w") as out:
        for n, row in enumerate(rows.astype(object).where(rows.notna(), None).itertuples(index=False)):
            sides = {}
            for name, cells, names in (
                ("endpointInput", row[answers:], rows.columns[answers:]),
                ("endpointOutput", row[:answers], rows.columns[:answers]),
            ):
                if encoding == "JSON":
                    text = json.dumps(dict(zip(names, cells, strict=True)))
                else:
                    buffer = io.StringIO()
                    csv.writer(buffer, lineterminator="\n").writerow(["" if c is None else c for c in cells])
                    text = buffer.getvalue()
                sides[name] = {
                    "observedContentType": "text/csv",
                    "data": text,
                    "encoding": encoding,
                    "mode": name[8:].upper(),
                }
            meta = {"eventId": f"e{n}", "inferenceTime": "2026-11-28T09:00:00Z"}
            out.write(json.dumps({"captureData": sides, "eventMetadata": meta, "eventVersion": "0"}) + "\n")
    return folder


@pytest.fixture(scope="module")
def baseline(tmp_path_factory, bookings) -> Path:
    folder = tmp_path_factory.mktemp("baseline")
    bookings.to_csv(folder / "t.csv", index=False)
    told = call("monitor.baseline", {"source": str(folder / "t.csv"), "to": str(folder / "b")}, home=None)
    assert told["files"] == ["constraints.json", "statistics.json"]
    return folder / "b"


def quality(
    window: Path, baseline: Path, keep: Path | None = None, **params: object
) -> assay.kernel.report.Report:
    return carry_out(
        "check", "traffic.quality", str(window), {"against": str(baseline), **params}, home=None, keep=keep
    ).report


def violated(report) -> list[tuple[str, str]]:
    return [(v["feature_name"], v["constraint_check_type"]) for v in report.data["violations"]]


@pytest.mark.parametrize("encoding", ["CSV", "JSON"])
def test_the_baselines_own_rows_keep_every_constraint(tmp_path, bookings, baseline, encoding):
    report = quality(captured(tmp_path / "c", bookings, encoding=encoding), baseline)
    assert violated(report) == [] and report.coverage.complete and report.coverage.examined == len(bookings)
    for column in COLUMNS:
        assert report.metric("distance", column=column).value == 0.0


def test_the_demos_faults_are_found_and_named(tmp_path, bookings, baseline):
    bad = bookings.copy()
    bad.loc[bad.index[:200], "lead_time"] *= -1
    bad.loc[bad.index[::3], "hotel"] = "CITY"
    bad["country"] = bad["country"].where(bad.index % 2 == 0)
    report = quality(captured(tmp_path / "c", bad), baseline, tmp_path / "out")
    found = violated(report)
    for expected in (
        ("lead_time", "non_negative_check"), ("hotel", "categorical_values_check"), ("hotel", "baseline_drift_check"),
        ("country", "completeness_check"),
    ):  # fmt: skip
        assert expected in found
    assert {column for column, _ in found} == {"lead_time", "hotel", "country"}
    written = json.loads((tmp_path / "out" / "constraint_violations.json").read_text())
    assert [(v["feature_name"], v["constraint_check_type"]) for v in written["violations"]] == found
    assert set(written["violations"][0]) == {"feature_name", "constraint_check_type", "description"}
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "constraint_violations.json",
        "statistics.json",
        "constraints.json",
    }
    assert {f.rule for f in report.findings} >= {
        "traffic.quality.non_negative",
        "traffic.quality.categorical_values",
    }


def test_columns_that_went_or_came_are_found_by_name_and_by_place(tmp_path, bookings, baseline):
    without = bookings.drop(columns="country")
    report = quality(captured(tmp_path / "json", without, encoding="JSON"), baseline)
    assert ("country", "missing_column_check") in violated(report)
    report = quality(captured(tmp_path / "csv", bookings.assign(more=1)), baseline)
    assert ("_c5", "extra_column_check") in violated(report)
    report = quality(
        captured(tmp_path / "input", bookings.assign(answer=0.5)[["answer", *COLUMNS]]), baseline
    )
    assert violated(report) == []  # the baseline is of the input alone, as its types say
    report = quality(captured(tmp_path / "less", bookings.iloc[:, :-1]), baseline)
    assert violated(report) == [("adr", "missing_column_check")]


def test_columns_that_no_model_is_asked_with_were_said_to_be_missing(tmp_path, bookings, baseline, work):
    """Against raw data the label, and what training had left out, were HIGH, and callers were told to send them."""
    from assay.checks.traffic.drift import check as drift
    from assay.checks.traffic.quality import check
    from assay.engines.capture import handle, sources
    from assay.kernel.asset import Asset

    wide = pd.DataFrame(
        {"prediction": bookings["is_canceled"], **bookings.drop(columns=["is_canceled", "country"])}
    )
    root = str(captured(tmp_path / "c", wide, encoding="JSON"))
    manifest = replace(sources.pinned(root), features=("lead_time", "hotel", "adr", "deposit_type"))

    def asked(**more):
        return handle.open_traffic(Asset("traffic", "c", root), manifest, scratch=tmp_path)

    with tables.open_table(str(baseline.parent / "t.csv"), scratch=tmp_path) as raw:
        for found, of in (
            (check(asked(), against=raw, work=work), "traffic.quality"),
            (
                drift(asked(), against=handle.TableTraffic(raw, raw.asset), label="is_canceled", work=work),
                "traffic.drift",
            ),
        ):
            aside = [f for f in found.findings if f.rule == f"{of}.unasked_column"]
            assert [f.severity.name for f in aside] == ["INFO"] and "country" in aside[0].where["columns"]
            assert not [f for f in found.findings if f.rule == f"{of}.missing_column"], of
    # What a model is asked with and nobody sends is missing as before.
    wanted = pd.DataFrame({**bookings, "deposit_type": "none"})
    wanted.to_csv(tmp_path / "w.csv", index=False)
    with tables.open_table(str(tmp_path / "w.csv"), scratch=tmp_path) as raw:
        found = check(asked(), against=raw, work=work)
    assert [f.where["column"] for f in found.findings if f.rule.endswith("missing_column")] == [
        "deposit_type"
    ]


def test_a_baseline_without_statistics_examines_less_and_says_so(tmp_path, bookings, baseline):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "constraints.json").write_bytes((baseline / "constraints.json").read_bytes())
    report = quality(captured(tmp_path / "c", bookings), tmp_path / "b")
    assert [s.what for s in report.coverage.skipped] == ["distances"]


def test_damaged_lines_make_the_verdict_incomplete(tmp_path, bookings, baseline):
    folder = captured(tmp_path / "c", bookings)
    with next(folder.rglob("*.jsonl")).open("a") as out:
        out.write('{"captureData": {"endpointInput": {"data": "1\n')
    verdict = carry_out("check", "traffic.quality", str(folder), {"against": str(baseline)}, home=None)
    assert verdict.outcome == "incomplete"


def test_an_edited_baseline_is_kept_as_the_next_version_and_held_against(tmp_path, bookings, baseline):
    home = Home.create(tmp_path, {})
    bookings.to_csv(tmp_path / "t.csv", index=False)
    folder = tmp_path / "b"
    first = call(
        "monitor.baseline",
        {"source": str(tmp_path / "t.csv"), "to": str(folder), "name": "bookings"},
        home=home,
    )
    constraints = json.loads((folder / "constraints.json").read_text())
    adr = next(f for f in constraints["features"] if f["name"] == "lead_time")
    adr["completeness"], adr["note"] = 0.5, "edited by hand"
    (folder / "constraints.json").write_text(json.dumps(constraints))
    second = call("monitor.baseline", {"source": str(folder), "name": "bookings"}, home=home)
    assert (first["version"], second["version"], second["parent"]) == (1, 2, first["digest"])
    assert (
        call("monitor.baseline", {"source": str(folder), "name": "bookings"}, home=home)["version"] == 2
    )  # nothing changed
    gone = bookings.copy()
    gone.loc[gone.index[::3], "lead_time"] = None
    window = captured(tmp_path / "c", gone)
    for against, expected in (("baseline://bookings@1", True), ("baseline://bookings", False)):
        report = carry_out("check", "traffic.quality", str(window), {"against": against}, home=home).report
        assert (("lead_time", "completeness_check") in violated(report)) == expected
    assert [b["version"] for b in call("monitor.baselines", {}, home=home)["baselines"]] == [1, 2]


def test_a_completeness_that_may_be_chance_is_a_violation_and_no_alarm(tmp_path, bookings):
    holes = bookings.copy()
    holes.loc[holes.index[:50], "adr"] = None
    holes.to_csv(tmp_path / "t.csv", index=False)
    call("monitor.baseline", {"source": str(tmp_path / "t.csv"), "to": str(tmp_path / "b")}, home=None)
    for missing, severity in ((56, "low"), (200, "high")):
        window = bookings.copy()
        window.loc[window.index[:missing], "adr"] = None
        report = quality(captured(tmp_path / str(missing), window), tmp_path / "b")
        assert violated(report) == [("adr", "completeness_check")]
        assert str(report.findings[0].severity) == severity


def test_true_spelled_as_python_does_was_a_new_category(tmp_path):
    known = pd.DataFrame({"answer": [0, 1] * 100, "paid": ["true", "false"] * 100})
    known.to_csv(tmp_path / "t.csv", index=False)
    told = {"source": str(tmp_path / "t.csv"), "to": str(tmp_path / "b")}
    call("monitor.baseline", told, home=None)
    same = known.assign(paid=["True", "False"] * 100)
    assert violated(quality(captured(tmp_path / "c", same), tmp_path / "b")) == []
    other = known.assign(paid=["True", "maybe"] * 100)
    assert ("paid", "categorical_values_check") in violated(
        quality(captured(tmp_path / "d", other), tmp_path / "b")
    )


def test_one_category_that_never_came_in_a_small_baseline_is_no_alarm(tmp_path, bookings, baseline):
    for many, severity in ((1, "low"), (60, "high")):
        rows = bookings.copy()
        rows.loc[rows.index[:many], "hotel"] = "Guest House"
        report = quality(captured(tmp_path / f"c{many}", rows), baseline)
        (found,) = [f for f in report.findings if f.rule == "traffic.quality.categorical_values"]
        assert str(found.severity) == severity and ("hotel", "categorical_values_check") in violated(report)
        assert "Observed: Only 9" in found.message and "0000" not in found.message
