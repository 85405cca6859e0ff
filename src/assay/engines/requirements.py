"""What a requirements.txt may ask for, and its installation: wheels only, so that nothing of it runs here.

A source distribution, a folder, a repository or an editable install would run its own code outside the sandbox, with
the network and everything that the user can read. So a line names a package that has a wheel, a wheel that lies in the
script's own folder or at an https address, or an https index; all other options of pip are refused. A wheel's metadata could still ask for a source distribution by
its address; pip runs under a filter that lets it start no other program, so that nothing can be built.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from assay.engines import leftovers
from assay.engines.folders import sweep
from assay.kernel.errors import UsageError

_SECONDS = 900
_UNDER_WAY = ".installing-"
_LONGEST = 1 << 20
_VERSION = r"(===?|[<>!~]=|[<>])\s*[A-Za-z0-9._*+!-]+"
_NAMED = re.compile(
    rf"(?!.*\s-(?!-hash=))(?!\S*\.(whl|zip|tgz|tar|tar\.\w+)(\s|$))[A-Za-z0-9][A-Za-z0-9._-]*(\s*\[[A-Za-z0-9._,\s-]*\])?"
    rf"(\s*\(?{_VERSION}(\s*,\s*{_VERSION})*\)?)?"
    r"(\s*;[A-Za-z0-9._\s\"'<>=!~()+*,-]*)?(\s+--hash=sha(256|384|512):[0-9a-f]+)*"
)
_AWAY = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9._,-]*\])?\s*@\s*)?https://[A-Za-z0-9._~:/%+-]+\.whl(#[a-z0-9]+=[0-9a-f]+)?"
)
_OPTION = re.compile(
    r"(--index-url|--extra-index-url|-i)(\s+|=)https://[A-Za-z0-9._~:/%+-]+|--require-hashes|--prefer-binary"
)
_WHEEL = re.compile(r"(\./)?([A-Za-z0-9._+-]+/)*[A-Za-z0-9._+!-]+\.whl")
_ADVICE = "name packages that have wheels, as NAME==VERSION, or wheels that lie beside the script"
_LAUNCH = (
    "import sys; sys.path.append({source!r}); from assay.engines.isolation.filter import forbid_programs;"
    " sys.path.pop(); forbid_programs(); import runpy; sys.argv[:1] = ['pip'];"
    " runpy.run_module('pip', run_name='__main__', alter_sys=True)"
)


def read(file: Path) -> tuple[list[str], list[Path]]:
    """Return what is asked for, a line each, and the wheels among them; UsageError on anything else."""
    if file.is_symlink():
        raise UsageError("requirements.txt is a link", remedy="put the file itself there")
    if not file.is_file():
        return [], []
    with file.open("rb") as source:
        raw = source.read(_LONGEST + 1)
    try:
        text = raw.decode("ascii") if len(raw) <= _LONGEST else ""
    except UnicodeDecodeError:
        text = ""
    if raw and not text:
        raise UsageError("requirements.txt is not plain ASCII text of at most 1 MiB", remedy=_ADVICE)
    lines, wheels = [], []
    for number, line in _logical(text):
        if any(form.fullmatch(line) for form in (_NAMED, _AWAY, _OPTION)):
            lines.append(line)
        elif _WHEEL.fullmatch(line) and ".." not in line.split("/"):
            wheel = file.parent / line
            _own(wheel, file.parent, number)
            wheels.append(wheel)
        else:
            raise UsageError(
                f"requirements.txt cannot be installed: line {number}, {ascii(line)[:80]}, asks for more than wheels",
                remedy=_ADVICE,
            )
    return lines, wheels


def _logical(text: str) -> list[tuple[int, str]]:
    """Return each line with its number, comments gone and continued lines joined."""
    out, held, begun = [], "", 0
    for number, line in enumerate(text.splitlines(), 1):
        begun = begun if held else number
        if line.rstrip().endswith("\\") and not line.lstrip().startswith("#"):
            held += line.rstrip()[:-1] + " "
            continue
        whole = re.sub(r"(^|\s)#.*", "", held + line).strip()
        held = ""
        if whole:
            out.append((begun, whole))
    if held.strip():
        out.append((begun, held.strip()))
    return out


def _own(wheel: Path, folder: Path, number: int) -> None:
    if not wheel.is_file() or not wheel.resolve().is_relative_to(folder.resolve()):
        raise UsageError(
            f"requirements.txt cannot be installed: line {number} names {wheel.name}, which is not in the script's folder",
            remedy="put it there",
        )


def install(file: Path, cache: Path) -> Path | None:
    """Return the folder that holds what a requirements.txt asks for, installed once for each content of it.

    None where it asks for nothing; UsageError where it asks for what may not be installed or cannot be.
    """
    lines, wheels = read(file)
    if not lines and not wheels:
        return None
    folder = cache.resolve() / _key(lines, wheels)
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    leftovers.sweep(cache.resolve().glob(f"{_UNDER_WAY}*"))  # of processes that were killed at it
    work, lock = leftovers.hold(lambda: Path(tempfile.mkdtemp(prefix=_UNDER_WAY, dir=cache.resolve())))
    fresh, asked = work / "made", work / "asked.txt"
    asked.write_text("\n".join([*lines, *(str(w.resolve()) for w in wheels)]) + "\n")
    try:
        pip(asked, fresh)
        try:
            fresh.rename(folder)
        except OSError:  # another run was first
            if not folder.is_dir():
                raise
    finally:
        sweep(work)
        os.close(lock)
    return folder


def _key(lines: list[str], wheels: list[Path]) -> str:
    hasher = hashlib.sha256("\n".join([platform.python_version(), *lines]).encode())
    for wheel in wheels:
        with wheel.open("rb") as content:
            hasher.update(hashlib.file_digest(content, "sha256").digest())
    return hasher.hexdigest()[:32]


def pip(asked: Path, to: Path, more: Sequence[str] = (), what: str = "requirements.txt") -> None:
    """Install what a file asks for into a folder: pip with its own configuration, unable to start another program.

    more: options of pip. what: how a sentence calls it. UsageError where it cannot be installed.
    """
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--only-binary", ":all:", *more]
    launch = _LAUNCH.format(source=str(Path(__file__).parents[2]))
    command = [sys.executable, "-I", "-c", launch, "install", *options, "--target", str(to), "--requirement", str(asked)]  # fmt: skip
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
            cwd=os.sep,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise UsageError(f"{what} took more than {_SECONDS} s to install", remedy="ask for less") from None
    if done.returncode != 0:
        errors = [line for line in done.stderr.strip().splitlines() if line.startswith("ERROR")]
        said = (errors or [done.stderr[-300:]])[-1].strip()[:300]
        raise UsageError(
            f"{what} cannot be installed: {said}",
            remedy="try it with pip install --only-binary :all: yourself",
        )
