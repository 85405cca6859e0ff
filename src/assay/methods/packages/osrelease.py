"""os-release: which distribution a file system is of. https://www.freedesktop.org/software/systemd/man/os-release.html"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PATHS = ("etc/os-release", "usr/lib/os-release")
_LINE = re.compile(r"""([A-Z][A-Z0-9_]*)=("?)([^\n]*?)\2\s*""")


@dataclass(frozen=True, slots=True)
class System:
    """id: debian, alpine, rhel, …; version: its VERSION_ID; like: families it belongs to, nearest first."""

    id: str = ""
    version: str = ""
    name: str = ""
    like: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"id": self.id, "version": self.version, "name": self.name, "like": list(self.like)}

    @property
    def distro(self) -> str:
        """Return it as a qualifier of package URLs: id-version."""
        return f"{self.id}-{self.version}" if self.version else self.id


def read(content: bytes) -> System:
    """Return what an os-release says."""
    found: dict[str, str] = {}
    for line in content.decode("utf-8", "replace").splitlines()[:1_000]:
        match = _LINE.fullmatch(line.strip().replace("'", '"'))
        if match:
            found[match[1]] = match[3][:200]
    return System(
        found.get("ID", "").lower(),
        found.get("VERSION_ID", ""),
        found.get("PRETTY_NAME", found.get("NAME", "")),
        tuple(found.get("ID_LIKE", "").lower().split()),
        found,
    )
