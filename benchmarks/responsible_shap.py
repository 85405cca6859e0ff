"""Time model.explain's SHAP values beside shap, fasttreeshap and XGBoost's own, on the same models and rows.

Each tool fits the same forests from the same numbers (scikit-learn's own random state), in an environment of its own
on one core, and explains the same rows: the processor seconds from the fitted model to the values, medians of runs that
take turns. Assay's include the model's own answers, which its values are held against; the others' do not.
Values are compared first: a ratio stands only beside equal values. fasttreeshap 0.1.6 works with scikit-learn before 1.4
only, so that its forests may differ; then that is said, and the ratio is of time alone. A peer that cannot be installed is
named with its error.

Sampled values: the error of each against every subset of ten features, by the number of rows that the model is asked
about and by the processor's time, for model.explain's permutations and kernel SHAP and for shap.KernelExplainer; and the
time that each takes to the same error, between what was measured.

    python benchmarks/responsible_shap.py
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from peers import Peer

MODELS = {
    "GradientBoostingRegressor, 100 of depth 3": (4_000,),
    "HistGradientBoostingClassifier, 100 of 31 leaves": (4_000,),
    "RandomForestRegressor, 100 of depth 4": (1_000, 10_000, 100_000),
    "RandomForestClassifier, 100 of depth 6": (1_000, 10_000, 100_000),
    "RandomForestRegressor, 100 of depth 8": (1_000, 10_000),
    "RandomForestRegressor, 100 of depth 12": (1_000,),
    "RandomForestClassifier, 20 grown to the end": (100, 1_000),
    "XGBClassifier, 100 of depth 6": (4_000,),
}
FIT = """
import json, sys, time
import numpy as np
data = np.load(sys.argv[1])
name, rows, out = sys.argv[2], int(sys.argv[3]), sys.argv[4]
x, y, c = data["x"], data["y"], data["c"]
if name.startswith("XGB"):
    from xgboost import XGBClassifier
    model = XGBClassifier(n_estimators=100, max_depth=6, n_jobs=1, random_state=0).fit(x, c)
else:
    from sklearn import ensemble
    kind = name.partition(",")[0]
    depth = int(name.rpartition(" ")[2]) if "depth" in name else None
    extra = {"max_depth": depth} if depth else {}
    count = int(name.split(", ")[1].split()[0])
    extra |= {"max_iter": count} if kind.startswith("Hist") else {"n_estimators": count}
    model = getattr(ensemble, kind)(random_state=0, **extra).fit(x, c if kind.endswith("Classifier") else y)
x = np.concatenate([x, data["more"]])[:rows]
"""
SAVE = """
values = np.asarray(values)
if values.ndim == 3:
    values = values[1] if len(values) == 2 and values.shape[1] == rows else values[:, :, 1]
np.save(out, values)
print(json.dumps({"seconds": spent, "clock": clock, "answers": float(np.abs(model.predict(x).astype(float)).sum())}))
"""
ASSAY = (
    FIT
    + """
import pyarrow as pa
from assay.engines.models import sharing
from assay.engines.models.estimator import EstimatorModel
sharing.allow()
table = pa.table({f"f{i}": x[:, i] for i in range(x.shape[1])})
def explained(table):
    loaded = EstimatorModel.wrapped(model, "python")
    if name.startswith("XGB"):
        loaded.names = table.column_names
    return loaded.contributions(table)
explained(table.slice(0, 2))
start, began = time.process_time(), time.perf_counter()
found = explained(table)
spent, clock = time.process_time() - start, time.perf_counter() - began
values = np.column_stack([c.to_numpy() for c in found.columns])[:, :-2]
"""
    + SAVE
)
SHAP = (
    FIT
    + """
import shap
shap.TreeExplainer(model).shap_values(x[:2])
start, began = time.process_time(), time.perf_counter()
values = shap.TreeExplainer(model).shap_values(x)
spent, clock = time.process_time() - start, time.perf_counter() - began
"""
    + SAVE
)
FAST = (
    FIT
    + """
import fasttreeshap
explainer = fasttreeshap.TreeExplainer(model, algorithm=ALGORITHM, n_jobs=1)
explainer.shap_values(x[:2])
start, began = time.process_time(), time.perf_counter()
values = fasttreeshap.TreeExplainer(model, algorithm=ALGORITHM, n_jobs=1).shap_values(x, check_additivity=False)
spent, clock = time.process_time() - start, time.perf_counter() - began
"""
    + SAVE
)
NATIVE = (
    FIT
    + """
import xgboost
def explained(x):
    return model.get_booster().predict(xgboost.DMatrix(x, nthread=1), pred_contribs=True)[:, :-1]
explained(x[:2])
start, began = time.process_time(), time.perf_counter()
values = explained(x)
spent, clock = time.process_time() - start, time.perf_counter() - began
"""
    + SAVE
)
KERNEL = """
import json, sys, time, warnings
warnings.filterwarnings("ignore")
import numpy as np, shap
from sklearn.ensemble import RandomForestRegressor
data = np.load(sys.argv[1])
x, y = data["x"][:, :10], data["y"]
model = RandomForestRegressor(30, max_depth=8, random_state=0).fit(x, y)
asked = [0]
def ask(rows):
    asked[0] += len(rows)
    return model.predict(rows)
found = {}
for each in map(int, sys.argv[3].split(",")):
    asked[0] = 0
    np.random.seed(0)
    start = time.process_time()
    values = shap.KernelExplainer(ask, x[-20:]).shap_values(x[:10], nsamples=each // 20, l1_reg=0, silent=True)
    found[each] = [values.tolist(), asked[0] / 10, time.process_time() - start]
json.dump(found, open(sys.argv[2], "w"))
"""
THREADS = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS"), "1"
)
BUDGETS = (1_200, 5_000, 20_000)


def _alone() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _once(peer: Peer, given: list[str], limit: float, *, cores: bool = False) -> dict[str, Any] | str:
    """Run it once, on one core or on all; return what it printed, or the last line of its error."""
    command = [peer.python(), "-c", peer.script, *given]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=limit,
            env={**os.environ, **THREADS},
            preexec_fn=None if cores else _alone,
        )
    except subprocess.TimeoutExpired:
        return f"took over {limit:.0f} s"
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["it failed"])[-1][:100]
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _trees(peers: list[Peer], data: Path, folder: Path, runs: int, limit: float, wanted: str) -> None:
    for name, rows in [(n, r) for n, several in MODELS.items() for r in several if wanted in n]:
        print(f"\n{name}, {rows} rows", flush=True)
        took: dict[str, list[float]] = {}
        failed: dict[str, str] = {}
        answers: dict[str, float] = {}
        for _ in range(runs):
            for peer in peers:
                if peer.name in failed or (peer.script is NATIVE and not name.startswith("XGB")):
                    continue
                out = folder / f"{peer.name.replace(' ', '_')}.npy"
                said = _once(peer, [str(data), name, str(rows), str(out)], limit)
                if isinstance(said, str):
                    failed[peer.name] = said
                    continue
                took.setdefault(peer.name, []).append(said["seconds"])
                answers[peer.name] = said["answers"]
        first = peers[0].name
        if first not in took:
            print(f"  {first}: {failed[first]}")
            continue
        ours = np.load(folder / f"{first.replace(' ', '_')}.npy")
        base = statistics.median(took[first])
        for peer in peers:
            if peer.name in failed:
                print(f"  {peer.name:28} {failed[peer.name]}")
            elif peer.name in took:
                theirs = np.load(folder / f"{peer.name.replace(' ', '_')}.npy")
                off = float(np.abs(theirs - ours).max())
                # splits that gain alike may fall on other features although the answers are the same
                same = off < 1e-3 and abs(answers[peer.name] - answers[first]) <= 1e-9 * abs(answers[first])
                beside = (
                    f"largest difference {off:.1e}"
                    if same
                    else "another forest, its scikit-learn being older"
                )
                spent = statistics.median(took[peer.name])
                print(f"  {peer.name:28} {spent / rows * 1e3:8.3f} ms a row {spent / base:6.2f} x   {beside}")


def _cores(peer: Peer, data: Path, folder: Path, runs: int, limit: float) -> None:
    """Say what more cores are worth: the seconds by the clock, on one and on all, taking turns."""
    name, rows = "RandomForestClassifier, 100 of depth 6", 100_000
    took: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(runs):
        for cores, seconds in took.items():
            said = _once(peer, [str(data), name, str(rows), str(folder / "cores.npy")], limit, cores=cores)
            seconds += [said["clock"]] if isinstance(said, dict) else []
    one, every = (statistics.median(took[c] or [float("nan")]) for c in (False, True))
    count = len(os.sched_getaffinity(0))
    print(f"\n{name}, {rows} rows: {one:.2f} s on one core, {every:.2f} s on {count}, by the clock")


def _sampled(peer: Peer, data: Path, folder: Path) -> None:
    from sklearn.ensemble import RandomForestRegressor

    from assay.methods import kernelshap, shapley

    held = np.load(data)
    x, y = held["x"][:, :10], held["y"]
    model = RandomForestRegressor(30, max_depth=8, random_state=0).fit(x, y)
    rows, behind = x[:10], x[-20:]

    def ask(row: Any, other: Any, mask: Any) -> Any:
        return model.predict(np.where(mask, rows[row], behind[other]))

    truth, _ = kernelshap.whole(10, 10, 20, ask)
    out = folder / "kernel.json"
    done = subprocess.run(
        [peer.python(), "-c", KERNEL, str(data), str(out), ",".join(map(str, BUDGETS))],
        capture_output=True,
        env={**os.environ, **THREADS},
    )
    theirs = json.loads(out.read_text()) if not done.returncode else {}
    spread = float(np.abs(truth).mean())

    def off(found: Any) -> float:
        return float(np.sqrt(((np.asarray(found) - truth) ** 2).mean())) / spread

    ways = {
        "assay, permutations": lambda rng, each: shapley.sampled(10, 10, 20, ask, rng, pairs=each // 22)[0],
        "assay, kernel": lambda rng, each: kernelshap.sampled(10, 10, 20, ask, rng, each=each)[0],
    }
    lines: dict[str, list[tuple[float, float]]] = {}
    for name, way in ways.items():
        for each in BUDGETS:
            tried = []
            for seed in range(5):
                start = time.process_time()
                found = way(np.random.default_rng(seed), each)
                tried.append((off(found), (time.process_time() - start) / 10))
            errors, seconds = zip(*tried, strict=True)
            lines.setdefault(name, []).append((statistics.median(errors), statistics.median(seconds)))
    lines["shap.KernelExplainer"] = [
        (off(theirs[str(b)][0]), theirs[str(b)][2] / 10) for b in BUDGETS if str(b) in theirs
    ]
    print(
        "\nSampled values of ten features: error (root mean square over the mean size), ms of processor a row"
    )
    print(f"  {'rows asked of each':24}" + "".join(f"{b:>18,}" for b in BUDGETS))
    for name, cells in lines.items():
        print(f"  {name:24}" + "".join(f"{e:10.4f} {s * 1e3:7.1f}" for e, s in cells) or "failed")
    for name in ways:
        shares = [t / _until(lines[name], e) for e, t in lines["shap.KernelExplainer"]]
        print(
            f"  shap.KernelExplainer to the same error takes, of {name}: "
            + ", ".join(f"{s:.1f} x" for s in shares)
        )


def _until(measured: list[tuple[float, float]], error: float) -> float:
    """Return the seconds to an error, on the straight line through the logarithms of what was measured."""
    slope, start = np.polyfit(*np.log(np.array(measured)).T, 1)
    return float(np.exp(slope * np.log(error) + start))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--limit", type=float, default=300, help="seconds that one run may take")
    parser.add_argument("--only", default="", help="the forests whose name has this in it")
    parser.add_argument("--no-sampled", dest="sampled", action="store_false", help="trees alone")
    given = parser.parse_args()
    sklearn, xgboost = version("scikit-learn"), version("xgboost-cpu")
    packages = ("shap", f"scikit-learn=={sklearn}", f"xgboost-cpu=={xgboost}")
    old = (
        "fasttreeshap==0.1.6",
        "shap<0.45",
        "numpy<2",
        "scikit-learn<1.4",
        "scipy<1.14",
        "pandas<2.2",
        "numba<0.60",
        "xgboost-cpu",
    )
    wanted = [
        Peer("assay", ASSAY),
        Peer("XGBoost's own", NATIVE),
        Peer("shap.TreeExplainer", SHAP, (), packages, "shap"),
        *(
            Peer(f"fasttreeshap {v}", FAST.replace("ALGORITHM", repr(v)), (), old, "fasttreeshap")
            for v in ("v1", "v2")
        ),
    ]
    peers = []
    for peer in wanted:
        try:
            peer.python()
            peers.append(peer)
        except SystemExit as end:
            print(end.code)
    print(f"{platform.platform()}, Python {platform.python_version()}, one thread, runs: {given.runs}")
    print(", ".join(dict.fromkeys(f"{p.environment or 'assay'} {p.version()}" for p in peers)))
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 20)).astype(np.float32).astype(float)
    more = rng.normal(size=(96_000, 20)).astype(np.float32).astype(float)
    y = (x[:, :5] ** 2).sum(axis=1) + x[:, 5] * x[:, 6] + rng.normal(size=4000)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data.npz"
        np.savez(data, x=x, y=y, c=(y > np.median(y)).astype(int), more=more)
        _trees(peers, data, Path(folder), given.runs, given.limit, given.only)
        _cores(peers[0], data, Path(folder), given.runs, given.limit)
        for peer in peers if given.sampled else []:
            if peer.environment == "shap":
                _sampled(peer, data, Path(folder))


if __name__ == "__main__":
    main()
