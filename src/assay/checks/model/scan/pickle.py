"""Pickle, raw or written by joblib: several in a stream, with what lies after them; PyTorch's old stream too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from assay.checks.model.scan import _callables
from assay.checks.model.scan._ground import CWE_502
from assay.checks.model.scan._view import View
from assay.kernel.severity import Severity
from assay.methods.pickles import laughs
from assay.methods.pickles.machine import walk
from assay.methods.pickles.names import Names
from assay.methods.pickles.opcodes import NAMES, TooLong, constant
from assay.methods.pickles.walk import Walk

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground
    from assay.methods.pickles.hits import Hit

TORCH_MAGIC = 0x1950A86A20F9469CFC6C
NESTING = 4
# None of these is a pickle that loads: they begin with no opcode, or with a persistent id that no loader knows.
_OTHERS = (b"PK\x03\x04", b"\x1f\x8b", b"\xfd7zXZ", b"\x93NUMPY", b"\x7fELF", b"\x89PNG")
_TRIAL = 4 << 20
_MOST = 1_000_000
# What a pickle of these holds is read by native code, and there is a file of their own that can be followed.
_INSTEAD = {"catboost": "save it by its own save_model('model.cbm'), which is read without a pickle"}


def sniff(view: View) -> bool:
    """A pickle's first opcode, or bytes that can be followed to a STOP, or to the import of something known."""
    head = view.head
    if head[:1] == b"\x80" and len(head) > 1 and head[1] <= 5:
        return True
    if head.startswith(_OTHERS):
        return False
    trial = walk(view.data, 0, view.size, Names(), tick=lambda at: at > _TRIAL)
    if trial.stopped or any(h.plausible and (h.sort == "danger" or h.called) for h in trial.hits):
        return True
    rest = bytes(view.data[trial.end : trial.end + 64])
    return trial.complete and (not rest.strip() or rest[:1] == b"\x80") and view.size > 1


def runs(view: View, start: int, end: int) -> bool:
    """Whether bytes that should be numbers are a pickle that does something; numbers that merely begin as one do not."""
    head = bytes(view.data[start : start + 2])
    if len(head) < 2 or head[0] != 0x80 or head[1] > 5:
        return False
    trial = walk(view.data, start, end, Names(), tick=lambda at: at - start > _TRIAL)
    return any(h.plausible and (h.sort == "danger" or h.called) for h in trial.hits)


def examine(view: View, ground: Ground) -> bool:
    """Follow every pickle in the stream."""
    return stream(view, ground, 0)


def stream(view: View, ground: Ground, at: int, *, torch: bool = False) -> bool:
    """Follow the pickles from ``at`` on. torch: persistent ids are how PyTorch names its storages."""
    good, count = True, 0
    while at < view.size:
        if count == _MOST or ground.work.stopped:
            return ground.not_understood(view, f"more than {count:,} pickles stand in it", offset=at)
        if count and not _begins(view, at):
            return _rest(view, ground, at) and good
        found = one(view, ground, at, torch=torch)
        if not found.complete:
            return False
        good = good and not (found.persistent and not torch)
        at, count = found.end, count + 1
        if count == 1 and _is_torch(view, found):
            from assay.checks.model.scan import _torch

            return _torch.stream(view, ground, at)
    return good


def _begins(view: View, at: int) -> bool:
    head = bytes(view.data[at : at + 2])
    if head[:1] == b"\x80" and len(head) > 1 and head[1] <= 5:
        return True
    trial = walk(view.data, at, view.size, Names(), tick=lambda place: place - at > _TRIAL)
    return trial.stopped or (trial.complete and trial.end - at > 1) or any(h.plausible for h in trial.hits)


def _is_torch(view: View, found: Walk) -> bool:
    if type(found.result) is not int:
        return False
    try:
        return bool(constant(view.data, found.result) == TORCH_MAGIC)
    except TooLong:  # of a text, which is no number
        return False


def _rest(view: View, ground: Ground, at: int) -> bool:
    size = view.size - at
    if size <= 4096 and not bytes(view.data[at:]).strip(b"\0 \r\n\t"):
        return True
    ground.find(
        "trailing_bytes",
        Severity.HIGH,
        f"{view.place} goes on for {size:,} bytes after its pickle ends, and they are no pickle.",
        view,
        offset=at,
        remedy="ask who made the file what they are; a pickle needs nothing after its STOP",
    )
    ground.skip(view.place, f"{size:,} bytes after the pickle")
    return False


def one(view: View, ground: Ground, at: int, *, torch: bool = False) -> Walk:
    """Follow one pickle and report what it would do."""
    found = walk(view.data, at, view.size, ground.names, tick=ground.tick)
    ground.opcodes += found.opcodes
    told = {_key(h) for h in found.hits}
    for hit in found.hits:
        report(view, ground, hit)
    if found.arrays:  # what plain pickle would make of the arrays that joblib steps over
        plain = walk(view.data, at, view.size, ground.names, arrays=False, tick=ground.tick)
        for hit in plain.hits:
            if hit.plausible and _key(hit) not in told:
                report(view, ground, hit)
    for start, end in found.nested:
        _nested(view, ground, start, end, NESTING)
    if found.persistent and not torch:
        ground.find(
            "persistent_id",
            Severity.MEDIUM,
            f"{view.place} asks its loader for {len(found.persistent):,} objects by persistent id;"
            " what they are is for the loader to say.",
            view,
            remedy="load it only with a loader you know",
            refs=(CWE_502,),
            offset=found.persistent_at,
            opcode=NAMES[view.data[found.persistent_at]],
        )
        ground.skip(view.place, "objects asked for by persistent id")
    if found.complete and found.shared >= laughs.FETCHES and found.opcodes <= laughs.OPCODES:
        _laughs(view, ground, found)
    if not found.complete:
        what = f"the pickle cannot be followed past byte {found.end:,}: {found.error}"
        ground.not_understood(view, what, offset=found.end)
    return found


def _laughs(view: View, ground: Ground, found: Walk) -> None:
    """Tell of containers that share so much that whoever prints, hashes or copies them does not come to an end."""
    size, where = laughs.expanded(view.data, found.start, found.end)
    if size > laughs.SIZE and size > 1000.0 * found.opcodes:
        ground.find(
            "bomb",
            Severity.HIGH,
            f"{view.place} holds containers within containers that are shared so often that, spelled out, they are"
            f" {size:.0e} values: printing, hashing, comparing or copying them does not come to an end.",
            view,
            remedy="do not load it",
            refs=("CWE-409",),
            offset=where,
            opcode=NAMES[view.data[where]],
        )


def _key(hit: Hit) -> tuple[str, str]:
    return hit.sort, hit.name


def _nested(view: View, ground: Ground, start: int, end: int, levels: int) -> None:
    """Bytes inside a pickle that are a pickle: harmless until somebody loads them, told when they would harm."""
    found = walk(view.data, start, end, ground.names, tick=ground.tick)
    ground.opcodes += found.opcodes
    for hit in found.hits:
        if hit.plausible and (found.complete or hit.sort == "danger"):
            report(view, ground, hit, nested=True)
    for first, last in found.nested if levels else ():
        _nested(view, ground, first, last, levels - 1)


def report(view: View, ground: Ground, hit: Hit, *, nested: bool = False) -> None:
    """Turn a hit into a finding that says what would have run."""
    name = ascii(re.sub(r"^(builtins|__builtin__)\.", "", hit.name))[1:-1][:200]
    inner = "A pickle held as bytes inside " if nested else ""
    if hit.sort in _CHANGES:
        _changes(view, ground, hit, name, inner)
        return
    harm = hit.what if hit.sort == "danger" else ""
    if hit.called:
        does = (
            f"would run {hit.expression} when loaded" if harm else f"would call {hit.expression} when loaded"
        )
    else:
        does = f"imports {name} when loaded"
    remedy = _INSTEAD.get(name.split(".")[0], "" if hit.plausible else _callables.NO_MORE)
    _callables.tell(
        name, does, harm, view, ground, count=hit.count, remedy=remedy, inner=inner,
        offset=hit.offset, opcode=hit.opcode,
    )  # fmt: skip


_FOUND_UNDER = " Python and the libraries that load models call what they find under that name."
_CHANGES = {
    "tampering": ("tampering", Severity.CRITICAL, "changes {name} in place when loaded: {text}.", CWE_502),
    "hook": (
        "hook",
        Severity.HIGH,
        "gives an object its own {name} when loaded: {text};" + _FOUND_UNDER,
        CWE_502,
    ),
    "lie": (
        "header_lie",
        Severity.CRITICAL,
        "makes a NumPy type that {what}: {text}; whoever reads the array reads or writes memory that is not its own.",
        "CWE-843",
    ),
    "bomb": ("bomb", Severity.HIGH, "asks for {what} when loaded: {text}.", "CWE-789"),
}


def _changes(view: View, ground: Ground, hit: Hit, name: str, inner: str) -> None:
    rule, severity, said, weakness = _CHANGES[hit.sort]
    ground.find(
        rule,
        severity,
        f"{inner}{view.place} {said.format(name=name, text=hit.expression, what=hit.what)}",
        view,
        remedy=_callables.NO_MORE,
        refs=(weakness,),
        count=hit.count,
        offset=hit.offset,
        opcode=hit.opcode,
        callable=name,
    )
