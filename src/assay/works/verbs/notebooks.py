"""Notebook servers set right."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from assay.works.home import Home
from assay.works.verbs.shape import Json


def secure(home: Home | None, actor: str, *, folder: str, names: Sequence[str] = (), **asked: Any) -> Json:
    """Write a configuration that is right; in a home it is an event, which holds no password."""
    from assay.works.notebooks.securing import named
    from assay.works.notebooks.securing import secure as write

    own = [name for name in (socket.gethostname(),) if named(name)]
    done = write(Path(folder), names=names or own, **asked)
    if home is not None:
        with home.office.transaction() as tx:
            detail = {"written": done["written"], "names": done["names"], "password": not done["token"]}
            tx.record(
                "notebook.secure",
                f"folder://{socket.gethostname()}{done['folder']}",
                actor=actor,
                detail=detail,
            )
    return done


VERBS: Mapping[str, Callable[..., Any]] = {"notebook.secure": secure}
