"""Loads hostile files, each in a forked child, and says which names each one really brought in.

Run only inside the sandbox: python fire.py FILES.json. A line of JSON for each file: its path, the names that were found
(an audit hook hears of every one before it is imported), and how the load ended.
"""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import pickle
import sys
import zlib
from collections.abc import Callable
from typing import Any


def _pickles(file: Any) -> None:
    while True:
        try:
            pickle.load(file)
        except EOFError:
            return


def _plain(path: str) -> None:
    with open(path, "rb") as file:
        _pickles(file)


def _unpacked(opener: Callable[[str], Any]) -> Callable[[str], None]:
    def load(path: str) -> None:
        with opener(path) as file:
            _pickles(file)

    return load


def _zlib(path: str) -> None:
    with open(path, "rb") as file:
        pickle.loads(zlib.decompress(file.read()))


def _joblib(path: str) -> None:
    import joblib

    joblib.load(path)


def _numpy(path: str) -> None:
    import numpy as np

    loaded = np.load(path, allow_pickle=True)
    for name in getattr(loaded, "files", ()):
        loaded[name]


LOADERS: dict[str, Callable[[str], None]] = {
    "pickle": _plain, "joblib": _joblib, "numpy": _numpy, "zlib": _zlib,
    "gzip": _unpacked(gzip.open), "bz2": _unpacked(bz2.open), "lzma": _unpacked(lzma.open),
}  # fmt: skip


def _there(module: str, name: str) -> bool:
    """Whether a name that was asked for was really brought in."""
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is not None


def _child(path: str, loader: str, pipe: int) -> None:
    names: list[tuple[str, str]] = []

    def heard(event: str, args: tuple[Any, ...]) -> None:
        if event == "pickle.find_class":
            names.append((args[0], args[1]))

    sys.addaudithook(heard)
    ended = "loaded"
    try:
        LOADERS[loader](path)
    except BaseException as error:
        ended = type(error).__name__
    from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING

    modern = [NAME_MAPPING.get((m, n)) or (IMPORT_MAPPING.get(m, m), n) for m, n in names]
    told = [list(n) for n in dict.fromkeys([*names, *modern]) if _there(*n)]
    os.write(pipe, json.dumps([path, told[:100], ended]).encode())


def main() -> None:
    """Load every file of the list."""
    with open(sys.argv[1]) as file:
        listed = json.load(file)
    for path, loader in listed:
        read, write = os.pipe()
        child = os.fork()
        if not child:
            os.dup2(os.open(os.devnull, os.O_RDWR), 1)
            os.dup2(1, 2)
            os.dup2(1, 0)
            _child(path, loader, write)
            os._exit(0)
        os.close(write)
        with os.fdopen(read, "rb") as pipe:
            said = pipe.read().decode()
        os.waitpid(child, 0)
        print(said or json.dumps([path, [], "ended"]), flush=True)


if __name__ == "__main__":
    main()
