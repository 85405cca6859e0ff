"""Write tests/repo/signatures.txt: the public API, whose diff is what the changelog has to tell. `--check` says what is stale.

Public are the kernel, what `import assay` gives, the Python door, and the command line with every option.
"""

from __future__ import annotations

import dataclasses
import difflib
import importlib
import inspect
import pkgutil
import sys
import types
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import click

import assay
import assay.kernel
from assay.doors.cli.main import cli

FILE = Path(__file__).resolve().parent.parent / "tests" / "repo" / "signatures.txt"


def text() -> str:
    """Return the whole file."""
    modules = [assay, *(importlib.import_module(f"assay.kernel.{n}") for n in _kernel())]
    parts = ["The public API, written from the code by `make docs`.", ""]
    for module in (*modules, importlib.import_module("assay.doors.python")):
        parts += [module.__name__, *_module(module), ""]
    root = click.Context(cli, info_name="assay")
    return "\n".join([*parts, "the command line", *_command(cli, "assay", root), ""])


def _kernel() -> list[str]:
    return sorted(m.name for m in pkgutil.iter_modules(assay.kernel.__path__))


def _module(module: types.ModuleType) -> Iterator[str]:
    names = getattr(module, "__all__", [n for n in vars(module) if not n.startswith("_")])
    for name in sorted(names):
        value = getattr(module, name)
        if isinstance(value, types.ModuleType) or getattr(value, "__module__", module.__name__) not in (
            module.__name__,
            "assay.doors.python",
            "assay.doors.endpoints",
            "assay.doors.registry",
        ):
            continue
        if inspect.isclass(value):
            yield from _class(value)
        elif inspect.isfunction(value):
            yield f"  {name}{_signature(value)}"
        elif name.isupper() and name != "TYPE_CHECKING":
            yield f"  {name} = {value!r}" if isinstance(value, (str, int, tuple)) else f"  {name}"


def _class(cls: type) -> Iterator[str]:
    bases = ", ".join(b.__name__ for b in cls.__bases__ if b is not object)
    yield f"  class {cls.__name__}({bases})" if bases else f"  class {cls.__name__}"
    if issubclass(cls, Enum):
        yield from (f"    {m.name} = {m.value!r}" for m in cls)
    if dataclasses.is_dataclass(cls):
        yield from (f"    {_bare(p)}" for p in inspect.signature(cls).parameters.values())
    elif not issubclass(cls, Enum):
        yield from (f"    {n}: {t}" for n, t in vars(cls).get("__annotations__", {}).items())
    for name, value in sorted(vars(cls).items()):
        if name.startswith("_") or (issubclass(cls, Enum) and name in cls.__members__):
            continue
        if isinstance(value, property):
            assert value.fget is not None
            yield f"    {name} -> {inspect.signature(value.fget).return_annotation}"
        elif isinstance(value, (classmethod, staticmethod)):
            yield f"    {type(value).__name__} {name}{_signature(value.__func__)}"
        elif inspect.isfunction(value):
            yield f"    {name}{_signature(value)}"
        elif isinstance(value, (int, str)) and not dataclasses.is_dataclass(cls):
            yield f"    {name} = {value!r}"


class _Plain(str):
    """An annotation that is shown as it is written."""

    __slots__ = ()
    __repr__ = str.__str__


def _bare(param: inspect.Parameter) -> inspect.Parameter:
    said = param.annotation
    return param if said is param.empty else param.replace(annotation=_Plain(said))


def _signature(function: Any) -> inspect.Signature:
    found = inspect.signature(function)
    return found.replace(
        parameters=[_bare(p) for p in found.parameters.values()],
        return_annotation=_Plain(found.return_annotation),
    )


def _command(made: click.Command, path: str, ctx: click.Context) -> Iterator[str]:
    if not isinstance(made, click.Group):
        yield f"  {path}"
    elif made.params:
        yield f"  {path} …"
    for param in made.params:
        yield f"    {_param(param)}"
    if isinstance(made, click.Group):
        for name in made.list_commands(ctx):
            inner = made.get_command(ctx, name)
            assert inner is not None
            yield from _command(
                inner, f"{path} {name}", click.Context(inner, info_name=f"{path} {name}", parent=ctx)
            )


def _param(param: click.Parameter) -> str:
    choice = (
        "|".join(map(str, param.type.choices)) if isinstance(param.type, click.Choice) else param.type.name
    )
    if isinstance(param, click.Argument):
        return f"{param.make_metavar(click.Context(click.Command('x')))} {choice}"
    shown = ", ".join([*param.opts, *param.secondary_opts])
    flag = isinstance(param, click.Option) and param.is_flag
    said = [shown] if flag else [shown, choice]
    said += ["required"] if param.required else []
    said += ["multiple"] if param.multiple else []
    default: Any = param.default
    if isinstance(default, (str, int, float)) and not isinstance(default, bool):
        said.append(f"default {default}")
    return " ".join(said)


def main() -> int:
    """Write the file, or with --check say what is stale."""
    made = text()
    if "--check" not in sys.argv:
        FILE.write_text(made, encoding="utf-8")
        print(f"wrote {len(made.splitlines())} lines to {FILE.relative_to(FILE.parents[2])}")
        return 0
    there = FILE.read_text(encoding="utf-8") if FILE.is_file() else ""
    diff = list(
        difflib.unified_diff(
            there.splitlines(), made.splitlines(), "written down", "in the code", lineterm=""
        )
    )
    print("\n".join(diff) or "the signatures are those written down")
    return 1 if diff else 0


if __name__ == "__main__":
    sys.exit(main())
