"""A step's key: the same for the same work, another for any other; its code is all that its module imports."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

import assay
from assay.kernel.asset import Asset
from assay.kernel.report import Coverage, Finding, Report
from assay.kernel.severity import Severity
from assay.works import declared, reuse
from assay.works.pipeline import load

SRC = Path(assay.__file__).parent
TABLE = Asset("table", "t", "t.csv", "sha256:" + "1" * 64, "csv")


def imported(path):
    """The modules of ours that a file imports, by its syntax tree: at its top, inside functions, for types."""
    out = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
        else:
            continue
        for name in names:
            if name.split(".")[0] == "assay":
                place = SRC.parent.joinpath(*name.split("."))
                out |= {p for p in (place.with_suffix(".py"), place / "__init__.py") if p.is_file()}
    return out


@pytest.mark.slow
def test_every_import_of_every_module_is_seen():
    """Of two import lines one below the other, the second was once taken for names of the first."""
    for path in SRC.rglob("*.py"):
        missed = imported(path) - set(reuse._imports(path.read_text(), SRC.parent))
        assert not missed, (path, missed)


@pytest.fixture
def step(tmp_path):
    (tmp_path / "assay.yaml").write_text(
        "data: {d: {source: d.csv}}\nsteps:\n  a: {check: data.profile, of: d}\n  b: {check: data.integrity, of: d}\n"
    )
    return load(tmp_path / "assay.yaml").steps["a"]


def key(step, **change):
    given = {
        "inputs": {"table": TABLE},
        "reports": {},
        "params": {"correlated": 0.9},
        "seed": 7,
        "isolation": "full",
    }
    return reuse.reuse_key(step, **(given | change))


def report(message="One.", data=None):
    found = [Finding("data.pii.email", Severity.LOW, message, {"column": "c"})]
    made = Report.make(coverage=Coverage(1, 1), metrics=[], findings=found, data=data or {})
    return replace(made, check="data.pii")


def test_whatever_changes_changes_the_key(step, tmp_path):
    (tmp_path / "train.py").write_text("1")
    script = {"params": {"script": tmp_path / "train.py"}}
    keys = [
        key(step),
        key(step, seed=8),
        key(step, isolation="partial"),
        key(step, engine="spark"),
        key(step, params={"correlated": 0.8}),
        key(step, params={}),
        key(step, inputs={"table": replace(TABLE, digest="sha256:" + "2" * 64)}),
        key(step, inputs={"table": TABLE.renamed("u")}),
        key(step, inputs={"other": TABLE}),
        key(step, reports={"using": report()}),
        key(step, reports={"using": report("Two.")}),
        key(step, reports={"using": report(data={"drop": ["x"]})}),
        key(step, **script),
    ]
    (tmp_path / "train.py").write_text("2")
    keys.append(key(step, **script))
    (tmp_path / "requirements.txt").write_text("x")
    keys.append(key(step, **script))
    assert len(set(keys)) == len(keys) and all(k.startswith("sha256:") for k in keys)


def test_where_a_file_lies_and_when_a_report_was_made_change_nothing(step, tmp_path):
    assert key(step) == key(step, inputs={"table": replace(TABLE, uri="/elsewhere/t.csv")})
    early, late = report(), replace(report(), started="2030-01-01T00:00:00Z", seconds=9.0)
    assert key(step, reports={"using": early}) == key(step, reports={"using": late})
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "train.py").write_text("1")
    here, there = (key(step, params={"script": tmp_path / f / "train.py"}) for f in ("here", "there"))
    assert here == there


def test_what_could_not_be_pinned_is_never_reused(step):
    assert key(step, inputs={"table": TABLE, "more": replace(TABLE, digest="")}) == ""


def test_two_checks_have_two_codes_and_each_check_has_one(step):
    codes = {}
    for name in declared.own("check"):
        codes[name] = reuse.code_digest(replace(step, uses=name))
    assert len(set(codes.values())) == len(codes)
    assert codes["data.profile"] == reuse.code_digest(step)


def test_one_of_several_images_counts_by_its_bytes(tmp_path):
    """What is named behind # is no path: the step would be known whatever the image had become."""
    saved = tmp_path / "app.tar"
    saved.write_bytes(b"one")
    first = reuse._param(Path(f"{saved}#linux/amd64"))
    assert reuse._param(Path(f"{saved}#linux/arm64")) != first
    saved.write_bytes(b"two")
    assert reuse._param(Path(f"{saved}#linux/amd64")) != first
    assert reuse._param(saved) == reuse._param(Path(f"{saved}#"))[1]
