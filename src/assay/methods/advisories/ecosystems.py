"""Which ecosystem of the OSV schema a package belongs to, and how versions are put in order there.

https://ossf.github.io/osv-schema/#defined-ecosystems. A distribution's package is judged by the distribution's own records and
version alone: it patches an old version under a revision of its own, which the upstream record does not know.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from assay.methods.packages.osrelease import System
from assay.methods.packages.package import Package
from assay.methods.versions import apk, cran, dpkg, gem, maven, nuget, packagist, pep440, pub, rpm, semver

Key = Callable[[str], Any]
_DEBIAN = {
    "stretch": "9", "buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14", "duke": "15",
}  # fmt: skip
# The language ecosystems: kind of package URL → name of the ecosystem.
LANGUAGES = {
    "pypi": "PyPI", "npm": "npm", "maven": "Maven", "golang": "Go", "cargo": "crates.io", "cran": "CRAN",
    "gem": "RubyGems", "nuget": "NuGet", "composer": "Packagist", "hex": "Hex", "pub": "Pub",
    "bioconductor": "Bioconductor",
}  # fmt: skip
_KEYS: dict[str, Key] = {
    "PyPI": pep440.key, "npm": semver.key, "Go": semver.key, "crates.io": semver.key, "Maven": maven.key, "CRAN": cran.key,
    "Bioconductor": cran.key, "Hex": semver.key, "Pub": pub.key, "SwiftURL": semver.key,
    "RubyGems": gem.key, "NuGet": nuget.key, "Packagist": packagist.key,
    "Debian": dpkg.key, "Ubuntu": dpkg.key, "Echo": dpkg.key,
    "Alpine": apk.key, "Wolfi": apk.key, "Chainguard": apk.key, "MinimOS": apk.key, "Alpaquita": apk.key,
    "BellSoft Hardened Containers": apk.key,
    "Red Hat": rpm.key, "Rocky Linux": rpm.key, "AlmaLinux": rpm.key, "SUSE": rpm.key, "openSUSE": rpm.key,
    "Mageia": rpm.key, "openEuler": rpm.key, "Azure Linux": rpm.key, "Photon OS": rpm.key,
}  # fmt: skip
_SYSTEMS: dict[str, Key] = {"deb": dpkg.key, "rpm": rpm.key, "apk": apk.key}


@dataclass(frozen=True, slots=True)
class Home:
    """base: the ecosystem's name; releases: how records may write the release, none where it has none."""

    base: str
    releases: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """Return it as records write it."""
        return f"{self.base}:{self.releases[0]}" if self.releases else self.base

    def holds(self, written: str) -> bool:
        """Whether an ecosystem as a record writes it is this one."""
        base, _, release = written.partition(":")
        if base != self.base:
            return False
        if not self.releases or not release:  # a record that names no release speaks of all
            return True
        return any(release == r or (r.endswith("*") and release.startswith(r[:-1])) for r in self.releases)


def key(base: str) -> Key | None:
    """Return what puts versions of an ecosystem in order, or None where that is not known here."""
    return _KEYS.get(base.partition(":")[0])


def of_system(system: System) -> Home | None:
    """Return the ecosystem of a distribution's own packages, or None where it has none that is known."""
    major = system.version.partition(".")[0]
    two = ".".join(system.version.split(".")[:2])
    match system.id:
        case "debian":
            number = major or _DEBIAN.get(system.fields.get("VERSION_CODENAME", ""), "")
            return Home("Debian", (number,)) if number else None
        case "ubuntu":
            lts = re.fullmatch(r"\d*[02468]\.04", two)
            return Home("Ubuntu", (f"{two}:LTS", two) if lts else (two, f"{two}:LTS"))
        case "alpine":
            edge = "_alpha" in system.version or not two
            return Home("Alpine", ("edge",) if edge else (f"v{two}",))
        case "wolfi":
            return Home("Wolfi")
        case "chainguard":
            return Home("Chainguard")
        case "minimos":
            return Home("MinimOS")
        case "rocky":
            return Home("Rocky Linux", (major,)) if major else None
        case "almalinux":
            return Home("AlmaLinux", (major,)) if major else None
        case "rhel" | "centos":
            return Home("Red Hat", (f"enterprise_linux:{major}*", f"rhel_eus:{two}*")) if major else None
        case "mageia":
            return Home("Mageia", (major,))
        case "openeuler":
            return Home("openEuler", (system.version, f"{system.version}*"))
        case "azurelinux" | "mariner":
            return Home("Azure Linux", (major,))
        case "photon":
            return Home("Photon OS", (two, system.version))
        case "opensuse-leap":
            return Home("openSUSE", (f"Leap {two}",))
        case "opensuse-tumbleweed":
            return Home("openSUSE", ("Tumbleweed",))
        case "sles" | "sled":
            pack = system.version.replace(".", " SP", 1)
            return Home(
                "SUSE",
                (f"Linux Enterprise Server {pack}*", f"Linux Enterprise Module for Basesystem {pack}*"),
            )
        case _:
            return None


def of(package: Package, system: Home | None) -> Home | None:
    """Return the ecosystem in which a package is judged, or None where there is none for it."""
    if (
        package.kind in _SYSTEMS
    ):  # of a system that calls itself another, whose records know nothing of it, there is none
        return system if system is not None and _KEYS.get(system.base) is _SYSTEMS[package.kind] else None
    base = LANGUAGES.get(package.kind)
    return Home(base) if base else None


def name_in(base: str, name: str) -> str:
    """Return a name as it is looked up: PyPI, NuGet and Packagist take several spellings for one."""
    if base == "PyPI":
        return pep440.normal_name(name)
    return name.lower() if base in ("NuGet", "Packagist") else name


def asked(package: Package, home: Home) -> list[tuple[str, str]]:
    """Return the names under which records may speak of a package, each with the version it is judged by."""
    if package.kind == "deb":
        return [(package.source or package.name, package.source_version or package.version)]
    if package.kind == "apk":
        names = dict.fromkeys((package.source or package.name, package.name))
        return [(n, package.version) for n in names]
    if package.kind == "rpm":
        full = f"{package.epoch}:{package.version}" if package.epoch else package.version
        return [(n, full) for n in dict.fromkeys((package.name, package.source)) if n]
    if package.kind == "pypi":
        return [(name_in("PyPI", package.name), package.version)]
    if package.kind in ("nuget", "composer"):
        return [(name_in(home.base, package.full), package.version)]
    if package.kind == "golang":
        return [(package.full, package.version.removeprefix("v").removeprefix("go"))]
    return [(package.full, package.version)]
