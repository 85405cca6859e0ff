"""Drifts planted in eleven ways into six sets, and healthy days: what each monitor finds, beside NannyML, evidently and river.

Windows are those of tests/checks/traffic/planted.py: 2,000 requests of a day against 12,000 of the three weeks before, other from
the 1,200th on. Each peer is asked as its documentation begins with, of equal content, every column at once: NannyML's
Kolmogorov-Smirnov and chi-square by column, its reconstruction error and CBPE, in chunks as large as the window; evidently's DataDriftPreset;
river's ADWIN, Page-Hinkley and DDM over the errors of reference and window. Counted is the share of planted windows in which what was
planted is named, and the share of healthy ones in which anything alarms.

    python benchmarks/planted.py
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from peers import HERE, Peer

sys.path.insert(0, str(HERE.parent))
NANNYML = """
import json, sys, warnings
from pathlib import Path
warnings.filterwarnings("ignore")
import logging; logging.disable(logging.CRITICAL)
import nannyml as nml
import pandas as pd
nml.disable_usage_logging()
folder, out = Path(sys.argv[1]), {}
for group in sorted(p for p in folder.iterdir() if p.is_dir()):
    old = pd.read_parquet(group / "reference.parquet")
    aside = {"at", "caller", "truth"}
    names = [c for c in old if c not in aside]
    features = [n for n in names if n not in ("prediction", "score")]
    classes = {"prediction"} if "score" in old else set()
    kinds = [n for n in names if n in classes or not pd.api.types.is_numeric_dtype(old[n])]
    texts = [n for n in kinds if n not in classes]
    for n in texts:  # its encoder leaves shares of categories in texts where they are of pandas' own types
        old[n] = old[n].astype(object)
    size = 2000
    alone = nml.UnivariateDriftCalculator(names, treat_as_categorical=kinds, continuous_methods=["kolmogorov_smirnov"],
                                          categorical_methods=["chi2"], chunk_size=size).fit(old)
    plain = [n for n in features if old[n].nunique() > 1]
    together = nml.DataReconstructionDriftCalculator(plain, chunk_size=size).fit(old)
    guess = None
    if "score" in old:
        guess = nml.CBPE(y_pred_proba="score", y_pred="prediction", y_true="truth", metrics=["roc_auc", "accuracy"], chunk_size=size,
                         problem_type="classification_binary").fit(old)
    for path in sorted(group.glob("*_*.parquet")):
        new = pd.read_parquet(path)
        for n in texts:
            new[n] = new[n].astype(object)
        told = alone.calculate(new.drop(columns="truth")).to_df()
        told = told[told[("chunk", "chunk", "period")] == "analysis"]
        hit = [n for n in names if bool(told[n].xs("alert", axis=1, level=1).any(axis=None))]
        found = {"drift": hit}
        parts = together.calculate(new.drop(columns="truth")).to_df()
        parts = parts[parts[("chunk", "period")] == "analysis"]
        found["multivariate"] = bool(parts[("reconstruction_error", "alert")].any())
        if guess is not None:
            parts = guess.estimate(new.drop(columns="truth")).to_df()
            parts = parts[parts[("chunk", "period")] == "analysis"]
            found["estimate"] = bool(parts[[c for c in parts if c[1] == "alert"]].any(axis=None))
        out[f"{group.name}/{path.stem}"] = found
json.dump(out, open(folder / "nannyml.json", "w"))
"""
EVIDENTLY = """
import json, sys, warnings
from pathlib import Path
warnings.filterwarnings("ignore")
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset
folder, out = Path(sys.argv[1]), {}
for group in sorted(p for p in folder.iterdir() if p.is_dir()):
    old = pd.read_parquet(group / "reference.parquet").drop(columns=["at", "caller", "truth"])
    numbers = [n for n in old if pd.api.types.is_numeric_dtype(old[n])]
    shape = DataDefinition(numerical_columns=numbers, categorical_columns=[n for n in old if n not in numbers])
    for path in sorted(group.glob("*_*.parquet")):
        new = pd.read_parquet(path)[list(old)]
        run = Report([DataDriftPreset()]).run(Dataset.from_pandas(new, shape), Dataset.from_pandas(old, shape))
        hit = []
        for metric in run.dict()["metrics"]:
            config = metric.get("config", {})
            column, method = config.get("column"), str(config.get("method", ""))
            if column and isinstance(metric["value"], (int, float)):
                by_p = "p_value" in method
                limit = config.get("threshold") or (0.05 if by_p else 0.1)
                hit += [column] if (metric["value"] < limit if by_p else metric["value"] >= limit) else []
        out[f"{group.name}/{path.stem}"] = {"drift": hit}
json.dump(out, open(folder / "evidently.json", "w"))
"""
RIVER = """
import json, sys
from pathlib import Path
from river import drift
folder, out = Path(sys.argv[1]), {}
for name, (past, values) in json.load(open(folder / "errors.json")).items():
    found = {}
    for kind, made in (("ADWIN", drift.ADWIN), ("PageHinkley", drift.PageHinkley), ("DDM", drift.binary.DDM)):
        if kind == "DDM" and not set(past + values) <= {0, 1}:
            continue
        one, hits = made(), []
        for place, value in enumerate(past + values):
            one.update(value)
            if one.drift_detected and place >= len(past):
                hits.append(place - len(past))
        found[kind] = hits
    out[name] = found
json.dump(out, open(folder / "river.json", "w"))
"""
PEERS = (
    Peer("NannyML", NANNYML, (), ("nannyml==0.13.*", "statsmodels", "pandas<3"), "nannyml"),
    Peer("evidently", EVIDENTLY, (), ("evidently==0.7.*", "pandas<3", "pyarrow"), "evidently"),
    Peer("river", RIVER, (), ("river==0.26.*",), "river"),
)


def main() -> None:
    """Plant, ask and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--windows", type=int, default=5, help="of each set and way")
    parser.add_argument("--sets", nargs="*", default=[], help="these sets only")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        ours, columns = _ours(folder, given.windows, given.sets)
        tables = {"Assay": ours}
        for peer in PEERS:
            done = subprocess.run(
                [peer.python(), "-c", peer.script, place], stderr=subprocess.PIPE, text=True
            )
            if done.returncode:
                print(f"{peer.name} failed: {done.stderr.strip().splitlines()[-1:]}", flush=True)
                continue
            tables[peer.name] = json.loads((folder / f"{peer.name.lower()}.json").read_text())
        _print(tables, columns)


def _ours(folder: Path, windows: int, only: list[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Write the windows, ask Assay of each, and return what it found and what was planted."""
    import numpy as np
    import pandas as pd
    from tests.checks.traffic import conftest
    from tests.checks.traffic.planted import WAYS, sets
    from tests.checks.traffic.test_planted import asked
    from tests.checks.traffic.test_quiet import Held

    from assay.engines.blobs import Store
    from assay.methods.monitor.wrong import wrong
    from assay.works.work import LocalWork

    frames = [pd.read_csv(conftest.SOURCE / p) for p in ("income/adult.csv.gz", "bookings/bookings.csv.gz")]
    adult = frames[0].rename(columns={"income": "truth"})
    adult["truth"] = (adult["truth"] == ">50K").astype(int)
    bookings = (
        frames[1].drop(columns=conftest.PERSONAL + conftest.CALENDAR).rename(columns={"is_canceled": "truth"})
    )
    scratch = folder.parent / f"{folder.name}-work"
    scratch.mkdir()
    work = LocalWork(seed=7, scratch=scratch, store=Store(str(scratch / "store")))
    out, planted, errors = {}, {}, {}
    for name, one in sets(adult, bookings).items():
        if only and name not in only:
            continue
        (folder / name).mkdir()
        past = one.reference()
        past.to_parquet(folder / name / "reference.parquet")
        reference, before = Held(past), _errors(wrong, past)
        for way, monitor in [(None, ""), *WAYS.items()]:
            if monitor == "estimate" and not one.classes:
                continue
            for seed in range(windows):
                window = one.window(100 + seed)
                column = way(one, window, np.random.default_rng(seed)) if way else ""
                key = f"{name}/{way.__name__ if way else 'healthy'}_{seed}"
                window.to_parquet(folder / f"{key}.parquet")
                planted[key], errors[key] = column, (before, _errors(wrong, window))
                found: dict[str, Any] = {}
                for asking in (
                    [monitor]
                    if monitor
                    else ["drift", "multivariate", "concept", "outliers", *["estimate"] * one.classes]
                ):
                    report = asked(asking, one, window, reference, work)
                    found[asking] = (
                        report.data["drifted"] if asking == "drift" else bool(report.data["alarm"])
                    )
                out[key] = found
        print(name, "asked", flush=True)
    (folder / "errors.json").write_text(json.dumps(errors))
    return out, planted


def _errors(wrong: Any, frame: Any) -> list[float]:
    import pyarrow as pa

    table = pa.Table.from_pandas(frame, preserve_index=False)
    return list(wrong(table.column("prediction"), table.column("truth"))[0].tolist())


def _print(tables: dict[str, dict[str, Any]], planted: dict[str, str]) -> None:
    from tests.checks.traffic.planted import WAYS

    rows: dict[tuple[str, str], dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for tool, found in tables.items():
        for key, told in found.items():
            way = key.partition("/")[2].rpartition("_")[0]
            monitor = next((m for w, m in WAYS.items() if w.__name__ == way), "")
            for kind, hit in told.items():
                column, name = planted[key], tool if tool != "river" else f"river {kind}"
                if way == "healthy":
                    rows[way, "concept" if tool == "river" else kind][name].append(bool(hit))
                elif tool == "river":
                    if monitor == "concept":
                        rows[way, monitor][name].append(any(h >= 1200 for h in hit))
                elif kind == monitor:
                    rows[way, monitor][name].append(column in hit if kind == "drift" else bool(hit))
    for (way, monitor), by in rows.items():
        said = ", ".join(f"{n} {sum(v)}/{len(v)}" for n, v in by.items())
        print(f"{way:10} {monitor:13} {said}")


if __name__ == "__main__":
    main()
