"""Which files of a file system tell what is installed, by path and size alone; each kind has its reader."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

# What changes a database of rpm that was not carried over: a WAL that is not empty, a journal that begins so.
JOURNAL = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
DATABASES: Mapping[str, str] = {
    "var/lib/dpkg/status": "dpkg",
    "lib/apk/db/installed": "apk",
    "usr/lib/apk/db/installed": "apk",
    "etc/os-release": "system",
    "usr/lib/os-release": "system",
    **{
        f"{folder}/{name}": kind
        for folder in ("var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm")
        for name, kind in (
            ("rpmdb.sqlite", "rpm"),
            ("Packages.db", "rpm"),
            ("Packages", "rpm"),
            ("rpmdb.sqlite-wal", "rpm-wal"),
            ("rpmdb.sqlite-journal", "rpm-journal"),
        )
    },
}
# What lies above a database: a link there leads to another place where it is.
ABOVE = frozenset("/".join(path.split("/")[:n]) for path in DATABASES for n in range(1, path.count("/") + 1))
_NAMES: Mapping[str, str] = {
    "METADATA": "python", "PKG-INFO": "python", "package-lock.json": "npm-lock",
    "npm-shrinkwrap.json": "npm-lock", "Cargo.lock": "cargo-lock", "DESCRIPTION": "r",
    "RECORD": "python-files", "top_level.txt": "python-files",
    "saved_model.pb": "model",
}  # fmt: skip
_ENDS: Mapping[str, str] = {
    "jar": "java", "war": "java", "ear": "java", "hpi": "java", "jpi": "java", "par": "java",
    "egg-info": "python",
    "safetensors": "model", "gguf": "model", "onnx": "model", "pt": "model", "pth": "model", "pkl": "model",
    "pickle": "model", "joblib": "model", "skops": "model", "h5": "model", "hdf5": "model", "keras": "model",
    "tflite": "model", "ubj": "model", "cbm": "model", "mlmodel": "model", "pmml": "model", "pt2": "model",
    "engine": "model", "plan": "model", "ckpt": "model", "msgpack": "model", "npz": "model", "ggml": "model",
}  # fmt: skip
# What a source tree is installed from; what a package brought along says nothing of the tree.
_LOCKS = re.compile(
    r"(poetry|uv|pdm|pipfile|yarn|bun|pubspec|pixi|gemfile|composer|renv)\.lock|pylock(\.[a-z0-9_-]{1,60})?\.toml|pyproject\.toml"
    r"|setup\.(cfg|py)|environment\.ya?ml|([a-z0-9_-]{1,60}\.)?conda-lock\.ya?ml|conda-[a-z0-9_-]{1,60}\.lock|pnpm-lock\.yaml|bun\.lockb"
    r"|package\.json|cargo\.toml|composer\.json|gemfile|gems\.rb|packages\.config|directory\.packages\.props|build\.gradle(\.kts)?"
    r"|[a-z0-9_. -]{1,100}\.(cs|fs|vb)proj"
    r"|go\.(mod|sum)|gems\.locked|(buildscript-)?gradle\.lockfile|packages\.lock\.json|pom\.xml"
    r"|([a-z0-9_-]{1,60}[._-])?(requirements|constraints)([._-][a-z0-9._-]{1,60})?\.txt",
    re.IGNORECASE,
)
_LOCK_ENDS = (  # how all of these end: most names are told by it, in a third of the time
    ".lock", ".toml", ".yaml", ".yml", ".txt", ".json", ".xml", ".mod", ".sum", ".lockb", ".locked", ".lockfile", "setup.py", "setup.cfg",
    "gemfile", "gems.rb", ".config", ".props", ".gradle", ".kts", "proj",
)  # fmt: skip
_BROUGHT = ("site-packages", "dist-packages", "node_modules", "bower_components", "META-INF")
_VENDORED = re.compile(
    r"(^|/)vendor/.*/(composer\.json|Cargo\.toml|package\.json)$"
)  # of whom it was copied from
LOCKS = frozenset({"lock", "npm-lock", "cargo-lock"})
_BINARY_ENDS = frozenset({"so", "exe", "dll", "dylib", "bin", "node", "pyd"})
_DEEPEST, _LINKS = 256, 40  # folders of a path, and links on the way to it
_LEAST = 16 << 10  # bytes of a program that a Go or Rust compiler made: far more in truth


@lru_cache(maxsize=32)  # a walk asks a few times in a row of each file
def kind_of(path: str, size: int) -> str:
    """Return the kind of reader for a file, ``above`` of what may be a link to a database, or nothing."""
    known = DATABASES.get(path)
    if known:
        return known
    folder, _, name = path.rpartition("/")
    if name in _NAMES:
        return _named(folder, name)
    if name == "package.json" and "node_modules/" in f"{folder}/":
        return "npm"
    low = name.lower()
    if low.endswith(_LOCK_ENDS) and (_LOCKS.fullmatch(name) or _beside(folder, name)):
        brought = any(one in folder.split("/") for one in _BROUGHT) or _VENDORED.search(path)
        return "" if brought else "lock"
    _, dot, end = low.rpartition(".")
    if dot and end in _ENDS:
        return _ENDS[end]
    if folder.startswith("var/lib/dpkg/"):
        if folder == "var/lib/dpkg/status.d" and end != "md5sums":
            return "dpkg"
        return "dpkg-files" if folder == "var/lib/dpkg/info" and end == "list" else ""
    if end == "json" and folder.endswith("conda-meta"):
        return "conda"
    if path in ABOVE:
        return "above"
    if size >= _LEAST and (not dot or end in _BINARY_ENDS or ".so." in name or end.isdigit()):
        return "binary"
    return ""


def _beside(folder: str, name: str) -> bool:
    """Whether it is the folder that says that a file is a lock."""
    return (folder.endswith("requirements") and name.endswith(".txt")) or (
        folder.endswith("gradle/dependency-locks") and name.endswith(".lockfile")
    )


def _named(folder: str, name: str) -> str:
    if name in ("METADATA", "PKG-INFO", "RECORD", "top_level.txt"):
        inside = folder.endswith((".dist-info", ".egg-info")) or folder.rpartition("/")[2] == "EGG-INFO"
        return _NAMES[name] if inside else ""
    return _NAMES[name]


def database(path: str, size: int) -> bool:
    """Whether a file is named as one that tells what is installed, without looking into programs and models."""
    return kind_of(path, size) not in ("", "binary", "above", "model")


def plain(path: str) -> str:
    """Return a path with what merged /usr has made two names for one place under one of them."""
    return path[4:] if path.startswith(("usr/lib/", "usr/bin/", "usr/sbin/", "usr/lib64/")) else path


def resolved(path: str, links: Mapping[str, str]) -> str:
    """Return where a path leads within the image, links followed as a kernel does; empty where they go round or on and on."""
    todo, out, followed = path.split("/")[::-1], [""], 0  # out: the paths of the folders down to here
    while todo:
        piece = todo.pop()
        if piece in ("", "."):
            continue
        if piece == "..":
            out = out[:-1] if len(out) > 1 else out  # at the root it leads nowhere else
            continue
        here = f"{out[-1]}/{piece}" if out[-1] else piece
        to = links.get(here)
        if to is None:
            out.append(here)
            if len(out) > _DEEPEST or len(here) > 4_096:
                return ""
            continue
        followed += 1
        if followed > _LINKS or to.count("/") > _DEEPEST:
            return ""
        out = [""] if to.startswith("/") else out
        todo += to.split("/")[::-1]
    return out[-1]
