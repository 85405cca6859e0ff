"""A team's pipeline with a fault planted in it: data, scripts and assay.yaml are written here, when a test runs."""

from __future__ import annotations

import base64
import csv
import hashlib
import math
import random
import zipfile
from pathlib import Path

from assay.works.call import call
from assay.works.home import Home
from assay.works.running import run_file

CLEAN = """
import csv, os
rows = list(csv.DictReader(open("input/data/data.csv")))
for row in rows:
    row["income"] = row["income"] or "0"
with open("output/data.csv", "w", newline="") as out:
    writer = csv.DictWriter(out, rows[0]); writer.writeheader(); writer.writerows(rows)
"""
JOIN = """
import argparse, csv
how = argparse.ArgumentParser(); how.add_argument("--how"); how = how.parse_args().how
price = {r["plan"]: r["price"] for r in csv.DictReader(open("input/prices/data.csv"))}
rows = [r | {"price": price.get(r["plan"], "")} for r in csv.DictReader(open("input/data/data.csv"))]
rows = [r for r in rows if how == "left" or r["price"]]
with open("output/data.csv", "w", newline="") as out:
    writer = csv.DictWriter(out, rows[0]); writer.writeheader(); writer.writerows(rows)
"""
ENCODE = """
import argparse, csv, json
p = argparse.ArgumentParser(); p.add_argument("--labels", type=json.loads); labels = p.parse_args().labels
rows = list(csv.DictReader(open("input/data/data.csv")))
for row in rows:
    row["churned"] = labels[row["churned"]]
with open("output/data.csv", "w", newline="") as out:
    writer = csv.DictWriter(out, rows[0]); writer.writeheader(); writer.writerows(rows)
"""
SPLIT = """
import csv
rows = list(csv.DictReader(open("input/data/data.csv")))
cut = len(rows) * 3 // 4
for name, some in (("train", rows[:cut]), ("test", rows[cut:])):
    with open(f"output/{name}.csv", "w", newline="") as out:
        writer = csv.DictWriter(out, rows[0]); writer.writeheader(); writer.writerows(some)
"""
SCALE = """
import csv, statistics
fit = [float(r["income"]) for r in csv.DictReader(open("input/fit/data.csv"))]
mean, spread = statistics.fmean(fit), statistics.pstdev(fit)
rows = list(csv.DictReader(open("input/data/data.csv")))
for row in rows:
    row["income"] = round((float(row["income"]) - mean) / spread, 6)
with open("output/data.csv", "w", newline="") as out:
    writer = csv.DictWriter(out, rows[0]); writer.writeheader(); writer.writerows(rows)
"""
TRAIN = """
import argparse, os
import numpy as np, xgboost as xgb, csv
p = argparse.ArgumentParser(); p.add_argument("--rounds", type=int, default=40); a = p.parse_args()
rows = list(csv.DictReader(open(os.environ["SM_CHANNEL_TRAIN"] + "/data.csv")))
names = [n for n in rows[0] if n not in ("id", "churned", "plan")]
x = np.array([[float(r[n] or "nan") for n in names] for r in rows])
y = np.array([float(r["churned"]) for r in rows])
d = xgb.DMatrix(x, y, feature_names=names)
seed = int(os.environ["ASSAY_SEED"])
made = xgb.train({"max_depth": 3, "eta": 0.2, "objective": "binary:logistic", "nthread": 1, "seed": seed,
                  "subsample": 0.8}, d, a.rounds)
made.save_model(os.environ["SM_MODEL_DIR"] + "/model.json")
"""
# What the scripts of a fault do to the rows, where the good ones end
ZEROED = 'import csv\nrows = list(csv.DictReader(open("input/data/data.csv")))\nfor row in rows:\n    row["churned"] = int(row["churned"] == "yes")\n'
NO_CHURN = (
    'import csv\nrows = [r for r in csv.DictReader(open("input/data/data.csv")) if r["churned"] == "0"]\n'
)
LEAKING = 'import csv\nrows = list(csv.DictReader(open("input/data/data.csv")))\nfor i, row in enumerate(rows):\n    row["risk"] = round(int(row["churned"]) * 0.8 + (i % 7) / 50, 3)\n'
WRITE = """
with open("output/data.csv", "w", newline="") as out:
    writer = csv.DictWriter(out, rows[0]); writer.writeheader(); writer.writerows(rows)
"""
PIPELINE = """
name: churn
data:
  customers: {source: customers.csv}
  prices: {source: prices.csv}
steps:
  clean: {treat: clean.py, of: customers}
  encoded: {treat: encode.py, of: clean, arguments: {labels: {"no": 0, "yes": 1}}}
  joined: {treat: join.py, of: {data: encoded, prices: prices}, arguments: {how: left}}
  split: {treat: split.py, of: joined}
  train: {treat: scale.py, of: {fit: split.train, data: split.train}}
  test: {treat: scale.py, of: {fit: split.train, data: split.test}}
  model: {train: train.py, of: {train: train}, hyperparameters: {rounds: 40}}
  scan: {check: model.scan, of: model}
  validate: {check: model.validate, of: model, data: test, label: churned, slices: 0, gate: none}
"""


class _Quiet:
    def begun(self, step, index, of): ...
    def progress(self, done, of, what): ...
    def ended(self, done): ...


class Team:
    """A folder with data, scripts and a pipeline, and the home beside them."""

    def __init__(self, folder: Path, rows: int = 1600) -> None:
        self.folder = folder
        draw = random.Random(5)
        with (folder / "customers.csv").open("w", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["id", "age", "income", "balance", "calls", "plan", "churned"])
            for i in range(rows):
                age, calls = draw.randint(18, 80), draw.randint(0, 9)
                # Incomes rise over the years in which the rows were written
                income = round(30 + 30 * i / rows + draw.gauss(0, 6), 2)
                balance = round(draw.random() * 2, 3)
                lean = (
                    0.06 * (45 - age)
                    + 2.6 * (balance - 1)
                    + 0.25 * (calls - 4)
                    - 0.22 * (income - 30 - 30 * i / rows)
                )
                churned = draw.random() < 1 / (1 + math.exp(-1.5 * (lean - 0.8)))
                writer.writerow(
                    [i, age, income, balance, calls, draw.choice("ABC"), "yes" if churned else "no"]
                )
        (folder / "prices.csv").write_text("plan,price\nA,10\nB,25\n")
        for name, text in (
            ("clean", CLEAN), ("join", JOIN), ("encode", ENCODE), ("split", SPLIT), ("scale", SCALE), ("train", TRAIN),
        ):  # fmt: skip
            self.write(f"{name}.py", text)
        self.write("assay.yaml", PIPELINE)
        Home.create(folder, {}).close()

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def change(self, name: str, *pairs: tuple[str, str]) -> None:
        text = (self.folder / name).read_text()
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        self.write(name, text)

    def step(self, line: str, before: str, user: tuple[str, str]) -> None:
        """Add a step before another, and let who used what went in use what comes out."""
        self.change("assay.yaml", (f"  {before}:", f"  {line}\n  {before}:"), user)

    def run(self):
        return run_file(self.folder / "assay.yaml", start=self.folder, environment={}, observer=_Quiet())

    def call(self, action: str, **params):
        home = Home.find(self.folder, {})
        try:
            return call(action, params, home=home)
        finally:
            home.close()

    def diagnose(self, **given):
        return self.call("runs.diagnose", run="last", **given)


def wheel(folder: Path, version: str, code: str) -> Path:
    """A package of one module, ``tinyround``, as a wheel."""
    path = folder / f"tinyround-{version}-py3-none-any.whl"
    info = f"tinyround-{version}.dist-info"
    files = {
        "tinyround.py": code,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: tinyround\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{n},sha256={base64.urlsafe_b64encode(hashlib.sha256(t.encode()).digest()).rstrip(b'=').decode()},{len(t)}\n"
        for n, t in files.items()
    )
    with zipfile.ZipFile(path, "w") as out:
        for name, text in (files | {f"{info}/RECORD": record + f"{info}/RECORD,,\n"}).items():
            out.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), text)
    return path
