"""Java archives: pom.properties of what they hold, else the manifest's own words, archives within them too.

https://maven.apache.org/shared/maven-archiver/: META-INF/maven/GROUP/ARTIFACT/pom.properties. Where neither says a group, the name
is that of the file; such a package is listed, and without its group no advisory can name it.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from assay.methods import ziplists
from assay.methods.packages.package import LONGEST, Package, Unreadable

_NESTED = (".jar", ".war", ".ear")
_DEEPEST = 4
_MEMBERS = 200_000
_RECORD = 1 << 20
_INNER = 256 << 20  # bytes of an archive within one, held while it is read
_WHOLE = 512 << 20  # bytes that come out of a file, of all that it holds however deep
_ALL = 500_000  # members of a file, those of what it holds among them
_LISTED = 64 << 20  # bytes of a list of members, which is read whole
_RATIO = 200
_NAME = re.compile(r"(.+?)-(\d[\w.+-]*)")
_WRONG = (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, EOFError, RuntimeError)


@dataclass
class _Budget:
    """What is left for a file and all that it holds."""

    bytes: int = _WHOLE
    members: int = _ALL

    def spend(self, size: int, members: int = 0) -> None:
        """Take from it; Unreadable where it is used up."""
        self.bytes -= size
        self.members -= members
        if self.bytes < 0 or self.members < 0:
            raise Unreadable("more is packed in it, and in what it holds, than is unpacked of one file")


def read(
    source: IO[bytes], path: str, size: int, depth: int = 0, budget: _Budget | None = None
) -> Iterator[Package]:
    """Give what an archive says it is and holds; Unreadable where it cannot be read to its end.

    depth, budget: of an archive within another, how deep it lies and what is left for it.
    """
    budget = budget or _Budget()
    if source.read(2) != b"PK":
        if size:
            raise Unreadable("it is named as a Java archive and is none")
        return
    try:
        if (ziplists.listed(source) or 0) > _LISTED:
            raise Unreadable(f"its list of members is longer than {_LISTED >> 20} MiB")
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
            if len(members) > _MEMBERS:
                raise Unreadable(f"it has more than {_MEMBERS:,} members")
            budget.spend(0, len(members))
            yield from _inside(archive, members, path, depth, budget)
    except Unreadable:
        raise
    except _WRONG as error:
        raise Unreadable(f"it cannot be read to its end: {str(error)[:100]}") from None


def _inside(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], path: str, depth: int, budget: _Budget
) -> Iterator[Package]:
    told = 0
    manifest: dict[str, str] = {}
    for member in members:
        name = member.filename
        if name.startswith("META-INF/maven/") and name.endswith("/pom.properties"):
            fields = _properties(_text(archive, member, budget))
            group, artifact, version = (fields.get(k, "") for k in ("groupId", "artifactId", "version"))
            if not (group and artifact and version):
                raise Unreadable(f"{name[:200]} lacks a group, a name or a version")
            told += 1
            yield _package(group, artifact, version, path)
        elif name == "META-INF/MANIFEST.MF":
            manifest = _manifest(_text(archive, member, budget))
        elif name.lower().endswith(_NESTED) and not member.is_dir():
            yield from _nested(archive, member, path, depth, budget)
    if not told:
        found = _by_manifest(manifest, path)
        if found is not None:
            yield found


def _nested(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: str, depth: int, budget: _Budget
) -> Iterator[Package]:
    inner = f"{path}!{member.filename[:300]}"
    if depth >= _DEEPEST:
        raise Unreadable(f"archives nest deeper than {_DEEPEST} levels")
    bomb = member.file_size > (16 << 20) and member.file_size > _RATIO * max(member.compress_size, 1)
    if member.file_size > _INNER or bomb:
        raise Unreadable(f"{member.filename[:200]} is too large")
    budget.spend(member.file_size)
    with _open(archive, member) as packed:
        whole = packed.read(member.file_size + 1)
    if len(whole) != member.file_size:
        raise Unreadable(f"{member.filename[:200]} is not as long as it says")
    yield from read(io.BytesIO(whole), inner, len(whole), depth + 1, budget)


def _open(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> IO[bytes]:
    """Open a member packed as Java reads it: other ways may ask for gigabytes before the first byte."""
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or member.flag_bits & 1:
        raise Unreadable(f"{member.filename[:200]} is packed in a way that Java does not read")
    return archive.open(member)


def _text(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: _Budget) -> str:
    budget.spend(min(member.file_size, _RECORD))
    with _open(archive, member) as packed:
        raw = packed.read(_RECORD + 1)
    if len(raw) > _RECORD:
        raise Unreadable(f"{member.filename[:200]} is larger than any such record")
    return raw.decode("utf-8", "replace")


def _properties(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines() if not line.lstrip().startswith(("#", "!")))
    return {k.strip(): v.strip()[:LONGEST] for k, eq, v in pairs if eq}


def _manifest(text: str) -> dict[str, str]:
    """Return the main section; a line that begins with a blank goes on with the one before."""
    out: dict[str, str] = {}
    last = ""
    for line in text.splitlines():
        if not line:
            break
        if line[0] == " " and last:
            out[last] += line[1:]
            continue
        key, colon, value = line.partition(":")
        if colon:
            last = key.strip()
            out[last] = value.strip()
    return {k: v[:LONGEST] for k, v in out.items()}


def _by_manifest(fields: dict[str, str], path: str) -> Package | None:
    stem = path.rpartition("/")[2].rpartition(".")[0]
    match = _NAME.fullmatch(stem)
    name = fields.get("Implementation-Title", "") if not match else match[1]
    version = match[2] if match else ""
    for key in ("Implementation-Version", "Bundle-Version", "Specification-Version"):
        version = version or fields.get(key, "")
    group = fields.get("Implementation-Vendor-Id", "")
    if not group and "." in fields.get("Bundle-SymbolicName", ""):
        symbolic = fields["Bundle-SymbolicName"].partition(";")[0].strip()
        group, _, last = symbolic.rpartition(".")
        name = name or last
    return _package(group, name or stem, version, path) if stem else None


def _package(group: str, artifact: str, version: str, path: str) -> Package:
    return Package("maven", artifact[:LONGEST], version[:LONGEST], group[:LONGEST], path=path)
