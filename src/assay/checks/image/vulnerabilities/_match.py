"""Packages held against a mirror of advisories: each record judged by the ecosystem's own order of versions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from assay.kernel.handles import Advisories, Work
from assay.kernel.report import Skipped
from assay.methods.advisories import ecosystems, gravity, osv
from assay.methods.advisories.gravity import Gravity
from assay.methods.packages.osrelease import System
from assay.methods.packages.package import Package
from assay.methods.versions.pep440 import normal_name

_HELD = 256  # packages whose records are held at once


@dataclass
class Hit:
    """A vulnerability of a package. ids: every name it has, the one it is called by first. packages: those installed.

    name: as its advisories call the package; entries: what they say of it.
    """

    ids: list[str]
    name: str
    version: str
    base: str
    packages: list[Package]
    gravity: Gravity = field(default_factory=Gravity)
    summary: str = ""
    fixed: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    published: str = ""

    @property
    def id(self) -> str:
        """Return what it is called by."""
        return self.ids[0]

    @property
    def package(self) -> Package:
        """Return the first of the packages."""
        return self.packages[0]


@dataclass
class Matched:
    """hits; judged: how many packages were held against records; skipped: which were not, and why; upgrades: by (name, version).

    unjudged: the packages that were not, or not to the end, as findings name them.
    """

    hits: list[Hit] = field(default_factory=list)
    judged: int = 0
    owned: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    upgrades: dict[tuple[str, str, str], tuple[str, int, int]] = field(default_factory=dict)
    unjudged: list[str] = field(default_factory=list)


def match(packages: Sequence[Package], system: System, advisories: Advisories, work: Work) -> Matched:
    """Return what is known of each package. Packages of one source and version are one question."""
    out = Matched()
    home = ecosystems.of_system(system)
    counts = advisories.ecosystems()
    asked: dict[tuple[ecosystems.Home, tuple[tuple[str, str], ...]], list[Package]] = defaultdict(list)
    unknown: dict[str, list[Package]] = defaultdict(list)
    judged: dict[str, tuple[ecosystems.Home | None, str]] = {}
    for package in packages:
        if package.kind == "mlmodel":
            continue
        if package.owner:
            out.owned += 1  # its maintainers patch it under their own version; it is judged as theirs
            continue
        kind = package.kind
        if kind not in judged:  # where it is judged follows from its kind alone, and so does what refuses it
            where = ecosystems.of(package, home)
            judged[kind] = where, _refusal(kind, where, counts, system)
        where, why = judged[kind]
        why = "its version is not said" if where is not None and not package.version else why
        if why or where is None:
            unknown[why].append(package)
            continue
        asked[where, tuple(ecosystems.asked(package, where))].append(package)
        out.judged += 1
    for why, left in unknown.items():
        shown = ", ".join(dict.fromkeys(p.shown for p in left[:3]))
        more = f" and {len(left) - 3:,} more" if len(left) > 3 else ""
        out.skipped.append(Skipped(f"{shown}{more}", why))
        told = (f"{p.kind}/{n}" for p in left for n in (p.full, p.source) if n)
        out.unjudged += dict.fromkeys(
            n if not n.startswith("pypi/") else f"pypi/{normal_name(n[5:])}" for n in told
        )
    doubts: dict[str, list[str]] = defaultdict(list)
    known = _Known(advisories)
    for done, ((where, names), held) in enumerate(asked.items()):
        if done % 200 == 0:
            work.progress(done, len(asked), "matching packages")
        _one(where, dict(names), held, known, out, doubts)
    for why, those in doubts.items():
        more = f" and {len(those) - 3:,} more" if len(those) > 3 else ""
        out.skipped.append(Skipped(", ".join(those[:3]) + more, why))
    return out


def _refusal(kind: str, where: ecosystems.Home | None, counts: Mapping[str, int], system: System) -> str:
    """Return why packages of a kind cannot be judged, or nothing."""
    if where is None:
        if kind in ("deb", "rpm", "apk"):
            named = system.name or system.id
            return (
                f"no advisories of packages of the kind {kind} are known for {named}"
                if named
                else "the image does not say which system it is"
            )
        return f"no advisories are kept of packages of the kind {kind}"
    if ecosystems.key(where.base) is None:
        return f"how versions of {where.base} are put in order is not known"
    if not any(where.holds(written) for written in counts):
        return f"the mirror has no records of {where.shown}"
    return ""


@dataclass(frozen=True, slots=True)
class _Told:
    """What the records say of packages of some names: name, entry, and the entry as it was read."""

    key: ecosystems.Key
    entries: Sequence[tuple[str, Mapping[str, Any], osv.Entry]]


class _Known:
    """The records about names, read once where many versions of one package are asked about."""

    def __init__(self, advisories: Advisories) -> None:
        self.advisories = advisories
        self._held: dict[tuple[ecosystems.Home, tuple[str, ...]], _Told | None] = {}

    def about(self, where: ecosystems.Home, names: Mapping[str, str]) -> _Told | None:
        """Return what is told of names where a package is from; None where it is nothing."""
        place = where, tuple(names)
        if place not in self._held:
            if len(self._held) >= _HELD:
                self._held.pop(next(iter(self._held)))
            self._held[place] = self._read(where, names)
        return self._held[place]

    def _read(self, where: ecosystems.Home, names: Mapping[str, str]) -> _Told | None:
        told = list(self.advisories.about(where.base, names))
        if not told:
            return None
        key = _remembering(ecosystems.key(where.base))
        return _Told(key, [(n, e, osv.read(e, key)) for n, written, e in told if where.holds(written)])


def _one(
    where: ecosystems.Home,
    names: Mapping[str, str],
    packages: list[Package],
    known: _Known,
    out: Matched,
    doubts: dict[str, list[str]],
) -> None:
    told = known.about(where, names)
    if told is None:
        return
    key = told.key
    found: list[tuple[str, Mapping[str, Any], Sequence[str]]] = []
    entries: dict[str, list[osv.Entry]] = defaultdict(list)
    for name, entry, said in told.entries:
        entries[name].append(said)
        judged = osv.judge(said, names[name], key)
        if judged.affected is None:
            doubts[f"it cannot be told whether {entry['id']} affects it: {judged.why}"].append(
                packages[0].shown
            )
            out.unjudged.append(f"{packages[0].kind}/{name}")
        elif judged.affected:
            found.append((name, entry, judged.fixed))
    groups = _together(found, known.advisories)
    out.hits += [_hit(group, names, where.base, packages) for group in groups]
    for name in dict.fromkeys(name for name, _, _ in found):
        version, left = osv.upgrade(entries[name], names[name], key)
        total = sum(1 for hit in groups if any(n == name for n, _, _, _ in hit))
        if version:
            out.upgrades[where.base, name, names[name]] = (version, left, total)


def _remembering(key: ecosystems.Key | None) -> ecosystems.Key:
    """Return the same order that reads each version once: judging and looking for an upgrade ask for the same ones."""
    assert key is not None  # _refusal has asked
    order, held = key, dict[str, Any]()

    def remembered(text: str) -> Any:
        if text not in held:
            held[text] = order(text)
        return held[text]

    remembered.spellings = getattr(key, "spellings", False)  # type: ignore[attr-defined]
    return remembered


_Found = tuple[str, Mapping[str, Any], Sequence[str], Mapping[str, Any]]


def _together(
    found: Sequence[tuple[str, Mapping[str, Any], Sequence[str]]], advisories: Advisories
) -> list[list[_Found]]:
    """Group records that speak of one vulnerability: each names the others as aliases, or what it was made from."""
    root: dict[str, str] = {}

    def top(id_: str) -> str:
        while root.setdefault(id_, id_) != id_:
            root[id_] = root[root[id_]]
            id_ = root[id_]
        return id_

    whole: list[_Found] = []
    for name, entry, fixed in found:
        record = advisories.record(str(entry["id"]))
        whole.append((name, entry, fixed, record))
        aliases = names_of(record)
        for other in aliases if len(aliases) < 3 or not _advisory(str(entry["id"])) else ():
            root[top(other)] = top(str(entry["id"]))
    groups: dict[str, list[_Found]] = defaultdict(list)
    for one in whole:
        groups[top(str(one[1]["id"]))].append(one)
    return list(groups.values())


def names_of(record: Mapping[str, Any]) -> list[str]:
    """Return the other names of a record: its aliases and what it was made from."""
    out = []
    for field_ in ("aliases", "upstream"):
        told = record.get(field_)
        out += [str(a)[:80] for a in told if isinstance(a, str)] if isinstance(told, list) else []
    return out[:200]


def _advisory(id_: str) -> bool:
    """Whether an id is of a distribution's advisory, which may speak of several vulnerabilities at once."""
    return id_.startswith(
        ("DSA-", "DLA-", "DTSA-", "USN-", "RHSA-", "RHBA-", "RLSA-", "ALSA-", "SUSE-", "openSUSE-", "MGASA-")
    )


def _rank(id_: str) -> tuple[int, str]:
    order = ("CVE-", "GHSA-", "PYSEC-", "GO-", "RUSTSEC-", "MAL-")
    return (next((i for i, p in enumerate(order) if id_.startswith(p)), len(order)), id_)


def _hit(group: list[_Found], names: Mapping[str, str], base: str, packages: list[Package]) -> Hit:
    ids: dict[str, None] = {}
    summary, published = "", ""
    graves: list[Gravity] = []
    fixed: dict[str, None] = {}
    links: dict[str, None] = {}
    for _, entry, ends, record in group:
        ids |= dict.fromkeys([str(entry["id"]), *names_of(record)])
        graves.append(gravity.of(record, entry))
        told = str(record.get("summary") or "").strip() or str(record.get("details") or "").strip()
        summary = summary or " ".join(told.split())[:200]
        published = published or str(record.get("published") or "")
        fixed |= dict.fromkeys(ends)
        references = record.get("references")
        for one in references if isinstance(references, list) else ():
            if isinstance(one, dict) and isinstance(one.get("url"), str) and len(links) < 20:
                links[one["url"][:500]] = None
    name = group[0][0]
    return Hit(
        sorted(ids, key=_rank),
        name,
        names[name],
        base,
        packages,
        reduce(gravity.graver, graves),
        summary,
        list(fixed),
        list(links),
        published,
    )
