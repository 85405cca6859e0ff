"""Which checks `assay scan` runs on what: a table, a model file, a source tree, a notebook, a repository, an image.

A kind of check is picked by a function here that says whether it fits; each is asked, in order. What was not looked at is told.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from assay.engines.regular import opened
from assay.kernel.errors import Missing
from assay.kernel.report import Skipped
from assay.methods.packages.wanted import LOCKS, kind_of
from assay.works.resolve import MODELS, TABLES, looks_like_table

if TYPE_CHECKING:
    from assay.engines.containers.room import Room
    from assay.engines.watching.packed import Contents

# Files that a person writes, by how their names end; what only describes (README, config.json) makes no source tree.
_SOURCE = (
    ".py", ".pyi", ".pyx", ".ipynb", ".sh", ".bash", ".zsh", ".js", ".jsx", ".ts", ".tsx", ".mjs", ".java", ".kt", ".scala",
    ".go", ".rs", ".rb", ".php", ".c", ".cc", ".cpp", ".h", ".hpp", ".cs", ".swift", ".r", ".jl", ".lua", ".pl", ".sql", ".tf",
    ".tfvars", ".tfstate", ".hcl", ".env", ".log", ".dockerfile", ".ps1", ".bat", ".properties", ".ini", ".cfg", ".conf",
)  # fmt: skip
_READ = 300  # documents of a folder that are read to see whether they are programs
_NAMED = ("dockerfile", "makefile", "jenkinsfile", ".env", ".envrc", ".netrc", ".pgpass", ".npmrc", ".pypirc", ".htpasswd", "credentials")  # fmt: skip
_SCRIPTS = ("inference.py", "model.py")  # which a model may bring along
_ELSEWHERE = (".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", "venv", ".tox", ".assay")
_LOOKED_AT = 200_000  # entries of a folder
_STORES = ("s3://", "s3a://", "gs://", "gcs://", "az://", "abfs://")
_MOST = 100  # images of one source tree; of more models a folder that holds them is examined whole
_SINGLE = 1_000  # model files of one source tree that are examined, each or as a folder
_UNPACKED = 64 << 30  # bytes that come out of all archives of a source tree to tell what lies in them
_DATA = tuple(end for end in TABLES if end != ".txt")  # how a file ends that is data for sure
_PACKED_ENDS = (".gz", ".bz2", ".xz", ".zst", ".lz4", ".z")
_One = TypeVar("_One")
SBOM, VULNERABILITIES = "image.sbom", "image.vulnerabilities"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One check of one target. params: what it is told."""

    check: str
    target: Any
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Picked:
    """The checks that fit a target, each with what it is run on. skipped: what was not looked at for more, and why.

    tables: files of data in a source tree, which are examined where they are named.
    """

    checks: tuple[Wanted, ...]
    skipped: tuple[Skipped, ...] = ()
    tables: tuple[str, ...] = ()


def picked(target: str, advisories: Mapping[str, str] | None = None) -> Picked:
    """Return the checks that fit a target. advisories: what images are held against, ``mirror`` and what goes with it.

    A source tree's model files and images are examined one by one. Where there are many models, a folder that holds them and no
    program is examined whole; what is past the bounds is told.
    """
    from assay.engines.containers.opening import REMOTE

    advisories = advisories or {}
    if target.startswith(REMOTE):
        return Picked((of_image(target, advisories),))
    path = Path(target)
    if not any(mark in target for mark in ("://", "::", "*", "?", "#")) and not os.path.lexists(target):
        raise Missing(f"there is no file {target!r}", remedy="check the path")
    locked = path.is_file() and kind_of(path.name, 0) in LOCKS  # a requirements.txt is no table
    if looks_like_table(target) and not locked and not _has_source(path):
        return Picked(tuple(Wanted(name, target) for name in ("data.profile", "data.pii", "data.integrity")))
    if "://" in target:  # of the registry, or in a store: a path of it would lose a slash
        return _stored(target) if target.startswith(_STORES) else Picked((Wanted("model.scan", target),))
    images, alone = _images(target, advisories)
    if images and alone:
        searched = (
            (Wanted("code.secrets", target),) if path.exists() else ()
        )  # its layers, all its images at once
        return Picked((*images, *searched))
    if locked and not path.name.lower().endswith(".py"):  # which is a program, too
        return Picked((of_image(target, advisories),))
    if path.is_file():
        reviewed = _reviewed(path.parent, [path])
        if not _is_source(path.name) and not reviewed:
            return Picked((*images, Wanted("model.scan", target)))
        names = ("code.secrets", *reviewed)
        return Picked((*images, *(Wanted(name, target) for name in names)))
    return _folder(path, images, advisories)


def _stored(target: str) -> Picked:
    """Return the checks of what lies in a store of objects, by the names there: nothing is fetched to pick them."""
    from assay.engines.places import names
    from assay.methods.review.languages import UNDECIDED, by_name

    if _named_as_model(target.lower()) or target.lower().endswith((".tar.gz", ".tgz")):
        return Picked((Wanted("model.scan", target),))
    found = names(target)
    written = [one for one in found if _is_source(one.rpartition("/")[2])]
    reviewed = any(by_name(one, "") not in ("", UNDECIDED) for one in found)
    saved = any(one.lower().endswith(".tar") for one in found)  # which may be images
    code = ("code.secrets",) * bool(written or reviewed or saved) + ("code.review",) * reviewed
    single = len(found) == 1 and bool(written or reviewed)
    tables = tuple(f"{target.rstrip('/')}/{one}" for one in found if one.lower().endswith(_DATA))
    return Picked(
        tuple(Wanted(one, target) for one in (*code, *(() if single else ("model.scan",)))), (), tables
    )


def of_image(target: Any, advisories: Mapping[str, str]) -> Wanted:
    """Return the check of an image: against advisories where there are any, else what is installed in it."""
    if not advisories:
        return Wanted(SBOM, target)
    given = {("advisories" if k == "mirror" else k): v for k, v in advisories.items()}
    return Wanted(VULNERABILITIES, target, given)


def _images(target: str, advisories: Mapping[str, str]) -> tuple[tuple[Wanted, ...], bool]:
    """Return the checks of a saved image or a layout, or of the one of them that is named behind #; and whether it is that alone."""
    from assay.engines.watching import layout

    path, (place, mark, which) = Path(target), target.rpartition("#")
    if mark and not path.exists() and Path(place).exists():
        return (of_image(target, advisories),), bool(which)
    if path.is_dir() and layout.is_layout(path):
        found = [of_image(f"{path}#{one}" if one else target, advisories) for one in _named(path)]
        return tuple(found), layout.alone(path)
    inside = _looked_into(path)
    return ((of_image(target, advisories),) if inside.image else ()), inside.alone


def _named(path: Path) -> list[str]:
    """Return what each image of a layout is picked by: its tag, its digest where it has none, nothing where it is the only one."""
    from assay.engines.watching import layout

    found = layout.images(path)
    return [""] if len(found) == 1 else list(dict.fromkeys(tag or digest for digest, tag in found))


def _looked_into(path: Path, room: Room | None = None) -> Contents:
    """Return what lies in a tar, packed or not; nothing of what is none: what else is large need not be read through."""
    from assay.engines.watching import packed

    if not path.is_file() or not packed.is_archive(_head(path)):
        return packed.Contents()
    try:
        return packed.look(path, tuple(end for end in MODELS if not end.endswith(_SCRIPTS)), room)
    except OSError as error:
        return packed.Contents(unread=f"it cannot be read: {error.strerror}")


def _head(path: Path | str) -> bytes:
    """Return how a file begins; nothing where it cannot be read: whoever examines it says why."""
    try:
        with opened(path, follow=True) as source:
            return source.read(512)
    except OSError:
        return b""


def _folder(path: Path, images: tuple[Wanted, ...], advisories: Mapping[str, str]) -> Picked:
    skipped: list[Skipped] = []
    files = list(_files(path, skipped)) if path.is_dir() else []
    if not files and not skipped and _is_empty(path):
        raise Missing(
            "there is no file in it, so there is nothing to examine", where=str(path), remedy="check the path"
        )
    told = tuple(skipped)
    written = path.is_dir() and _is_source_tree(path, files)
    reviewed = _reviewed(path, [Path(entry.path) for entry in files], unread=written)
    templates = bool(reviewed) and not any(entry.name.lower().endswith(MODELS) for entry in files)
    if not written and not templates:
        named = (os.path.relpath(entry.path, path) for entry in files)
        asked = bool(advisories) and any(
            kind_of(name, 0) in LOCKS for name in named
        )  # locks without a program
        held = (of_image(str(path), advisories),) if asked else ()
        return Picked((*images, Wanted("model.scan", str(path)), *held), told)
    code = ("code.secrets", *reviewed)
    found = _Within(path, advisories)
    for entry in files:
        found.add(entry)
    single = _bounded(
        _gathered(path, found.models, files), _SINGLE, "model files", "model.scan FOLDER", found.unread
    )
    models = [Wanted("model.scan", one) for one in single]
    every = [] if images else sorted(found.images, key=lambda one: str(one.target))
    inside = _bounded(every, _MOST, "images", f"{SBOM} FILE...", found.unread)
    # Who names advisories asks about what is locked too; without them a bill of a tree tells nothing that its locks do not.
    locked = [of_image(str(path), advisories)] if advisories and found.locked else []
    checks = (*images, *(Wanted(name, str(path)) for name in code), *models, *inside, *locked)
    tables = tuple(sorted(e.path for e in files if e.name.lower().endswith(_DATA)))
    return Picked(checks, (*told, *found.unread), tables)


class _Within:
    """The models and images of a source tree, told by what they hold: each file is opened once, and an archive read once."""

    def __init__(self, folder: Path, advisories: Mapping[str, str]) -> None:
        from assay.engines.containers.room import Room

        self._folder, self._advisories = folder, advisories
        self._room = Room(size=_UNPACKED)
        self.locked = False
        self.models: list[str] = []
        self.images: list[Wanted] = []
        self.unread: list[Skipped] = []

    def add(self, entry: os.DirEntry[str]) -> None:
        """Look at a file."""
        from assay.engines.watching import packed

        name = entry.name.lower()
        self.locked = self.locked or kind_of(os.path.relpath(entry.path, self._folder), 0) in LOCKS
        if name == "oci-layout":
            self.images += _images(str(Path(entry.path).parent), self._advisories)[0]
        elif not _is_source(name) and not name.endswith(("assay.json", "composition.json")):
            head = _head(entry.path)
            found = (
                _looked_into(Path(entry.path), self._room) if packed.is_archive(head) else packed.Contents()
            )
            if found.image:
                self.images.append(of_image(entry.path, self._advisories))
            if found.unread and len(self.unread) < _MOST:
                self.unread.append(Skipped(entry.path, f"{found.unread}, and what follows was not looked at"))
            if found.model or head.startswith(packed.MODELS) or _named_as_model(name):
                self.models.append(entry.path)


def _gathered(top: Path, models: Sequence[str], files: Iterable[os.DirEntry[str]]) -> list[str]:
    """Return the models in order; where they are many, a folder in place of those in it, if nobody wrote a program there."""
    if len(models) <= _MOST:
        return sorted(models)
    written: set[str] = {str(top)}  # folders with a program somewhere below
    for entry in files:
        if _is_source(entry.name):
            written.update(_above(entry.path, written))
    out: dict[str, None] = {}
    for path in sorted(models):
        out[[path, *_above(path, written)][-1]] = None
    return list(out)


def _above(path: str, stop: Collection[str]) -> list[str]:
    """Return the folders above a path, the nearest first, below the first that is one of ``stop``."""
    out: list[str] = []
    while (folder := os.path.dirname(path)) not in stop:  # noqa: PTH120
        out.append(folder)
        path = folder
    return out


def _bounded(found: list[_One], most: int, kind: str, check: str, left: list[Skipped]) -> list[_One]:
    """Return the first of what was found; how many there are more is told."""
    if len(found) > most:
        why = f"more than {most:,} are not examined one by one; name the folder that they lie in: assay check {check}"
        left.append(Skipped(f"{len(found) - most:,} more {kind}", why))
    return found[:most]


def _named_as_model(name: str) -> bool:
    """Whether a file is called as models are, packed or not, or as SageMaker packs them."""
    bare = next((name.removesuffix(end) for end in _PACKED_ENDS if name.endswith(end)), name)
    return name.endswith((*MODELS, "model.tar.gz")) or bare.endswith(MODELS)


def _reviewed(folder: Path, files: Iterable[Path], *, unread: bool = False) -> tuple[str, ...]:
    """Return the review, where one of these files is a program that it reads: by its path, its first line, or what stands in it.

    unread: what is taken for so where there are too many documents to read each.
    """
    from assay.methods.review.languages import LOOKED_AT, UNDECIDED, by_content, by_name

    documents: list[Path] = []
    for path in files:
        name = path.relative_to(folder).as_posix()
        kind = by_name(name, _text(path, 200) if not path.suffix else "")
        if kind == UNDECIDED:
            documents.append(path)
        elif kind:
            return ("code.review",)
    found = any(by_content(_text(one, LOOKED_AT)) for one in documents[:_READ])
    return ("code.review",) if found or (unread and len(documents) > _READ) else ()


def _text(path: Path, count: int) -> str:
    try:
        with opened(path, follow=True) as source:
            return source.read(count).decode("utf-8", "replace")
    except OSError:
        return ""


def _is_source_tree(folder: Path, files: Sequence[os.DirEntry[str]]) -> bool:
    """Whether a folder is a repository, or holds what a person wrote to be run; a model's own folder is none."""
    if (folder / ".git").exists() or _is_bare(folder):
        return True
    found = [entry.name for entry in files if _is_source(entry.name)]
    if all(name in _SCRIPTS for name in found):
        return False
    return bool(found)


def _has_source(path: Path) -> bool:
    """Whether a folder is a source tree in which tables lie too: a CSV in a repository makes no table of it."""
    return path.is_dir() and _is_source_tree(path, list(_files(path, [])))


def _is_empty(folder: Path) -> bool:
    """Whether a folder holds nothing but folders."""
    return folder.is_dir() and all(one.is_dir() and not one.is_symlink() for one in folder.rglob("*"))


def _is_bare(folder: Path) -> bool:
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()


def _is_source(name: str) -> bool:
    low = name.lower()
    return low.endswith(_SOURCE) or low in _NAMED or low.startswith((".env.", "dockerfile."))


def _files(folder: Path, skipped: list[Skipped]) -> Iterator[os.DirEntry[str]]:
    """Give the files of a folder and of those in it, but not of what others put there; links are not followed.

    skipped: what was not looked at is told there.
    """
    todo, seen = [str(folder)], 0
    while todo:
        place = todo.pop()
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    seen += 1
                    if seen > _LOOKED_AT:
                        why = f"more than {_LOOKED_AT:,} files and folders lie there, and what follows was not looked at"
                        skipped.append(Skipped(f"the rest of {folder}", f"{why}; scan its parts one by one"))
                        return
                    if entry.is_dir(follow_symlinks=False):
                        todo += [] if entry.name in _ELSEWHERE else [entry.path]
                    elif entry.is_file(follow_symlinks=False):
                        yield entry
        except OSError as error:
            if len(skipped) < _MOST:
                skipped.append(Skipped(place, f"it cannot be looked into: {error.strerror}"))
