"""What surrounds a script's job besides its folders: what it may reach, how many it is, and the image it runs in."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assay.engines import interpreters
from assay.engines.egress.policy import Egress
from assay.engines.folders import entries, tail
from assay.engines.interpreters import Interpreter
from assay.engines.isolation import Ended, Grant, Root
from assay.engines.peers import crew
from assay.engines.peers.crew import Place
from assay.engines.rootfs import Unpacked
from assay.kernel.errors import BadInput, UsageError
from assay.kernel.printable import printable

_LOG = 4 << 20  # bytes of each further worker's log that are kept


@dataclass(frozen=True, slots=True)
class Reach:
    """egress: the stores it may reach. workers: how many, joined among themselves; encrypted: in TLS. image: its root."""

    egress: Egress | None = None
    workers: int = 1
    encrypted: bool = False
    image: Unpacked | None = None
    told: dict[str, Any] = field(default_factory=dict)  # what a report says of it, once it has run

    def places(self) -> list[Place]:
        """Return where each worker stands; nothing where there is one alone."""
        return crew.places(self.workers) if self.workers > 1 else []

    def grant(self, grant: Grant, place: Place | None = None) -> Grant:
        """Return a grant with all of it."""
        root = Root(self.image.path, self.image.numbers()) if self.image is not None else None
        env = {**(self.image.env if self.image is not None else {}), **grant.env}
        if place is not None:
            env |= place.environment
        return replace(
            grant, env=env, egress=self.egress, peers=place.peers if place is not None else None, root=root
        )

    def python(self, python: Interpreter) -> Interpreter:
        """Return the Python that the script is run with: the image's own, where there is an image."""
        if self.image is None:
            return python
        found = self.image.find("python3") or self.image.find("python")
        if found is None:
            raise UsageError(
                "the image has no python3 in its PATH, and a script is run with the image's own",
                where=self.image.named,
                remedy="name an image that has one, such as python:3.12-slim, or leave `image:` out",
            )
        return replace(interpreters.here(), path=Path(found), version="of the image", packages={})

    def environment(self) -> dict[str, Any]:
        """Return what a job's paper of its environment says of it."""
        out: dict[str, Any] = {}
        if self.image is not None:
            out["image"] = self.image.digest
        if self.workers > 1:
            out |= {"workers": self.workers, "encrypted_between_workers": self.encrypted}
        if self.egress is not None:
            out["stores"] = [str(s) for s in self.egress.stores]
        return out | self.told


def run_together(
    make: Callable[[Place, Path], tuple[list[str], Grant, Path]], reach: Reach, *, log: Path, scratch: Path
) -> Ended:
    """Run a job's workers to their end; the first's log is the job's, with the others' behind it.

    make: from where a worker stands, and a folder of its own, to its command, grant and working directory.
    """
    orders = []
    for place in reach.places():
        folder = scratch if place.rank == 0 else scratch / place.names[place.rank]
        folder.mkdir(parents=True, exist_ok=True)
        orders.append((*make(place, folder), log if place.rank == 0 else folder / "log.txt"))
    begun = crew.start(
        [o[0] for o in orders],
        [o[1] for o in orders],
        [o[3] for o in orders],
        cwd=[o[2] for o in orders],
        encrypted=reach.encrypted,
    )
    reach.told["seconds_to_join"] = round(begun.joined, 3)
    ended = begun.wait()
    with log.open("ab") as out:
        for place, order, one in zip(reach.places(), orders, ended, strict=True):
            how = f"exit {one.code}" if one.reason == "exit" else one.reason
            head = f"\n[{place.names[place.rank]}: {how}]\n" if place.rank else ""
            out.write(head.encode() + (tail(order[3], _LOG) if place.rank else b""))
    return crew.as_one(ended)


def merged(folders: list[Path], into: Path) -> str:
    """Move what further workers made beside what the first made; return why it cannot be, else nothing.

    A link in one worker's folder would have another's file moved to wherever it leads, so there must be none in any.
    """
    try:
        for folder in (into, *folders):
            for entry in entries(folder):
                if not entry.is_file and not entry.is_folder:
                    return f"{printable(entry.path[:80])} is a link or no regular file"
    except BadInput as error:
        return str(error)
    for folder in folders:
        for entry in entries(folder):
            target = into / entry.path
            there = os.path.lexists(target)
            if there and not (entry.is_folder and target.is_dir()):
                return f"two workers wrote {printable(entry.path[:80])}"
            if entry.is_folder:
                target.mkdir(exist_ok=True)
            else:
                (folder / entry.path).rename(target)
    return ""
