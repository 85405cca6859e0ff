"""What requirements.txt may ask for: wheels, of which nothing is run while they are installed."""

from __future__ import annotations

import sys

import pytest

from assay.engines.requirements import check, install
from assay.kernel.errors import UsageError


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n\n",
        "numpy\npandas==2.2.0  # pinned\n",
        'scikit-learn[alldeps] >= 1.5, < 2 ; python_version >= "3.11"\n',
        "numpy==1.26.4 \\\n    --hash=sha256:00ff \\\n    --hash=sha256:11aa\n",
        "--index-url https://example.com/simple\n--extra-index-url=https://example.org/simple\nnumpy\n",
        "./wheels/thing-1.0-py3-none-any.whl\n",
        "thing @ https://example.com/thing-1.0-py3-none-any.whl#sha256=00\n",
        "file:///srv/thing-1.0-py3-none-any.whl\n",
    ],
)
def test_packages_by_name_and_wheels_are_taken(text):
    check(text)


@pytest.mark.parametrize(
    "line",
    [
        "-e .",
        "--editable ./pkg",
        ".",
        "./pkg",
        "/srv/pkg",
        "pkg/",
        "./thing-1.0.tar.gz",
        "git+https://example.com/thing.git",
        "thing @ git+https://example.com/thing.git@main",
        "thing @ https://example.com/thing-1.0.tar.gz",
        "https://example.com/thing.zip",
        "--no-binary :all:",
        "--no-binary=thing",
        "-r more.txt",
        "-c constraints.txt",
        "--find-links ./folder",
        "--index-url file:///srv/simple",
        'thing --config-settings="x=y"',
        "thing --no-binary :all:",
        "thing==1.0 --global-option=build",
        'thing; python_version > "3" --config-settings=x=y',
        "--pre --no-binary thing-1.0.whl",
        "thi\\\nng @ git+https://example.com/x",
        "git+file:///srv/thing-1.0-py3-none-any.whl",
    ],
)
def test_what_would_be_built_is_refused_with_its_line(line):
    with pytest.raises(UsageError, match="line 3 asks for more than a wheel"):
        check(f"numpy\n# a comment\n{line}\n")


def test_a_source_folder_is_not_run(tmp_path):
    """pip builds a folder by running its setup.py, outside the sandbox and with the network."""
    package, mark = tmp_path / "pkg", tmp_path / "ran"
    package.mkdir()
    (package / "setup.py").write_text(
        f"open({str(mark)!r}, 'w')\nfrom setuptools import setup\nsetup(name='p')\n"
    )
    file = tmp_path / "requirements.txt"
    file.write_text(f"{package}\n")
    with pytest.raises(UsageError, match="more than a wheel"):
        install(file, tmp_path / "cache")
    assert not mark.exists()


def test_pip_itself_is_told_to_take_wheels_alone(tmp_path, monkeypatch):
    from assay.engines import requirements

    seen = []

    class Done:
        returncode, stderr = 1, "ERROR: no such thing"

    monkeypatch.setattr(requirements.subprocess, "run", lambda command, **_: seen.append(command) or Done())
    file = tmp_path / "requirements.txt"
    file.write_text("thing\n")
    with pytest.raises(UsageError, match="cannot be installed: ERROR: no such thing"):
        install(file, tmp_path / "cache")
    assert seen[0][:3] == [sys.executable, "-m", "pip"]
    assert seen[0][seen[0].index("--only-binary") + 1] == ":all:"
    assert not list((tmp_path / "cache").iterdir())
