"""What this machine can do: each claim tried, not assumed."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.engines.extras import install
from assay.works.home import Home
from assay.works.reuse import engines


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing asked. state: ok, missing or failed."""

    topic: str
    name: str
    state: str
    detail: str
    remedy: str = ""


_EXTRAS = {
    "serve": ("httptools", "endpoints answered over HTTP: assay serve"),
    "postgres": ("psycopg", "tables and state in PostgreSQL"),
    "s3": ("s3fs", "tables and objects in S3"),
    "polars": ("polars", "polars tables from Python"),
    "fairness": ("fairlearn", "models trained to keep to a parity: model.reduce"),
    "lightgbm": ("lightgbm", "models of LightGBM"),
    "catboost": ("catboost", "models of CatBoost"),
    "torch": ("torch", "models of PyTorch"),
    "keras": ("keras", "models of Keras"),
    "onnx": ("onnxruntime", "models in ONNX"),
    "notebook": ("websocket", "kernels of Jupyter servers, asked what they reach"),
    "images": ("PIL", "pictures in JPEG"),
    "waf": ("cffi", "the firewall before endpoints"),
    "documents": ("pypdf", "texts of PDF files"),
    "review": ("cfnlint", "templates of CloudFormation held to their schemas"),
}


def examine_machine(home: Home | None) -> list[Answer]:
    """Ask everything: the platform, isolation layer by layer, engines, extras, and the home."""
    answers = [Answer("machine", "python", "ok", f"{platform.python_version()} at {sys.executable}")]
    answers.append(
        Answer("machine", "system", "ok", f"{platform.system()} {platform.release()} {platform.machine()}")
    )
    answers += _isolation()
    answers += [
        Answer("engines", name, "ok", v) for name, v in engines().items() if name not in ("python", "assay")
    ]
    answers.append(_firewall())
    answers.append(_pickles())
    for extra, (module, what) in _EXTRAS.items():
        there = importlib.util.find_spec(module) is not None
        remedy = "" if there else install(extra)
        answers.append(Answer("extras", extra, "ok" if there else "missing", what, remedy))
    return [*answers, *_home(home)]


def _firewall() -> Answer:
    """Open the firewall once: its rules are counted, and attacks tried on it."""
    from assay.engines.firewall.firewall import standing

    state, said = standing()
    what, _, remedy = said.partition("; ") if state != "ok" else (said, "", "")
    return Answer("engines", "firewall", state, what, remedy)


def _pickles() -> Answer:
    """Say which loop follows pickles, the compiled one or the one in Python, after both walked one."""
    from assay.engines import compiling
    from assay.methods.pickles.compiled import built
    from assay.methods.pickles.machine import walk
    from assay.methods.pickles.names import Names

    data = b"\x80\x04]\x94(K\x01}\x94cos\ngetpid\n)Re."
    if built() is None:
        slow = "in Python; compiled it follows pickles of many small objects some sixty times as fast"
        remedy = f"with {compiling.NEEDS}: python -m assay.engines.compiling"
        return Answer("engines", "pickles", "missing", slow, remedy)
    one, two = (walk(data, 0, len(data), Names(), python=python) for python in (False, True))
    if (one.hits, one.opcodes, one.end) != (two.hits, two.opcodes, two.end):
        remedy = "build it anew: python -m assay.engines.compiling"
        return Answer(
            "engines", "pickles", "failed", "the compiled machine is not as the one in Python", remedy
        )
    said = "compiled (assay.methods.pickles._compiled); its twin in Python says the same"
    return Answer("engines", "pickles", "ok", said)


def _isolation() -> list[Answer]:
    from assay.engines.isolation import prove

    if platform.system() != "Linux":
        return [
            Answer(
                "isolation",
                "sandbox",
                "missing",
                "training and loading models need Linux",
                "use a Linux machine",
            )
        ]
    proof = prove()
    answers = [
        Answer("isolation", layer.name, _state(layer.holds, layer.needed), layer.how, layer.remedy)
        for layer in proof.layers
    ]
    state = "ok" if proof.level == "full" else "failed"
    return [Answer("isolation", "level", state, proof.level, proof.remedy), _builder(proof.builder), *answers]


def _state(holds: bool, needed: bool) -> str:
    return "ok" if holds else "failed" if needed else "missing"


def _builder(builder: str) -> Answer:
    """Tell who builds the namespaces: bubblewrap where it is installed and wanted, else the kernel directly."""
    from assay.engines.isolation import bubblewrap

    found = bubblewrap.found()
    if builder == "bubblewrap" and found is not None:
        return Answer("isolation", "built by", "ok", f"bubblewrap {found[1]}")
    return Answer("isolation", "built by", "ok", "the kernel, called directly")


def _home(home: Home | None) -> list[Answer]:
    if home is None:
        return [
            Answer(
                "home",
                "home",
                "missing",
                "there is no home here; checks work and record nothing",
                "assay init",
            )
        ]
    free = shutil.disk_usage(home.root).free
    state = "ok" if free > 1 << 30 else "failed"
    mode = Path(home.root).stat().st_mode & 0o077
    private = Answer(
        "home", "private", "ok" if not mode else "failed", f"mode {Path(home.root).stat().st_mode & 0o777:o}"
    )
    return [
        Answer("home", "home", "ok", str(home.root)),
        Answer(
            "home",
            "disk",
            state,
            f"{free / (1 << 30):.1f} GiB free",
            "" if state == "ok" else "free some space",
        ),
        private,
    ]


def as_json(answers: list[Answer]) -> dict[str, Any]:
    """Return the answers as JSON."""
    rows = [{n: getattr(a, n) for n in ("topic", "name", "state", "detail", "remedy")} for a in answers]
    return {"schema": "assay.doctor/1", "ok": all(a.state != "failed" for a in answers), "answers": rows}
