"""What an image's documents say: which manifest is meant, its configuration, and its layers from the lowest up.

Indexes and manifests as OCI and Docker write them, and the manifest.json of ``docker save``. Where a saved image has both, tools
differ in which they read: they must be of the same image. https://github.com/opencontainers/image-spec/blob/main/manifest.md
"""

from __future__ import annotations

import hashlib
import platform as machine
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from assay.engines.containers.bundle import Bundle, blob, joined
from assay.engines.containers.documents import Ambiguous, clear
from assay.engines.containers.layers import Layer
from assay.engines.containers.room import DIGEST, LAYERS
from assay.kernel.errors import BadInput, Missing, UsageError

INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_DEEPEST = 4
_INDEXES = 1_000
_MOST = 10_000  # manifests of one index, with those in it; more are refused, since one of them may be meant
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "AMD64": "amd64"}
Get = Callable[[str], Any]  # gives a document by its digest
Bad = Callable[[str], BadInput]


@dataclass(frozen=True, slots=True)
class Described:
    """An image as its manifest has it. digest: of the manifest, or of the configuration where there is none.

    config: its configuration, empty where it has none; architecture: as that says, else as its manifest is listed.
    """

    digest: str
    layers: tuple[Layer, ...]
    platform: str = ""
    tags: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)

    def called(self, which: str) -> str:
        """Return what tells it from others of its name: the platform or digest that it was asked for by, where that is no tag."""
        return "" if not which or any(which in tag for tag in self.tags) else f"#{which}"

    @property
    def architecture(self) -> str:
        """Return the processor that its programs are for, as Go calls it; empty where nothing says."""
        listed = self.platform.split("/")[1:2]
        return str(self.config.get("architecture") or (listed[0] if listed else ""))[:40]


def here() -> str:
    """Return this machine's processor as Go calls it."""
    return _ARCHITECTURES.get(machine.machine(), machine.machine())


def described(bundle: Bundle, which: str = "") -> Described:
    """Return the image in a bundle that is asked for; UsageError names those there are where it is not clear which."""
    try:
        return _found(bundle, which)
    except Ambiguous as error:
        raise bundle.bad(str(error)) from None


def _found(bundle: Bundle, which: str) -> Described:
    if bundle.has("oci-layout") and bundle.has("index.json"):
        index, _ = bundle.document("index.json")
        found = manifests(index, bundle.blob)
        if found:
            if bundle.has("manifest.json"):
                _same_images(bundle, found)
            chosen = choose(found, which, bundle.path)
            return of_manifest(bundle.blob(chosen["digest"]), chosen, bundle.blob, bundle.bad)
    if bundle.has("manifest.json"):
        return _of_docker(bundle, which)
    raise bundle.bad("it has neither an index.json nor a manifest.json that names an image")


def manifests(index: Any, get: Get) -> list[dict[str, Any]]:
    """Return the image manifests that an index names, indexes within it walked; of attestations there are none."""
    return _walked(index, get, 0, {})


def _walked(index: Any, get: Get, depth: int, seen: dict[str, None]) -> list[dict[str, Any]]:
    """Walk an index. seen: indexes walked already, so that those that name one another are walked once."""
    out: list[dict[str, Any]] = []
    clear(index)
    named = index.get("manifests") if isinstance(index, dict) else None
    for one in named if isinstance(named, list) else ():
        if not isinstance(one, dict) or not DIGEST.fullmatch(str(one.get("digest"))):
            continue
        if len(out) >= _MOST:
            raise Ambiguous(f"it names more than {_MOST:,} images")
        clear(one, one.get("platform"))
        kind, digest = one.get("mediaType"), str(one["digest"])
        notes = one.get("annotations") if isinstance(one.get("annotations"), dict) else {}
        if kind in INDEXES and depth < _DEEPEST and digest not in seen:
            seen[digest] = None
            if len(seen) > _INDEXES:
                raise Ambiguous(f"it names more than {_INDEXES:,} indexes")
            inner = _walked(get(digest), get, depth + 1, seen)
            out += [
                {
                    **i,
                    "annotations": {**(notes or {}), **(i.get("annotations") or {})},
                    "within": (digest, *i["within"]),
                }
                for i in inner
            ]
        elif kind in MANIFESTS:
            if (notes or {}).get("vnd.docker.reference.type"):
                continue  # an attestation about an image
            out.append({**one, "digest": digest, "annotations": notes or {}, "within": ()})
    return out


def choose(found: list[dict[str, Any]], which: str, where: object) -> dict[str, Any]:
    """Return the manifest that is asked for by tag, platform or digest; of several platforms that of this machine."""
    if which:
        whole = [m for m in found if which in _names(m)]  # app:1 is not app:10, where both are there
        held = whole or [m for m in found if any(which in t for t in _tags(m))]
        if not held:
            raise Missing(
                f"it holds no image called {which!r}", where=str(where), remedy=f"it has {_shown(found)}"
            )
        found = held
    if len(found) > 1:
        mine = f"{machine.system().lower()}/{here()}"
        found = [m for m in found if _platform(m) == mine] or found
    if len(found) > 1 and len({m["digest"] for m in found}) > 1:
        raise UsageError(
            "it holds several images", where=str(where), remedy=f"name one behind #: {_shown(found)}"
        )
    return found[0]


def told_apart(found: list[dict[str, Any]]) -> list[str]:
    """Return what each of several images is asked for by: its platform, or its digest where two are of one; nothing of one alone."""
    several = {m["digest"]: m for m in found}
    shown = [_platform(m) for m in several.values()]
    if len(several) < 2:
        return []
    return [
        name if name and shown.count(name) == 1 else digest
        for digest, name in zip(several, shown, strict=True)
    ]


def _names(one: Mapping[str, Any]) -> tuple[str, ...]:
    return (_platform(one), str(one["digest"]), *one["within"], *_tags(one))


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


def of_manifest(manifest: Any, chosen: Mapping[str, Any], get: Get, bad: Bad) -> Described:
    """Return what an image manifest describes: its layers by their digests, and by what its configuration says is in them."""
    clear(manifest)
    named = manifest.get("layers") if isinstance(manifest, dict) else None
    if not isinstance(named, list) or len(named) > LAYERS:
        raise bad("its manifest names no layers, or too many")
    said = manifest.get("config")
    config: Any = {}  # of what names none
    if isinstance(said, dict) and DIGEST.fullmatch(str(said.get("digest"))):
        config = get(str(said["digest"]))
    clear(said, *named)
    if not isinstance(config, dict):
        raise bad("its configuration is no JSON object")
    plain = _plain(config)
    if plain and len(plain) != len(named):
        raise bad("its configuration and its manifest do not name the same layers")
    layers = []
    for place, one in enumerate(named):
        digest, size = (one.get("digest"), one.get("size")) if isinstance(one, dict) else (None, None)
        if not DIGEST.fullmatch(str(digest)) or type(size) is not int or size < 0:
            raise bad("its manifest names a layer without digest and size")
        layers.append(Layer(str(digest), size, plain[place] if plain else "", blob(str(digest))))
    shown = _platform(chosen) or _platform({"platform": config})
    return Described(str(chosen["digest"]), tuple(layers), shown, _tags(chosen), config)


def _plain(config: Mapping[str, Any]) -> list[str]:
    """Return the digests of what its layers unpack to; none where it lists none."""
    rootfs = config.get("rootfs")
    clear(config, rootfs, config.get("config"))
    said = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    return [str(d) for d in said] if isinstance(said, list) else []


def _images(bundle: Bundle) -> list[dict[str, Any]]:
    named, _ = bundle.document("manifest.json")
    found = [i for i in named if isinstance(i, dict)] if isinstance(named, list) else []
    if len(found) > _MOST:
        raise Ambiguous(f"it names more than {_MOST:,} images")
    clear(*found)
    return found


def _same_images(bundle: Bundle, found: list[dict[str, Any]]) -> None:
    """Raise BadInput where manifest.json names an image that index.json does not: one is looked at, another would be loaded."""
    known = set()
    for one in found:
        if bundle.has(blob(one["digest"])):  # of several platforms only one is saved
            config = bundle.blob(one["digest"])
            said = config.get("config") if isinstance(config, dict) else None
            known.add(str(said.get("digest")) if isinstance(said, dict) else "")
    for image in _images(bundle):
        _, raw = bundle.document(str(image.get("Config")))
        if "sha256:" + hashlib.sha256(raw).hexdigest() not in known:
            raise bundle.bad("its index.json and its manifest.json name different images")


def _of_docker(bundle: Bundle, which: str) -> Described:
    tagged = [(i, _repo_tags(i)) for i in _images(bundle)]
    if which:
        whole = [(i, t) for i, t in tagged if which in t]
        tagged = whole or [(i, t) for i, t in tagged if any(which in one for one in t)]
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
    config = config if isinstance(config, dict) else {}
    places, plain = image.get("Layers"), _plain(config)
    if not isinstance(places, list) or len(places) != len(plain):
        raise bundle.bad("its configuration and its manifest do not name the same layers")
    if len(places) > LAYERS:
        raise bundle.bad("it has too many layers")
    layers = tuple(Layer("", -1, d, joined("x", str(p))) for p, d in zip(places, plain, strict=True))
    return Described(digest, layers, _platform({"platform": config}), tags, config)


def _repo_tags(image: Mapping[str, Any]) -> tuple[str, ...]:
    told = image.get("RepoTags")
    return tuple(str(t)[:200] for t in told[:1_000]) if isinstance(told, list) else ()
