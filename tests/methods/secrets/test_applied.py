"""Patches that tell nothing of what goes, applied by git itself."""

import random
import subprocess

import pytest

from assay.methods.secrets.applied import binary_patch

SECRET = b'T = "correct horse battery"\n'


@pytest.mark.parametrize("wide", [False, True])
def test_git_applies_it_and_it_tells_no_secret(tmp_path, wide):
    """The patch that was offered had its secrets masked, and so never applied."""
    subprocess.run(
        ["git", "init", "-q", f"--object-format={'sha256' if wide else 'sha1'}", "."],
        cwd=tmp_path,
        check=True,
    )
    draw = random.Random(3)
    names = ["a.py", "in/a b.py", 'q"u\\o.py', "s\u00e4.py", "t\tab.py", *(f"n{i}.py" for i in range(6))]
    sizes = [0, 1, 52, 53, 4_000, 100_000, *range(200, 206)]
    after = {n: bytes(draw.choices(b"abcdef\n\r\xff", k=k)) for n, k in zip(names, sizes, strict=False)}
    patch = ""
    for name, text in after.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(SECRET + text)
        patch += binary_patch(name, SECRET + text, text, wide=wide)
    assert "correct" not in patch
    subprocess.run(["git", "apply"], input=patch.encode(), cwd=tmp_path, check=True)
    assert {name: (tmp_path / name).read_bytes() for name in names} == after


def test_a_file_that_changed_meanwhile_is_left_as_it_is(tmp_path):
    (tmp_path / "a.py").write_bytes(SECRET + b"x = 1\n")
    patch = binary_patch("a.py", SECRET, b"").encode()
    done = subprocess.run(["git", "apply"], input=patch, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode and (tmp_path / "a.py").read_bytes() == SECRET + b"x = 1\n"
