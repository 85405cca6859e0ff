"""What a .NET project asks for: its project file, the packages of a whole tree, or the older packages.config.

https://learn.microsoft.com/nuget/consume-packages/package-references-in-project-files,
https://learn.microsoft.com/nuget/consume-packages/central-package-management. Of a plain version NuGet takes that one, as a rule;
packages.config lists what was installed, whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.package import LONGEST, Package
from assay.methods.packages.xmls import walk

_PLAIN = re.compile(r"\[?\s*(\d+(?:\.\d+){0,3}(?:[-+][0-9A-Za-z.+-]+)?)\s*\]?")
_ASKED = ("PackageReference", "GlobalPackageReference", "PackageVersion")


def read(content: bytes, path: str) -> Locked:
    """Return each package, with a version where one is fixed."""
    found: list[dict[str, str]] = []
    whole = path.lower().endswith("packages.config")

    def start(place: str, attributes: Mapping[str, str]) -> None:
        kind = place.rpartition("/")[2]
        about = {k.lower(): v.strip() for k, v in attributes.items()}
        if whole and place == "packages/package":
            found.append({"name": about.get("id", ""), "version": about.get("version", "")})
        elif kind in _ASKED and "/ItemGroup/" in place and "include" in about:
            version = about.get("versionoverride") or about.get("version", "")
            found.append({"kind": kind, "name": about["include"], "version": version})

    def end(place: str, text: str) -> None:
        parent, _, name = place.rpartition("/")
        if name in ("Version", "VersionOverride") and parent.endswith(_ASKED) and found and text:
            found[-1]["version"] = text

    walk(content, start, end)
    out = Locked(asks="" if whole else "nuget")
    for one in found:
        plain = _PLAIN.fullmatch(one["version"])
        package = Package("nuget", one["name"][:LONGEST], plain[1][:LONGEST] if plain else "", path=path)
        if plain or one["name"]:
            out.take(package, one["version"] or "what is managed for the whole tree")
    return out
