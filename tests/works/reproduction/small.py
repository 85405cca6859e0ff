"""A small pipeline of scripts, written here when a test runs: what each test changes of it is its own."""

from __future__ import annotations

from pathlib import Path

from tests.works.provenance.planted import _Quiet

from assay.works.call import call
from assay.works.home import Home
from assay.works.running import run_file

READ = "import csv, os\nrows = list(csv.DictReader(open('input/data/data.csv')))\n"
WRITE = """
with open("output/data.csv", "w", newline="") as out:
    writer = csv.DictWriter(out, rows[0]); writer.writeheader(); writer.writerows(rows)
"""
SCALED = "for row in rows:\n    row['x'] = float(row['x']) / 3\n"
TRAIN = """
import csv, json, os
rows = list(csv.DictReader(open(os.environ["SM_CHANNEL_TRAIN"] + "/data.csv")))
json.dump({"mean": sum(float(r["x"]) for r in rows) / len(rows)}, open(os.environ["SM_MODEL_DIR"] + "/mean.json", "w"))
"""
PIPELINE = """
name: small
data: {points: {source: points.csv}}
steps:
  scaled: {treat: scale.py, of: points}
  model: {train: train.py, of: {train: scaled}}
"""


class Small:
    """A folder with a pipeline of two scripts, and the home beside them."""

    def __init__(self, folder: Path, **files: str) -> None:
        self.folder = folder
        self.write("points.csv", "id,x\n" + "".join(f"{i},{i * 7 % 11}\n" for i in range(40)))
        self.write("scale.py", READ + SCALED + WRITE)
        self.write("train.py", TRAIN)
        self.write("assay.yaml", PIPELINE)
        for name, text in files.items():
            self.write(f"{name}.py", text)
        Home.create(folder, {}).close()

    def write(self, name: str, text: str) -> None:
        """Write a file of it."""
        (self.folder / name).write_text(text)

    def run(self):
        """Run it; whatever it prints is left aside."""
        done = run_file(self.folder / "assay.yaml", start=self.folder, environment={}, observer=_Quiet())
        assert done.outcome == "pass", [d.note for d in done.steps]
        return done

    def forget(self, digest: str) -> None:
        """Take an object out of the store."""
        text = digest.removeprefix("sha256:")
        (self.folder / ".assay" / "objects" / text[:2] / text[2:]).unlink()

    def call(self, action: str, actor: str = "", **params):
        """Ask the home."""
        home = Home.find(self.folder, {})
        try:
            return call(action, params, home=home, actor=actor)
        finally:
            home.close()

    def reproduce(self, of: str = "last", **given):
        """Rebuild a run."""
        return self.call("runs.reproduce", of=of, **given)


def step(found, name):
    """What came of one step."""
    return next(s for s in found["steps"] if s["name"] == name)
