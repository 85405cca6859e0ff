"""The rules files of a load, kept in the home, so that what was held by them is tried again by the very same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.canonical import sha256
from assay.works.gate.order import located

if TYPE_CHECKING:
    from assay.works.home import Home

_LARGEST = 1 << 24  # bytes of a file that is kept; the reader of rules takes far less


def digests(files: Sequence[Path]) -> dict[str, str]:
    """Return the digest of each file that is there, as an input is named."""
    return {f"rules:{f.name}": sha256(f.read_bytes()) for f in files if f.is_file()}


def keep(home: Home, files: Sequence[Path]) -> list[dict[str, str]]:
    """Put rules files into the home's store, and return what finds them again: name, digest, folder."""
    return [
        {
            "name": f.name,
            "digest": home.store.put_bytes(f.read_bytes()),
            "folder": str(f.resolve().parent),
        }
        for f in files
        if f.is_file() and f.stat().st_size <= _LARGEST
    ]


def again(home: Home, kept: Sequence[Mapping[str, Any]], scratch: Path) -> list[tuple[Path, Path]]:
    """Write what was kept to files, and return each with the folder that the tables it names lie in."""
    out = []
    for number, file in enumerate(kept):
        path = scratch / f"rules{number}" / Path(str(file["name"])).name
        path.parent.mkdir(parents=True)
        path.write_bytes(home.store.read(str(file["digest"])))
        out.append((path, Path(str(file["folder"]))))
    return out


def tables(given: Mapping[str, str]) -> dict[str, str]:
    """Return other tables that rules name, each named from anywhere."""
    return {name: located(path) for name, path in given.items()}
