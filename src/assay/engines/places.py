"""Places that are swept and are no folder of this machine: a prefix of an object store, all tables of a database server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from assay.engines.remote import filesystem
from assay.engines.tables.seam import seam
from assay.engines.tables.source import parse
from assay.kernel.asset import Asset
from assay.kernel.canonical import digest_of
from assay.kernel.errors import BadInput, Missing, UsageError

MOST = 100_000  # objects of one place
_KEPT = 1 << 30  # bytes of objects that lie here at once
_LARGEST = 8 << 30  # bytes of an object that is fetched


def pin(text: str) -> Asset:
    """Return a place as a tree. A bucket's digest is of its listing (names, sizes, ETags); a server has none."""
    if text.startswith(("postgres://", "postgresql://")):
        found = parse(text)
        return Asset(
            "tree", found.url.rpartition("/")[2].partition("?")[0] or "postgres", text, "", "postgres"
        )
    listed = _listed(text)
    name = text.rstrip("/").rpartition("/")[2]
    return Asset("tree", name, text, digest_of([list(entry) for entry in listed]), "bucket")


def _listed(url: str) -> list[tuple[str, int, str]]:
    if url.startswith(("http://", "https://")):
        raise UsageError(
            "what answers at a URL has no files to look at",
            where=url,
            remedy="give the model's own file or folder",
        )
    fs, path = filesystem(url)
    with seam(url, "the place cannot be listed"):
        fs.invalidate_cache()
        try:
            found = fs.find(path, detail=True)
        except FileNotFoundError:
            found = {}
    if not found:
        raise Missing(
            "there is no object under that name", where=url, remedy="check the bucket and the prefix"
        )
    if len(found) > MOST:
        raise Missing(f"{len(found):,} objects are too many", where=url, remedy="name a longer prefix")
    tags = ((n, i.get("size") or 0, str(i.get("ETag") or i.get("mtime") or "")) for n, i in found.items())
    return sorted((str(n), int(s), t) for n, s, t in tags)


def names(url: str) -> list[str]:
    """Return the names of the objects under a prefix, from it on; of a single object its own name. Missing where there is none."""
    _, path = filesystem(url)
    prefix = str(path).rstrip("/")
    found = [name for name, _, _ in _listed(url)]
    if found == [prefix]:
        return [prefix.rpartition("/")[2]]
    return [name.removeprefix(f"{prefix}/") for name in found]


class RemoteTree:
    """A Tree whose objects are fetched one after another; old ones are let go, so that few lie here at once."""

    def __init__(self, asset: Asset, scratch: Path) -> None:
        self.asset = asset
        self.root = scratch / "fetched"
        self.root.mkdir()
        self.refused: list[tuple[str, str]] = []

    @property
    def closed(self) -> list[tuple[str, str]]:
        """Return the names of the objects that could not be had, and why; known when all files were given."""
        return self.refused

    def files(self) -> Iterator[tuple[str, Path]]:
        """Give each object's name under the prefix and a copy of it, which stays for as long as a GiB of later ones."""
        if self.asset.format == "postgres":
            return
        fs, path = filesystem(self.asset.uri)
        prefix = str(path).rstrip("/") + "/"
        held: list[Path] = []
        for number, (name, size, _) in enumerate(_listed(self.asset.uri)):
            shown = name.removeprefix(prefix)
            if size > _LARGEST:
                self.refused.append((shown, f"it is larger than {_LARGEST >> 30} GiB"))
                continue
            while held and sum(p.stat().st_size for p in held) + size > _KEPT:
                held.pop(0).unlink()
            target = self.root / f"{number:06d}-{Path(name).name[-100:]}"
            place = f"{self.asset.uri} {shown}"
            try:
                with seam(place, "the object cannot be fetched"):
                    fs.get_file(name, str(target))
            except (BadInput, Missing) as error:  # one among others, such as an archived one
                self.refused.append((shown, str(error).removeprefix(f"{place}: ")[:200]))
                target.unlink(missing_ok=True)
                continue
            held.append(target)
            yield shown, target
