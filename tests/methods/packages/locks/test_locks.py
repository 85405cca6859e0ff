"""What locks and requests of a source tree say, as their tools write them, beside packaging's own reading where that is at hand."""

import time

import pytest
from packaging.requirements import Requirement

from assay.kernel.errors import AssayError
from assay.methods.packages.locks import read
from assay.methods.packages.package import Unreadable
from assay.methods.packages.wanted import kind_of


def found(content, path):
    told = read(content.encode(), path)
    return {p.name: p.version or p.about["wanted"] for p in told.packages}, told


PIP = """\
# comment
requests==2.19.0 --hash=sha256:aa \\
    --hash=sha256:bb
Jinja2[async] >=2.10, !=2.11 ; python_version > "3"   # why
numpy==1.2.*
six
attrs (==21.4.0)
torch @ https://x.example/whl/torch-2.1.0+cpu-cp311-cp311-linux_x86_64.whl
./wheels/bar-1.0-py3-none-any.whl
foo @ git+https://x.example/foo@v1
-e git+https://x.example/y.git@abc#egg=yy
-e .
../other
-r more.txt
-c limits.txt
--index-url https://x.example
!!bad
"""


def test_pip():
    named, told = found(PIP, "requirements.txt")
    assert named == {
        "requests": "2.19.0", "Jinja2": ">=2.10, !=2.11", "numpy": "==1.2.*", "six": "any version", "attrs": "21.4.0",
        "torch": "2.1.0+cpu", "bar": "1.0", "foo": "git+https://x.example/foo@v1", "yy": "git+https://x.example/y.git@abc#egg=yy",
    }  # fmt: skip
    assert told.refers == ["more.txt", "limits.txt"] and told.unread == ["!!bad"]


@pytest.mark.parametrize(
    "text",
    ["a==1", "A.b_c[x,y]==1.0.post1", "a ===1.0", "a>=1,<2", "a~=1.4.2", "a (==2.0)", "a==1!2.0", "a==1.0+local.1", "a == 2 ; os_name == 'nt'"],
)  # fmt: skip
def test_one_request_is_read_as_packaging_reads_it(text):
    ((name, version),) = found(text, "requirements.txt")[0].items()
    known = Requirement(text)
    pins = [s.version for s in known.specifier if s.operator in ("==", "===") and "*" not in s.version]
    assert name == known.name
    assert version == pins[0] if len(known.specifier) == 1 and pins else not version[0].isdigit()


def test_poetry_uv_pdm_and_pylock_leave_the_tree_itself_out():
    poetry = '[[package]]\nname = "a"\nversion = "1"\n[[package]]\nname = "own"\nversion = "0"\n[package.source]\ntype = "directory"\nurl = "."\n'
    assert found(poetry, "poetry.lock")[0] == {"a": "1"}
    uv = 'version = 1\n[[package]]\nname = "b"\nversion = "2"\nsource = { registry = "https://pypi.org/simple" }\n[[package]]\nname = "own"\nversion = "0"\nsource = { editable = "." }\n'
    assert found(uv, "uv.lock")[0] == {"b": "2"}
    pdm = '[[package]]\nname = "c"\nversion = "3"\nfiles = [{file = "c.whl", hash = "sha256:a"}]\n[[package]]\nname = "own"\nversion = "0"\neditable = true\npath = "."\n'
    assert found(pdm, "pdm.lock")[0] == {"c": "3"}
    pylock = 'lock-version = "1.0"\n[[packages]]\nname = "d"\nversion = "4"\n[[packages]]\nname = "e"\n[packages.vcs]\ntype = "git"\n[[packages]]\nname = "own"\n[packages.directory]\npath = "."\n'
    assert found(pylock, "pylock.dev.toml")[0] == {"d": "4", "e": "a version that it does not lock"}


def test_pipenv():
    lock = '{"_meta": {}, "default": {"a": {"version": "==1.0"}, "g": {"git": "https://x"}, "own": {"path": "."}}, "develop": {"b": {"version": "*"}}}'
    assert found(lock, "Pipfile.lock")[0] == {"a": "1.0", "g": "https://x", "b": "any version"}


def test_pyproject_of_standards_and_of_poetry():
    text = """
[project]
dependencies = ["a==1", "b>=2"]
[project.optional-dependencies]
x = ["c"]
[dependency-groups]
dev = ["d==4", {include-group = "x"}]
[build-system]
requires = ["never"]
[tool.poetry.dependencies]
python = "^3.11"
e = "5.0"
f = {version = "^6"}
own = {path = "../own"}
[tool.poetry.group.dev.dependencies]
g = "==7"
"""
    named = {"a": "1", "b": ">=2", "c": "any version", "d": "4", "e": "5.0", "f": "^6", "g": "7"}
    assert found(text, "pyproject.toml")[0] == named


def test_conda():
    text = "dependencies:\n- numpy=1.21.2\n- x::scipy=1.7.1=py39_0\n- python=3.11\n- pip\n- pandas>=2\n- zlib==1.2\n- pip:\n  - flask==0.5\n  - -r more.txt\n"
    named, told = found(text, "environment.yml")
    assert named == {
        "numpy": "1.21.2", "scipy": "1.7.1", "python": "=3.11", "pip": "any version", "pandas": ">=2", "zlib": "1.2", "flask": "0.5",
    }  # fmt: skip
    assert {p.kind for p in told.packages} == {"conda", "pypi"} and told.refers == ["more.txt"]


HOSTILE = {
    "poetry.lock": ["package = 7", "[[package]]\nversion = '1'", "[[package]]\nname = 'a'\nversion = 1", "x = " + "[" * 100_000, "a." * 5_000 + "b = 1"],
    "Pipfile.lock": ["[]", '{"_meta": {}, "default": []}', '{"_meta": {}, "default": {"a": 1}}', "[" * 100_000, "\x00"],
    "environment.yml": ["dependencies: 1", "a: &a [*a]", "[" * 100_000, "- !!python/object:os.system x", "\t"],
    "pyproject.toml": ["project = 1", "[project]\ndependencies = 1", "tool = {poetry = {dependencies = 1}}"],
}  # fmt: skip


@pytest.mark.parametrize(("name", "text"), [(n, t) for n, many in HOSTILE.items() for t in many])
def test_what_is_no_lock_is_unreadable_and_never_empty(name, text):
    with pytest.raises((ValueError, RecursionError, AssayError)):
        read(text.encode(), name)


def test_long_lines_take_no_long_time():
    for text in (
        "a" * 1_000_000,
        "a" + "[" * 500_000,
        "a " + ">=1," * 200_000,
        "-" * 500_000,
        "a-" * 250_000 + ".whl",
    ):
        read(text.encode(), "requirements.txt")
    with pytest.raises(Unreadable):
        read(b"x", "other")


@pytest.mark.parametrize(
    "text",
    ["pkg " + "!a" * 24 + " ?", "pkg >=1" + " " * 20_000 + "?", "a\\\n" * 200_000],
    ids=["signs that are letters too", "spaces", "lines that go on"],
)
def test_a_line_is_gone_through_once_however_it_is_written(text):
    begun = time.process_time()
    told = read(text.encode(), "requirements.txt")
    assert time.process_time() - begun < 1  # they took 5 to 15 s, and an hour with a dozen letters more
    assert (len(told.packages), len(told.unread)) == (0, 1)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("requirements.txt", "lock"), ("a/requirements-dev.txt", "lock"), ("dev-requirements.txt", "lock"), ("requirements/base.txt", "lock"),
        ("constraints.txt", "lock"), ("poetry.lock", "lock"), ("environment.yaml", "lock"), ("requirements.md", ""), ("notes.txt", ""),
        ("x/site-packages/a/requirements.txt", ""), ("node_modules/a/pyproject.toml", ""),
    ],
)  # fmt: skip
def test_which_files_are_locks(path, kind):
    assert kind_of(path, 100) == kind
