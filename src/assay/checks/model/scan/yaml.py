"""YAML, whatever the file is called: tags that make a reader build or call things, and aliases that grow without end.

A tag counts in every spelling: ``!!python/…``, ``!<tag:yaml.org,2002:python/…>``, a handle of its own by ``%TAG``, with
signs written as ``%70``. Ruby's, Java's and .NET's are told as well.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from assay.checks.model.scan import _settings
from assay.checks.model.scan._names import readable
from assay.checks.model.scan._view import View
from assay.kernel.severity import Severity
from assay.methods.modelfiles import yamltags

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

_NAMED = (".yaml", ".yml", ".cfg", ".conf")
_HINT = re.compile(rb"!|%TAG|%YAML|\*[A-Za-z0-9_]|_target_\s*:|auto_map\s*:|trust_remote_code\s*:")
_LINE = re.compile(rb"(?:^|\n)\s*(?:- |[\w./\"' -]{1,80}:(?:\s|$)|%|---|!|[{\[&])")
# A tag that hides its letters as %70, or a handle of its own: what a brace or an angle bracket at the front must not cover.
_VEILED = re.compile(rb"![^\s\[\]{}\"']{0,200}%[0-9A-Fa-f]{2}|(?:^|\n)%TAG\s")
_TAG = re.compile(rb"(!!python/|tag:yaml\.org,2002:python/|!python/)[\w./:]{0,200}")
# Past what is parsed: tags, aliases, judged keys, and letters that are written as \x5f.
_OPEN = re.compile(
    rb"(?:^|[\s,\[{:-])[!*]\S|^%TAG|_target_|auto_map|trust_remote_code|chat_template|loader_module|\\[xuU]",
    re.MULTILINE,
)
_MOST_TAGS = 1000
_CALLS = (
    "python/object",
    "python/name",
    "python/module",
    "python/apply",
    "ruby/object",
    "ruby/struct",
    "ruby/exception",
)
_JAVA = re.compile(r"(?:tag:yaml\.org,2002:|!)(?:javax?|com|org|sun|groovy|net)\.[\w.$\[]+")
_DOTNET = re.compile(r"(?:tag:yaml\.org,2002:|!)System\.[\w.`,%\[\] ]+")
_HARMLESS = ("python/tuple", "python/list", "python/dict", "python/none", "python/bool", "python/int", "python/long", "python/float",
             "python/complex", "python/str", "python/unicode", "python/bytes")  # fmt: skip


def sniff(view: View) -> bool:
    """Text that could be YAML and holds a tag, an alias or a key that is judged; or a name that says it is YAML."""
    head = view.head
    if b"\0" in head or head[:1] == b"\x80":
        return False
    if _named(view):
        return True
    if view.size > 64 << 20:
        return False
    if head.lstrip()[:1] in (b"<", b"{") or view.name.endswith((".py", ".md", ".ipynb")):
        veiled = _TAG.search(view.data) or _VEILED.search(view.data)
        return bool(veiled) and not view.name.endswith((".py", ".md"))
    return bool(_LINE.search(head)) and bool(_HINT.search(view.data))


def _named(view: View) -> bool:
    return view.name.endswith(_NAMED) or view.name == "mlmodel" or view.head.startswith((b"%YAML", b"---"))


def examine(view: View, ground: Ground) -> bool:
    """Read its events."""
    if view.size > yamltags.LIMIT:
        return _large(view, ground)
    try:
        text = bytes(view.data).decode("utf-8")
    except UnicodeDecodeError:
        return True  # the text format tells it
    found = yamltags.read(text)
    for tag, at, value in found.tags:
        _tag(tag, at, value, view, ground)
    if found.grown > yamltags.GROWTH or found.cyclic or "deeper" in found.error:
        what = (
            "one of its values holds itself"
            if found.cyclic
            else found.error
            if "deeper" in found.error
            else f"its aliases make {found.grown:,} values of it"
        )
        ground.find("bomb", Severity.HIGH, f"{view.place} is YAML that takes its reader's memory: {what}.", view,
                    remedy="do not load it", refs=("CWE-776",))  # fmt: skip
        return False
    good = True
    for key, value, at in found.keys:
        if key == "loader_module":
            if view.name == "mlmodel":
                _loader(value, at, view, ground)
        elif key == "_target_":
            good = _settings.examine({key: value}, view, ground) and good
        else:
            good = (
                _settings.examine(
                    {key: value.lower() in ("true", "yes", "on") if key == "trust_remote_code" else value},
                    view,
                    ground,
                )
                and good
            )
    if found.error and (view.name.endswith((".yaml", ".yml")) or view.name == "mlmodel"):
        return ground.not_understood(view, f"it is no valid YAML ({found.error})")
    if found.more:
        return ground.not_understood(view, "it holds more tags, or keys that are judged, than are followed")
    return good


def _loader(name: str, at: int, view: View, ground: Ground) -> None:
    """MLflow imports the module that loader_module names and calls it; its own are known."""
    if not name.startswith("mlflow."):
        ground.find(
            "remote_code", Severity.HIGH,
            f"{view.place} names {readable(name)[:100]} as the module that MLflow imports and calls to load it.", view,
            remedy="read that module, and load with a flavour of MLflow's own", refs=("CWE-94",), offset=at,
        )  # fmt: skip


def _tag(tag: str, at: int, value: str, view: View, ground: Ground) -> None:
    bare = tag.removeprefix("tag:yaml.org,2002:").lstrip("!")
    if bare.partition(":")[0].lower().startswith(_HARMLESS):
        return
    spelled = readable(tag)[:120]
    if bare.startswith(_CALLS) or bare.startswith("python/"):
        name = bare.partition(":")[2] or value
        said = f"which makes an unsafe YAML reader build or call Python objects{f' ({readable(name)[:80]})' if name and 'ruby' not in bare else ''}"
    elif _JAVA.match(tag) or _DOTNET.match(tag):
        said = "which makes an unsafe YAML reader of Java or .NET build objects"
    else:
        ground.find("yaml_tag", Severity.LOW, f"{view.place} holds the tag {spelled}, which only a reader that knows it can read.",
                    view, offset=at)  # fmt: skip
        return
    ground.find(
        "yaml_object", Severity.CRITICAL, f"{view.place} holds the tag {spelled}, {said}.", view,
        remedy="take the tag out, and read YAML with yaml.safe_load only", refs=("CWE-502",), offset=at,
    )  # fmt: skip


def _large(view: View, ground: Ground) -> bool:
    """Past what is parsed: a tag or a directive anywhere is told; an alias, or a key that is judged, leaves it open."""
    told: set[bytes] = set()
    for found in _TAG.finditer(view.data):
        if found[0] in told:
            continue
        if len(told) == _MOST_TAGS:
            return ground.not_understood(view, "it holds more tags than are followed", offset=found.start())
        told.add(found[0])
        _tag(found[0].decode("ascii", "replace"), found.start(), "", view, ground)
    if _named(view) and _OPEN.search(view.data):
        return ground.not_understood(
            view, "it is YAML of more than 4 MiB, with tags, aliases or keys that are judged"
        )
    return True
