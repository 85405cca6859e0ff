"""What may be set, read once: flag > assay.yaml > ASSAY_* > .assay/config.yaml > default."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from assay.kernel.errors import Refused, UsageError
from assay.methods.nearest import did_you_mean

MOST_SECONDS = 86_400
MOST_CORES = 4096
_MEMORY = re.compile(r"\d{1,6}(\.\d{1,3})?\s*[kKMGT]i?B")
_IMAGE = re.compile(r"(?:[\w][\w.:/-]{0,254}@)?sha256:[0-9a-f]{64}")
BUILDERS = ("auto", "bubblewrap", "kernel")
LEVELS = ("full", "partial")  # none is reached by --unsafe-no-isolation alone


@dataclass(frozen=True, slots=True)
class Settings:
    """Frozen; below works.home nobody reads the environment or the working directory."""

    database_url: str = ""  # empty: SQLite in the home
    store_url: str = ""  # empty: files in the home
    cores: int = field(
        default_factory=lambda: (
            len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        )
    )
    memory: str = "1GB"  # what one table engine may use before it spills to disk
    engine: str = "duckdb"  # where tables run: duckdb, or a Spark master
    isolation: str = "full"  # the least that training and loading models accept
    sandbox: str = "auto"  # who builds its walls: bubblewrap, kernel, or auto: the first that can
    network_isolation: bool = False  # whether no job reaches a store, even one that its step names
    encrypt_inter_container_traffic: bool = False  # between workers of a job, and of Spark
    answer_seconds: int = 600  # that a model may take for one answer, of up to 50,000 rows
    four_eyes: bool = False  # approval by someone other than whoever registered
    image: str = ""  # digest of the image that this was started from, where whoever started it says
    registry_config: str = (
        ""  # Docker's config.json, whose logins are sent to the registries that they are of
    )
    registry_user: str = ""  # NAME@HOST: who images of one registry are asked for as
    registry_password_file: str = ""  # that user's; empty: ASSAY_REGISTRY_PASSWORD
    actor: str = ""  # who asks, where the operating system does not say

    def updated(self, given: Mapping[str, Any], where: str) -> Settings:
        """Return these settings with others over them; UsageError on an unknown name or a wrong type."""
        known = {f.name: f for f in fields(self)}
        changes: dict[str, Any] = {}
        for name, raw in given.items():
            if name not in known:
                raise UsageError(
                    f"there is no setting {name!r}", where=where, remedy=did_you_mean(name, known)
                )
            if isinstance(raw, (dict, list)) or raw is None:
                raise UsageError(f"{name} takes one value", where=where)
            changes[name] = _as(name, raw, type(getattr(self, name)), where)
        # Two people are asked for by whoever keeps the home; whoever acts in it cannot lift that.
        changes["four_eyes"] = self.four_eyes or changes.get("four_eyes", False)
        new = replace(self, **changes)
        if new.isolation not in LEVELS:
            raise UsageError(
                f"isolation cannot be {new.isolation!r}",
                where=where,
                remedy=did_you_mean(new.isolation, LEVELS),
            )
        if new.sandbox not in BUILDERS:
            raise UsageError(
                f"sandbox cannot be {new.sandbox!r}",
                where=where,
                remedy=did_you_mean(new.sandbox, BUILDERS),
            )
        if not 1 <= new.cores <= MOST_CORES:
            raise UsageError(
                f"cores is {new.cores}; it takes a whole number of at least 1 and at most {MOST_CORES}",
                where=where,
            )
        if not 1 <= new.answer_seconds <= MOST_SECONDS:
            raise UsageError(
                f"answer_seconds is {new.answer_seconds}; it takes from 1 to {MOST_SECONDS:,}", where=where
            )
        if new.image and not _IMAGE.fullmatch(new.image):
            raise UsageError(
                f"image cannot be {new.image[:80]!r}",
                where=where,
                remedy="write its digest, sha256: and 64 hexadecimal digits, behind its name and @ or alone",
            )
        if not _MEMORY.fullmatch(new.memory):
            raise UsageError(
                f"memory cannot be {new.memory!r}", where=where, remedy="write it like 2GB or 500MB"
            )
        return new


def _as(name: str, raw: Any, kind: type, where: str) -> Any:
    try:
        if kind is bool:
            if isinstance(raw, bool):
                return raw
            return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[
                str(raw).lower()
            ]
        return kind(raw)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise UsageError(f"{name} cannot be {raw!r}", where=where) from None


def owned(home: Path, name: str = "config.yaml") -> None:
    """Refused where a home's settings may be somebody else's: one that was cloned or unpacked says where data goes."""
    found = home.stat()
    mine = not hasattr(os, "getuid") or found.st_uid in (os.getuid(), 0)
    if not mine or found.st_mode & 0o077:
        raise Refused(
            f"this home came from elsewhere or is open to others, so its {name} is not obeyed",
            where=str(home),
            remedy=f"read it, and if it is yours: chmod 700 {home}",
        )


def read_settings(home: Path | None, environment: Mapping[str, str]) -> Settings:
    """Return the settings of a home and an environment."""
    settings = Settings()
    if home is not None and (home / "config.yaml").is_file():
        from assay.methods.document import read

        owned(home)
        node = read(home / "config.yaml", "`assay init` writes one")
        settings = settings.updated(node.mapping("config.yaml") and node.plain, str(home / "config.yaml"))
    names = {f.name for f in fields(Settings)}
    given = {n: environment[f"ASSAY_{n.upper()}"] for n in names if environment.get(f"ASSAY_{n.upper()}")}
    return settings.updated(given, "the environment (ASSAY_*)") if given else settings
