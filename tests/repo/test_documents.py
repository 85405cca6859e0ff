"""What the documents tell a reader to type is typed, line by line, where they say, and ends as they say."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from tests.engines.rootfs.layouts import layout, python

from assay.methods.watching import policy as policies

ROOT = Path(__file__).resolve().parents[2]
# what is typed may find something (1); nothing may be the reader's mistake (2) or ours (3)
FINDS = (
    "assay check data.pii",
    "assay check data.profile",
    "assay check data.bias",
    "assay scan",
    "assay check data.integrity",
)


def _blocks(page, language):
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)


def _type(script, folder):
    """Run a block as a shell does that stops at the first failure."""
    where = folder / ".bin"
    where.mkdir(exist_ok=True)
    command = where / "assay"
    command.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -c "from assay.doors.cli import main; main()" "$@"\n'
    )
    command.chmod(0o755)
    (where / "python3").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (where / "python3").chmod(0o755)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_")}
    environment["PATH"] = f"{where}:{environment['PATH']}"
    done = subprocess.run(["sh", "-e", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done


def _tolerant(script):
    """A check that finds something grave exits 1, which is no failure of the document."""
    return re.sub(rf"(?m)^((?:{'|'.join(map(re.escape, FINDS))})[^\n#]*)", r"\1 || [ $? -eq 1 ] ", script)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("documents")
    _type("assay demo", folder)
    return folder / "assay-demo"


@pytest.fixture
def copy(demo, tmp_path):
    shutil.copytree(demo, tmp_path / "assay-demo")
    return tmp_path / "assay-demo"


@pytest.mark.slow
def test_the_tour_of_the_readme(copy):
    two, tour, checks = _blocks("README.md", "sh")[:3]
    assert "make demo" in two
    _type(tour.replace(". .venv/bin/activate && cd assay-demo\n", ""), copy)
    _type(_tolerant(checks), copy)
    assert (copy / "kept.txt").is_file() and (copy / "people.html").is_file()


@pytest.mark.slow
def test_the_call_of_the_readme(copy):
    (code,) = _blocks("README.md", "python")
    done = subprocess.run([sys.executable, "-c", code], cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.startswith("pass "), done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [
        "gate-in-ci",
        "keep-a-checkpoint",
        "keep-the-log-as-long-as-you-must",
        "have-the-log-witnessed",
        "hold-a-model-to-a-fairness-policy",
        "mitigate-bias",
        "search-what-the-office-knows",
        "validate-by-retraining",
    ],
)
def test_how_to(page, copy):
    for block in _blocks(f"docs/how-to/{page}.md", "sh"):
        _type(_tolerant(block), copy)


@pytest.mark.slow
def test_answer_the_risk_committee(copy):
    """The page's commands and its Python, one after another, in the folder that the demo lays out."""
    page = "docs/how-to/answer-the-risk-committee.md"
    done = _type("\n".join(_blocks(page, "sh")), copy)
    said = " ".join(done.stdout.split())
    assert "VERIFIED bookings@1" in said and "APPROVED by bea and carl" in said
    (code,) = _blocks(page, "python")
    done = subprocess.run([sys.executable, "-c", code], cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.startswith("bookings 1 APPROVED "), done.stderr
    assert "summer" in (copy / "inventory.html").read_text()


@pytest.mark.slow
def test_sweep_for_personal_data(tmp_path):
    """The page's blocks one after another in one folder, as a reader types them."""
    for block in _blocks("docs/how-to/sweep-for-personal-data.md", "sh"):
        _type(_tolerant(block), tmp_path)
    assert '"iban"' in (tmp_path / "january.json").read_text()


@pytest.mark.slow
def test_give_a_job_a_way_out(tmp_path):
    """The page as a reader types it; what it shows as printed is what is printed."""
    page = "docs/how-to/give-a-job-a-way-out.md"
    done = _type("\n".join(_blocks(page, "sh")), tmp_path)
    shown = re.search(r"^```\n(outcome.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.M | re.S)[1]
    assert [line.split() for line in shown.splitlines()] == [
        line.split() for line in done.stdout.splitlines()[-4:]
    ]


@pytest.mark.slow
def test_train_on_several_workers(tmp_path):
    done = _type("\n".join(_blocks("docs/how-to/train-on-several-workers.md", "sh")), tmp_path)
    assert "PASS  workers" in done.stdout
    (report,) = (tmp_path / "workers/.assay/runs").glob("*/report.html")
    assert "slope 3.0" in report.read_text()


@pytest.mark.slow
def test_run_a_job_in_an_image(tmp_path):
    """With an image as it is copied from a registry: a layout in the folder `python`."""
    layout(tmp_path / "python", [python()], config={"Env": ["PATH=/usr/bin"]})
    done = _type("\n".join(_blocks("docs/how-to/run-a-job-in-an-image.md", "sh")), tmp_path)
    assert "PASS  inside  2 steps" in done.stdout
    (report,) = (tmp_path / ".assay/runs").glob("*/report.html")
    assert "slope 3.0" in report.read_text()


@pytest.mark.slow
def test_let_registries_call(tmp_path):
    """The watch begins with what the page has typed, and reads what it lists in full."""
    page = "docs/how-to/examine-images.md"
    (script,) = [b for b in _blocks(page, "sh") if "watch.yaml" in b]
    advisory = {"id": "A-1", "modified": "2026-01-01T00:00:00Z", "affected": []}
    (tmp_path / "osv").mkdir()
    (tmp_path / "osv" / "A-1.json").write_text(json.dumps(advisory))
    done = _type(script.replace("8443", "0").rstrip() + " --seconds 1", tmp_path)
    assert "hooks at https://127.0.0.1:" in done.stderr
    for block in (b for b in _blocks(page, "yaml") if "registries:" in b):
        (tmp_path / "watch.yaml").write_text(block)
        assert len(policies.load(tmp_path / "watch.yaml").hooks) == 5


@pytest.mark.slow
def test_reproduce_a_model(copy):
    """The whole page in one shell, the stranger's folder last."""
    done = _type("\n".join(_blocks("docs/how-to/reproduce-a-model.md", "sh")), copy)
    assert done.stdout.count("REPRODUCED  bookings@1") == 2 and "NOT REPRODUCED" not in done.stdout
    assert done.stdout.count("VERIFIED  bookings@1") == 2 and "keys that came with it" not in done.stdout
    assert (copy / "rebuilt.html").is_file()
    assert sorted(p.name for p in (copy / "stranger").iterdir()) == [
        "bookings-1.zip", "hallmark.pub", "ledger.pub", "opened",
    ]  # fmt: skip


@pytest.mark.slow
def test_ask_all_your_logs(tmp_path):
    done = _type("\n".join(["assay init", *_blocks("docs/how-to/ask-all-your-logs.md", "sh")]), tmp_path)
    assert "2 rows" not in done.stdout and "by-client" in done.stdout
    assert (tmp_path / "refused.csv").read_text().count("\n") == 2


@pytest.mark.slow
def test_see_where_the_time_went(tmp_path):
    """The page's blocks one after another in one folder, as a reader types them."""
    said = [
        _type(block, tmp_path).stdout for block in _blocks("docs/how-to/see-where-the-time-went.md", "sh")
    ]
    assert "job count.py" in said[0] and "read*" in said[0] and "of " in said[0]
    assert "step.data.profile" in said[1]
    assert "trace 4bf92f3577b34da6a3ce929d0e0e4736" in said[2]
    assert "were here" in said[4] and "run timed" in said[4]
    assert (tmp_path / "timed" / "segments.jsonl").read_text().startswith('{"name":"run timed"')


@pytest.mark.slow
def test_record_notebooks_and_scripts(tmp_path):
    """The page's script is run in a home, and then asked about by the page's commands."""
    page = "docs/how-to/record-notebooks-and-scripts.md"
    (tmp_path / "look.py").write_text(_blocks(page, "python")[0])
    _type(f"assay init\n{sys.executable} look.py", tmp_path)
    about, grouped = _blocks(page, "sh")
    said = " ".join(_type(about, tmp_path).stdout.split())
    assert "experiment churn" in said and "code look.py" not in said and "file look.py" in said
    assert "<svg" in (tmp_path / "customers.svg").read_text()
    assert "second look" not in said and (tmp_path / "parts.csv").read_text().count("\n") == 2
    assert "release/2026-11: 2 things" in _type(grouped, tmp_path).stdout


@pytest.mark.slow
def test_sweep_hyperparameters(copy):
    page = "docs/how-to/sweep-hyperparameters.md"
    (copy / "sweep.yaml").write_text(_blocks(page, "yaml")[0])
    said = _type(_blocks(page, "sh")[0], copy).stdout
    assert said.count("complete") == 3 and "max_depth" in said and "learning_rate" in said


@pytest.mark.slow
def test_use_from_python(tmp_path):
    pages = ("use-from-python", "validate-by-retraining")
    for code in (c for page in pages for c in _blocks(f"docs/how-to/{page}.md", "python")):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "bias.html").is_file()


@pytest.mark.slow
def test_why_always_zero(tmp_path):
    """The tutorial from `assay init` to the diagnosis: the step is named, and the proof."""
    done = _type("\n".join(_blocks("docs/tutorial/why-always-zero.md", "sh")), tmp_path)
    said = " ".join(done.stdout.split())
    assert "The step `labels` (clean_labels.py), new since run" in said
    assert "`churned` is 0 in 100% of rows" in said and "Replayed without it, the model's F1 is 0." in said
    assert "without the step labels: as it was" in said
    assert (tmp_path / "churn" / "why.html").is_file()


@pytest.mark.slow
def test_the_first_run_of_the_tutorial(tmp_path):
    done = _type("\n".join(_blocks("docs/tutorial/first-run.md", "sh")), tmp_path)
    assert "PASS  my-model  5 steps, 0 reused" in done.stdout
    assert "PASS  my-model  5 steps, 5 reused" in done.stdout
    assert "PASS  my-model  5 steps, 4 reused" in done.stdout


@pytest.mark.slow
def test_explain_a_model(tmp_path):
    """The page's commands on people of one's own, its codes of notices too."""
    people = _people(tmp_path)
    first, against = _blocks("docs/how-to/explain-a-model.md", "sh")
    said = _type(first, tmp_path).stdout
    assert "row = 3, says = " in said and "mean_abs_shap" in said
    row = int(np.flatnonzero(people.income == "<=50K")[0]) + 1
    (codes,) = _blocks("docs/how-to/explain-a-model.md", "yaml")
    (tmp_path / "codes.yaml").write_text(codes)
    asked = against.replace("--row 3", f"--row {row} --codes codes.yaml").replace(
        "--reasons 4", "--reasons 2"
    )
    told = _type(f"{asked.strip()} || [ $? -eq 1 ]", tmp_path).stdout
    assert "code = 14" in told and "Income from investments too low" in told and "change  row" in told


@pytest.mark.slow
def test_explain_texts(tmp_path):
    """The page's first command; those of networks are typed where PyTorch is (tests/peers/test_deep.py)."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    words = ["quiet", "lovely", "dirty", "late", "room", "staff", "night"]
    texts = [" ".join(np.random.default_rng(i).choice(words, 8)) for i in range(200)]
    good = [t.count("lovely") > t.count("dirty") for t in texts]
    pd.DataFrame({"review": texts}).to_csv(tmp_path / "reviews.csv", index=False)
    joblib.dump(
        make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, good), tmp_path / "reviews.joblib"
    )
    said = _type(_blocks("docs/how-to/explain-text-images-and-networks.md", "sh")[0], tmp_path).stdout
    assert "Row 3, by word" in said and "without a word" in said


def _people(folder):
    """Write people.csv, and a model that learned from it; return what it answers."""
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    rng = np.random.default_rng(0)
    people = pd.DataFrame({"age": rng.integers(20, 70, 400), "sex": rng.choice(["Female", "Male"], 400)})
    people["education"], people["capital_gain"] = rng.integers(1, 17, 400), rng.integers(0, 9000, 400)
    odds = people.capital_gain / 1500 + people.education / 6 + (people.sex == "Male") - 5
    truth = np.where(odds + rng.normal(size=400) > 0, ">50K", "<=50K")
    numbers = ["age", "education", "capital_gain"]
    before = make_column_transformer((StandardScaler(), numbers), (OneHotEncoder(), ["sex"]))
    model = make_pipeline(before, LogisticRegression()).fit(people, truth)
    people.to_csv(folder / "people.csv", index=False)
    joblib.dump(model, folder / "model.joblib")
    return people.assign(income=model.predict(people))


@pytest.mark.slow
def test_act_on_drift(tmp_path):
    """The page's blocks one after another in one folder: the fault is found, proposed upon, accepted."""
    blocks = _blocks("docs/how-to/act-on-drift.md", "sh")
    _type(blocks[0], tmp_path)
    folder = tmp_path / "act"
    said = [_type(block, folder).stdout for block in blocks[1:]]
    shown = " ".join(said[3].split())
    assert "proposed" in shown and "lead_time is below 0" in shown and "CompletedWithViolations" in shown
    assert "<svg" in (folder / "hourly.html").read_text() and "VERIFIED" in said[4]
