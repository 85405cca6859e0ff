"""Monitor one hour of a million captured requests (bookings) for every drift, beside evidently on the same rows.

The capture lies as SageMaker leaves it, JSON lines with the ground truth merged in; the hour is healthy. Assay looks at it
in a home, which keeps what it has read for the next monitor; each run begins with an empty one, and `--each` tells the processor
seconds of each monitor of the four, the first of which reads. Each figure is of a whole process, start and imports included: data quality against a baseline, model quality, bias of customers' kinds, attribution of 2,000 rows, and what the originals
lack: drift, performance before labels, columns together, concept, outliers. evidently reads no capture; it is given the same
rows as Parquet, and its presets for the content that it has: data summary, data drift, classification; Assay's quality, drift and
performance of the same file stand beside it. It runs in an environment of its own under benchmarks/.envs, made on first use.

    python benchmarks/monitoring.py
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from peers import HERE, Peer, race

BOOKINGS = HERE.parent / "src/assay/examples/bookings/bookings.csv.gz"
MAKE = """
import json, sys
from pathlib import Path
import numpy as np, pandas as pd, xgboost
source, folder, rows = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
frame = pd.read_csv(source)
aside = ["row_id", "name", "email", "phone_number", "credit_card", "reservation_status", "reservation_status_date"]
frame = frame.drop(columns=aside)
frame["has_booking_changes"] = frame["has_booking_changes"].astype(int)
label = frame.pop("is_canceled")
kinds = {c: "category" for c in frame if not pd.api.types.is_numeric_dtype(frame[c])}
model = xgboost.XGBClassifier(n_estimators=60, max_depth=5, enable_categorical=True, n_jobs=2)
model.fit(frame.astype(kinds), label)
model.get_booster().save_model(folder / "model.json")
score = model.predict_proba(frame.astype(kinds))[:, 1].round(6)
frame = pd.concat([pd.DataFrame({"prediction": (score > 0.5).astype(int), "score": score}), frame], axis=1).assign(truth=label)
rng = np.random.default_rng(1)
def drawn(n):
    out = frame.iloc[rng.integers(0, len(frame), n)].reset_index(drop=True)
    out["adr"] = (out["adr"] + rng.normal(0, 5, n)).abs().round(2)
    return out
reference = drawn(100_000)
reference.to_parquet(folder / "reference.parquet")
reference.drop(columns="truth").to_csv(folder / "baseline.csv", index=False)
window = drawn(rows)
window.to_parquet(folder / "window.parquet")
# Of a capture of CSV, columns have no names but their place, after those of the answers
(folder / "facet").write_text(f"_c{2 + list(frame.columns[2:-1]).index('customer_type')}")
place = folder / "capture" / "bookings" / "AllTraffic" / "2026" / "11" / "02" / "09"
place.mkdir(parents=True)
for part in range(0, rows, 100_000):
    some = window.iloc[part : part + 100_000]
    asked = some.drop(columns=["prediction", "score", "truth"]).to_csv(index=False, header=False).splitlines()
    said = some[["prediction", "score"]].to_csv(index=False, header=False).splitlines()
    with open(place / f"{part:08}.jsonl", "w") as out:
        for n, (a, b, t) in enumerate(zip(asked, said, some["truth"].tolist())):
            moment = (part + n) * 3600 // rows
            out.write(
                '{"captureData":{"endpointInput":{"observedContentType":"text/csv","mode":"INPUT","data":' + json.dumps(a)
                + ',"encoding":"CSV"},"endpointOutput":{"observedContentType":"text/csv","mode":"OUTPUT","data":"' + b
                + '","encoding":"CSV"}},"groundTruthData":{"data":"' + str(t) + '","encoding":"CSV"},"eventMetadata":{"eventId":"'
                + f"{part + n:08}" + '","inferenceTime":"2026-11-02T09:' + f"{moment // 60:02}:{moment % 60:02}" + 'Z"},"eventVersion":"0"}\\n'
            )
from assay.works.call import call
call("monitor.baseline", {"source": str(folder / "baseline.csv"), "to": str(folder / "baseline")}, home=None)
"""
ASSAY = """
import json, resource, sys, tempfile, time
from pathlib import Path
from assay.works.checking import carry_out
from assay.works.home import Home
home = Home.create(Path(tempfile.mkdtemp(dir=sys.argv[1])), {})
def spent():
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in both)
folder, (where, *names) = Path(sys.argv[1]), sys.argv[2:]
reference = str(folder / "reference.parquet")
params = {
    "quality": {"against": str(folder / "baseline")},
    "performance": {},
    "bias": {"facet": [(folder / "facet").read_text()], "positive": ["0"]},
    "attribution": {"model": str(folder / "model.json")},
}
for name in names:
    before, began = spent(), time.monotonic()
    verdict = carry_out(
        "check", f"traffic.{name}", str(folder / where), params.get(name, {"against": reference}), home=home
    )
    print(f"{name:14} {time.monotonic() - began:6.1f} s, processor {spent() - before:6.1f} s", file=sys.stderr, flush=True)
    json.dumps(verdict.to_dict())
    assert not verdict.report.error, verdict.report.error
"""
EVIDENTLY = """
import sys, warnings
from pathlib import Path
warnings.filterwarnings("ignore")
import pandas as pd
from evidently import BinaryClassification, DataDefinition, Dataset, Report
from evidently.presets import ClassificationPreset, DataDriftPreset, DataSummaryPreset
folder = Path(sys.argv[1])
new, old = (pd.read_parquet(folder / f"{n}.parquet") for n in ("window", "reference"))
aside = ["prediction", "score", "truth"]
numbers = [c for c in old.select_dtypes("number") if c not in aside]
shape = DataDefinition(
    numerical_columns=numbers, categorical_columns=[c for c in old if c not in numbers and c not in aside],
    classification=[BinaryClassification(target="truth", prediction_labels="prediction", prediction_probas="score", pos_label=1)],
)
presets = {"summary": DataSummaryPreset, "drift": DataDriftPreset, "classification": ClassificationPreset}
run = Report([presets[n]() for n in sys.argv[2:]]).run(*(Dataset.from_pandas(f, shape) for f in (new, old)))
run.json()
"""
FOUR = ("quality", "performance", "bias", "attribution")
MORE = ("drift", "estimate", "multivariate", "concept", "outliers")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="requests of the hour")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--each", action="store_true", help="tell of each monitor, and run no peer")
    parser.add_argument("--limit", type=float, default=900, help="seconds that one run may take")
    given = parser.parse_args()
    packages = ("evidently==0.7.*", "pandas<3", "pyarrow")
    peers = [
        Peer("assay, the four of a capture", ASSAY, ("capture", *FOUR)),
        *(Peer(f"  {n}", ASSAY, ("capture", n)) for n in (*FOUR, *MORE)),
        Peer("assay, all nine of a capture", ASSAY, ("capture", *FOUR, *MORE)),
        Peer("assay, Parquet: same content", ASSAY, ("window.parquet", "quality", "drift", "performance")),
        Peer("evidently, Parquet", EVIDENTLY, ("summary", "drift", "classification"), packages, "evidently"),
    ]
    versions = {p.name: p.version() for p in peers}
    cores = len(os.sched_getaffinity(0))
    print(f"{platform.platform()}, Python {platform.python_version()}, {cores} cores, runs: {given.runs}\n")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-c", MAKE, str(BOOKINGS), folder, str(given.rows)], check=True)
        size = sum(f.stat().st_size for f in Path(folder, "capture").rglob("*.jsonl"))
        print(f"one hour, {given.rows:,} requests, {size / 1e6:,.0f} MB of JSON lines", flush=True)
        if given.each:
            subprocess.run([sys.executable, "-c", ASSAY, folder, "capture", *FOUR, *MORE], check=True)
            return
        race(peers, [folder], lambda p: given.runs, given.limit, versions)


if __name__ == "__main__":
    main()
