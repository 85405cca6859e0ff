"""Time model.bias beside smclarify, fairlearn and AIF360 on the same file, one after another, their values compared first.

Adult twenty times over (976,840 rows, Parquet) with the answers of a fixed rule; facets sex and race. Each figure is of a
whole process, start and imports included. smclarify reports both stages with CDDL, as Assay does with an
analysis_config.json; fairlearn and AIF360 each stand beside Assay asked for the metrics that they tell (--metric; its
intervals and tests come with them), and beside the whole check with its neighbours too. Each peer runs in an environment of its own under benchmarks/.envs, made with pip.

    python benchmarks/responsible.py
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from peers import ADULT, Peer, Spent

CLARIFY = """
import json, sys
from pathlib import Path
from assay.works.checking import carry_out
keep = Path(sys.argv[3])
verdict = carry_out("check", "model.bias", sys.argv[1], {"config": sys.argv[2]}, home=None, keep=keep)
assert not verdict.report.error, verdict.report.error
said = json.loads((keep / "analysis.json").read_text())
for stage, section in said.items():
    for facet, entries in section["facets"].items() if stage != "version" else ():
        for entry in entries:
            for m in entry["metrics"]:
                print(json.dumps([facet, entry["value_or_threshold"], m["name"], m["value"]]))
"""
OURS = """
import json, sys
from assay.works.checking import carry_out
asked = {"label": "income", "positive": [">50K"], "predicted": "said", "facet": ["sex", "race"], "metric": sys.argv[4:]}
verdict = carry_out("check", "model.bias", sys.argv[1], asked, home=None)
assert not verdict.report.error, verdict.report.error
json.dumps(verdict.to_dict())
for m in verdict.report.metrics:
    print(json.dumps([m.of.get("facet", ""), m.of.get("group", ""), m.name, m.value]))
"""
SMCLARIFY = """
import json, logging, sys, warnings
warnings.filterwarnings("ignore")
import pandas as pd
from smclarify.bias.report import FacetColumn, LabelColumn, StageType, bias_report
logging.disable(logging.CRITICAL)
frame = pd.read_parquet(sys.argv[1])
label, said = (LabelColumn(c, frame[c], [">50K"]) for c in ("income", "said"))
for facet in ("sex", "race"):
    for stage in (StageType.PRE_TRAINING, StageType.POST_TRAINING):
        given = frame if stage is StageType.POST_TRAINING else frame.drop(columns="said")
        for entry in bias_report(given, FacetColumn(facet), label, stage, said, ["all"], frame["education"]):
            for m in entry["metrics"]:
                print(json.dumps([facet, entry["value_or_threshold"], m["name"], m["value"]]))
"""
FAIRLEARN = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import pandas as pd
import fairlearn.metrics as f
from sklearn.metrics import accuracy_score, precision_score
frame = pd.read_parquet(sys.argv[1])
y, p = (frame["income"] == ">50K").astype(int), (frame["said"] == ">50K").astype(int)
names = ["demographic_parity_difference", "demographic_parity_ratio", "equalized_odds_difference",
         "equalized_odds_ratio", "equal_opportunity_difference", "equal_opportunity_ratio"]
each = {"selection": f.selection_rate, "tpr": f.true_positive_rate, "fpr": f.false_positive_rate,
        "precision": precision_score, "accuracy": accuracy_score, "count": f.count}
for facet in ("sex", "race"):
    for name in names:
        value = getattr(f, name)(y, p, sensitive_features=frame[facet])
        print(json.dumps([facet, "", name, float(value)]))
    held = f.MetricFrame(metrics=each, y_true=y, y_pred=p, sensitive_features=frame[facet])
    held.by_group.to_dict()
    for kind in ("difference", "ratio"):
        value = getattr(held, kind)()["precision"]
        print(json.dumps([facet, "", f"predictive_parity_{kind}", float(value)]))
"""
AIF360 = """
import json, logging, sys, warnings
warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
import pandas as pd
from aif360.datasets import BinaryLabelDataset
from aif360.metrics import ClassificationMetric
frame = pd.read_parquet(sys.argv[1])
for facet in ("sex", "race"):
    for group in frame[facet].unique():
        sets = []
        for column in ("income", "said"):
            held = pd.DataFrame({"g": (frame[facet] == group).astype(int), "y": (frame[column] == ">50K").astype(int)})
            sets.append(BinaryLabelDataset(df=held, label_names=["y"], protected_attribute_names=["g"]))
        m = ClassificationMetric(*sets, unprivileged_groups=[{"g": 1}], privileged_groups=[{"g": 0}])
        of = {
            "DPPL": -m.statistical_parity_difference(), "DI": m.disparate_impact(),
            "average_odds_difference": m.average_odds_difference(), "RD": -m.equal_opportunity_difference(),
            "AD": m.accuracy(privileged=True) - m.accuracy(privileged=False),
            "SD": m.specificity(privileged=False) - m.specificity(privileged=True),
            "DAR": m.precision(privileged=True) - m.precision(privileged=False),
            "GE": m.generalized_entropy_index(), "equalized_odds_difference": m.equalized_odds_difference(),
        }
        for name, value in of.items():
            print(json.dumps([facet, group, name, float(value)]))
"""
MAKE = """
import sys, duckdb
adult, times, out = sys.argv[1:]
con = duckdb.connect()
con.execute(f"CREATE TABLE a AS SELECT * FROM read_csv('{adult}')")
rule = "education_num > 12 AND hours_per_week > 35 AND marital_status LIKE 'Married%' OR capital_gain > 7000"
said = f"CASE WHEN {rule} THEN '>50K' ELSE '<=50K' END AS said"
con.execute(f"COPY (SELECT a.*, {said} FROM a, range({times})) TO '{out}'")
"""
CONFIG = {
    "label": "income",
    "label_values_or_threshold": [">50K"],
    "facet": [{"name_or_index": "sex"}, {"name_or_index": "race"}],
    "predicted_label": "said",
    "group_variable": "education",
    "methods": {"pre_training_bias": {"methods": "all"}, "post_training_bias": {"methods": "all"}},
}
FAIRLEARNS = tuple(
    f"{what}_{kind}"
    for what in ("demographic_parity", "equalized_odds", "equal_opportunity", "predictive_parity")
    for kind in ("difference", "ratio")
)
AIFS = (
    "DPPL", "DI", "average_odds_difference", "RD", "AD", "SD", "DAR", "GE", "equalized_odds_difference",
)  # fmt: skip

Said = dict[tuple[str, str, str], object]


def asked(peer: Peer, files: list[Path]) -> tuple[Said, Spent]:
    """Return what a tool says, (facet, group, metric) → value, and what the run took."""
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(
            [peer.python(), "-c", peer.script, *map(str, files), *peer.arguments],
            stdout=out,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"{peer.name} failed")
        spent = Spent(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
        out.seek(0)
        said = (json.loads(line) for line in out if line.startswith("["))
        return {(facet, group, name): value for facet, group, name, value in said}, spent


def compare(ours: Said, theirs: Said, name: str) -> None:
    """Print how many of a peer's values are ours too; SystemExit where one is not."""
    furthest = 0.0
    for key, value in theirs.items():
        mine = ours[key]
        if isinstance(value, float | int) and isinstance(mine, float | int):
            away = abs(mine - value) / max(1.0, abs(value))
            furthest = max(furthest, away)
            if not math.isfinite(away) or away > 1e-9:
                raise SystemExit(f"{name}: {key} is {value} there and {mine} here")
        elif mine != value:
            raise SystemExit(f"{name}: {key} is {value} there and {mine} here")
    print(f"  {name}: {len(theirs)} values, all the same (furthest {furthest:.1e})", flush=True)


def main() -> None:
    """Compare, measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=20, help="how many times Adult")
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    old = ("pandas<3", "numpy<2.3", "scikit-learn<1.8", "pyarrow")
    peers = [
        Peer("assay, as Clarify", CLARIFY),
        Peer("smclarify", SMCLARIFY, (), ("smclarify==0.5", *old), "smclarify"),
        Peer("assay, as fairlearn", OURS, FAIRLEARNS),
        Peer("fairlearn", FAIRLEARN, (), ("fairlearn==0.13.*", "pyarrow"), "fairlearn"),
        Peer("assay, as AIF360", OURS, AIFS),
        Peer("aif360", AIF360, (), ("aif360==0.6.1", "pyarrow"), "aif360"),
        Peer("assay model.bias", OURS),
    ]
    versions = {p.name: p.version() for p in peers}
    cores = len(os.sched_getaffinity(0))
    print(f"{platform.platform()}, Python {platform.python_version()}, {cores} cores, runs: {given.runs}\n")
    with tempfile.TemporaryDirectory() as folder:
        table, config, keep = (Path(folder) / n for n in ("adult.parquet", "analysis_config.json", "kept"))
        config.write_text(json.dumps(CONFIG))
        subprocess.run([sys.executable, "-c", MAKE, str(ADULT), str(given.times), str(table)], check=True)
        print(f"Adult x{given.times}, {48_842 * given.times:,} rows")
        files = [table, config, keep]
        runs: dict[str, list[tuple[Said, Spent]]] = {p.name: [] for p in peers}
        for _ in range(given.runs):
            for peer in peers:
                runs[peer.name].append(asked(peer, files))
        whole = runs[peers[-1].name]
        for own, peer in (peers[:2], peers[2:4], peers[4:6]):
            compare(runs[own.name][0][0], runs[peer.name][0][0], peer.name)
            told(peer, versions, runs[peer.name], {own.name: runs[own.name], peers[-1].name: whole})
        for peer in peers[::2]:
            told(peer, versions, runs[peer.name], {})


def told(
    peer: Peer,
    versions: dict[str, str],
    runs: list[tuple[Said, Spent]],
    beside: dict[str, list[tuple[Said, Spent]]],
) -> None:
    """Print what a tool took, and how many times what others did: by the clock, and of processor time."""
    wall, processor = (median(s[i] for _, s in runs) for i in (0, 1))
    line = f"  {peer.name:20} {versions[peer.name]:9} {wall:8.2f} s, {processor:7.2f} of processor, "
    print(f"{line}{max(s.memory for _, s in runs):5.0f} MB")
    for name, others in beside.items():
        one, other = (median(s[i] for _, s in others) for i in (0, 1))
        print(f"  {'':20} {wall / one:7.1f} x ({processor / other:.1f} x) {name}", flush=True)


if __name__ == "__main__":
    main()
