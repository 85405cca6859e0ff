"""Which checks `assay scan` runs on what: a table, a model file, a source tree, a notebook, a repository.

A kind of check is picked by a function here that says whether it fits; each is asked, in order.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from assay.kernel.errors import UsageError
from assay.works.resolve import MODELS, looks_like_table

# Files that a person writes, by how their names end; what only describes (README, config.json) makes no source tree.
_SOURCE = (
    ".py", ".pyi", ".pyx", ".ipynb", ".sh", ".bash", ".zsh", ".js", ".jsx", ".ts", ".tsx", ".mjs", ".java", ".kt", ".scala",
    ".go", ".rs", ".rb", ".php", ".c", ".cc", ".cpp", ".h", ".hpp", ".cs", ".swift", ".r", ".jl", ".lua", ".pl", ".sql", ".tf",
    ".tfvars", ".tfstate", ".hcl", ".env", ".log", ".dockerfile", ".ps1", ".bat", ".properties", ".ini", ".cfg", ".conf",
)  # fmt: skip
_PROGRAMS = (".py", ".pyw", ".ipynb", ".sh", ".bash", ".zsh", ".tf", ".dockerfile", "dockerfile")
_NAMED = ("dockerfile", "makefile", "jenkinsfile", ".env", ".envrc", ".netrc", ".pgpass", ".npmrc", ".pypirc", ".htpasswd", "credentials")  # fmt: skip
_SCRIPTS = ("inference.py", "model.py")  # which a model may bring along
# How files begin that hold a model, or may: pickle of protocols 2 to 5, zip, HDF5, GGUF.
_BEGINS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n", b"GGUF")
_ELSEWHERE = (".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", "venv", ".tox", ".assay")
_LOOKED_AT = 200_000  # entries of a folder
_MOST = 100  # model files of one source tree


def scans(target: str) -> list[tuple[str, str]]:
    """Return the checks that fit a target, each with what it is run on.

    A source tree's model files are examined one by one; UsageError where there are more than a person would list.
    """
    if looks_like_table(target):
        return [(name, target) for name in ("data.profile", "data.pii", "data.integrity")]
    path = Path(target)
    if path.is_file():
        if not _is_source(path.name):
            return [("model.scan", target)]
        return [(name, target) for name in ("code.secrets", *_reviewed([path.name]))]
    files = list(_files(path)) if path.is_dir() else []
    if not path.is_dir() or not _is_source_tree(path, files):
        return [("model.scan", target)]
    code = ("code.secrets", *_reviewed(entry.name for entry in files))
    models = _models(path, files)
    return [*((name, target) for name in code), *(("model.scan", str(one)) for one in models)]


def _reviewed(names: Iterable[str]) -> tuple[str, ...]:
    """Return the review, where one of these files is a program that it reads."""
    return ("code.review",) if any(name.lower().endswith(_PROGRAMS) for name in names) else ()


def _is_source_tree(folder: Path, files: Sequence[os.DirEntry[str]]) -> bool:
    """Whether a folder is a repository, or holds what a person wrote to be run; a model's own folder is none."""
    if (folder / ".git").exists() or _is_bare(folder):
        return True
    found = [entry.name for entry in files if _is_source(entry.name)]
    if all(name in _SCRIPTS for name in found):
        return False
    return bool(found)


def _is_bare(folder: Path) -> bool:
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()


def _is_source(name: str) -> bool:
    low = name.lower()
    return low.endswith(_SOURCE) or low in _NAMED or low.startswith((".env.", "dockerfile."))


def _models(folder: Path, files: Sequence[os.DirEntry[str]]) -> list[Path]:
    """Return the files of a source tree that are models by their name or by how they begin."""
    found = []
    for entry in files:
        name = entry.name.lower()
        if _is_source(name) or name.endswith(("assay.json", "composition.json")):
            continue
        if name.endswith(MODELS) or _begins(entry):
            found.append(Path(entry.path))
            if len(found) > _MOST:
                raise UsageError(
                    f"{folder} holds more than {_MOST} model files",
                    remedy="scan the folder of the models by itself: assay check model.scan FOLDER",
                )
    return sorted(found)


def _begins(entry: os.DirEntry[str]) -> bool:
    try:
        if not entry.is_file(follow_symlinks=False):
            return False
        with open(entry.path, "rb") as source:  # noqa: PTH123
            return source.read(8).startswith(_BEGINS)
    except OSError:
        return False


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Give the files of a folder and of those in it, but not of what others put there; links are not followed."""
    todo, seen = [str(folder)], 0
    while todo and seen < _LOOKED_AT:
        try:
            with os.scandir(todo.pop()) as entries:
                for entry in entries:
                    seen += 1
                    if entry.is_dir(follow_symlinks=False):
                        todo += [] if entry.name in _ELSEWHERE else [entry.path]
                    elif entry.is_file(follow_symlinks=False):
                        yield entry
        except OSError:
            continue
