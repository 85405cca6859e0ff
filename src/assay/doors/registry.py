"""The registry from Python: the same acts as `assay model` and `assay inventory`, in a notebook or a service.

>>> import assay
>>> with assay.registry() as models:                                       # doctest: +SKIP
...     models.alias("bookings@2", "champion", reason="better in March")
...     models.show("bookings@champion")["status"]
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.doors.opened import Opened
from assay.kernel.errors import UsageError

if TYPE_CHECKING:
    pass

Json = dict[str, Any]
_SUFFIXES = {".csv": "csv", ".html": "html", ".json": "json"}


@dataclass
class Registry(Opened):
    """The models of one home. actor: who acts, as the log keeps it; the home's own where empty. Close it, or use it with `with`.

    Each method gives the model as it now is (``assay.model/1``) and raises AssayError, one sentence, where it may not be.
    NAME is a model, the latest of it, or NAME@VERSION or NAME@ALIAS. at: as it was, as for ``--at``.
    """

    def models(self, *, at: str | None = None, **filters: str) -> list[Json]:
        """Return every version, or those of a name, status, stage, alias, tag, tier or owner."""
        return list(self._call("inventory.list", at=at, **filters)["models"])

    def show(self, name: str, *, at: str | None = None) -> Json:
        """Return a model, with the questions asked of it."""
        return self._call("model.show", name=name, at=at)

    def history(self, name: str) -> list[Json]:
        """Return each state of a model, and the event that left it so."""
        return list(self._call("model.history", name=name)["states"])

    def register(
        self, file: str | os.PathLike[str], name: str, *, owner: str = "", purpose: str = ""
    ) -> Json:
        """Scan a model file and register it as PENDING."""
        return self._call("model.register", file=os.fspath(file), name=name, owner=owner, purpose=purpose)

    def approve(self, name: str, reason: str, *, expires: str | None = None) -> Json:
        """Approve a model; it stays as it is while the policy asks for more people."""
        return self._call("model.approve", name=name, reason=reason, expires=expires)

    def reject(self, name: str, reason: str) -> Json:
        """Reject a model."""
        return self._call("model.reject", name=name, reason=reason)

    def describe(
        self,
        name: str,
        *,
        owners: Sequence[str] | None = None,
        purpose: str | None = None,
        tier: str | None = None,
    ) -> Json:
        """Say who owns a model, what it is for, and its risk tier; what is None stays."""
        return self._call("model.describe", name=name, owners=owners, purpose=purpose, tier=tier)

    def alias(self, name: str, alias: str, *, reason: str = "", remove: bool = False) -> Json:
        """Let an alias name this version, and no other any more; or take it away."""
        return self._call("model.alias", name=name, alias=alias, reason=reason, remove=remove)

    def tag(self, name: str, tags: Mapping[str, str], *, remove: Sequence[str] = ()) -> Json:
        """Give a model tags, and take some away."""
        return self._call("model.tag", name=name, tags=tags, remove=remove)

    def stage(self, name: str, stage: str, *, reason: str = "") -> Json:
        """Put a model on a stage, or on ``none``."""
        return self._call("model.stage", name=name, stage=stage, reason=reason)

    def answer(self, name: str, answers: Mapping[str, str]) -> Json:
        """Answer questions that are asked of a model."""
        return self._call("model.answer", name=name, answers=answers)

    def image(self, name: str, folder: str | os.PathLike[str]) -> Json:
        """Record the image of a model's environment, an OCI layout on disk."""
        return self._call("model.image", name=name, folder=os.fspath(folder))

    def archive(self, name: str, reason: str) -> Json:
        """Put a model away until it is restored."""
        return self._call("model.archive", name=name, reason=reason)

    def restore(self, name: str, reason: str) -> Json:
        """Take an archived model back."""
        return self._call("model.restore", name=name, reason=reason)

    def retire(self, name: str, reason: str, *, successor: str = "") -> Json:
        """End a model for good, and say what takes its place."""
        return self._call("model.retire", name=name, reason=reason, successor=successor)

    def verify(self, name: str) -> Json:
        """Verify every file, mark, report and decision of a model, its image, and the log."""
        return self._call("model.verify", name=name)

    def export(self, name: str, to: str | os.PathLike[str]) -> Json:
        """Copy a model with its marks, the public keys and the checkpoint into a new folder."""
        return self._call("model.export", name=name, to=os.fspath(to))

    def inventory(self, format: str = "json", *, at: str | None = None) -> str:
        """Return the whole inventory as csv, html, cyclonedx or json text."""
        return str(self._call("inventory.export", format=format, at=at)["content"])

    def save(self, path: str | os.PathLike[str], format: str | None = None, *, at: str | None = None) -> Path:
        """Write the inventory to a file, in the format of its suffix unless named."""
        to = Path(path)
        shown = format or _SUFFIXES.get(to.suffix.lower(), "csv")
        to.write_bytes(self.inventory(shown, at=at).encode("utf-8-sig" if shown == "csv" else "utf-8"))
        return to


def registry(folder: str | os.PathLike[str] | None = None, *, actor: str = "") -> Registry:
    """Open the registry of the home at ASSAY_HOME, or the nearest ``.assay/`` upward from ``folder`` (else from here).

    UsageError where there is none.
    """
    from assay.works.call import NO_HOME
    from assay.works.home import Home

    home = Home.find(Path(folder or Path.cwd()).absolute(), os.environ)
    if home is None:
        raise UsageError(NO_HOME, remedy="`assay init` makes one, or set ASSAY_HOME")
    return Registry(home, actor)
