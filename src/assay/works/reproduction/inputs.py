"""What a run read, found again with the very bytes it had: the copy that was kept, the place it lies in, or one that is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError, Missing, UsageError
from assay.methods.nearest import did_you_mean

if TYPE_CHECKING:
    from assay.works.bench import Bench
    from assay.works.home import Home
    from assay.works.provenance.past import Past


class Gone(UsageError):
    """What a step read then can no longer be had with the bytes it had."""


@dataclass(frozen=True, slots=True)
class Input:
    """A data set of a run. asset: as it can be opened now, None where it cannot. lies: where it was found.

    said: what became of the file that was read then, "" where it is as it was.
    """

    name: str
    digest: str
    asset: Asset | None
    lies: str
    said: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "name": self.name,
            "digest": self.digest or None,
            "from": self.lies or None,
            "said": self.said or None,
        }


def data_sets(past: Past, bench: Bench, given: Mapping[str, Path]) -> dict[str, Input]:
    """Return each data set that the run read. given: files that stand for some of them; their digests must be those.

    Missing where one is given for a data set that there is not, UsageError where it has other bytes.
    """
    read = {n: a for n, a in past.assets.items() if n in past.document["data"]}
    for name in given:
        if name not in read:
            raise Missing(f"the run read no data set {name!r}", remedy=did_you_mean(name, read))
    return {n: _given(a, given[n]) if n in given else _found(a, bench) for n, a in read.items()}


def _given(asset: Asset, path: Path) -> Input:
    from assay.engines import tables

    found = tables.pin(str(path))
    if not asset.digest or found.digest != asset.digest:
        raise UsageError(
            f"{path} is not what the run read as {asset.name}: its digest is {_short(found.digest)}, and was "
            f"{_short(asset.digest)}",
            remedy="give the file as it was then",
        )
    return Input(
        asset.name,
        asset.digest,
        replace(found, name=asset.name, format=asset.format),
        "the file that was given",
    )


def _found(asset: Asset, bench: Bench) -> Input:
    if asset.digest and bench.store.has(asset.digest):
        kept = asset if asset.uri.startswith("object:") else replace(asset, uri=f"object:{asset.digest}")
        return Input(asset.name, asset.digest, kept, "the copy that was kept", _now(asset)[1])
    if not asset.digest:
        return Input(
            asset.name, "", None, "", "could not be pinned when it was read, so nobody knows its bytes"
        )
    there, said = _now(asset)
    if there:
        return Input(asset.name, asset.digest, asset, "where it lies")
    return Input(asset.name, asset.digest, None, "", f"{said}, and no copy of it was kept")


def _now(asset: Asset) -> tuple[bool, str]:
    """Return whether a data set lies where it was read, as it was; and a few words where it does not."""
    from assay.engines import tables

    if not asset.uri or asset.uri.startswith("object:"):
        return False, "" if asset.uri else "is not in the archive"
    try:
        digest = tables.pin(asset.uri).digest
    except (AssayError, OSError):
        return False, "is no longer where it was read"
    return (
        digest == asset.digest,
        "" if digest == asset.digest else f"has another digest now ({_short(digest)})",
    )


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:12] or "unknown"


def as_it_was(recorded: Asset | None, source: Any, bench: Bench, home: Home) -> Asset:
    """Return an input that a step's own parameters named then; Gone where its bytes cannot be had."""
    if recorded is None:
        raise Gone(f"{source} was not recorded as read by the step")
    if recorded.kind == "key":
        return _key(recorded, str(source), bench, home)
    if not recorded.uri or recorded.uri.startswith("object:"):
        if bench.store.has(recorded.digest):
            return recorded
    elif recorded.format == "folder" and recorded.kind != "table":
        from assay.works.resolve import still_as_pinned

        try:
            still_as_pinned({"it": recorded}, home)
            return recorded
        except (AssayError, OSError):
            raise Gone(f"{recorded.name} is no longer what it was, and no copy of it was kept") from None
    elif recorded.kind != "table":
        if bench.store.has(recorded.digest):
            return recorded
    else:
        found = _found(recorded, bench)
        if found.asset is not None:
            return found.asset
    raise Gone(f"{recorded.name} is no longer what it was, and no copy of it was kept")


def _key(recorded: Asset, source: str, bench: Bench, home: Home) -> Asset:
    from assay.engines.secretkeys import is_name, read_key

    try:
        key = (
            home.secrets.open(source, make=False) if is_name(source) else read_key(Path(source).expanduser())
        )
    except AssayError:
        raise Gone(
            f"it needs the key {recorded.name}, which is not here: keys never leave their home"
        ) from None
    if key.asset.digest != recorded.digest:
        raise Gone(f"the key {recorded.name} is another than it was then")
    bench.held[key.asset.digest] = key
    return key.asset
