"""A saved image on disk: what ``docker save`` writes, or an OCI layout, as a folder or a tar; nothing is unpacked.

Of a tar the places of its members are kept, and each is read where it lies. The image is called by the digest of its manifest, or
of its configuration where ``docker save`` kept no manifest; layers are held against their digests as they are read.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform as machine
import re
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from assay.engines.containers.layers import Layer, LayeredImage
from assay.engines.containers.room import DOCUMENT, LAYERS, Full, Room
from assay.engines.containers.stream import LayerStream
from assay.engines.oci import DIGEST, INDEXES, MANIFESTS
from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput, Missing, UsageError
from assay.methods import tars

if TYPE_CHECKING:
    from assay.engines.blobs import Store

MEMBERS = 100_000
_DEEPEST = 4
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "AMD64": "amd64"}


@dataclass(frozen=True, slots=True)
class Described:
    """An image as its manifest has it. digest: of the manifest, or of the configuration."""

    digest: str
    layers: tuple[Layer, ...]
    platform: str = ""
    tags: tuple[str, ...] = ()


class Part:
    """A stretch of a file, read from its beginning; closed with the file it is of."""

    def __init__(self, source: IO[bytes], start: int, size: int) -> None:
        self._source, self._left = source, size
        source.seek(start)

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        part = self._source.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(part)
        return part

    def close(self) -> None:
        """Close the file."""
        self._source.close()


class _Seekable:
    """A tar that lies on disk, for methods.tars: what is not read is passed over."""

    def __init__(self, source: IO[bytes], size: int) -> None:
        self._source, self._size, self.at = source, size, 0

    def take(self, size: int) -> bytes:
        part = self._source.read(size)
        self.at += len(part)
        return part

    def skip_to(self, place: int) -> bool:
        if place > self._size:
            return False
        self._source.seek(place)
        self.at = place
        return True


class Bundle:
    """The files of a saved image by name: of a folder, or of a tar."""

    def __init__(self, path: Path, scratch: Path | None = None) -> None:
        self.path = path
        self._places: dict[str, tuple[int, int]] | None = None
        self._unpacked: IO[bytes] | None = None
        if not path.is_dir():
            self._places = self._index(scratch)

    def _index(self, scratch: Path | None) -> dict[str, tuple[int, int]]:
        with self.path.open("rb") as source:
            if source.read(4)[:2] in (b"\x1f\x8b", b"BZ", b"\xfd7", b"\x28\xb5"):
                self._unpacked = self._plain(scratch)
        places: dict[str, tuple[int, int]] = {}
        with self._raw() as source:
            size = source.seek(0, 2)
            source.seek(0)
            try:
                for member in tars.members(_Seekable(source, size)):
                    if len(places) >= MEMBERS:
                        raise self.bad(f"it has more than {MEMBERS:,} members")
                    name = "/".join(p for p in member.name.split("/") if p not in ("", "."))
                    if member.kind == "file" and name not in places:
                        places[name] = (member.start, member.size)
                    elif member.kind == "link" and not member.hard:  # docker save of old links equal layers
                        places.setdefault(name, places.get(_joined(name, member.link), (0, -1)))
            except tars.Damaged as error:
                raise self.bad(error.what) from None
        return places

    def _plain(self, scratch: Path | None) -> IO[bytes]:
        """Unpack a compressed tar into a private file: its members must be read in another order than they lie in."""
        out = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115  it lives as long as the bundle
        stream = LayerStream(self.path.open("rb"), Room())
        try:
            while part := stream.take(1 << 20):
                out.write(part)
        except (tars.Damaged, Full) as error:
            raise self.bad(str(error)) from None
        finally:
            stream.close()
        return out

    def _raw(self) -> IO[bytes]:
        if self._unpacked is None:
            return self.path.open("rb")
        return os.fdopen(os.dup(self._unpacked.fileno()), "rb")

    def has(self, name: str) -> bool:
        """Whether there is a file of that name."""
        if self._places is not None:
            return self._places.get(name, (0, -1))[1] >= 0
        return self._plain_file(self.path / name)

    @staticmethod
    def _plain_file(path: Path) -> bool:
        try:
            return stat.S_ISREG(path.lstat().st_mode)
        except OSError:
            return False

    def open(self, name: str) -> IO[bytes]:
        """Return a file's bytes; BadInput where it is not there."""
        if not self.has(name):
            raise self.bad(f"{name[:90]} is not in it")
        if self._places is None:
            return (self.path / name).open("rb")
        start, size = self._places[name]
        return Part(self._raw(), start, size)  # type: ignore[return-value]

    def document(self, name: str, digest: str = "") -> tuple[Any, bytes]:
        """Return a JSON document and its bytes; BadInput where it is too large, no JSON, or not what its digest says."""
        source = self.open(name)
        try:
            raw = source.read(DOCUMENT + 1)
        finally:
            source.close()
        if len(raw) > DOCUMENT:
            raise self.bad(f"{name[:80]} is larger than any manifest is")
        if digest and "sha256:" + hashlib.sha256(raw).hexdigest() != digest:
            raise self.bad(f"{name[:80]} is not what its digest says")
        try:
            return json.loads(raw), raw
        except (ValueError, RecursionError):
            raise self.bad(f"{name[:80]} is no JSON") from None

    def bad(self, what: str) -> BadInput:
        """Return what is wrong with it as a sentence."""
        return BadInput(
            f"this is no whole image: {what}",
            where=str(self.path),
            remedy="write it anew: docker save NAME -o FILE",
        )


def _joined(name: str, link: str) -> str:
    out: list[str] = []
    for piece in (*name.split("/")[:-1], *link.split("/")):
        out = out[:-1] if piece == ".." else [*out, piece] if piece not in ("", ".") else out
    return "/".join(out)


def pin(path: Path, which: str, text: str, store: Store) -> Asset:
    """Return a saved image as an asset, by its own digest; a bill of materials by that of its bytes."""
    if path.is_file():
        with path.open("rb") as source:
            first = source.read(64).lstrip(b"\xef\xbb\xbf \r\n\t")
        if first[:1] == b"{":
            return Asset("image", path.name, text, store.put_file(path), "sbom")
    found = described(Bundle(path), which)
    return Asset("image", (found.tags or (path.name,))[0], text, found.digest, "saved")


def opened(asset: Asset, path: Path, scratch: Path) -> Any:
    """Return an Image; UsageError where the file is no longer the image that was pinned."""
    if asset.format == "sbom":
        from assay.engines.containers.listed import ListedImage

        return ListedImage(asset, path)
    place, _, which = (str(path), "", "") if path.exists() else str(path).rpartition("#")
    bundle = Bundle(Path(place), scratch)
    found = described(bundle, which)
    if found.digest != asset.digest:
        raise UsageError(
            f"{asset.name} is another image than when it was named", where=place, remedy="run it again"
        )

    def of(layer: Layer) -> IO[bytes]:
        return bundle.open(layer.place)

    return LayeredImage(asset, found.layers, of, scratch, platform=found.platform, tags=found.tags)


def described(bundle: Bundle, which: str = "") -> Described:
    """Return the image in a bundle that is asked for; UsageError names those there are where it is not clear which."""
    if bundle.has("oci-layout") and bundle.has("index.json"):
        index, _ = bundle.document("index.json")
        found = manifests(index, lambda digest: bundle.document(blob(digest), digest)[0])
        if found:
            chosen = choose(found, which, bundle.path)
            manifest, _ = bundle.document(blob(chosen["digest"]), chosen["digest"])
            return of_manifest(
                manifest, chosen, lambda digest: bundle.document(blob(digest), digest)[0], bundle.bad
            )
    if bundle.has("manifest.json"):
        return _of_docker(bundle, which)
    raise bundle.bad("it has neither an index.json nor a manifest.json")


def blob(digest: str) -> str:
    """Return where a layout keeps what has a digest."""
    return "blobs/" + digest.replace(":", "/", 1)


def manifests(index: Any, get: Any, depth: int = 0) -> list[dict[str, Any]]:
    """Return the image manifests that an index names, indexes within it walked; of attestations there are none.

    get: gives a document by its digest.
    """
    out: list[dict[str, Any]] = []
    named = index.get("manifests") if isinstance(index, dict) else None
    for one in named if isinstance(named, list) else ():
        if not isinstance(one, dict) or not DIGEST.fullmatch(str(one.get("digest"))) or len(out) > 1_000:
            continue
        kind = one.get("mediaType")
        notes = one.get("annotations") if isinstance(one.get("annotations"), dict) else {}
        if kind in INDEXES and depth < _DEEPEST:
            inner = manifests(get(str(one["digest"])), get, depth + 1)
            out += [{**i, "annotations": {**(notes or {}), **(i.get("annotations") or {})}} for i in inner]
        elif kind in MANIFESTS:
            if (notes or {}).get("vnd.docker.reference.type"):
                continue  # an attestation about an image
            out.append({**one, "digest": str(one["digest"]), "annotations": notes or {}})
    return out


def choose(found: list[dict[str, Any]], which: str, where: object) -> dict[str, Any]:
    """Return the manifest that is asked for by tag or platform; of several platforms that of this machine."""
    if which:
        held = [m for m in found if which in (_platform(m), *_tags(m)) or any(which in t for t in _tags(m))]
        if not held:
            raise Missing(
                f"it holds no image called {which!r}", where=str(where), remedy=f"it has {_shown(found)}"
            )
        found = held
    if len(found) > 1:
        here = f"{machine.system().lower()}/{_ARCHITECTURES.get(machine.machine(), machine.machine())}"
        found = [m for m in found if _platform(m) == here] or found
    if len(found) > 1 and len({m["digest"] for m in found}) > 1:
        raise UsageError(
            "it holds several images", where=str(where), remedy=f"name one behind #: {_shown(found)}"
        )
    return found[0]


def _shown(found: list[dict[str, Any]]) -> str:
    names = dict.fromkeys(n for m in found for n in (*_tags(m), _platform(m)) if n)
    return ", ".join(list(names)[:8])


def _platform(one: Mapping[str, Any]) -> str:
    told = one.get("platform")
    if not isinstance(told, dict):
        return ""
    return "/".join(str(told[k])[:40] for k in ("os", "architecture", "variant") if told.get(k))


def _tags(one: Mapping[str, Any]) -> tuple[str, ...]:
    notes = one.get("annotations") or {}
    names = (notes.get("io.containerd.image.name"), notes.get("org.opencontainers.image.ref.name"))
    return tuple(str(n)[:200] for n in names if n)


def of_manifest(manifest: Any, chosen: Mapping[str, Any], get: Any, bad: Any) -> Described:
    """Return what an image manifest describes, its layers found by their digests. get: a document by its digest."""
    named = manifest.get("layers") if isinstance(manifest, dict) else None
    if not isinstance(named, list) or len(named) > LAYERS:
        raise bad("its manifest names no layers, or too many")
    layers = []
    for one in named:
        digest, size = (one.get("digest"), one.get("size")) if isinstance(one, dict) else (None, None)
        if not DIGEST.fullmatch(str(digest)) or type(size) is not int:
            raise bad("its manifest names a layer without digest and size")
        layers.append(Layer(str(digest), size, place=blob(str(digest))))
    config = manifest.get("config")
    about: Any = {}
    if isinstance(config, dict) and DIGEST.fullmatch(str(config.get("digest"))):
        about = get(str(config["digest"]))
    return Described(chosen["digest"], tuple(layers), _platform(chosen) or _of_config(about), _tags(chosen))


def _of_config(about: Any) -> str:
    return _platform({"platform": about})


def _of_docker(bundle: Bundle, which: str) -> Described:
    named, _ = bundle.document("manifest.json")
    images = [i for i in named if isinstance(i, dict)] if isinstance(named, list) else []
    tagged = [(i, tuple(str(t)[:200] for t in i.get("RepoTags") or ())) for i in images]
    if which:
        tagged = [(i, t) for i, t in tagged if any(which in one for one in t)]
    if not tagged:
        raise Missing(f"it holds no image{f' called {which!r}' if which else ''}", where=str(bundle.path))
    if len(tagged) > 1:
        names = ", ".join(t for _, tags in tagged[:8] for t in tags[:1])
        raise UsageError(
            "it holds several images", where=str(bundle.path), remedy=f"name one behind #: {names}"
        )
    image, tags = tagged[0]
    name = str(image.get("Config"))
    config, raw = bundle.document(name)
    digest = "sha256:" + hashlib.sha256(raw).hexdigest()
    told = re.search(r"[0-9a-f]{64}", name)
    if told and told[0] != digest[7:]:
        raise bundle.bad("its configuration is not what its name says")
    places = image.get("Layers")
    rootfs = config.get("rootfs") if isinstance(config, dict) else None
    plain = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    if not isinstance(places, list) or not isinstance(plain, list) or len(places) != len(plain):
        raise bundle.bad("its configuration and its manifest do not name the same layers")
    if len(places) > LAYERS:
        raise bundle.bad("it has too many layers")
    layers = tuple(Layer("", -1, str(d), _joined("x", str(p))) for p, d in zip(places, plain, strict=True))
    return Described(digest, layers, _of_config(config), tags)
