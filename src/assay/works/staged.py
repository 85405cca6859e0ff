"""What is staged in a git repository, searched before it is committed: the secrets that the commit would bring in.

The content of the index counts, and not that of the files. A secret that the file already has in the newest commit is not told
again. Quick, since it runs at each commit: nothing heavy is imported for a little text.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from assay.engines.keys import write_private
from assay.kernel.errors import BadInput, Missing, Refused, UsageError
from assay.kernel.handles import Key
from assay.methods.secrets import baseline as baselines
from assay.methods.secrets.allowed import allowed
from assay.methods.secrets.engine import Blob, Engine, Hit, as_text
from assay.methods.secrets.notebook import cells, is_notebook
from assay.methods.secrets.rewritten import rewritten
from assay.methods.secrets.rule import SEVERITIES
from assay.methods.secrets.shown import fingerprint, masked

LARGEST = 32 << 20  # bytes of one staged file
_SECONDS = 60.0
_SAFE = (
    "--no-optional-locks",
    "-c",
    "core.fsmonitor=",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.quotePath=false",
)
_HOOK = """#!/bin/sh
# Written by `assay secrets hook`: no commit brings a secret in.
exec assay secrets staged
"""


@dataclass(frozen=True, slots=True)
class Brought:
    """A secret that a commit would bring in. member: a notebook's cell."""

    file: str
    member: str
    line: int
    rule: str
    severity: str
    message: str
    fingerprint: str
    remedy: str

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


def staged(folder: Path, key: Key | None = None, fail_on: str = "high") -> tuple[list[Brought], list[str]]:
    """Return the secrets staged in the repository that a folder lies in, and what was too large to be searched.

    UsageError where it lies in none. fail_on: the least severity that is told.
    """
    top = Path(_git(folder, "rev-parse", "--show-toplevel").decode().strip())
    names = [
        n
        for n in _git(
            top, "diff", "--cached", "--name-only", "-z", "--no-renames", "--diff-filter=ACMT"
        ).split(b"\0")
        if n
    ]
    contents = _contents(top, [b":" + name for name in names])
    accepted = _baseline(top, key)
    now = datetime.now(UTC).isoformat()
    found: list[Brought] = []
    for name, hits in _hits(contents, now).items():
        before = _hits(_contents(top, [b"HEAD:" + name[1:]]), now)
        known = {(h.rule.name, h.secret) for many in before.values() for _, h in many}
        shown = name[1:].decode("utf-8", "replace")
        for member, hit in hits:
            if (
                SEVERITIES.index(hit.severity) < SEVERITIES.index(fail_on)
                or (hit.rule.name, hit.secret) in known
            ):
                continue
            brought = _told(shown, member, hit, accepted, key)
            found += [brought] if brought is not None else []
    left = [n[1:].decode("utf-8", "replace") for n, data in contents.items() if data is None]
    return found, left


def _told(
    name: str, member: str, hit: Hit, accepted: baselines.Baseline | None, key: Key | None
) -> Brought | None:
    mac = key.mac if key is not None else accepted.mac() if accepted is not None else None
    print_ = fingerprint(mac, hit.rule.name, hit.secret) if mac is not None else ""
    place = f"{name}/{member}" if member else name
    if accepted is not None and accepted.reason(hit.rule.name, print_, place) is not None:
        return None
    said = f", {hit.said}" if hit.said else ""
    message = f"{hit.rule.title}: {masked(hit.secret)}{said}"
    return Brought(
        name,
        member,
        hit.line,
        f"code.secrets.{hit.rule.name}",
        hit.severity,
        message,
        print_,
        hit.remedy or hit.rule.remedy,
    )


def _hits(contents: Mapping[bytes, bytes | None], now: str) -> dict[bytes, list[tuple[str, Hit]]]:
    """Return the secrets of each content that no comment accepts, with the cell they stand in."""
    out: dict[bytes, list[tuple[str, Hit]]] = {}
    told: set[tuple[bytes, str, int, bytes]] = set()  # what stands in parts may be found in one of them too
    for blob, hits in Engine(now, little=True).search(_blobs(contents)):
        assert isinstance(blob.key, tuple)
        key, member = blob.key
        text = as_text(blob.data) if hits else b""
        for hit in hits:
            known = (key, member, hit.line, hit.secret)
            if known not in told and allowed(text, hit.start) is None:
                told.add(known)
                out.setdefault(key, []).append((member, hit))
    return out


def _blobs(contents: Mapping[bytes, bytes | None]) -> Iterator[Blob]:
    for key, data in contents.items():
        if data is None:
            continue
        name = key.partition(b":")[2].decode("utf-8", "replace")
        parts = [("", data)]
        if is_notebook(data):
            with contextlib.suppress(ValueError):  # read as text, then
                parts = list(cells(data))
        for cell, text in parts:
            yield Blob(text, name, (key, cell))
            for made in rewritten(name, as_text(text)):
                yield Blob(made, name, (key, cell))


def _contents(top: Path, specs: list[bytes]) -> dict[bytes, bytes | None]:
    """Return what git has of each spec (``:path`` of the index), None of what is too large; what is not there is left out."""
    specs = [s for s in specs if b"\n" not in s]
    sizes = _git(
        top, "cat-file", "--batch-check=%(objecttype) %(objectsize)", stdin=b"\n".join(specs) + b"\n"
    ).splitlines()
    out: dict[bytes, bytes | None] = {}
    wanted = []
    for spec, said in zip(specs, sizes, strict=False):
        kind, _, size = said.partition(b" ")
        if kind == b"blob" and size.isdigit():
            wanted += [spec] if int(size) <= LARGEST else []
            out[spec] = None
    data = _git(top, "cat-file", "--batch", stdin=b"\n".join(wanted) + b"\n") if wanted else b""
    at = 0
    for spec in wanted:
        end = data.index(b"\n", at)
        length = int(data[at:end].split()[2])
        out[spec] = data[end + 1 : end + 1 + length]
        at = end + length + 2
    return out


def _baseline(top: Path, key: Key | None) -> baselines.Baseline | None:
    path = top / baselines.NAME
    if not path.is_file() or path.is_symlink():
        return None
    try:
        found = baselines.read(path.read_bytes()[: baselines.LARGEST + 1])
    except (OSError, ValueError) as error:
        raise BadInput(f"the baseline cannot be read: {error}", where=str(path)) from None
    if found.key and (key is None or key.id != found.key):
        raise UsageError(
            f"the baseline was made with the key {found.key}", where=str(path), remedy="name it with --key"
        )
    return found


def keyed(folder: Path) -> str:
    """Return the id of the key that a repository's baseline was made with; nothing where it needs none."""
    found = next(
        (p / baselines.NAME for p in (folder, *folder.parents) if (p / baselines.NAME).is_file()), None
    )
    try:
        return baselines.read(found.read_bytes()[: baselines.LARGEST + 1]).key if found is not None else ""
    except (OSError, ValueError):
        return ""


def install(folder: Path) -> Path:
    """Write the hook that searches what is staged before each commit; Refused where another one stands there."""
    path = Path(_git(folder, "rev-parse", "--git-path", "hooks/pre-commit", own=True).decode().strip())
    path = path if path.is_absolute() else folder / path
    if path.exists():
        if path.read_text(encoding="utf-8", errors="replace") == _HOOK:
            return path
        raise Refused(
            "there is a pre-commit hook already",
            where=str(path),
            remedy="add this line to it: assay secrets staged",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, _HOOK.encode())
    path.chmod(0o755)
    return path


def _git(folder: Path, *args: str, stdin: bytes = b"", own: bool = False) -> bytes:
    safe = () if own else _SAFE
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *safe, *args],
            input=stdin,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise Missing("git is not installed", remedy="install git") from None
    except subprocess.TimeoutExpired:
        raise BadInput(f"git took longer than {_SECONDS:.0f} s", where=str(folder)) from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UsageError(
            said[-1].removeprefix("fatal: ") if said else "git failed",
            where=str(folder),
            remedy="go into a git repository",
        )
    return done.stdout
