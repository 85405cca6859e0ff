"""What the house promises of itself: light imports, quick help, mirrored tests, fresh docs, small files."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from assay.works import declared

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("ibis", "pandas", "numpy", "pyarrow", "sklearn", "xgboost", "duckdb", "sqlalchemy", "jinja2")
NAMES = [("check", n) for n in declared.own("check")] + [("treatment", n) for n in declared.own("treatment")]


def _modules(code):
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {m.split(".")[0] for m in done.stdout.split()}


def _loaded(code):
    return _modules(code) & set(HEAVY)


def test_where_a_model_is_asked_there_may_be_no_library_of_the_offices():
    """In an environment of its own, beside a framework: what registers packages had come with it."""
    assert not _modules("import assay.engines.models.estimator") & {"rfc8785", "sqlalchemy", "cryptography"}


def test_importing_every_check_loads_nothing_heavy():
    folders = {"check": "checks", "treatment": "treatments"}
    code = "\n".join(f"import assay.{folders[kind]}.{name}" for kind, name in NAMES)
    assert _loaded(code) == set()


def test_importing_assay_and_its_command_line_loads_nothing_heavy():
    assert _loaded("import assay, assay.doors.cli.main") == set()


def test_help_is_quick():
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(3):
        subprocess.run(
            [sys.executable, "-c", "from assay.doors.cli import main; main(['--help'])"],
            capture_output=True,
            check=True,
        )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / 3
    assert used < 0.3


@pytest.mark.parametrize(("kind", "name"), NAMES)
def test_each_check_has_a_summary_an_example_and_a_test(kind, name):
    item = next(i for i in declared.listing(kind) if i.name == name)
    assert item.summary.endswith((".", "?")) and "Example: assay" in item.doc
    group, _, leaf = name.partition(".")
    folder = ROOT / "tests" / ("checks" if kind == "check" else "treatments") / group
    assert list(folder.glob(f"test_{leaf}*.py")), f"{folder}/test_{leaf}.py"


def _written(name):
    page = ROOT / "docs" / "reference" / "about" / f"{name}.md"
    return page.read_text(encoding="utf-8") if page.exists() else ""


@pytest.mark.parametrize(("kind", "name"), NAMES)
def test_each_page_says_what_is_computed_and_when_not_to_use_it(kind, name):
    page = _written(name)
    assert "## When not to use it" in page, f"docs/reference/about/{name}.md"
    assert re.search(r"^## (Formulas|What it (computes|does))$", page, re.M), name
    assert kind == "treatment" or "## How to read it" in page, name


@pytest.mark.parametrize(("kind", "name"), NAMES)
def test_each_metric_named_in_the_code_is_on_its_page(kind, name):
    """Names that the code spells out; those it puts together are on the page as `…` and what follows."""
    base = ROOT / "src" / "assay" / ("checks" if kind == "check" else "treatments") / name.replace(".", "/")
    files = [base.with_suffix(".py")] if not base.is_dir() else sorted(base.rglob("*.py"))
    text = "".join(p.read_text(encoding="utf-8") for p in files)
    named = set(re.findall(r"Metric(?:\.number)?\(\s*\"(\w+)\"", text))
    page = _written(name)
    assert not {n for n in named if f"`{n}`" not in page}


@pytest.mark.parametrize("tool", ["docs", "signatures"])
def test_what_is_written_from_the_code_is_fresh(tool):
    """The signatures are the public API: what their diff shows belongs into CHANGELOG.md."""
    done = subprocess.run(
        [sys.executable, f"tools/{tool}.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_links_of_the_docs_lead_somewhere():
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
    for page in (p for p in pages if p.parent.name != "about"):  # those are parts of the pages one folder up
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_each_benchmark_is_told_in_their_page():
    said = set(re.findall(r"^\| `(\w+\.py)` \|", (ROOT / "benchmarks" / "README.md").read_text(), re.M))
    there = {p.name for p in (ROOT / "benchmarks").glob("*.py")} - {"__main__.py", "peers.py"}
    assert said == there


def test_no_file_has_outgrown_its_noun():
    for path in (ROOT / "src").rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 500, path


def test_every_module_says_what_it_is():
    for path in (ROOT / "src").rglob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path
