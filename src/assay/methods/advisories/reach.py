"""Which Python distributions a program's own code imports, at once or through what these require.

Imports are read from the syntax tree; nothing runs. A module that is imported under a name made at run time could be any: then nothing
is called unreached. What a distribution requires is taken as imported by it.
"""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from assay.methods.packages.package import Package
from assay.methods.versions.pep440 import normal_name

_LARGEST = 4 << 20
_LOADERS = (
    "import_module",
    "__import__",
    "exec",
    "eval",
    "run_module",
    "run_path",
    "load_module",
    "find_spec",
)


@dataclass
class Imports:
    """modules: top-level names that are imported. open: why anything may be imported, empty where nothing says so."""

    modules: set[str] = field(default_factory=set)
    open: str = ""
    files: int = 0

    def add(self, name: str, content: bytes) -> None:
        """Take in a Python file or a notebook."""
        self.files += 1
        if len(content) > _LARGEST:
            self.open = self.open or f"{name} is too large to read"
            return
        try:
            for text in _cells(content) if name.endswith(".ipynb") else [content]:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    self._tree(ast.parse(text), name)
        except (SyntaxError, ValueError, RecursionError, MemoryError, KeyError, TypeError, AttributeError):
            self.open = self.open or f"{name} cannot be read as Python"

    def _tree(self, tree: ast.AST, name: str) -> None:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                self.modules |= {a.name.partition(".")[0] for a in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                self.modules.add(node.module.partition(".")[0])
            elif isinstance(node, ast.Call):
                self._call(node, name)

    def _call(self, node: ast.Call, name: str) -> None:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called not in _LOADERS:
            return
        first = node.args[0] if node.args else None
        named = isinstance(first, ast.Constant) and isinstance(first.value, str)
        if named and called not in ("exec", "eval", "run_path"):
            self.modules.add(str(first.value).partition(".")[0])  # type: ignore[union-attr]
        elif not (named and called in ("exec", "eval") and not str(first.value).count("import")):  # type: ignore[union-attr]
            self.open = self.open or f"{name} imports by a name made at run time (line {node.lineno})"


def _cells(content: bytes) -> list[str]:
    out = []
    for cell in json.loads(content)["cells"]:
        if cell.get("cell_type") == "code":
            text = "".join(cell["source"])
            out.append(
                "\n".join("" if line.lstrip()[:1] in ("%", "!", "?") else line for line in text.splitlines())
            )
    return out


def reached(packages: Iterable[Package], imports: Imports) -> Mapping[str, str]:
    """Return how each distribution is reached, by its normal name: imported, or required by another; others are not in it."""
    held = {normal_name(p.name): p for p in packages if p.kind == "pypi"}
    out: dict[str, str] = {}
    todo = []
    for name, package in held.items():
        modules = set(package.about.get("modules", ())) or {name.replace("-", "_"), package.name}
        if modules & imports.modules:
            out[name] = "imported"
            todo.append(name)
    while todo:
        name = todo.pop()
        for other in held[name].about.get("requires", ()):
            key = normal_name(str(other))
            if key in held and key not in out:
                out[key] = f"required by {held[name].name}"
                todo.append(key)
    return out
