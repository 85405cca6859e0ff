"""Names of members of archives that a careless extraction would write elsewhere."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING

from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground
    from assay.checks.model.scan._view import View


def leaves(name: str) -> bool:
    """Whether a member's name or a link's target leads out of the folder it is unpacked into."""
    parts = re.split(r"[/\\]", name)
    return ".." in parts or name.startswith(("/", "\\")) or bool(re.match(r"[A-Za-z]:", name)) or "\0" in name


def twins(names: Iterable[str]) -> list[str]:
    """Return names that differ, and that some file systems and readers take for one: by case, or by Unicode's forms."""
    seen: dict[str, str] = {}
    found = []
    for name in names:
        plain = unicodedata.normalize("NFKC", name).casefold().replace("\\", "/").rstrip(". /")
        plain = re.sub(r"/(?:\./)+|//+", "/", plain.removeprefix("./"))
        if seen.setdefault(plain, name) != name:
            found.append(name)
    return found


def readable(name: str) -> str:
    """Return a name that cannot steer a terminal."""
    return ascii(name)[1:-1][:300]


def check_name(name: str, view: View, ground: Ground) -> bool:
    """Note a name that leads out. Gives whether it is harmless."""
    if not leaves(name):
        return True
    ground.find(
        "path",
        Severity.HIGH,
        f"{view.place} holds a member named {readable(name)!r}, which leads out of the folder it is unpacked into.",
        view,
        remedy="do not unpack it",
        refs=("CWE-22",),
        name=readable(name),
    )
    return False
