"""Rules of a gate: those of data.quality in any format that it reads, and those that data.integrity takes, from files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.kernel.errors import UsageError
from assay.methods.expressions import Expression, parse
from assay.methods.integrity import stated
from assay.methods.plainfile import read_plain
from assay.methods.quality import reading
from assay.methods.quality.rule import Rule, distinct


@dataclass(frozen=True)
class Rulebook:
    """quality: rules that SQL is asked. holds: expressions of one row, by name. determines: (name, by, target).

    tables: other tables that a file names, name → path beside it. files: the digests are of these.
    """

    quality: tuple[Rule, ...] = ()
    holds: tuple[tuple[str, Expression], ...] = ()
    determines: tuple[tuple[str, tuple[str, ...], str], ...] = ()
    tables: Mapping[str, Path] = field(default_factory=dict)
    files: tuple[Path, ...] = ()

    def __len__(self) -> int:
        return len(self.quality) + len(self.holds) + len(self.determines)

    @classmethod
    def read(
        cls, files: Sequence[Path], columns: Iterable[str], beside: Mapping[Path, Path] | None = None
    ) -> Rulebook:
        """Read rules files; UsageError where anything of one is not understood, as it could not be held.

        beside: the folder that the tables a file names lie in, where it is not the file's own.
        """
        quality: list[Rule] = []
        holds: list[tuple[str, Expression]] = []
        determines: list[tuple[str, tuple[str, ...], str]] = []
        tables: dict[str, Path] = {}
        known = list(columns)
        for file in files:
            raw = read_plain(file, stated.LARGEST, "the rules")
            if _of_integrity(raw, file.name):
                for rule in stated.read(raw, file.name, known):
                    if rule.holds:
                        holds.append((rule.name, parse(rule.holds)))
                    elif rule.key:
                        quality.append(Rule("unique", rule.name, rule.key, place=file.name))
                    else:
                        determines.append((rule.name, rule.by, rule.determines))
                continue
            found = reading.read_bytes(raw, file.name)
            if found.refused:
                first = found.refused[0]
                raise UsageError(
                    f"{first.what} is not understood, and a gate holds all or nothing: {first.why}",
                    where=first.place or file.name,
                    remedy="leave it out, or write it in another way",
                )
            quality += found.rules
            folder = (beside or {}).get(file) or file.resolve().parent
            tables |= {name: folder / path for name, path in found.tables.items()}
        return cls(tuple(distinct(quality)), tuple(holds), tuple(determines), tables, tuple(files))


def _of_integrity(raw: bytes, shown: str) -> bool:
    """Whether a file's rules are in the words of data.integrity; UsageError where they are in both."""
    if not shown.lower().endswith((".yaml", ".yml")):
        return False
    from assay.methods.document import parse as parsed

    top: Any = parsed(raw, shown, "write `rules:` and below it a list").plain
    listed = top.get("rules") if isinstance(top, dict) else top
    items = listed if isinstance(listed, list) else []
    ours = [
        isinstance(i, str) or (isinstance(i, dict) and bool({"holds", "key", "determines"} & set(i)))
        for i in items
    ]
    if any(ours) and not all(ours):
        raise UsageError(
            "its rules are in the words of data.quality and of data.integrity",
            where=shown,
            remedy="put `holds`, `key` and `determines` into a file of their own, and give --rules twice",
        )
    return bool(ours) and all(ours)
