"""When a step may be reused: the digest of all it depends on."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import assay
from assay.engines.surroundings import packages
from assay.kernel.asset import Asset
from assay.kernel.canonical import digest_of, plain, sha256
from assay.kernel.report import Report
from assay.works import declared
from assay.works.step import Step

ENGINES = (
    "duckdb",
    "ibis-framework",
    "pyspark",
    "pyarrow",
    "numpy",
    "pandas",
    "scikit-learn",
    "xgboost-cpu",
    "xgboost",
)
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(assay[\w.]*)[ \t]+import[ \t]+(?:\(([^)]*)\)|([^\n(]*))|import[ \t]+(assay[^\n]*))",
    re.M,
)


def reuse_key(
    step: Step,
    inputs: Mapping[str, Asset],
    reports: Mapping[str, Report],
    params: Mapping[str, Any],
    seed: int,
    isolation: str,
    engine: str = "duckdb",
) -> str:
    """Return the key of a step: inputs, parameters, seed, code and engines. Empty: it is never reused.

    An input without a digest could not be pinned, so nothing that read it is reused.
    """
    if any(not a.digest for a in inputs.values()):
        return ""
    return digest_of(
        {
            "uses": [step.verb, step.uses],
            "inputs": {n: [a.name, a.digest] for n, a in inputs.items()},
            "reports": {n: _report(n, r) for n, r in reports.items()},
            "params": {n: _param(v) for n, v in params.items()},
            "seed": seed,
            "isolation": isolation,
            "engine": engine,
            "code": code_digest(step),
            "engines": engines(),
            **({"packages": packages()} if step.script is not None else {}),
        }
    )


def _report(name: str, report: Report) -> Any:
    """What a treatment is told to do counts by what it says; one of many, which are told of in full, by its bytes."""
    if "." in name:
        return sha256(report.to_json())
    return [report.check, plain(dict(report.data)), [f.to_dict() for f in report.findings]]


def _param(value: Any) -> Any:
    """A file that a parameter names counts by its bytes, and a script with what lies beside it."""
    if not isinstance(value, Path):
        return plain(value)
    if "#" in str(value) and not value.exists():
        place, _, which = str(value).rpartition("#")  # one of several images in a file or folder
        return [which, _param(Path(place))]
    from assay.engines.blobs import digest_file, digest_tree

    if value.is_dir():
        return digest_tree(value)
    beside = [value, value.parent / "requirements.txt", value.parent / "inference.py"]
    return [p.name + digest_file(p) for p in dict.fromkeys(beside) if p.is_file()]


@cache
def engines() -> dict[str, str]:
    """Return the versions of what computes."""
    found = {"python": platform.python_version(), "assay": assay.__version__}
    for name in ENGINES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def code_digest(step: Step) -> str:
    """Return the digest of a step's module and of every module of ours that it imports, directly or not."""
    if step.script is not None:
        works = Path(assay.__file__).parent / "works"
        start = works / ("deeds.py" if step.verb == "train" else "processing.py")
        if step.params.get("tune"):
            judge = declared.own("check")["model.validate"]
            return digest_of([_closure(p) for p in (start, works / "sweeping.py", judge)])
    elif step.verb == "check" and step.uses in declared.own("check"):
        start = declared.own("check")[step.uses]
    elif step.verb == "treat" and step.uses in declared.own("treatment"):
        start = declared.own("treatment")[step.uses]
    elif step.verb == "do":
        start = Path(assay.__file__).parent / "works" / "deeds.py"
    else:
        kind: Any = "check" if step.verb == "check" else "treatment"
        start = Path(declared.load(kind, step.uses).module.__file__ or "")
    return _closure(start)


@cache
def _closure(start: Path) -> str:
    root = Path(assay.__file__).parent.parent
    seen: dict[Path, str] = {}
    todo = [start, *(start.parent.rglob("*.py") if start.name == "__init__.py" else ())]
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        text = path.read_bytes()
        seen[path] = sha256(text)
        todo += [p for p in _imports(text.decode(), root) if p not in seen]
    return digest_of(sorted((p.name, d) for p, d in seen.items()))


def _imports(text: str, root: Path) -> list[Path]:
    """Return the files of the modules of ours that a module's text imports, wherever in it."""
    named: list[str] = []
    for module, inside, beside, whole in _IMPORT.findall(text):
        if whole:
            named += re.findall(r"assay[\w.]*", whole)
        else:
            given = re.findall(r"\w+", re.sub(r"#[^\n]*", "", inside or beside))
            named += [module, *(f"{module}.{name}" for name in given)]
    out = []
    for name in named:
        path = root.joinpath(*name.split("."))
        out += [p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()]
    return out
