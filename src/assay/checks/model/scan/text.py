"""Text: CSV, source, LightGBM's model, YAML. Source is noted; what could run by being read is a finding."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from assay.checks.model.scan._view import MODEL_ENDINGS, View
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

CHUNK = 1 << 20
_SOURCE = (
    ".py",
    ".pyi",
    ".r",
    ".sh",
    ".bash",
    ".js",
    ".ts",
    ".lua",
    ".jl",
    ".rb",
    ".pl",
    ".ps1",
    ".bat",
    ".sql",
    ".ipynb",
)
_GRAPH = re.compile(
    rb"(?:^|[\s{])(?:node|meta_graphs|graph_def|meta_info_def|saved_model_schema_version)\s*[{:]"
)
_GRAPHS = (".pbtxt", ".pbtext", ".textproto", ".textpb", ".txtpb")
_OPERATOR = re.compile(rb"\bop\s*:\s*([\"'])(\w{1,100})\1")
_LIGHTGBM = re.compile(rb"tree\r?\nversion=v\d+\r?\n")


def sniff(view: View) -> bool:
    """UTF-8 without control characters at the start; under a name that loaders take for a model only LightGBM's."""
    head = view.head
    if head[:1] == b"\x80" or b"\0" in head:
        return False
    if (
        view.name.endswith(MODEL_ENDINGS)
        and not _LIGHTGBM.match(head)
        and head.lstrip()[:1] not in (b"{", b"[")
    ):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return not any(b < 32 and b not in (9, 10, 12, 13, 27) for b in head)


def examine(view: View, ground: Ground) -> bool:
    """Read it all as text, and look for what a reader of text would run."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for at in range(0, view.size, CHUNK):
        piece = bytes(view.data[at : at + CHUNK])
        if b"\0" in piece:
            return ground.not_understood(view, "it begins as text and goes on as something else", offset=at)
        try:
            decoder.decode(piece, final=at + CHUNK >= view.size)
        except UnicodeDecodeError:
            return ground.not_understood(view, "it begins as text and goes on as something else", offset=at)
    if _LIGHTGBM.match(view.head):
        from assay.checks.model.scan import _lightgbm

        return _lightgbm.examine(view, ground)
    if view.name.endswith((".jinja", ".jinja2", ".j2")):
        from assay.checks.model.scan import _template

        return _template.judge(
            bytes(view.data[: 2 << 20]).decode("utf-8", "replace"), view, ground, view.name
        )
    if view.name.endswith(_GRAPHS) or _GRAPH.search(_opening(view)):
        _graph(view, ground)
    if view.name.endswith(_SOURCE) or view.head.startswith(b"#!"):
        ground.find(
            "source", Severity.INFO, f"{view.place} is source code; it was not judged, only named.", view,
            remedy="read it, or examine it with the code checks",
        )  # fmt: skip
    return True


def _opening(view: View) -> bytes:
    """Return the first 512 bytes behind comments and empty lines."""
    at = 0
    while at < view.size:
        line = view.data.find(b"\n", at)
        line = view.size if line < 0 else line
        begin = bytes(view.data[at : min(line, at + 512)]).lstrip()
        if begin and not begin.startswith(b"#"):
            break
        at = line + 1
    return bytes(view.data[at : at + 512])


def _graph(view: View, ground: Ground) -> None:
    """TensorFlow's graph written as text: the operators that it names."""
    from assay.checks.model.scan import _tensorflow

    told: set[str] = set()
    for found in _OPERATOR.finditer(view.data):
        name = found[2].decode("ascii", "replace")
        if name not in told and len(told) < 10_000:
            told.add(name)
            _tensorflow.tell(name, view, ground, offset=found.start())
