"""What a requirements.txt may ask for. Nothing of it may run outside the sandbox."""

from __future__ import annotations

import tarfile
import zipfile

import pytest

from assay.engines import requirements
from assay.kernel.errors import UsageError


def wheel(folder, name, requires=(), value=1):
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr(f"{name}/__init__.py", f"VALUE = {value}\n")
        wanted = "".join(f"Requires-Dist: {r}\n" for r in requires)
        out.writestr(
            f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{wanted}"
        )
        out.writestr(
            f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        out.writestr(f"{name}-1.0.dist-info/RECORD", "")
    return path


def source(folder, mark):
    """A source distribution whose setup.py leaves a mark where it runs."""
    inner = folder / "marks-1.0"
    inner.mkdir()
    (inner / "setup.py").write_text(
        f"open({str(mark)!r}, 'w').write('x')\nfrom setuptools import setup\nsetup(name='marks', version='1.0', py_modules=[])\n"
    )
    with tarfile.open(folder / "marks-1.0.tar.gz", "w:gz") as out:
        out.add(inner, "marks-1.0")
    return folder / "marks-1.0.tar.gz"


def written(folder, text):
    file = folder / "requirements.txt"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


@pytest.mark.parametrize(
    "line",
    [
        "-e .", "--index-url http://elsewhere.example/simple", "-i http://elsewhere.example", "--extra-index-url=x",
        "--index-url file:///srv/simple", "--index-url https://a.example/ --pre", "-i https://a.example/${HOME}",
        "--editable ./pkg", "pkg/", "./thing-1.0.tar.gz", "thing @ https://example.com/thing-1.0.tar.gz",
        "git+file:///srv/thing-1.0-py3-none-any.whl", "git+https://example.com/x-1.0-py3-none-any.whl",
        'thing --config-settings="x=y"', "thi\\\nng @ git+https://example.com/x", "https://example.com/thing.zip",
        "--find-links .", "--trusted-host x", "--no-binary :all:", "--pre", "-r other.txt", "-c other.txt",
        "git+https://host.example/x.git", "x @ git+https://host.example/x.git", "x @ file:///tmp/x.tar.gz",
        "http://host.example/x-1.0-py3-none-any.whl", "file:///tmp/x.whl", "./marks-1.0.tar.gz", "./marks-1.0",
        "marks-1.0.tar.gz", "/tmp/x-1.0-py3-none-any.whl", "../x-1.0-py3-none-any.whl", "a/../../x.whl", ".",
        "x==1.0 --global-option=build", "x --install-option=x", "x==${HOME}", "$(id)", "x==1.0\x0b-e .", "x; `id`",
        "x==1 @ file:///y", "x==1.0 -e .", "x; python_version>'3' --pre", "x @file:///y", "x\\\n@ file:///y", "x==1.0 --hash=md5:0",
    ],
)  # fmt: skip
def test_what_is_more_than_a_wheel_is_refused_by_its_line(tmp_path, line):
    with pytest.raises(UsageError, match="line [23]|script's folder"):
        requirements.read(written(tmp_path, f"# a comment\n{line}\n"))


@pytest.mark.parametrize("raw", [b"\xff\xfe-\0e\0", b"# coding: utf-7\n+AC0-e .\n", "é==1".encode(), b"\0"])
def test_other_encodings_are_refused(tmp_path, raw):
    with pytest.raises(UsageError):
        requirements.read(written(tmp_path, raw))


def test_what_may_be_asked_for(tmp_path):
    wheel(tmp_path, "near")
    text = """
        # what it needs
        numpy
        scikit-learn >= 1.4, < 2   # with a reason
        torch==2.3.1; python_version >= "3.11" and sys_platform == 'linux'
        uvicorn[standard]~=0.30
        black==24.1.0 \\
            --hash=sha256:00ff \\
            --hash=sha256:11aa
        ./near-1.0-py3-none-any.whl
        --extra-index-url https://example.org/simple
        thing @ https://example.com/thing-1.0-py3-none-any.whl#sha256=00
    """
    lines, wheels = requirements.read(written(tmp_path, text))
    assert [line.split()[0] for line in lines][:5] == [
        "numpy",
        "scikit-learn",
        "torch==2.3.1;",
        "uvicorn[standard]~=0.30",
        "black==24.1.0",
    ]
    assert lines[4].count("--hash") == 2 and len(lines) == 7
    assert [w.name for w in wheels] == ["near-1.0-py3-none-any.whl"]


def test_links_are_not_followed(tmp_path):
    (tmp_path / "away").mkdir()
    wheel(tmp_path / "away", "x")
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "requirements.txt").symlink_to(tmp_path / "away")
    with pytest.raises(UsageError, match="link"):
        requirements.read(folder / "requirements.txt")
    (folder / "requirements.txt").unlink()
    (folder / "x-1.0-py3-none-any.whl").symlink_to(tmp_path / "away" / "x-1.0-py3-none-any.whl")
    with pytest.raises(UsageError, match="folder"):
        requirements.read(written(folder, "./x-1.0-py3-none-any.whl"))


def test_a_source_distribution_that_a_wheel_asks_for_does_not_run(tmp_path, monkeypatch):
    """pip builds what a wheel's metadata names by address, whatever --only-binary says."""
    mark = tmp_path / "ran"
    archive = source(tmp_path, mark)
    wheel(tmp_path, "asks", [f"marks @ file://{archive}"])
    hostile = tmp_path / "cwd"
    (hostile / "pip").mkdir(parents=True)
    (hostile / "pip" / "__main__.py").write_text(f"open({str(mark)!r}, 'w')")
    (hostile / "runpy.py").write_text(f"open({str(mark)!r}, 'w')")
    monkeypatch.chdir(hostile)
    with pytest.raises(UsageError, match="cannot be installed"):
        requirements.install(written(tmp_path, "./asks-1.0-py3-none-any.whl\n"), tmp_path / "cache")
    assert not mark.exists()
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.slow
def test_two_wheels_of_one_name_are_kept_apart(tmp_path):
    """The same line may mean another wheel tomorrow."""
    found = []
    for value in (1, 2):
        wheel(tmp_path, "near", value=value)
        folder = requirements.install(written(tmp_path, "./near-1.0-py3-none-any.whl\n"), tmp_path / "cache")
        found.append((folder / "near" / "__init__.py").read_text())
    assert found == ["VALUE = 1\n", "VALUE = 2\n"]


def test_an_empty_one_asks_for_nothing(tmp_path):
    assert requirements.install(written(tmp_path, "# nothing\n\n"), tmp_path / "cache") is None
    assert requirements.install(tmp_path / "none.txt", tmp_path / "cache") is None


def test_a_source_folder_is_not_run(tmp_path):
    """pip builds a folder by running its setup.py, outside the sandbox and with the network."""
    mark = tmp_path / "ran"
    source(tmp_path, mark)
    with pytest.raises(UsageError, match="more than wheels"):
        requirements.install(written(tmp_path, "./marks-1.0\n"), tmp_path / "cache")
    assert not mark.exists()


@pytest.mark.slow
def test_what_a_killed_process_left_half_installed_is_removed(tmp_path):
    cache = tmp_path / "cache"
    (cache / ".installing-gone" / "made").mkdir(parents=True)
    wheel(tmp_path, "near")
    kept = requirements.install(written(tmp_path, "./near-1.0-py3-none-any.whl\n"), cache)
    assert [p.name for p in cache.iterdir()] == [kept.name]
