"""The histories in a tree: every object of git once, whatever leads to it, and where what is found came in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.checks.code.secrets._files import Piece, pieces_of
from assay.checks.code.secrets._search import matches
from assay.checks.code.secrets._tally import Spot, Tally, placed
from assay.kernel.errors import Missing
from assay.kernel.handles import Tree, Work
from assay.methods.secrets import baseline
from assay.methods.secrets.allowed import allowed
from assay.methods.secrets.engine import Blob, Engine, as_text
from assay.methods.secrets.rewritten import Seen

if TYPE_CHECKING:
    from assay.engines.githistory import Entry, History, Introduced

_EVERY = 2_000
_NEVER = 1 << 40  # when something came in that does not say when
_MESSAGE = "message of "


def search_histories(
    tree: Tree, found: Sequence[tuple[Path, str]], tally: Tally, exclude: Sequence[str], work: Work
) -> list[dict[str, Any]]:
    """Search each repository found in a tree, and return what there is of each."""
    from assay.engines.githistory import history

    told = []
    read: set[Path] = set()  # stores, of which linked work trees have none of their own
    for git, name in sorted(found, key=lambda one: (not one[0].is_dir(), one[1])):
        if any(matches(name or ".git", pattern) for pattern in exclude):
            continue
        shown = f"the history{f' of {name}' if name else ''}"
        try:
            past = history(git, Path(tree.root))
            store = past.common.resolve()
            if store in read:
                continue
            read.add(store)
            with past.opened() as opened:
                told.append(_Search(opened, tally, exclude, work, name).run())
                for what, why in opened.skipped.items():
                    tally.skip(f"{shown}: {what}", why)
        except (OSError, ValueError, Missing) as error:
            tally.skip(shown, str(error)[:200])
    return told


@dataclass
class _Search:
    """One history: its commits and tags first, which say when and where each blob came in, then the blobs."""

    history: History
    tally: Tally
    exclude: Sequence[str]
    work: Work
    name: str

    def run(self) -> dict[str, Any]:
        """Search it, and return how many objects of each kind there are."""
        from assay.engines.githistory import made_at

        objects = self.history.objects()
        notes = [o for o in objects if o.kind in ("commit", "tag")]
        blobs = [o for o in objects if o.kind == "blob"]
        when: dict[str, int] = {}

        def said() -> Iterator[Blob]:
            for entry, data in self.history.contents(notes):
                when[entry.id] = made_at(data) if entry.kind == "commit" else 0
                commit = entry.id if entry.kind == "commit" else ""
                spot = Spot(
                    self._path(""),
                    f"{_MESSAGE}{entry.kind} {entry.id[:12]}",
                    0,
                    commit,
                    f"in the message of a {entry.kind}: ",
                )
                yield Blob(data, "", Piece(spot))

        self._search(said(), when)
        came = self.history.introduced(
            [(when[o.id], o.id) for o in notes if o.kind == "commit" and o.id in when]
        )
        lost = came.keys() - {o.id for o in blobs}
        lost = {id for id in lost if f"object {id[:12]}" not in self.history.skipped}  # told already
        if lost:
            what = f"{len(lost):,} {'file' if len(lost) == 1 else 'files'} that commits name"
            self.history.skip(
                what, f"not here, as in a partial clone; nothing is fetched; one is {min(lost)[:12]}"
            )
        reached = None if not blobs else self.history.reachable()
        self._search(self._blobs(blobs, came, reached or set()), when)
        logs = self._reflogs()
        self.tally.examined += len(notes) + len(blobs)
        self.tally.size += sum(o.size for o in blobs)
        return {
            "name": self.name or ".",
            "objects": len(notes) + len(blobs),
            "commits": sum(o.kind == "commit" for o in notes),
            "blobs": len(blobs),
            "reflogs": logs,
        }

    def _reflogs(self) -> int:
        """Search what git notes of how refs moved, and return how many such files there are.

        What a line says of a commit's message is told of the commit.
        """
        from assay.engines.blobs import name_in
        from assay.engines.gitreflogs import reflogs

        past, done = self.history, [0]

        def noted() -> Iterator[Blob]:
            for path, data in reflogs(past.common, past.root, past.skip):
                done[0] += 1
                self.tally.size += len(data)
                spot = Spot(name_in(past.root, path), note="in a reflog, which `git reflog expire` ends")
                yield Blob(data, "", Piece(spot))

        for blob, hits in Engine(self.work.now).search(noted()):
            piece = blob.key
            assert isinstance(piece, Piece)
            text = as_text(blob.data) if hits else b""
            for hit in hits:
                known = self.tally.gone.get((hit.rule.name, hit.secret))
                if known is None or not known.spot.member.startswith(_MESSAGE):
                    spot = placed(piece.spot, hit.line)
                    self.tally.add_past(hit, spot, _NEVER, allowed(text, hit.start))
        self.tally.examined += done[0]
        return done[0]

    def _blobs(
        self, blobs: Sequence[Entry], came: dict[str, Introduced], reached: set[str]
    ) -> Iterator[Blob]:
        seen = Seen()
        for done, (entry, data) in enumerate(self.history.contents(blobs)):
            if done % _EVERY == 0:
                self.work.progress(done, len(blobs), f"{done:,} of {len(blobs):,} objects")
            first = came.get(entry.id)
            if first is None:
                spot = Spot(
                    self._path(f"blob {entry.id[:12]}"), "", 0, "", "kept as an object that no commit holds"
                )
            elif any(matches(self._path(first.path), pattern) for pattern in self.exclude):
                continue
            else:
                how = (
                    "in the history since "
                    if first.commit in reached
                    else "kept by a commit that no branch leads to, "
                )
                spot = Spot(self._path(first.path), "", 0, first.commit, how)
            named = first is not None or baseline.wrote(
                data
            )  # staged, it lies there before a commit names it
            for piece in pieces_of(spot, data, self.tally, seen):
                yield replace(piece, name=(piece.name if first else baseline.NAME) if named else "")

    def _path(self, path: str) -> str:
        return f"{self.name}/{path}".strip("/") if self.name else path or ".git"

    def _search(self, blobs: Iterator[Blob], when: dict[str, int]) -> None:
        for blob, hits in Engine(self.work.now).search(blobs):
            piece = blob.key
            assert isinstance(piece, Piece)
            text = as_text(blob.data) if hits else b""
            at = when.get(piece.spot.commit, 0) or _NEVER
            for hit in hits:
                self.tally.add_past(hit, placed(piece.spot, hit.line), at, allowed(text, hit.start))
