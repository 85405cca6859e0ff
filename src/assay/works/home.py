"""A home: where an office keeps its book, its objects and its keys. Everything is wired here, once."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from assay.engines.leftovers import hold, outside, removed, sweep, sweep_outside
from assay.kernel.errors import AssayError, Broken, Refused, UsageError
from assay.kernel.span import Caller
from assay.works.settings import Settings, read_settings
from assay.works.work import utc_now

if TYPE_CHECKING:
    from assay.engines.blobs import Store
    from assay.engines.keys import FileKeyring
    from assay.engines.secretkeys import SecretKeys
    from assay.office.office import Office

SCHEMA = 1
FOLDER = ".assay"
IDENTITY_NOTE = "identity is the operating-system user's name, and is not proved"


def os_user() -> str:
    """Return the operating-system user's name as the system knows it, never as LOGNAME or USER say; else its number."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        return f"uid{os.getuid()}" if hasattr(os, "getuid") else "unknown"


@dataclass
class Home:
    """An opened home. The office, the store and the keys are opened when first used.

    caller: the span that it is worked in from, as TRACEPARENT says it; the spans of what is done here join its trace.
    """

    root: Path
    settings: Settings
    caller: Caller | None = None

    @classmethod
    def find(cls, start: Path, environment: Mapping[str, str]) -> Home | None:
        """Return the home at ASSAY_HOME, or the nearest ``.assay/`` upward from ``start``, or None."""
        named = environment.get("ASSAY_HOME")
        if named:
            root = Path(named).resolve()  # what a job is granted has one name, wherever it works
            if not (root / "home.json").is_file():
                raise UsageError(
                    f"ASSAY_HOME is {named}, and there is no home there",
                    remedy="name the .assay/ of one; `ASSAY_HOME= assay init FOLDER` makes FOLDER/.assay",
                )
            return cls.open(root, environment)
        for folder in (start, *start.parents):
            if (folder / FOLDER / "home.json").is_file():
                return cls.open(folder / FOLDER, environment)
        return None

    @classmethod
    def open(cls, root: Path, environment: Mapping[str, str]) -> Home:
        """Open the home at ``root``; Refused when a newer Assay wrote it."""
        try:
            about = json.loads((root / "home.json").read_text())
            number = int(str(about["schema"]).rpartition("/")[2])
            str(about["id"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise Broken(
                "home.json cannot be read", where=str(root), remedy="restore it from a backup"
            ) from error
        if number > SCHEMA:
            raise Refused(
                f"this home was written by a newer Assay (assay.home/{number}; this one reads {SCHEMA})",
                where=str(root),
                remedy="upgrade Assay",
            )
        caller = Caller.read(environment.get("TRACEPARENT", ""), environment.get("TRACESTATE", ""))
        settings = read_settings(root, environment)
        if settings.sandbox != "auto":
            from assay.engines.isolation import prefer

            prefer(settings.sandbox)
        return cls(root, settings, caller)

    @classmethod
    def create(cls, folder: Path, environment: Mapping[str, str]) -> Home:
        """Make a home in ``folder`` (its ``.assay/``), or open the one that is there."""
        root = folder / FOLDER
        new = not (root / "home.json").is_file()
        if new:
            root.mkdir(parents=True, exist_ok=True, mode=0o700)
            root.chmod(0o700)
            about = {"schema": f"assay.home/{SCHEMA}", "id": secrets.token_hex(4), "created": utc_now()}
            fresh = root / "home.json.new"
            with fresh.open("w") as out:
                out.write(json.dumps(about, indent=1) + "\n")
                out.flush()
                os.fsync(out.fileno())
            fresh.replace(root / "home.json")
        home = cls.open(root, environment)
        if new and home.settings.database_url:
            try:
                _ = home.office
            except AssayError:  # a home whose office cannot be opened is none
                (root / "home.json").unlink()
                raise
        return home

    @cached_property
    def id(self) -> str:
        """Return the home's own short name, part of its ledger's origin."""
        return str(json.loads((self.root / "home.json").read_text())["id"])

    @cached_property
    def actor(self) -> str:
        """Return who asks: ASSAY_ACTOR, or the operating-system user. Neither is proof of identity."""
        return self.settings.actor or os_user()

    @cached_property
    def store(self) -> Store:
        """Return where objects lie."""
        from assay.engines.blobs import Store

        return Store(self.settings.store_url or str(self.root / "objects"))

    @cached_property
    def keyring(self) -> FileKeyring:
        """Return the office's keys, made on first use."""
        from assay.engines.keys import FileKeyring

        return FileKeyring(self.root / "keys", self._may_make)

    def _may_make(self, key: str) -> bool:
        """Whether a key has not signed yet: the log's its first checkpoint, the hallmark's a first mark."""
        signed = {"ledger": self.root / "checkpoints" / "latest", "hallmark": self.root / "packages"}[key]
        return not signed.exists()

    @cached_property
    def secrets(self) -> SecretKeys:
        """Return the secret keys that treatments work with, each made on first use."""
        from assay.engines.secretkeys import SecretKeys

        return SecretKeys(self.root / "secrets")

    @cached_property
    def office(self) -> Office:
        """Return the office: the ledger and what it remembers."""
        from assay.office.office import Office
        from assay.works.recovery import recover

        url = self.settings.database_url or f"sqlite:///{(self.root / 'office.db').resolve()}"
        office = self.__dict__["office"] = Office.open(
            url,
            keyring=self.keyring,
            checkpoints=self.root / "checkpoints",
            clock=utc_now,
            origin=f"assay/{self.id}",
        )
        if not office.outside.readonly:
            recover(self)  # which asks this very property
        return office

    def at(self, said: str) -> Home:
        """Return this home with the office as it was: on a day, at a moment, so long ago, or after ``event:120``."""
        from assay.works.past import office_at

        then = Home(self.root, self.settings)
        then.__dict__["office"] = office_at(
            self.office, said
        )  # the database stays that of this one, which closes it
        return then

    def folder(self, *parts: str) -> Path:
        """Return a folder of the home, made if need be."""
        path = self.root.joinpath(*parts)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def within(self, folder: Path) -> Path | None:
        """Return the home where it lies inside a folder (resolved), else None."""
        root = self.root.resolve()
        return root if root != folder and root.is_relative_to(folder) else None

    def run_lock(self, run: str) -> Path:
        """Return the file that a run holds for as long as it lives."""
        return self.root / "runs" / run / "lock"

    def sweep(self) -> None:
        """Remove what processes that are gone have left half written."""
        sweep((self.root / "scratch").glob("assay-*"))
        sweep_outside()
        if not self.settings.store_url:
            self.store.sweep()

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give a private folder that is swept afterwards."""
        parent = self.folder("scratch")
        with _swept(lambda: hold(lambda: Path(tempfile.mkdtemp(prefix="assay-", dir=parent)))) as path:
            yield path

    def close(self) -> None:
        """Close what was opened."""
        office = self.__dict__.pop("office", None)
        if office is not None:
            office.close()


@contextlib.contextmanager
def loose_scratch(what: str = "scratch") -> Iterator[Path]:
    """Give a private folder where there is no home, or none that will do. what: for whom, in its name."""
    with _swept(lambda: outside(what)) as path:
        yield path


@contextlib.contextmanager
def _swept(make: Callable[[], tuple[Path, int]]) -> Iterator[Path]:
    path, descriptor = make()
    try:
        yield path
    finally:
        removed(path, descriptor)
