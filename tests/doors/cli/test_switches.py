"""The switches of a job's network as a user types them: alike on train, process, check and Spark, in a step and for all."""

from __future__ import annotations

import json
import textwrap

import pytest

ROWS = "a,b\n" + "\n".join(f"{n},{n % 2}" for n in range(40)) + "\n"
SCRIPT = """
    import os, pathlib, socket, time
    rank = int(os.environ.get("RANK", 0))
    if int(os.environ.get("WORLD_SIZE", 1)) > 1:
        print("eth0" in [name for _, name in socket.if_nameindex()])
    if "ASSAY_OUTPUT" in os.environ:
        pathlib.Path(os.environ["ASSAY_OUTPUT"], f"part{rank}.csv").write_text("a,b\\n1,2\\n")
    else:
        pathlib.Path(os.environ["SM_MODEL_DIR"], "model.json").write_text("{}")
"""
NETWORK = "network: {allow: ['https://a.example']}"
STEPS = {
    "train": "{train: job.py, of: rows, MORE}",
    "process": "{treat: job.py, of: rows, MORE}",
    "check": "{check: model.validate, of: model, data: rows, label: b, MORE}",
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "rows.csv").write_text(ROWS)
    (tmp_path / "job.py").write_text(textwrap.dedent(SCRIPT))
    return tmp_path


def written(folder, kind, more, settings=""):
    said = f"settings: {{{settings}}}\n" if settings else ""
    model = "\n  model: {source: model.joblib}" if kind == "check" else ""
    step = STEPS[kind].replace("MORE", more)
    (folder / "assay.yaml").write_text(
        f"{said}data:\n  rows: {{source: rows.csv}}{model}\nsteps:\n  made: {step}\n"
    )
    if kind == "check":
        import joblib
        from sklearn.tree import DecisionTreeClassifier

        joblib.dump(DecisionTreeClassifier().fit([[0.0], [1.0]], [0, 1]), folder / "model.joblib")


@pytest.mark.slow
@pytest.mark.parametrize("kind", STEPS)
@pytest.mark.parametrize(
    ("more", "settings"),
    [
        (f"{NETWORK}, network_isolation: true", ""),
        (NETWORK, "network_isolation: true"),
        ("network_isolation: false", ""),
    ],
    ids=["step", "settings", "false-alone"],
)
def test_network_isolation_refuses_a_step_that_would_reach_a_store(assay, folder, kind, more, settings):
    written(folder, kind, more, settings)
    done = assay.run(folder, "run", "assay.yaml")
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0 and "network_isolation" in said and "Traceback" not in said, said
    assert "job.egress" not in assay.run(folder, "log", "tail", "--format", "json").stdout


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["train", "process"])
@pytest.mark.parametrize(("more", "settings", "sealed"), [
    ("encrypt_inter_container_traffic: true", "", True), ("workers: 2", "encrypt_inter_container_traffic: true", True),
    ("encrypt_inter_container_traffic: false", "encrypt_inter_container_traffic: true", False), ("workers: 2", "", False),
], ids=["step", "settings", "step-over-settings", "neither"])  # fmt: skip
def test_workers_speak_encrypted_where_the_step_or_the_settings_say_so(
    assay, folder, kind, more, settings, sealed
):
    written(folder, kind, more if "workers" in more else f"workers: 2, {more}", settings)
    done = assay.run(folder, "run", "assay.yaml", "--format", "json")
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]
    (step,) = json.loads(done.stdout)["steps"]
    digest = step["report"].removeprefix("sha256:")
    report = json.loads((folder / ".assay/objects" / digest[:2] / digest[2:]).read_text())
    assert report["data"]["environment"]["encrypted_between_workers"] is sealed
    assert report["data"]["log"].count("True") == 2  # each has the one interface


@pytest.mark.slow
@pytest.mark.parametrize(
    ("setting", "engine", "why"),
    [
        ("network_isolation: true", "spark://127.0.0.1:7077", "network_isolation is true"),
        ("network_isolation: true", "sc://127.0.0.1:15002/;use_ssl=true", "network_isolation is true"),
        ("encrypt_inter_container_traffic: true", "sc://127.0.0.1:15002", "without TLS"),
    ],
)
def test_spark_is_not_asked_over_a_network_that_the_switches_close(assay, folder, setting, engine, why):
    pytest.importorskip("pyspark")
    (folder / "assay.yaml").write_text(
        f"settings: {{{setting}}}\ndata:\n  rows: {{source: rows.csv}}\nsteps:\n  seen: {{check: data.profile, of: rows}}\n"
    )
    done = assay.run(folder, "run", "assay.yaml", "--engine", engine)
    assert done.returncode != 0 and why in " ".join((done.stdout + done.stderr).split()), (
        done.stdout + done.stderr
    )
    assay.run(folder, "init")
    with (folder / ".assay/config.yaml").open("a") as out:
        out.write(setting + "\n")
    done = assay.run(folder, "check", "data.profile", "rows.csv", "--engine", engine)
    assert done.returncode == 2 and why in " ".join((done.stdout + done.stderr).split()), (
        done.stdout + done.stderr
    )


@pytest.mark.slow
def test_what_a_script_prints_moves_no_cursor_of_whoever_runs_it(assay, folder):
    (folder / "job.py").write_text("print('\\x1b[2J\\x1b]0;owned\\x07\\u202e' * 50)\nraise SystemExit(3)\n")
    written(folder, "process", "seed: 3")
    done = assay.run(folder, "run", "assay.yaml")
    shown = assay.run(folder, "runs", "show")
    for text in (
        done.stdout,
        done.stderr,
        shown.stdout,
        (next((folder / ".assay/runs").glob("*/report.html"))).read_text(),
    ):
        assert not set("\x1b\x07\u202e") & set(text)
    assert done.returncode == 1 and "exit code 3" in " ".join((done.stdout + done.stderr).split())
