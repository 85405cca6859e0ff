"""`--compat clarify` beside the unmodified smclarify, in an environment of its own, on random tables."""

from __future__ import annotations

import json
import math
import subprocess

import numpy as np
import pandas as pd
import pytest

from assay.checks.data import bias as before
from assay.checks.model import bias as after
from assay.methods.bias import POST_TRAINING, PRE_TRAINING

pytestmark = pytest.mark.slow
CASES = 80

THEIRS = """
import json, logging, sys
import pandas as pd
from smclarify.bias.report import FacetColumn, LabelColumn, StageType, bias_report
logging.disable(logging.CRITICAL)
for line in sys.stdin:
    case = json.loads(line)
    frame = pd.read_parquet(case["file"])
    label = LabelColumn("y", frame["y"], case["positive"])
    said = LabelColumn("p", frame["p"], case["positive"])
    facet = FacetColumn("g", case["values"])
    out = []
    for stage in (StageType.PRE_TRAINING, StageType.POST_TRAINING):
        given = frame if stage is StageType.POST_TRAINING else frame.drop(columns="p")
        try:
            found = bias_report(given, facet, label, stage, said, ["all"], frame["v"])
        except ValueError as error:
            found = str(error)
        out.append(found)
    print(json.dumps(out), flush=True)
"""


@pytest.fixture(scope="module")
def smclarify(environment):
    # Of 2023: it takes pandas 2, and the scikit-learn that goes with it
    return environment(
        "smclarify-0.5", "smclarify==0.5", "pandas<3", "numpy<2.3", "scikit-learn<1.8", "pyarrow"
    )


def _case(seed):
    """A random table and how it is asked about: (frame, positive, values of the facet, its threshold)."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(["text", "text", "number", "whole"])
    n = int(rng.choice([60, 250, 400])) if kind == "text" else 250
    frame = pd.DataFrame({"x": rng.normal(size=n).round(3), "z": rng.integers(0, 9, n)})
    values, threshold = None, None
    if kind == "text":
        names = list("abcd")[: rng.integers(2, 5)]
        facet = rng.choice(names, n, p=rng.dirichlet(np.ones(len(names)) * 2)).astype(object)
        if rng.random() < 0.5:
            facet[rng.random(n) < 0.1] = None
        there = sorted({f for f in facet if f is not None})
        values = [None, there[:1], there[:2]][rng.integers(3)]
    elif kind == "number":
        facet = rng.normal(40, 10, n).round(2)
        if rng.random() < 0.5:
            facet[rng.random(n) < 0.1] = np.nan
        threshold = float(rng.choice([facet[0] if facet[0] == facet[0] else 40.0, 45.0]))
        values = [threshold]
    else:  # few different whole numbers among many rows are categories to the library
        facet = rng.integers(0, 3, n)
        values = [None, [0]][rng.integers(2)]
    frame["g"] = facet
    chance = rng.random(2)
    frame["y"] = (rng.random(n) < np.where(frame.x > 0, *chance)).astype(int)
    frame["p"] = (rng.random(n) < np.where(frame.x > rng.normal(), *rng.random(2))).astype(int)
    if rng.random() < 0.5:  # a group, or everybody else, is never or always told yes
        of_it = (frame.g == pd.Series(facet).iloc[0]).to_numpy()
        frame.loc[of_it if rng.random() < 0.5 else ~of_it, "p"] = int(rng.integers(2))
    frame.loc[0, ["y", "p"]] = 1
    positive = [1]
    if n > 100 and rng.random() < 0.5:
        names = {1: "yes", 0: "no"}
        frame["y"], frame["p"], positive = frame.y.map(names), frame.p.map(names), ["yes"]
        if rng.random() < 0.5:
            frame.loc[rng.random(n) < 0.1, "y"] = None
    if rng.random() < 0.1:
        frame.loc[3, "x"] = np.nan
    frame["v"] = rng.choice(["s", "t", "u"], n)
    if rng.random() < 0.5:
        frame["v"] = rng.integers(0, 3, n)  # a number: then the flip test has numbers only
    if rng.random() < 0.15:
        frame.loc[rng.random(n) < 0.1, "v"] = None  # texts that lack some are refused there, numbers left out
    return frame, positive, values, threshold


@pytest.fixture(scope="module")
def compared(smclarify, tmp_path_factory):
    """Every case with the library's two answers."""
    folder = tmp_path_factory.mktemp("clarify")
    lines, cases = [], []
    for seed in range(CASES):
        frame, positive, values, threshold = case = _case(seed)
        frame.to_parquet(folder / f"{seed}.parquet", index=False)
        lines.append(
            json.dumps({"file": str(folder / f"{seed}.parquet"), "positive": positive, "values": values})
        )
        cases.append(case)
    done = subprocess.run(
        [smclarify, "-W", "ignore", "-c", THEIRS],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return list(zip(cases, map(json.loads, done.stdout.splitlines()), strict=True))


def _options(positive, values, threshold):
    return {
        "label": "y",
        "positive": tuple(map(str, positive)),
        "facet": ("g",),
        "facet_value": () if values is None or threshold is not None else tuple(map(str, values)),
        "facet_threshold": threshold,
        "group_variable": "v",
        "compat": "clarify",
    }


def _ours(report, names):
    """Group → metric → value as the library spells it: a number, 'Infinity', '-Infinity', or None."""
    out = {}
    for metric in report.metrics:
        if metric.name in names and metric.of.get("group") != "(missing)":
            spelled = {"infinite": "Infinity", "-infinite": "-Infinity"}.get(metric.reason or "")
            value = metric.value if metric.value is not None else spelled
            out.setdefault(metric.of["group"], {})[metric.name] = value
    return out


def _same(ours, theirs, where, seen, wrong):
    # Among the groups of a facet the library lists missing rows, as a group that no row is in
    theirs = [t for t in theirs if t["value_or_threshold"] not in ("nan", "None")]
    assert len(ours) == len(theirs), where
    by_name = {t["value_or_threshold"]: t["metrics"] for t in theirs}
    for group, metrics in ours.items():
        found = by_name[group] if group in by_name else theirs[0]["metrics"]
        assert {m["name"] for m in found} == set(metrics)
        for metric in found:
            mine, told = metrics[metric["name"]], metric["value"]
            finite = isinstance(told, float | int) and math.isfinite(told)
            if mine != (pytest.approx(told, abs=1e-9) if finite else told):
                wrong.append((where, group, mine, metric))
            seen[
                metric["name"], "error" if told is None else told if isinstance(told, str) else "number"
            ] += 1


def test_before_training(compared, table, work):
    from collections import Counter

    seen, wrong = Counter(), []
    for seed, ((frame, *asked), (theirs, _)) in enumerate(compared):
        report = before.check(table(frame.drop(columns="p")), **_options(*asked), work=work)
        _same(_ours(report, PRE_TRAINING), theirs, seed, seen, wrong)
    assert wrong == []
    assert all(seen[name, "number"] > CASES for name in PRE_TRAINING), seen


def test_after_training(compared, table, work):
    from collections import Counter

    seen, wrong = Counter(), []
    for seed, ((frame, *asked), (_, theirs)) in enumerate(compared):
        report = after.check(table(frame), predicted="p", **_options(*asked), work=work)
        _same(_ours(report, POST_TRAINING), theirs, seed, seen, wrong)
    assert wrong == []
    assert all(seen[name, "number"] > CASES for name in POST_TRAINING if name != "FT"), seen
    assert seen["FT", "number"] > 30 and seen["FT", "error"] > 30
    assert seen["DI", "Infinity"] > 5 and seen["TE", "Infinity"] + seen["TE", "-Infinity"] > 5


def _written(report, work, stage):
    """What the file holds of a stage's facet."""
    (asset,) = (a for a in report.outputs if a.name == "analysis")
    return json.loads(work.store.read(asset.digest))[f"{stage}_training_bias_metrics"]["facets"]["g"]


@pytest.mark.parametrize("stage", ["pre", "post"])
def test_the_file_is_the_librarys(compared, table, work, tmp_path, stage):
    """analysis.json of both stages, by way of an analysis_config.json, beside what the library reports."""
    seen = 0
    for (frame, positive, values, threshold), theirs in compared:
        given = {} if values is None else {"value_or_threshold": values}
        config = {
            "label": "y", "label_values_or_threshold": positive, "predicted_label": "p", "group_variable": "v",
            "facet": [{"name_or_index": "g", **given}],
        }  # fmt: skip
        (tmp_path / "c.json").write_text(json.dumps(config))
        if stage == "pre":
            report = before.check(
                table(frame.drop(columns="p")), config=_without(tmp_path, config), work=work
            )
        else:
            report = after.check(table(frame), config=tmp_path / "c.json", work=work)
        mine = _written(report, work, stage)
        told = [t for t in theirs[stage == "post"] if t["value_or_threshold"] not in ("nan", "None")]
        assert [m["value_or_threshold"] for m in mine] == [t["value_or_threshold"] for t in told]
        for one, other in zip(mine, told, strict=True):
            for metric, reference in zip(one["metrics"], other["metrics"], strict=True):
                assert ("error" in metric) == ("error" in reference), (metric, reference)
                assert (metric["name"], metric["description"]) == (
                    reference["name"],
                    reference["description"],
                )
                value = reference["value"]
                finite = isinstance(value, float | int) and math.isfinite(value)
                assert metric["value"] == (pytest.approx(value, abs=1e-9) if finite else value), metric
                seen += 1
    assert seen > CASES * 8


def _without(folder, config):
    (folder / "before.json").write_text(
        json.dumps({k: v for k, v in config.items() if k != "predicted_label"})
    )
    return folder / "before.json"
