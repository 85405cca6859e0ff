"""setup.py, which is never run, and setup.cfg,."""

import time

import pytest

from assay.methods.packages import locks
from assay.methods.packages.package import Unreadable


def read(text, path):
    return locks.read(text.encode() if isinstance(text, str) else text, path)


def asked(text, path):
    return {p.name: p.version or p.about["wanted"] for p in read(text, path).packages}


def test_what_stands_there_is_read_and_nothing_is_run(tmp_path):
    text = f"""
from setuptools import find_packages, setup
open({str(tmp_path / "ran")!r}, "w").close()
base = ["a==1.0", "b>=2"]
tests: list[str] = ["c"]
setup(
    name="own", packages=find_packages(), setup_requires=["never"],
    install_requires=base + ["d==4; python_version > '3'"],
    tests_require=tests,
    extras_require={{"x": ["e==5"], **{{"y": [*base, "f"]}}}},
)
"""
    assert asked(text, "setup.py") == {
        "a": "1.0", "b": ">=2", "c": "any version", "d": "4", "e": "5", "f": "any version",
    }  # fmt: skip
    assert read(text, "setup.py").unread == [] and list(tmp_path.iterdir()) == []
    spread = "import setuptools\nwhat = dict(install_requires='a==1\\nb==2')\nsetuptools.setup(**what)\n"
    assert asked(spread, "setup.py") == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    "text",
    [
        "setup(install_requires=open('requirements.txt').read().splitlines())",
        "a = ['x']\na.append('y')\nsetup(install_requires=a)",
        "a = ['x']\na += ['y']\nsetup(install_requires=a)",
        "a = ['x']\nif 1:\n    a = ['y']\nsetup(install_requires=a)",
        "a = ['x']\na[0] = 'y'\nsetup(install_requires=a)",
        "def f(a):\n    setup(install_requires=a)",
        "setup(install_requires=['a' + '==1'][0])",
        "setup(install_requires='a' + '==1')",
        "setup(install_requires=[f'a=={v}'])",
        "setup(**read())",
        "setup(extras_require={k: v for k, v in x})",
        "a = [a]\nsetup(install_requires=a)",
    ],
)
def test_what_only_running_it_would_tell_is_said(text):
    told = read(text, "setup.py")
    assert told.packages == [] and len(told.unread) == 1 and told.unread[0].endswith("is computed")


def test_setup_under_another_name_is_said():
    assert read("from setuptools import setup as s\ns(install_requires=['a'])", "setup.py").unread
    assert not read("import os\n", "setup.py").unread  # a module of that name


def test_names_that_stand_for_many_names_take_no_long_time():
    levels = "".join(f"a{n} = [{', '.join([f'a{n + 1}'] * 1_000)}]\n" for n in range(9))
    begun = time.process_time()
    told = read(levels + "a9 = ['x']\nsetup(install_requires=a0)\n", "setup.py")
    assert time.process_time() - begun < 2 and len(told.unread) == 1


@pytest.mark.parametrize(
    "content",
    [b"\x00", b"def", b"(" * 100_000, b"x = " + b"-" * 200_000 + b"1", b"x" + b".a" * 100_000, b"# coding: idna\n" + b"a" * 1000_000,
     b"# coding: none-such\n", b"# coding: unicode_escape\n", b"\xff\xfe", b"x = '\xff'"],
    ids=["zero", "cut off", "brackets", "signs", "attributes", "slow encoding", "no encoding", "odd encoding", "utf-16", "no utf-8"],
)  # fmt: skip
def test_what_is_no_program_is_unreadable_soon(content):
    begun = time.process_time()
    with pytest.raises(ValueError):
        read(content[: 1 << 20], "setup.py")
    assert time.process_time() - begun < 2


CFG = """[metadata]
name = own
[options]
install_requires =
    a==1.0
    b>=2; python_version > "3"  # why
    # none
tests_require = c; d==4
[options.extras_require]
x = e==5
y =
    f
[flake8]
ignore = E1, %(x)s
"""


def test_setup_cfg():
    assert asked(CFG, "setup.cfg") == {
        "a": "1.0", "b": ">=2", "c": "any version", "d": "4", "e": "5", "f": "any version",
    }  # fmt: skip
    told = read("[options]\ninstall_requires = file: requirements.txt, more.txt\n", "setup.cfg")
    assert told.refers == ["requirements.txt", "more.txt"] and told.packages == []


@pytest.mark.parametrize(
    "text", ["[options\n", "install_requires = a\n", "[options]\nx = 1\nx = 2\n", "[a]\n[a]\n"]
)
def test_settings_that_setuptools_refuses_are_unreadable(text):
    with pytest.raises(Unreadable):
        read(text, "setup.cfg")


def test_what_pyproject_leaves_to_files_is_referred_to():
    text = '[project]\nname = "own"\ndynamic = ["dependencies"]\n[tool.setuptools.dynamic]\n'
    told = read(text + 'dependencies = {file = ["requirements.in"]}\noptional-dependencies.x = {file = "x.in"}\n', "pyproject.toml")  # fmt: skip
    assert told.refers == ["requirements.in", "x.in"] and told.unread == []
    assert read(text, "pyproject.toml").unread


def test_requirements_as_powershell_writes_them():
    for codec in ("utf-16", "utf-16-be", "utf-8-sig"):
        mark = "\ufeff" if codec == "utf-16-be" else ""
        assert asked((mark + "a==1.0\r\nb==2\r\n").encode(codec), "requirements.txt") == {
            "a": "1.0",
            "b": "2",
        }
    with pytest.raises(ValueError):
        read("a==1\n".encode("utf-32"), "requirements.txt")
