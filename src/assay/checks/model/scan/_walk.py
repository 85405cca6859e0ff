"""Which formats a file is, by content. Each module of this folder without an underscore is a format:
``sniff(view) -> bool`` says whether the bytes may be it, ``examine(view, ground) -> bool`` whether it was
understood to its end. A file that is several formats at once is examined as each of them.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType

import assay.checks.model.scan as home
from assay.checks.model.scan._ground import Ground, Spent
from assay.checks.model.scan._view import View, opened
from assay.engines.mapped import cut
from assay.engines.regular import LINK, ODD, why
from assay.kernel.handles import Tree
from assay.kernel.severity import Severity


@cache
def formats() -> tuple[ModuleType, ...]:
    """Return every format: the folder is the register."""
    found = sorted(m.name for m in pkgutil.iter_modules(home.__path__) if not m.name.startswith("_"))
    return tuple(importlib.import_module(f"{home.__name__}.{name}") for name in found)


def examine_tree(tree: Tree, ground: Ground) -> None:
    """Examine each file of a tree, and note the links, which are not followed."""
    files = list(tree.files())
    for done, (name, path) in enumerate(files):
        ground.work.progress(done, len(files), name)
        if ground.work.stopped:
            ground.seen += len(files) - done
            ground.skip(name, "the examination was stopped")
            break
        try:
            data = opened(path)
        except OSError as error:  # it went meanwhile, or is something else by now
            _unread(ground, name, f"it cannot be read: {why(error)}")
            continue
        ground.size += len(data)
        ground.examine(View(data, name))
        if cut(data):
            ground.not_understood(View(b"", name), "it was cut short while it was read")
    ground.work.progress(len(files), len(files), "")
    ground.settle()
    for name, said in tree.refused:
        if said in (LINK, ODD):
            _odd(ground, name, said)
        else:
            _unread(ground, name, said)


def _odd(ground: Ground, name: str, said: str) -> None:
    ground.seen += 1
    ground.find(
        "link",
        Severity.MEDIUM,
        f"{name}: {said}.",
        View(b"", name),
        remedy="put the file itself in its place",
    )
    ground.skip(name, said)


def _unread(ground: Ground, name: str, said: str) -> None:
    ground.seen += 1
    ground.not_understood(View(b"", name), said)


def examine_view(view: View, ground: Ground) -> bool:
    """Examine a view as every format it may be. Whatever goes wrong is a finding."""
    if view.depth > ground.depth:
        return ground.not_understood(view, f"it lies more than {ground.depth} archives deep")
    if view.size == 0:
        ground.formats["empty"] += 1
        return True
    good, met = True, []
    for module in formats():
        name = module.__name__.rsplit(".", 1)[-1]
        try:
            if not module.sniff(view):
                continue
            met.append(name)
            ground.formats[name] += 1
            good = module.examine(view, ground) and good
        except Spent:
            good = ground.spent(view)
        except Exception as error:  # noqa: BLE001 - hostile bytes: what goes wrong is a finding, never a pass
            text = f"reading it as {name} failed ({type(error).__name__}: {ascii(str(error))[:100]})"
            good = ground.not_understood(view, text)
    if not met:
        if view.head.startswith(b"\x08\x01\x12"):
            return ground.not_understood(
                view, "it begins as a SavedModel of TensorFlow's, and is none to its end"
            )
        head = view.head[:8].hex(" ")
        return ground.unknown(view, f"its format is not known (it begins {head})")
    return good
