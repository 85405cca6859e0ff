"""What a home keeps is its own: no table is loaded into it or changed in it, or its book would no longer hold."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from assay.engines.tables.server import same_server
from assay.kernel.errors import UsageError

if TYPE_CHECKING:
    from assay.works.home import Home


def not_ours(home: Home | None, *places: str) -> None:
    """UsageError where a place (a file, FILE::TABLE, or a PostgreSQL URL::TABLE) lies in a home, or is its office's database."""
    for place in places:
        file, _, _ = place.partition("::")
        if file and _is_ours(home, file):
            raise UsageError(
                "this is what a home of Assay keeps, and no table for anything else",
                where=place,
                remedy="name another place",
            )


def _is_ours(home: Home | None, file: str) -> bool:
    scheme, mark, rest = file.partition("://")
    if mark and scheme in ("postgres", "postgresql"):
        return home is not None and same_server(file, home.settings.database_url)
    path = Path(rest if mark else file)
    with contextlib.suppress(OSError):
        if any(_is_home(folder) for folder in path.resolve().parents):
            return True
        office = home.root / "office.db" if home is not None else path
        return office is not path and path.exists() and office.exists() and path.samefile(office)
    return False


def _is_home(folder: Path) -> bool:
    about = folder / "home.json"
    if not about.is_file():
        return False
    with about.open("rb") as opened:
        return b"assay.home/" in opened.read(4096)
