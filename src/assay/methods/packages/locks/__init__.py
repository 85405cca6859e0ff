"""What a source tree says it is installed from: the locks of each language's tools, and what only asks for ranges.

Python: pip, Poetry, uv, PDM, Pipenv, pylock, pyproject.toml, setup.cfg, setup.py; conda: environment.yml, conda-lock, pixi;
JavaScript: Yarn, pnpm, Bun (npm's lock has a reader of its own, as cargo's has); Go, Ruby, PHP, R, Dart, Gradle, Maven, NuGet.
What a person writes for npm, cargo, Composer, Bundler, NuGet and Gradle is read too, for the tree that has no lock.
A package that is asked for without one version has none here, and says what was asked for. A build's own needs (``build-system``,
``setup_requires``) are no part, since they are not installed with it. Nothing is run: setup.py is read as a syntax tree.
"""

from __future__ import annotations

import posixpath
import re
from importlib import import_module

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.package import Unreadable

_BY_NAME = {
    "pipfile.lock": "pipfile", "pyproject.toml": "pyproject", "setup.cfg": "setupcfg", "setup.py": "setuppy",
    "yarn.lock": "yarn", "pnpm-lock.yaml": "pnpm", "bun.lock": "bun", "bun.lockb": "bunbinary", "pubspec.lock": "pubspec", "pixi.lock": "condalock", "go.mod": "gomod",
    "go.sum": "gomod", "gemfile.lock": "gemfile", "gems.locked": "gemfile", "composer.lock": "composer", "renv.lock": "renv",
    "gradle.lockfile": "gradle", "buildscript-gradle.lockfile": "gradle", "packages.lock.json": "nuget", "pom.xml": "pom",
    "package.json": "packagejson", "cargo.toml": "cargotoml", "composer.json": "composerjson", "gemfile": "gemsource",
    "gems.rb": "gemsource", "packages.config": "msbuild", "directory.packages.props": "msbuild", "build.gradle": "gradlebuild",
    "build.gradle.kts": "gradlebuild",
}  # fmt: skip
_BY_END = {
    "conda-lock.yml": "condalock",
    "conda-lock.yaml": "condalock",
    ".lockfile": "gradle",
    "proj": "msbuild",
    ".yml": "environment",
    ".yaml": "environment",
    ".lock": "resolved",
    ".toml": "resolved",
    ".txt": "requirements",
}
_CONDA = re.compile(r"conda-[a-z0-9_-]{1,60}\.lock")
_MOST = {
    "environment": 128 << 10, "pyproject": 1 << 20, "requirements": 2 << 20, "setuppy": 128 << 10, "setupcfg": 256 << 10,
    "condalock": 8 << 20, "pnpm": 8 << 20, "yarn": 16 << 20, "bun": 16 << 20, "composer": 16 << 20,
}  # fmt: skip  # bytes, a few seconds each
_ELSE = 8 << 20
MOST = 16 << 20  # bytes of one file


def read(content: bytes, path: str, form: str = "") -> Locked:
    """Return what a file locks and asks for, by its name; ValueError and its like where it is not what its name says.

    form: what it is, whatever it is called: what another refers to may have any name.
    """
    form = form or form_of(path)
    if not form:
        raise Unreadable("no lock is called so")
    most = _MOST.get(form, _ELSE)
    if len(content) > most:
        raise Unreadable(f"it is larger than {most >> 10:,} KiB, and no such file is")
    found: Locked = import_module(f"assay.methods.packages.locks.{form}").read(content, path)
    return found


def form_of(path: str) -> str:
    """Return which reader a file has, by its name; empty where there is none."""
    name = path.rpartition("/")[2].lower()
    if _CONDA.fullmatch(name):
        return "condalock"
    return _BY_NAME.get(name) or next((f for end, f in _BY_END.items() if name.endswith(end)), "")


def within(path: str, other: str) -> str:
    """Return the place in the tree that a file refers to; empty where that is outside, an address, or made when it is read."""
    if "://" in other or other.startswith("/") or "$" in other or "\\" in other or "\0" in other:
        return ""
    place = posixpath.normpath(posixpath.join(path.rpartition("/")[0], other))
    return "" if place.startswith("../") or place in ("..", ".") else place
