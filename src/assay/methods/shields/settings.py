"""What a home says of its firewall, in its ``firewall.yaml``: the Core Rule Set, our own shields, and patches. All of it may be left out.

crs: {folder: /usr/share/modsecurity-crs, paranoia: 1, threshold: 5, off: [942440]}
shields: {prompts: block, extraction: "off"}
patches: {my-patch: {cve: ..., path: ..., test: {...}, harmless: {...}}}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.methods.document import Node, read
from assay.methods.shields import patches
from assay.methods.shields.patches import Patch

FILE = "firewall.yaml"
MODES = ("off", "detect", "block")
# What tells by looking at one question blocks; what weighs words, or a caller's habits, only notes unless people say otherwise.
SHIELDS: Mapping[str, str] = {
    "pickles": "block",
    "objects": "block",
    "sizes": "block",
    "floods": "block",
    "templates": "block",
    "prompts": "detect",
    "extraction": "detect",
    "probes": "detect",
    "patches": "block",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What a home's firewall goes by. folder: of the Core Rule Set, None where it is looked for; off: its rules left out besides."""

    folder: Path | None = None
    paranoia: int = 1
    threshold: int = 5
    off: tuple[int, ...] = ()
    shields: Mapping[str, str] = field(default_factory=lambda: dict(SHIELDS))
    patches: tuple[Patch, ...] = field(default_factory=patches.ours)


def load(path: Path) -> Settings:
    """Read a home's file; UsageError with the line of what cannot stand there."""
    parts = read(path, "see docs/how-to/guard-an-endpoint.md").parts(FILE, ("crs", "shields", "patches"))
    crs = parts["crs"].parts("crs", ("folder", "paranoia", "threshold", "off")) if "crs" in parts else {}
    shields = dict(SHIELDS)
    for name, node in (
        parts["shields"].parts("shields", tuple(SHIELDS)) if "shields" in parts else {}
    ).items():
        mode = "off" if node.value is False else node.text(name)  # YAML reads off as false
        if mode not in MODES:
            raise node.place.error(f"{name} cannot be {mode[:40]!r}", "write off, detect or block")
        shields[name] = mode
    given = patches.read(parts["patches"]) if "patches" in parts else ()
    return Settings(
        Path(crs["folder"].text("folder")) if "folder" in crs else None,
        _number(crs, "paranoia", 1, 4, 1),
        _number(crs, "threshold", 1, 10_000, 5),
        _numbers(crs["off"]) if "off" in crs else (),
        shields,
        patches.combined(patches.ours(), given),
    )


def _number(parts: Mapping[str, Node], name: str, low: int, high: int, otherwise: int) -> int:
    if name not in parts:
        return otherwise
    value: Any = parts[name].value
    if type(value) is not int or not low <= value <= high:
        raise parts[name].place.error(
            f"{name} is {parts[name].shown}", f"write a number from {low:,} to {high:,}"
        )
    return value


def _numbers(node: Node) -> tuple[int, ...]:
    value = node.plain
    if not isinstance(value, list) or not all(type(v) is int and v > 0 for v in value) or len(value) > 500:
        raise node.place.error("off must be a list of rules, such as [942440, 932150]")
    return tuple(value)
