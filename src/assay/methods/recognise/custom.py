"""One's own identifiers and allow lists, read from YAML. Patterns are RE2, which takes time in proportion to the text, always.

identifiers:
  employee_no: {pattern: 'EMP-[0-9]{6}', title: employee numbers, words: [employee no], severity: high, checksum: luhn}

allow:
  values: [support@example.com]
  columns: [created_by, 'meta_*']
  patterns: ['.*@example[.]com']
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from assay.methods.document import Node, only, read
from assay.methods.nearest import did_you_mean
from assay.methods.recognise import digits
from assay.methods.recognise.forms import Form
from assay.methods.recognise.headers import fold
from assay.methods.recognise.kinds import KINDS

MOST = 200  # identifiers or patterns of one file
LONGEST_PATTERN = 1_000
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SEVERITIES = ("info", "low", "medium", "high", "critical")


def _only(text: str) -> str:
    return "".join(c for c in text if "0" <= c <= "9")


def _mod97(text: str) -> bool:
    plain = "".join(c for c in text.upper() if c.isascii() and c.isalnum())
    return bool(plain) and int("".join(str(int(c, 36)) for c in plain)) % 97 == 1


_UNMARKED = {1: " ", 2: " "}  # what the places of occurrences are marked with
CHECKS: dict[str, Callable[[str], bool]] = {
    "luhn": lambda t: len(_only(t)) > 1 and digits.luhn(_only(t)),
    "verhoeff": lambda t: len(_only(t)) > 1 and digits.verhoeff(_only(t)),
    "mod97": _mod97,
}


@dataclass(frozen=True)
class Identifier:
    """An identifier of one's own. words: of a column's name that speak for it; where given, one of them must be there."""

    name: str
    pattern: str
    title: str
    severity: str = "medium"
    checksum: str = ""
    words: tuple[str, ...] = ()

    def fits(self, column: str) -> bool:
        """Whether a column of that name is held against it."""
        plain = f" {fold(column)} "
        return not self.words or any(f" {fold(w)} " in plain for w in self.words)

    def form(self) -> Form:
        """Return it as a recogniser; its occurrences are found by RE2."""
        return Form(self.name, self.pattern, self._spans, title=self.title)

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        import pyarrow as pa
        import pyarrow.compute as pc

        held = text.translate(_UNMARKED)
        # one call for all: RE2 compiles the pattern anew at each
        marked = pc.replace_substring_regex(pa.array([held]), self.pattern, "\x01\\0\x02")[0].as_py()
        at = 0
        for number, piece in enumerate(marked.split("\x01")):
            found, mark, rest = piece.partition("\x02")
            if number and mark and found and (not self.checksum or CHECKS[self.checksum](found)):
                yield at, at + len(found)
            at += len(found) + len(rest)


@dataclass(frozen=True)
class Allowed:
    """What is no finding: values as they stand, columns by name or with ``*``, and patterns of whole values."""

    values: frozenset[str] = frozenset()
    columns: tuple[str, ...] = ()
    patterns: tuple[str, ...] = field(default=())

    def column(self, name: str) -> bool:
        """Whether a column is not to be looked at."""
        return any(fnmatchcase(name, c) for c in self.columns)

    def mask(self, texts: Any) -> Any:
        """Return which texts of an Arrow array are not allowed, as a Boolean array."""
        import pyarrow as pa
        import pyarrow.compute as pc

        allowed = pc.is_in(texts, value_set=pa.array(sorted(self.values), pa.string()))
        for pattern in self.patterns:
            allowed = pc.or_(allowed, pc.match_substring_regex(texts, f"^(?:{pattern})$"))
        return pc.invert(allowed)

    @property
    def says_values(self) -> bool:
        """Whether any value is allowed."""
        return bool(self.values or self.patterns)


def read_identifiers(path: Path) -> tuple[Identifier, ...]:
    """Read a file of identifiers; UsageError names file, line and what is wrong."""
    top = read(path, "write one: `identifiers:`, and below it `name: {pattern: ...}`").mapping("the file")
    for name, node in top.items():
        if name != "identifiers":
            raise node.place.error(f"the file has no {name!r}", "write `identifiers:`")
    if "identifiers" not in top:
        raise read(path).place.error("there are no `identifiers:`")
    held = top["identifiers"].mapping("`identifiers:`")
    if len(held) > MOST:
        raise top["identifiers"].place.error(f"more than {MOST} identifiers")
    return tuple(_identifier(name, node) for name, node in held.items())


def _identifier(name: str, node: Node) -> Identifier:
    if not _NAME.fullmatch(name):
        raise node.place.error(f"{name!r} is no name", "small letters, digits and _, such as employee_no")
    if name in KINDS:
        raise node.place.error(f"{name!r} is a kind that is known already", f"call it own_{name}")
    parts = node.mapping(f"the identifier {name!r}")
    known = ("pattern", "title", "severity", "checksum", "words")
    for part, inner in parts.items():
        if part not in known:
            raise inner.place.error(f"an identifier has no {part!r}", did_you_mean(part, known))
    if "pattern" not in parts:
        raise node.place.error(f"the identifier {name!r} has no pattern", "write `pattern: 'EMP-[0-9]{6}'`")
    pattern = _pattern(parts["pattern"])
    severity = parts["severity"].text("`severity`") if "severity" in parts else "medium"
    if severity not in _SEVERITIES:
        raise parts["severity"].place.error(
            f"{severity!r} is no severity", did_you_mean(severity, _SEVERITIES)
        )
    checksum = parts["checksum"].text("`checksum`") if "checksum" in parts else ""
    if checksum and checksum not in CHECKS:
        raise parts["checksum"].place.error(
            f"there is no checksum {checksum!r}", did_you_mean(checksum, CHECKS)
        )
    title = parts["title"].text("`title`") if "title" in parts else name.replace("_", " ")
    words = _texts(parts["words"]) if "words" in parts else ()
    return Identifier(name, pattern, title[:80], severity, checksum, words)


def _pattern(node: Node) -> str:
    import pyarrow as pa
    import pyarrow.compute as pc

    pattern = node.text("a pattern")
    if len(pattern) > LONGEST_PATTERN:
        raise node.place.error(f"the pattern is longer than {LONGEST_PATTERN:,} characters")
    try:
        empty = pc.match_substring_regex(pa.array([""]), pattern)[0].as_py()
        pc.extract_regex(pa.array([""]), f"(?P<it>{pattern})")
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        why = str(error).rpartition(": ")[2][:120]
        raise node.place.error(
            f"the pattern is not one that RE2 takes: {why}",
            "write (?:…) for groups, and leave out look-arounds and back-references",
        ) from None
    if empty:
        raise node.place.error("the pattern matches an empty text, and so everything", "ask for a character")
    return pattern


def _texts(node: Node) -> tuple[str, ...]:
    held = node.value if isinstance(node.value, list) else [node]
    if len(held) > 100_000:
        raise node.place.error("more than 100,000 entries")
    return tuple(one.text("an entry") if not one.written else one.written for one in held)


def read_allowed(path: Path) -> Allowed:
    """Read an allow list; UsageError names file, line and what is wrong."""
    top = read(path, "write one: `allow:`, and below it `values: [...]`").mapping("the file")
    parts = top["allow"].mapping("`allow:`") if set(top) == {"allow"} else top
    only(parts, "an allow list", ("values", "columns", "patterns"))
    patterns = parts.get("patterns")
    held = (patterns.value if isinstance(patterns.value, list) else [patterns]) if patterns else []
    if len(held) > MOST:
        raise parts["patterns"].place.error(f"more than {MOST} patterns")
    return Allowed(
        frozenset(_texts(parts["values"])) if "values" in parts else frozenset(),
        _texts(parts["columns"]) if "columns" in parts else (),
        tuple(_pattern(p) for p in held),
    )
