"""An image's root, from its saved form to a folder that is kept by digest, and what its configuration says."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assay.engines.containers.bundle import Bundle
from assay.engines.containers.described import Described, described, here
from assay.engines.containers.layers import Layer
from assay.engines.containers.opening import parted
from assay.engines.containers.room import DIGEST
from assay.engines.isolation.syscalls import open_within
from assay.engines.leftovers import hold, removed, sweep
from assay.engines.rootfs.layers import DIRECTORY, Applying
from assay.kernel.errors import BadInput, Broken, UsageError, of_the_machine

_REMOTE = re.compile(r"(^|/)(oci|docker|registry\+https?):/")  # as a path has it: of two slashes one is left
_UNDER_WAY, _WHOLE = ".unpacking-", "whole.json"
_LARGEST_ENVIRONMENT = 256 << 10  # characters; a kernel takes a few times as much


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A root on disk. digest: of the manifest. env, user: as its configuration says. left_out: members of kinds that are none.

    named: how the image was named, for whoever is told of it.
    """

    path: Path
    digest: str
    env: Mapping[str, str]
    user: str
    left_out: int = 0
    named: str = ""

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
        uid, gid = _number(user), _number(group)
        for line in self._lines("etc/passwd"):
            parts = line.split(":")
            if len(parts) < 4 or user not in (parts[0], parts[2]):
                continue
            own, first = _number(parts[2]), _number(parts[3])
            if own is not None and first is not None:
                uid, gid = own, gid if group else first
                break
        for line in self._lines("etc/group") if group and gid is None else []:
            parts = line.split(":")
            if len(parts) >= 3 and parts[0] == group:
                gid = _number(parts[2])
        if uid is None or (group and gid is None) or uid >= 1 << 31 or (gid or 0) >= 1 << 31:
            raise BadInput(
                f"the image runs as {self.user[:80]!r}, whom its own /etc/passwd does not know",
                where=self.named,
                remedy="build it with USER set to a name that it knows, or to a number",
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


def unpack(image: Path, cache: Path) -> Unpacked:
    """Return the root of a saved image, unpacked into ``cache`` unless it lies there already.

    image: an OCI layout or what ``docker save`` writes, as a folder or a tar, as the checks of images read them; one of several is
    named behind #. Missing where there is none, BadInput where it is not whole, or is not for this processor. What lies there
    already was held against its digests when it was unpacked, and the layers of the saved image are not read again for it.
    """
    saved, which = parted(str(image))
    _is_saved(saved, image)
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    bundle = Bundle(saved, cache)
    found = described(bundle, which)
    if found.platform.split("/")[0] not in ("", "linux") or found.architecture not in ("", here()):
        raise BadInput(
            f"the image is for {found.platform[:80] or found.architecture}, and this is linux/{here()}",
            where=str(image),
            remedy=f"copy that of this machine: skopeo copy --override-arch {here()} docker://NAME oci:FOLDER",
        )
    settings = found.config.get("config")
    settings = settings if isinstance(settings, dict) else {}
    env = _environment(settings.get("Env"), image)
    user = str(settings.get("User") or "")
    place = cache / found.digest.replace(":", "-")
    left_out = _kept(place)
    if left_out is None:
        left_out = _unpacked(bundle, found, place, str(image))
    return Unpacked(place / "root", found.digest, env, user, left_out, str(image))


def _is_saved(saved: Path, image: Path) -> None:
    """UsageError where what is named is no saved image: a registry's, or a folder that is a root and says nothing of its programs."""
    copy = "copy it beside: skopeo copy docker://NAME oci:FOLDER, or docker save NAME -o FILE"
    if not saved.exists() and _REMOTE.search(str(image)):
        raise UsageError(
            "a job is not started from a registry, which may give another image each time",
            where=str(image),
            remedy=copy,
        )
    if saved.is_dir() and not any((saved / name).is_file() for name in ("oci-layout", "manifest.json")):
        raise UsageError("the folder is no saved image: it has no oci-layout", where=str(image), remedy=copy)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None


def _environment(told: object, image: Path) -> dict[str, str]:
    """Return the variables that a configuration sets; BadInput where no program could be started with them."""
    texts = [str(one) for one in told] if isinstance(told, list) else []
    if any("\0" in text for text in texts) or sum(map(len, texts)) > _LARGEST_ENVIRONMENT:
        raise BadInput("the image sets an environment that no program can be started with", where=str(image))
    return {name: value for name, mark, value in (text.partition("=") for text in texts) if name and mark}


def _unpacked(bundle: Bundle, found: Described, place: Path, named: str) -> int:
    if not all(DIGEST.fullmatch(layer.plain) for layer in found.layers):
        raise bundle.bad("its configuration does not list its layers")
    sweep(place.parent.glob(f"{_UNDER_WAY}*"))  # of processes that were killed at it
    fresh, lock = hold(lambda: Path(tempfile.mkdtemp(prefix=_UNDER_WAY, dir=place.parent)))
    try:
        made = fresh / "made"
        made.mkdir(mode=0o700)
        root = made / "root"
        root.mkdir(mode=0o755)
        applying = Applying(root)
        try:
            for layer in found.layers:
                _apply(applying, bundle, layer, named)
        finally:
            applying.close()
        (made / _WHOLE).write_text(json.dumps({"left_out": applying.left_out}))
        _keep(made, place, fresh)
        return applying.left_out
    finally:
        removed(fresh, lock)


def _kept(place: Path) -> int | None:
    """Return how many members were left out of the root that lies there; None where none lies there whole."""
    try:
        told = json.loads((place / _WHOLE).read_text())
        return int(told["left_out"]) if (place / "root").is_dir() else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _keep(made: Path, place: Path, fresh: Path) -> None:
    """Put a root in its place, unless somebody else was quicker. What lies there and is not whole goes with ``fresh``."""
    folder = os.open(place.parent, DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # one at a time: what another has just put there is whole
        if _kept(place) is not None:
            return
        if place.exists():
            place.rename(fresh / "broken")
        made.rename(place)
    except OSError as error:
        raise of_the_machine(error) or Broken(
            f"the image's files cannot be kept: {error.strerror}",
            where=str(place),
            remedy="remove what lies there",
        ) from None
    finally:
        os.close(folder)


def _apply(applying: Applying, bundle: Bundle, layer: Layer, named: str) -> None:
    """Apply a layer; what is wrong with it is told of the image, since the folder that it is unpacked into is gone by then."""
    try:
        applying.layer(bundle.open(layer.place), layer)
    except BadInput as error:
        digest = (layer.digest or layer.plain)[:19]
        raise BadInput(
            f"{error.what} (the layer {digest})",
            where=named,
            remedy="copy it anew from where it was built, and compare its digest",
        ) from None
