"""The settings that a Jupyter configuration makes, read without running it.

A ``.py`` file is a program; what it assigns to ``c.CLASS.TRAIT`` as a literal is a setting, and whatever it decides while it
runs (a call, a condition, another file taken in) is told as unknown. A ``.json`` file holds settings as they are. A server takes
the files of one folder in the order .py, .json, and folders from the least to the most particular; its command line comes last.

Sources: traitlets' documentation of configuration files, and jupyter_core's of its search path.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

MOST = 1 << 20  # characters of one file
DEEP = 32
_ALIASES = {
    "ip": "ServerApp.ip", "port": "ServerApp.port", "keyfile": "ServerApp.keyfile", "certfile": "ServerApp.certfile",
    "client-ca": "ServerApp.client_ca", "notebook-dir": "ServerApp.root_dir", "preferred-dir": "ServerApp.preferred_dir",
    "gateway-url": "GatewayClient.url", "sock": "ServerApp.sock", "sock-mode": "ServerApp.sock_mode",
    "transport": "KernelManager.transport", "port-retries": "ServerApp.port_retries", "config": "JupyterApp.config_file",
}  # fmt: skip
_FLAGS: dict[str, tuple[str, Any]] = {
    "allow-root": ("ServerApp.allow_root", True), "no-browser": ("ServerApp.open_browser", False),
    "autoreload": ("ServerApp.autoreload", True), "debug": ("ServerApp.log_level", 10),
}  # fmt: skip
# One server has had several names for itself; whoever says one of these says the trait of today's server.
_SERVERS = ("NotebookApp", "ServerApp", "LabApp", "LabServerApp", "JupyterNotebookApp", "JupyterApp")
_MOVED = {
    "ServerApp.token": "IdentityProvider.token",
    "ServerApp.password": "PasswordIdentityProvider.hashed_password",
    "ServerApp.password_required": "PasswordIdentityProvider.password_required",
    "ServerApp.allow_password_change": "PasswordIdentityProvider.allow_password_change",
    "IdentityProvider.hashed_password": "PasswordIdentityProvider.hashed_password",
    "PasswordIdentityProvider.token": "IdentityProvider.token",
    "ServerApp.notebook_dir": "ServerApp.root_dir",
    "ServerApp.allow_origin_re": "ServerApp.allow_origin_pat",
    "MultiKernelManager.cull_idle_timeout": "MappingKernelManager.cull_idle_timeout",
    "FileContentsManager.allow_hidden": "ContentsManager.allow_hidden",
    "LargeFileManager.allow_hidden": "ContentsManager.allow_hidden",
    "AsyncMappingKernelManager.cull_idle_timeout": "MappingKernelManager.cull_idle_timeout",
    "AsyncMappingKernelManager.cull_connected": "MappingKernelManager.cull_connected",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    """A trait that is set: its value, and where (``file:line``, or ``command line``)."""

    value: Any
    where: str


@dataclass(slots=True)
class Settings:
    """What is set, by ``CLASS.TRAIT``, and what cannot be told without running something: place → why."""

    known: dict[str, Setting] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a trait's value, or ``default`` where nothing sets it."""
        found = self.known.get(name)
        return default if found is None else found.value

    def where(self, name: str) -> str:
        """Return where a trait is set, empty where nothing sets it."""
        found = self.known.get(name)
        return "" if found is None else found.where

    def put(self, name: str, value: Any, where: str) -> None:
        """Set a trait over whatever set it before."""
        name = today(name)
        self.unknown.pop(name, None)
        self.known[name] = Setting(value, where)

    def doubt(self, name: str, why: str) -> None:
        """Note that a trait, or a file, cannot be told."""
        name = today(name)
        self.known.pop(name, None)
        self.unknown[name] = why


def today(name: str) -> str:
    """Return the name that today's server has for a trait."""
    group, dot, trait = name.partition(".")
    if dot and group in _SERVERS:
        name = f"ServerApp.{trait}"
    return _MOVED.get(name, name)


def take_json(text: str, where: str, settings: Settings) -> None:
    """Take in a .json file: ``{"CLASS": {"TRAIT": value}}``."""
    try:
        raw = json.loads(text) if len(text) <= MOST else None
    except (ValueError, RecursionError):
        raw = None
    if not isinstance(raw, dict):
        settings.doubt(where, "it is no JSON object, or too long")
        return
    for group, traits in raw.items():
        if isinstance(traits, dict) and len(group) <= 100:
            for trait, value in traits.items():
                settings.put(f"{group}.{trait[:100]}", value, where)


def take_python(text: str, where: str, settings: Settings) -> None:
    """Take in a .py file by its syntax tree; nothing of it is run."""
    try:
        tree = ast.parse(text) if len(text) <= MOST else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = None
    if tree is None:
        settings.doubt(where, "it is no Python that can be read, or too long")
        return
    _Reader(where, settings).block(tree.body, sure=True)


def take_arguments(argv: Iterable[str], settings: Settings) -> None:
    """Take in a command line: ``--ip=0.0.0.0``, ``--ServerApp.token ''``, ``--allow-root``."""
    words = list(argv)[:1000]
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if not word.startswith("--"):
            continue
        name, equals, value = word[2:].partition("=")
        flag = _FLAGS.get(name)
        if flag and not equals:
            settings.put(*flag, "command line")
            continue
        full = _ALIASES.get(name, name if "." in name else "")
        if not full:
            continue
        if not equals:
            value = words[at] if at < len(words) and not words[at].startswith("--") else ""
            at += 1
        settings.put(full, _said(value), "command line")


def _said(text: str) -> Any:
    try:
        return ast.literal_eval(text) if len(text) < 10_000 else text
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return text


class _Reader:
    """The statements of one configuration program."""

    def __init__(self, where: str, settings: Settings) -> None:
        self.where, self.settings = where, settings

    def block(self, body: Iterable[ast.stmt], *, sure: bool, depth: int = 0) -> None:
        """Read statements; ``sure`` where they run whatever happens."""
        if depth > DEEP:
            self.settings.doubt(self.where, "it is nested too deep")
            return
        for one in body:
            self.statement(one, sure, depth)

    def statement(self, one: ast.stmt, sure: bool, depth: int) -> None:
        place = f"{self.where}:{one.lineno}"
        if isinstance(one, ast.Assign | ast.AnnAssign) and one.value is not None:
            targets = one.targets if isinstance(one, ast.Assign) else [one.target]
            names = [n for t in targets if (n := _trait(t))]
            for name in names:
                self._assigned(name, one.value, place, sure)
            if not names and _mentions(one.value):
                self.settings.doubt(place, "it hands the configuration on")
            return
        if isinstance(one, ast.AugAssign):
            if name := _trait(one.target):
                self.settings.doubt(name, f"{place} adds to it")
            return
        if isinstance(one, ast.Expr):
            self._expression(one.value, place, sure)
            return
        for inner in _blocks(one):
            self.block(inner, sure=False, depth=depth + 1)

    def _assigned(self, name: str, value: ast.expr, place: str, sure: bool) -> None:
        if isinstance(value, ast.Call) and _called(value).endswith(("passwd", "set_password")):
            words = [
                a for a in [*value.args, *(k.value for k in value.keywords)] if isinstance(a, ast.Constant)
            ]
            if any(isinstance(w.value, str) and w.value for w in words):
                self.settings.put("password in the open", True, place)
        try:
            literal = ast.literal_eval(value)
        except (ValueError, TypeError, RecursionError, MemoryError, SyntaxError):
            self.settings.doubt(name, f"{place} works it out while it runs")
            return
        if sure:
            self.settings.put(name, literal, place)
        elif self.settings.get(today(name), self) != literal:
            self.settings.doubt(name, f"{place} sets it under a condition")

    def _expression(self, value: ast.expr, place: str, sure: bool) -> None:
        if isinstance(value, ast.Constant):
            return
        if isinstance(value, ast.Call):
            name = _called(value)
            group = name.removeprefix("c.").removesuffix(".update")
            if (
                name.startswith("c.")
                and name.endswith(".update")
                and "." not in group
                and len(value.args) == 1
            ):
                given = value.args[0]
                if isinstance(given, ast.Dict) and all(
                    isinstance(k, ast.Constant) and isinstance(k.value, str) for k in given.keys
                ):
                    for key, item in zip(given.keys, given.values, strict=True):
                        assert isinstance(key, ast.Constant) and isinstance(key.value, str)
                        self._assigned(f"{group}.{key.value}", item, place, sure)
                    return
            if name in ("load_subconfig", "exec", "eval", "setattr", "execfile"):
                self.settings.doubt(place, f"it calls {name}, which may set anything")
                return
        if _mentions(value):
            self.settings.doubt(place, "it changes the configuration while it runs")


def _blocks(one: ast.stmt) -> Iterator[list[ast.stmt]]:
    for part in ("body", "orelse", "finalbody"):
        if found := getattr(one, part, None):
            yield found
    for part in ("handlers", "cases"):
        for inner in getattr(one, part, ()):
            yield inner.body


def _trait(target: ast.expr) -> str:
    """Return ``CLASS.TRAIT`` of ``c.CLASS.TRAIT`` or ``c["CLASS"]["TRAIT"]``, empty for anything else."""
    names: list[str] = []
    node: ast.expr = target
    while len(names) < 3:
        if isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        elif (
            isinstance(node, ast.Subscript)
            and isinstance(node.slice, ast.Constant)
            and isinstance(node.slice.value, str)
        ):
            names.append(node.slice.value)
            node = node.value
        else:
            break
    return (
        ".".join(reversed(names)) if isinstance(node, ast.Name) and node.id == "c" and len(names) == 2 else ""
    )


def _called(call: ast.Call) -> str:
    names: list[str] = []
    node: ast.expr = call.func
    while isinstance(node, ast.Attribute) and len(names) < DEEP:
        names.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(names)]) if isinstance(node, ast.Name) else ""


def _mentions(value: ast.expr) -> bool:
    return any(isinstance(n, ast.Name) and n.id == "c" for n in ast.walk(value))
