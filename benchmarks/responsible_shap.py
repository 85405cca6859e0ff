"""Time model.explain's SHAP values beside shap, fasttreeshap and XGBoost's own, on the same models and rows.

Each tool fits the same forests from the same numbers (scikit-learn's own random state), in an environment of its own
with one thread, and explains the same rows: the processor seconds of explaining alone, medians of runs that take turns.
Values are compared first: a ratio stands only beside equal values. fasttreeshap 0.1.6 works with scikit-learn before 1.4
only, so that its forests may differ; then that is said, and the ratio is of time alone. A peer that cannot be installed is
named with its error.

Sampled values: the error of each against every subset of ten features, at the same number of rows that the model is
asked about, for model.explain's permutations and kernel SHAP and for shap.KernelExplainer.

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
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from peers import Peer

MODELS = {
    "GradientBoostingRegressor, 100 of depth 3": 4000,
    "HistGradientBoostingClassifier, 100 of 31 leaves": 4000,
    "RandomForestClassifier, 100 of depth 6": 4000,
    "RandomForestRegressor, 100 of depth 10": 1000,
    "RandomForestClassifier, 20 grown to the end": 100,
    "XGBClassifier, 100 of depth 6": 2000,
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
x = x[:rows]
"""
SAVE = """
values = np.asarray(values)
if values.ndim == 3:
    values = values[1] if len(values) == 2 and values.shape[1] == rows else values[:, :, 1]
np.save(out, values)
print(json.dumps({"seconds": spent, "answers": float(np.abs(model.predict(x).astype(float)).sum())}))
"""
ASSAY = (
    FIT
    + """
import pyarrow as pa
from assay.engines.models.estimator import EstimatorModel
table = pa.table({f"f{i}": x[:, i] for i in range(x.shape[1])})
loaded = EstimatorModel.wrapped(model, "python")
if name.startswith("XGB"):
    loaded.names = table.column_names
loaded.contributions(table.slice(0, 2))
start = time.process_time()
found = loaded.contributions(table)
spent = time.process_time() - start
values = np.column_stack([c.to_numpy() for c in found.columns])[:, :-2]
"""
    + SAVE
)
SHAP = (
    FIT
    + """
import shap
shap.TreeExplainer(model).shap_values(x[:2])
start = time.process_time()
values = shap.TreeExplainer(model).shap_values(x)
spent = time.process_time() - start
"""
    + SAVE
)
FAST = (
    FIT
    + """
import fasttreeshap
explainer = fasttreeshap.TreeExplainer(model, algorithm=ALGORITHM, n_jobs=1)
explainer.shap_values(x[:2])
start = time.process_time()
values = fasttreeshap.TreeExplainer(model, algorithm=ALGORITHM, n_jobs=1).shap_values(x, check_additivity=False)
spent = time.process_time() - start
"""
    + SAVE
)
NATIVE = (
    FIT
    + """
import xgboost
start = time.process_time()
values = model.get_booster().predict(xgboost.DMatrix(x, nthread=1), pred_contribs=True)[:, :-1]
spent = time.process_time() - start
"""
    + SAVE
)
KERNEL = """
import json, sys, warnings
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
    values = shap.KernelExplainer(ask, x[-20:]).shap_values(x[:10], nsamples=each // 20, l1_reg=0, silent=True)
    found[each] = [values.tolist(), asked[0] / 10]
json.dump(found, open(sys.argv[2], "w"))
"""
THREADS = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS"), "1"
)
BUDGETS = (1_200, 5_000, 20_000)


def _once(peer: Peer, given: list[str], limit: float) -> dict[str, Any] | str:
    """Run it once; return what it printed, or the last line of its error."""
    command = [peer.python(), "-c", peer.script, *given]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=limit, env={**os.environ, **THREADS}
        )
    except subprocess.TimeoutExpired:
        return f"took over {limit:.0f} s"
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["it failed"])[-1][:100]
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _trees(peers: list[Peer], data: Path, folder: Path, runs: int, limit: float) -> None:
    for name, rows in MODELS.items():
        print(f"\n{name}, {rows} rows")
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
        [peer.python(), "-c", KERNEL, str(data), str(out), ",".join(map(str, BUDGETS))], capture_output=True
    )
    theirs = json.loads(out.read_text()) if not done.returncode else {}
    spread = float(np.abs(truth).mean())
    print(
        "\nSampled values of ten features: root mean square error over the mean size, by rows asked a row explained"
    )
    print(f"  {'':24}" + "".join(f"{b:>12,}" for b in BUDGETS))
    lines: dict[str, list[str]] = {"assay, permutations": [], "assay, kernel": [], "shap.KernelExplainer": []}
    for each in BUDGETS:
        tried: dict[str, list[float]] = {"assay, permutations": [], "assay, kernel": []}
        for seed in range(5):
            rng = np.random.default_rng(seed)
            found = shapley.sampled(10, 10, 20, ask, rng, pairs=each // 22)[0]
            tried["assay, permutations"].append(float(np.sqrt(((found - truth) ** 2).mean())))
            found = kernelshap.sampled(10, 10, 20, ask, rng, each=each)[0]
            tried["assay, kernel"].append(float(np.sqrt(((found - truth) ** 2).mean())))
        for name, errors in tried.items():
            lines[name].append(f"{statistics.median(errors) / spread:12.4f}")
        if str(each) in theirs:
            error = float(np.sqrt(((np.array(theirs[str(each)][0]) - truth) ** 2).mean()))
            lines["shap.KernelExplainer"].append(f"{error / spread:12.4f}")
    for name, cells in lines.items():
        print(f"  {name:24}" + ("".join(cells) or "failed"))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--limit", type=float, default=300, help="seconds that one run may take")
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
    y = (x[:, :5] ** 2).sum(axis=1) + x[:, 5] * x[:, 6] + rng.normal(size=4000)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data.npz"
        np.savez(data, x=x, y=y, c=(y > np.median(y)).astype(int))
        _trees(peers, data, Path(folder), given.runs, given.limit)
        for peer in peers:
            if peer.environment == "shap":
                _sampled(peer, data, Path(folder))


if __name__ == "__main__":
    main()
