"""What was kept out of stores: listed, shown, tried again, rejected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from assay.works.home import Home
from assay.works.verbs.shape import Json, listed


def quarantine_list(home: Home, actor: str, *, all_: bool = True) -> Json:
    """List the quarantines that loads of this home filled, the newest first; or only those with open rows."""
    from assay.works.gate import quarantine

    return listed("quarantines", [q.to_dict() for q in quarantine.listing(home) if all_ or q.open])


def quarantine_show(
    home: Home, actor: str, *, id: str, limit: int = 20, out: Path | None = None, all_: bool = False
) -> Json:
    """Show the rows of a quarantine with their reasons."""
    from assay.works.gate.showing import show

    return show(home, id, limit, out, all_=all_)


def quarantine_release(
    home: Home,
    actor: str,
    *,
    id: str,
    corrected: str = "",
    rules: Sequence[Path] = (),
    tables: Sequence[str] = (),
    rows: str = "",
    reject: str = "",
    why: str = "",
) -> Json:
    """Try the rows of a quarantine again and load those that pass, or close them."""
    from assay.works.gate.releasing import Wish, release
    from assay.works.verbs.data import named_tables

    wish = Wish(corrected, tuple(rules), named_tables(tables), rows, reject, why)
    return release(home, id, wish, actor)


VERBS: Mapping[str, Callable[..., Any]] = {
    "data.quarantine.list": quarantine_list,
    "data.quarantine.show": quarantine_show,
    "data.quarantine.release": quarantine_release,
}
