"""A witness: somebody outside who is given a checkpoint, and who can be asked later which ones they were given."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from assay.kernel.errors import UsageError

MOST = 1000  # checkpoints that a witness is asked for, the latest of them


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a checkpoint is kept now, and the witness's own receipt where they give one (base64)."""

    place: str
    receipt: str | None = None


class Witness(ABC):
    """One who keeps checkpoints."""

    @abstractmethod
    def keep(self, size: int, note: str) -> Kept:
        """Give a signed checkpoint of so many events; an error where it is not kept."""

    @abstractmethod
    def seen(self) -> list[str]:
        """Return the latest checkpoints that were given, none where the witness cannot be asked (an authority)."""

    def confirms(self, note: str, receipt: str) -> str:
        """Return when a receipt says that the checkpoint was there; ValueError where it does not."""
        raise ValueError("this witness gives no receipt")


def opened(spec: str) -> Witness:
    """Return the witness that ``git:PATH``, ``file:PATH``, ``tsa:URL#ROOT.pem`` or a URL of fsspec's names; UsageError else."""
    kind, _, rest = spec.partition(":")
    if kind == "file" and rest and not rest.startswith("//"):
        from assay.engines.witnesses.file import File

        return File(rest)
    if kind == "git" and rest:
        from assay.engines.witnesses.repository import Repository

        return Repository(rest)
    if kind == "tsa" and rest:
        from assay.engines.witnesses.authority import Authority

        return Authority(rest)
    if rest.startswith("//"):
        from assay.engines.witnesses.objects import Objects

        return Objects(spec)
    raise UsageError(
        f"{spec!r} names no witness",
        remedy="write file:PATH, git:PATH, s3://bucket/prefix or tsa:URL#root.pem",
    )
