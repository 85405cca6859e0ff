"""A tracked run begun: entered in the office with where it runs, its code, its seeds, before its first line."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import AssayError, UsageError
from assay.office.alive import held
from assay.works.provenance.recording import record_script
from assay.works.run import new_id
from assay.works.traces import keeping
from assay.works.tracking import seeds
from assay.works.tracking.ending import journal_of
from assay.works.tracking.journal import Journal
from assay.works.tracking.run import TrackedRun

if TYPE_CHECKING:
    from assay.engines.blobs import Store
    from assay.works.home import Home

_MOST_MODULES = 500
_LARGEST_MODULE = 4 << 20
_LONGEST = 250


def tracked(
    home: Home,
    name: str,
    *,
    experiment: str = "",
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    seed: int | None = None,
    durable: bool = False,
    parent: TrackedRun | None = None,
    contexts: tuple[str, ...] = (),
    owns: bool = False,
    actor: str = "",
) -> TrackedRun:
    """Begin a run in a home. durable: each call returns when what it recorded is on the disk.

    seed: the generators of Python, NumPy and PyTorch that are loaded are seeded with it. contexts: those it joins, made
    where they are new. owns: the home is closed when the run ends. Its parent's experiment is its own where none is said.
    """
    from assay.office import contexts as book
    from assay.office import runs

    for what, text in (("run", name), ("experiment", experiment or name)):
        if not isinstance(text, str) or not 0 < len(text) <= _LONGEST or not text.isprintable():
            raise UsageError(
                f"a {what} cannot be called {str(text)[:60]!r}", remedy="use up to 250 printable characters"
            )
    if parent is not None and parent.outcome != "running":
        raise UsageError(f"the run {parent.id} has ended, so nothing can be a part of it any more")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise UsageError(f"seed takes a whole number, and {seed!r} is not that")
    experiment = experiment or (parent.experiment if parent else name)
    actor = actor or home.actor
    known = seeds.known(seed)
    provenance = record_script(name, script(), seed, home)
    run_id = new_id()
    recorder = keeping.recorder(home, parent.caller() if parent else None)
    stack = contextlib.ExitStack()
    try:
        stack.enter_context(held(home.run_lock(run_id)))
        with home.office.transaction() as tx:
            detail = {"tracked": True, "seed": seed, "seeds": known, "provenance": provenance}
            runs.begin(
                tx, run_id, name, actor, detail, experiment=experiment, parent=parent.id if parent else None
            )
            for context in contexts:
                book.join(tx, context, f"run/{run_id}", actor=actor)
        journal = Journal(journal_of(home, run_id), durable=durable)
        run = TrackedRun(
            home,
            run_id,
            name,
            experiment,
            actor,
            parent.id if parent else None,
            seed,
            journal,
            stack,
            _owns=owns,
            _recorder=recorder,
            _root=recorder.enter(f"run {name}", assay__run=run_id, assay__experiment=experiment),
        )
        run.log(params=params, tags=tags)
    except BaseException:
        stack.close()
        raise
    return run


def script() -> Path | None:
    """Return the script that this process was started with; None in a notebook, or where it is no file."""
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    path = Path(file) if isinstance(file, str) else None
    return path if path is not None and path.is_file() and path.suffix == ".py" else None


def modules(store: Store) -> dict[str, str]:
    """Keep the script and the modules beside it that were imported, or a notebook's cells; return their digests by name."""
    main = script()
    if main is None:
        cells = _cells()
        return {"cells.py": store.put_bytes(cells)} if cells else {}
    out: dict[str, str] = {}
    root = main.resolve().parent
    named = [getattr(m, "__file__", None) for m in list(sys.modules.values())]
    files = sorted({Path(n).resolve() for n in named if isinstance(n, str) and n.endswith(".py")})
    for path in [main.resolve(), *files]:
        if not path.is_relative_to(root) or len(out) >= _MOST_MODULES:
            continue
        inside = path.relative_to(root)
        if any(part.startswith(".") or part == "site-packages" for part in inside.parts):
            continue
        with contextlib.suppress(AssayError, OSError):
            if path.stat().st_size <= _LARGEST_MODULE:
                out[inside.as_posix()] = store.put_file(path)
    return out


def _cells() -> bytes:
    """Return the cells that a notebook has run so far."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    history = getattr(getattr(shell, "history_manager", None), "input_hist_raw", None) or []
    text = "\n\n".join(f"# In [{n}]\n{cell}" for n, cell in enumerate(history) if cell)
    return text.encode()[:_LARGEST_MODULE]
