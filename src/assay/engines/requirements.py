"""What a training script's requirements.txt asks for, installed before the sandbox, and none of it run on the way.

Only wheels are taken. Unpacking one runs nothing, while building a source distribution, a folder or a repository runs
what its author wrote, here and with the network. Options that would lift that are refused; those that name an index are
taken.
"""

from __future__ import annotations

import hashlib
import platform
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from assay.kernel.errors import UsageError

_SECONDS = 900
_MOST = 1 << 20
_OPTION = re.compile(
    r"(--index-url|--extra-index-url|-i)[ =]\s*https?://\S+|--require-hashes|--prefer-binary"
)
_HASH = re.compile(r"\s--hash=[a-z0-9]+:[0-9a-f]+")
_NAMED = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]*\s*(\[[A-Za-z0-9._,\s-]*\])?\s*((===|==|~=|!=|<=|>=|<|>)[^;@/]*)?(;.*)?"
)


def install(file: Path, cache: Path) -> Path | None:
    """Return the folder that holds what ``file`` asks for, installed once for each content; None where it asks nothing.

    UsageError where it asks for anything but wheels, or where pip cannot give them.
    """
    if not file.is_file() or not file.read_bytes()[:_MOST].strip():
        return None
    text = file.read_bytes()
    if len(text) > _MOST:
        raise UsageError("requirements.txt is larger than any list of packages is")
    check(text.decode("utf-8", "replace"))
    name = hashlib.sha256(text + platform.python_version().encode()).hexdigest()[:32]
    folder = cache.resolve() / name
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    fresh = cache.resolve() / f".{name}-{secrets.token_hex(4)}"
    try:
        _pip(file, fresh)
        fresh.rename(folder)
    except OSError:  # another run was first
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder


def check(text: str) -> None:
    """Raise UsageError at the first line that asks for more than a wheel."""
    for number, line in _lines(text):
        bare = _HASH.sub("", line).strip()
        more = re.search(r"\s-", bare)  # options of one requirement
        if _OPTION.fullmatch(bare) or (not more and (_NAMED.fullmatch(bare) or _wheel(bare))):
            continue
        raise UsageError(
            f"requirements.txt cannot be installed: line {number} asks for more than a wheel ({bare[:80]})",
            remedy="name packages, with versions, or .whl files: sources would be run while they are built",
        )


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Give each requirement and the number of its first line, as pip reads them: joined, without comments."""
    held, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        first = first or number
        if line.endswith("\\") and not line.lstrip().startswith("#"):
            held += line[:-1]
            continue
        whole = re.sub(r"(^|\s+)#.*$", "", held + line).strip()
        if whole:
            yield first, whole
        held, first = "", 0
    whole = re.sub(r"(^|\s+)#.*$", "", held).strip()
    if whole:
        yield first, whole


def _wheel(line: str) -> bool:
    """Whether a line names a .whl file by its path or URL, alone or after ``name @``."""
    place = line.partition("@")[2].strip() if re.match(r"[A-Za-z0-9._-]+\s*@", line) else line
    place = place.partition(";")[0].strip()
    if place.startswith("-") or any(c.isspace() for c in place):
        return False
    scheme = urlsplit(place).scheme
    return scheme in ("", "http", "https", "file") and urlsplit(place).path.endswith(".whl")


def _pip(file: Path, to: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--only-binary", ":all:", "--target", str(to), "--requirement", str(file)]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise UsageError(
            f"requirements.txt took more than {_SECONDS} s to install", remedy="ask for less"
        ) from None
    if done.returncode != 0:
        said = [line for line in done.stderr.strip().splitlines() if line.startswith("ERROR")]
        last = (said or [done.stderr[-300:]])[-1][:300]
        raise UsageError(
            f"requirements.txt cannot be installed: {last}",
            remedy="try it with pip yourself; only wheels are taken",
        )
