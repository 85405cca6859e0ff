"""Literal credentials in Python rewritten: those of AWS left to the default credential chain, others taken from the environment.

Edits are made at the positions of the syntax tree, so that all else stays as it was written, comments and quotes included.
``boto3.client(…, aws_access_key_id="…")`` loses the argument, for the SDK then looks in the environment, the shared files, and the
role of the machine, in that order. ``os.environ["AWS_…"] = "…"`` goes. ``NAME = "…"`` with a secret becomes ``os.environ["NAME"]``.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from assay.methods.secrets.shown import masked

LARGEST = 2 << 20
_AWS = frozenset(("aws_access_key_id", "aws_secret_access_key", "aws_session_token"))
_S3FS = {"S3FileSystem": frozenset(("key", "secret", "token"))}
_VARIABLES = frozenset(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"))


@dataclass(frozen=True, slots=True)
class Edit:
    """Bytes that are replaced."""

    start: int
    stop: int
    text: bytes = b""


def rewrite(source: bytes, secrets: Iterable[tuple[int, int]] = ()) -> bytes | None:
    """Return Python without its literal credentials; None where there is nothing to do, or it is no Python.

    secrets: where secrets lie, in bytes; a name that one of them is assigned to is then read from the environment.
    """
    if len(source) > LARGEST or source.startswith(b"\xef\xbb\xbf"):
        return None
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    work = _Rewriting(source, list(secrets))
    edits = list(work.edits(tree))
    if not edits:
        return None
    made = _applied(source, edits)
    if work.needs_os and not _imports_os(tree):
        at = work.after_heading(tree)
        made = made[:at] + b"import os\n" + made[at:] if at <= min(e.start for e in edits) else made
    try:
        ast.parse(made)
    except (SyntaxError, ValueError):
        return None
    return made


def shown_diff(name: str, before: bytes, after: bytes, secrets: Iterable[bytes]) -> str:
    """Return a unified diff in which each secret is masked: it is to be read, and is applied by the rewriting itself."""
    said = []
    for text in (before, after):
        for secret in sorted(set(secrets), key=len, reverse=True):
            text = text.replace(secret, masked(secret).encode())
        said.append(text.decode("utf-8", "replace").splitlines(keepends=True))
    return "".join(difflib.unified_diff(said[0], said[1], f"a/{name}", f"b/{name}"))


class _Rewriting:
    def __init__(self, source: bytes, secrets: Sequence[tuple[int, int]]) -> None:
        self.source, self.secrets, self.needs_os = source, secrets, False
        self.lines = [0, *(m.end() for m in re.finditer(rb"\r\n|\n|\r|\x0c(?=\n)", source))]
        # Python's own lines end at a newline alone; a form feed or a lone return would shift them
        if b"\x0c" in source or re.search(rb"\r(?!\n)", source):
            self.lines = [0]

    def edits(self, tree: ast.Module) -> Iterator[Edit]:
        if self.lines == [0] and b"\n" in self.source:
            return
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield from self._call(node)
            for field in ("body", "orelse", "finalbody"):
                block = getattr(node, field, None)
                if isinstance(block, list):
                    yield from self._block(block)

    def _call(self, call: ast.Call) -> Iterator[Edit]:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        wanted = _S3FS.get(name, _AWS)
        gone = [k for k in call.keywords if k.arg in wanted and _literal(k.value)]
        if not gone:
            return
        parts: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
        parts.sort(key=self._start)
        run: list[ast.expr | ast.keyword] = []
        for at, part in enumerate(parts):
            if part in gone:
                run.append(part)
            last = at + 1 == len(parts)
            if run and (part not in gone or last):
                before = parts.index(run[0])
                if before:
                    yield Edit(self._stop(parts[before - 1]), self._stop(run[-1]))
                elif last and part in gone:
                    yield self._all(run)
                else:
                    yield Edit(self._start(run[0]), self._start(part))
                run = []

    def _all(self, run: Sequence[ast.expr | ast.keyword]) -> Edit:
        """Return the edit that leaves a call without arguments, with the comma that may follow the last."""
        stop = self._stop(run[-1])
        comma = re.compile(rb"\s*,").match(self.source, stop)
        return Edit(self._start(run[0]), comma.end() if comma else stop)

    def _block(self, block: list[ast.stmt]) -> Iterator[Edit]:
        gone = [s for s in block if isinstance(s, ast.Assign) and _is_variable(s)]
        for at, one in enumerate(gone):
            yield self._line(one, b"pass" if len(gone) == len(block) and not at else b"")
        for statement in block:
            if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement not in gone:
                yield from self._named(statement)

    def _line(self, statement: ast.stmt, instead: bytes) -> Edit:
        start, stop = self._start(statement), self._stop(statement)
        first = self.lines[statement.lineno - 1]
        end = self.source.find(b"\n", stop)
        rest = self.source[stop : end if end >= 0 else len(self.source)]
        if (
            instead
            or self.source[first:start].strip()
            or (rest.strip() and not rest.strip().startswith(b"#"))
        ):
            return Edit(start, stop, instead or b"pass")
        return Edit(first, end + 1 if end >= 0 else len(self.source))

    def _named(self, statement: ast.Assign | ast.AnnAssign) -> Iterator[Edit]:
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        value = statement.value
        if len(targets) != 1 or not isinstance(targets[0], ast.Name) or value is None or not _literal(value):
            return
        start, stop = self._start(value), self._stop(value)
        if any(start <= first and last <= stop for first, last in self.secrets):
            self.needs_os = True
            yield Edit(start, stop, f'os.environ["{targets[0].id.upper()}"]'.encode())

    def after_heading(self, tree: ast.Module) -> int:
        """Return where an import may stand: behind the docstring and what comes from __future__."""
        at = 0
        for place, node in enumerate(tree.body):
            doc = place == 0 and isinstance(node, ast.Expr) and _literal(node.value)
            future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
            if not doc and not future:
                return at if at else self.lines[node.lineno - 1]
            end = self.source.find(b"\n", self._stop(node))
            at = end + 1 if end >= 0 else len(self.source)
        return at

    def _start(self, node: ast.expr | ast.keyword | ast.stmt) -> int:
        return self.lines[node.lineno - 1] + node.col_offset

    def _stop(self, node: ast.expr | ast.keyword | ast.stmt) -> int:
        return self.lines[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)


def _literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_variable(statement: ast.Assign) -> bool:
    """Whether a statement is ``os.environ["AWS_…"] = "…"``."""
    target = statement.targets[0]
    return (
        len(statement.targets) == 1
        and isinstance(target, ast.Subscript)
        and isinstance(target.slice, ast.Constant)
        and target.slice.value in _VARIABLES
        and ast.unparse(target.value) in ("os.environ", "environ")
        and _literal(statement.value)
    )


def _imports_os(tree: ast.Module) -> bool:
    return any(
        isinstance(n, ast.Import) and any(a.name == "os" and not a.asname for a in n.names) for n in tree.body
    )


def _applied(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Carry out edits, the last first; one that lies within another goes with it."""
    edge = len(source)
    for edit in sorted(edits, key=lambda e: (-e.stop, e.start)):
        if edit.stop <= edge:
            source = source[: edit.start] + edit.text + source[edit.stop :]
            edge = edit.start
    return source
