"""What a person asks of a gate, and how a store is named wherever one stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Order:
    """A load as it was asked for. mode: append or create. again: a source that was loaded before is loaded once more."""

    source: str
    into: str
    rules: tuple[Path, ...] = ()
    tables: Mapping[str, str] = field(default_factory=dict)
    mode: str = "append"
    quarantine: str = ""
    again: bool = False


def located(source: str) -> str:
    """Return a source or store as it is named from anywhere, whether it is there yet or not."""
    if "://" in source:
        return source
    path, twice, table = source.partition("::")
    return f"{Path(path).resolve()}{twice}{table}"


def name_of(uri: str) -> str:
    """Return the short name of a table: without its database and schema, or its folder."""
    return uri.partition("::")[2].rpartition(".")[2] if "::" in uri else Path(uri).name


def held_at(store: str, quarantine: str) -> str:
    """Return the whole name of a store's quarantine: a table of the same database, or a file."""
    file, twice, _ = store.partition("::")
    return located(quarantine) if not twice else f"{located(file)}::{quarantine}"
