"""An image's root, from its layout to a folder that is kept by digest, and what its configuration says."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from assay.engines import oci
from assay.engines.isolation.syscalls import open_within
from assay.engines.rootfs.layers import DIRECTORY, Applying
from assay.kernel.errors import BadInput, Missing

_ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A root on disk. digest: of the manifest. env, user: as its configuration says. left_out: members of kinds that are none."""

    path: Path
    digest: str
    env: Mapping[str, str]
    user: str
    left_out: int = 0

    def find(self, name: str) -> str | None:
        """Return where a program lies, as it is found inside by the image's own PATH; None where it is not there."""
        root = os.open(self.path, DIRECTORY)
        try:
            for folder in self.env.get("PATH", "/usr/local/bin:/usr/bin:/bin").split(":"):
                place = f"{folder.rstrip('/')}/{name}"
                with contextlib.suppress(OSError):
                    handle = open_within(root, place.lstrip("/"), os.O_PATH)
                    known = os.fstat(handle)
                    os.close(handle)
                    if folder.startswith("/") and known.st_mode & 0o111 and not known.st_mode & 0o040000:
                        return place
        finally:
            os.close(root)
        return None

    def numbers(self) -> tuple[int, int] | None:
        """Return the numbers of the user and group that it runs as; None where it says none that can be found."""
        user, _, group = self.user.partition(":")
        if not user:
            return None
        uid = int(user) if user.isdigit() else None
        gid = int(group) if group.isdigit() else None
        for line in self._lines("etc/passwd"):
            parts = line.split(":")
            if len(parts) >= 4 and parts[2].isdigit() and parts[3].isdigit() and user in (parts[0], parts[2]):
                uid, gid = int(parts[2]), gid if group else int(parts[3])
                break
        for line in self._lines("etc/group") if group and gid is None else []:
            parts = line.split(":")
            if len(parts) >= 3 and parts[0] == group and parts[2].isdigit():
                gid = int(parts[2])
        if uid is None or uid >= 1 << 31 or (gid or 0) >= 1 << 31:
            raise BadInput(
                f"the image runs as {self.user[:80]!r}, whom its own /etc/passwd does not know",
                where=str(self.path),
            )
        return uid, gid or 0

    def _lines(self, path: str) -> list[str]:
        root = os.open(self.path, DIRECTORY)
        try:
            handle = open_within(root, path, os.O_RDONLY)
        except OSError:
            return []
        finally:
            os.close(root)
        with os.fdopen(handle, "rb") as source:
            return source.read(1 << 20).decode("utf-8", "replace").splitlines()


def unpack(layout: Path, cache: Path) -> Unpacked:
    """Return the root of an OCI layout's image, unpacked into ``cache`` unless it lies there already.

    Missing where there is no layout, BadInput where it is not whole, or has no image for this processor.
    """
    oci.read(layout)  # every blob is what its digest says
    digest, manifest = _manifest(layout)
    config = _document(layout, manifest["config"]["digest"])
    settings = config.get("config") or {}
    told = settings.get("Env") or []
    env = dict(str(e).split("=", 1) for e in told if "=" in str(e)) if isinstance(told, list) else {}
    user = str(settings.get("User") or "")
    place = cache / digest.replace(":", "-")
    marker = place / "whole.json"
    if not marker.is_file():
        left_out = _unpacked(layout, manifest, config, place)
    else:
        left_out = int(json.loads(marker.read_text()).get("left_out", 0))
    return Unpacked(place / "root", digest, env, user, left_out)


def _unpacked(layout: Path, manifest: Mapping[str, Any], config: Mapping[str, Any], place: Path) -> int:
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=place.parent))
    try:
        root = fresh / "root"
        root.mkdir(mode=0o755)
        applying = Applying(root)
        try:
            said = config.get("rootfs", {}).get("diff_ids", [])
            layers = manifest["layers"]
            if len(said) != len(layers):
                raise BadInput("the image's configuration does not list its layers", where=str(layout))
            for layer, diff in zip(layers, said, strict=True):
                applying.layer(_blob(layout, layer["digest"]), layer, str(diff))
        finally:
            applying.close()
        (fresh / "whole.json").write_text(json.dumps({"left_out": applying.left_out}))
        with contextlib.suppress(OSError):  # somebody else was quicker
            fresh.rename(place)
        return applying.left_out
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _manifest(layout: Path) -> tuple[str, Mapping[str, Any]]:
    """Return the manifest for this processor, and its digest."""
    todo = list(json.loads((layout / "index.json").read_bytes()).get("manifests", []))
    wanted = _ARCHITECTURE.get(platform.machine(), platform.machine())
    found = []
    for _ in range(1000):
        if not todo:
            break
        one = todo.pop(0)
        said = one.get("platform") or {}
        if said.get("os", "linux") != "linux" or said.get("architecture", wanted) != wanted:
            continue
        document = _document(layout, one["digest"])
        if isinstance(document.get("manifests"), list):
            todo += document["manifests"]
        elif isinstance(document.get("layers"), list) and isinstance(document.get("config"), dict):
            architecture = _document(layout, document["config"]["digest"]).get("architecture", wanted)
            if architecture == wanted:
                found.append((str(one["digest"]), document))
    if len(found) != 1:
        raise BadInput(
            f"the layout has {len(found)} images for linux/{wanted}",
            where=str(layout),
            remedy="copy the one: skopeo copy docker://NAME oci:FOLDER",
        )
    return found[0]


def _document(layout: Path, digest: str) -> Mapping[str, Any]:
    with _blob(layout, digest) as source:
        raw = source.read(4 << 20)
    algorithm, _, value = digest.partition(":")
    if hashlib.new(algorithm, raw).hexdigest() != value:
        raise BadInput("a document of the image changed while it was read", where=str(layout))
    found = json.loads(raw)
    if not isinstance(found, dict):
        raise BadInput("a document of the image is no JSON object", where=str(layout))
    return found


def _blob(layout: Path, digest: str) -> IO[bytes]:
    algorithm, _, value = digest.partition(":")
    try:
        return os.fdopen(os.open(layout / "blobs" / algorithm / value, os.O_RDONLY | os.O_NOFOLLOW), "rb")
    except OSError:
        raise Missing(
            "a blob of the image is gone", where=str(layout), remedy="copy the whole layout"
        ) from None
