"""Virtual patches: what is refused until that behind the gateway is mended, by CVE, as a YAML file says it.

A patch matches where all that it names match: a regular expression over the path and query, over named headers, over the body,
or over texts. Each comes with a request that it must match and one that it must not, which are tried when it is read.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any
from urllib.parse import unquote

from assay.kernel.serving import Question
from assay.methods.document import Node, parse

MOST = 200  # patches
MOST_BODY = 65_536  # bytes that a pattern is held against
_LONGEST = 2_000  # characters of a pattern
_SECONDS = 0.5  # that a pattern may take over 20,000 characters made to be slow
_PARTS = ("cve", "title", "mode", "method", "path", "headers", "body", "text", "test", "harmless")
_TRIED = ("method", "path", "headers", "body", "texts")
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True)
class Patch:
    """One virtual patch. mode: block, detect or off. headers: name in lower case, and its pattern."""

    id: str
    title: str
    cve: str = ""
    mode: str = "block"
    method: re.Pattern[str] | None = None
    path: re.Pattern[str] | None = None
    headers: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    body: re.Pattern[str] | None = None
    text: re.Pattern[str] | None = None

    @property
    def of_the_head(self) -> bool:
        """Whether it looks at method, path and headers alone."""
        return self.body is None and self.text is None

    def matches(self, question: Question, texts: Sequence[tuple[str, str]]) -> bool:
        """Whether a question is what it is against."""
        if self.method is not None and not self.method.fullmatch(question.method):
            return False
        if self.path is not None and not any(self.path.search(p) for p in _shapes(question.path)):
            return False
        if self.headers:
            given: dict[str, list[str]] = {}
            for name, value in question.headers:
                given.setdefault(name.lower(), []).append(value)
            for name, pattern in self.headers.items():
                values = [v for vs in given.values() for v in vs] if name == "*" else given.get(name, [])
                if not any(pattern.search(v[:MOST_BODY]) for v in values):
                    return False
        if self.body is not None and not self.body.search(question.body[:MOST_BODY].decode("latin-1")):
            return False
        return self.text is None or any(self.text.search(t[:MOST_BODY]) for _, t in texts)


def _shapes(path: str) -> tuple[str, ...]:
    """Return a path as it came, and as it reads once and twice unescaped."""
    once = unquote(path)
    return path, once, unquote(once)


def ours() -> tuple[Patch, ...]:
    """Return the patches that come with Assay."""
    raw = resources.files("assay.methods.shields").joinpath("patches.yaml").read_bytes()
    return read(parse(raw, "patches.yaml"))


def read(node: Node) -> tuple[Patch, ...]:
    """Read a mapping of patches by their id; UsageError with the line of what cannot be one, or fails its own tests."""
    listed = node.mapping("patches")
    if len(listed) > MOST:
        raise node.place.error(f"there are more than {MOST} patches")
    return tuple(_patch(name, inner) for name, inner in listed.items())


def _patch(name: str, node: Node) -> Patch:
    if not ID.fullmatch(name):
        raise node.place.error(f"{name[:80]!r} is no id of a patch", "use lower-case letters, digits and -")
    parts = node.parts(f"the patch {name}", _PARTS)
    mode = parts["mode"].text("mode") if "mode" in parts else "block"
    mode = "off" if mode == "False" else mode  # as YAML reads off
    if mode not in ("block", "detect", "off"):
        raise parts["mode"].place.error(f"mode cannot be {mode!r}", "write block, detect or off")
    headers = parts["headers"].mapping("headers") if "headers" in parts else {}
    patterns = {p: _pattern(parts[p]) for p in ("method", "path", "body", "text") if p in parts}
    patch = Patch(
        name,
        parts["title"].text("title")[:200] if "title" in parts else name,
        parts["cve"].text("cve")[:40] if "cve" in parts else "",
        mode,
        headers={n.lower(): _pattern(v) for n, v in headers.items()},
        **patterns,
    )
    if not (patch.path or patch.headers or patch.body or patch.text):
        raise node.place.error(
            f"the patch {name} names nothing that it is against", "add path, headers, body or text"
        )
    for part, wanted in (("test", True), ("harmless", False)):
        if part not in parts:
            raise node.place.error(
                f"the patch {name} has no `{part}:`",
                "add a request that it must match under test:, and one that it must not under harmless:",
            )
        question, texts = _request(parts[part], part)
        if patch.matches(question, texts) is not wanted:
            said = "does not match its own `test`" if wanted else "matches its own `harmless`"
            raise parts[part].place.error(f"the patch {name} {said}")
    return patch


def _pattern(node: Node) -> re.Pattern[str]:
    said = node.text("a pattern")
    if not said or len(said) > _LONGEST:
        raise node.place.error(f"a pattern has 1 to {_LONGEST:,} characters")
    try:
        pattern = re.compile(said, re.IGNORECASE | re.DOTALL)
    except (re.error, OverflowError, RecursionError) as error:
        raise node.place.error(f"{said[:60]!r} is no regular expression: {str(error)[:80]}") from None
    for size in (*range(4, 26, 2), 200, 2_000, 20_000):  # what takes long of one is not tried with the next
        clock = time.process_time()
        for shape in ("a", "0", " ", "(", "/", "a "):
            pattern.search((shape * size)[:size] + "!")
        if time.process_time() - clock > (_SECONDS if size > 200 else _SECONDS / 20):
            raise node.place.error(
                f"{said[:60]!r} takes too long on long texts", "write it without nested repeats"
            )
    return pattern


def _request(node: Node, what: str) -> tuple[Question, list[tuple[str, str]]]:
    parts = node.parts(what, _TRIED)
    headers = tuple(
        (n, v.text("a header"))
        for n, v in (parts["headers"].mapping("headers") if "headers" in parts else {}).items()
    )
    listed: Any = parts["texts"].plain if "texts" in parts else []
    texts = [("text", str(t)) for t in (listed if isinstance(listed, list) else [listed])]

    def said(name: str, otherwise: str) -> str:
        return parts[name].text(name) if name in parts else otherwise

    kind = next((v for n, v in headers if n.lower() == "content-type"), "")
    question = Question(
        "", "", "", 0.0, "", kind, "", said("body", "").encode(), method=said("method", "POST"),
        path=said("path", "/invocations"), headers=headers,
    )  # fmt: skip
    return question, texts


def combined(own: Sequence[Patch], given: Sequence[Patch]) -> tuple[Patch, ...]:
    """Return patches with those of people over ours of the same id, without what is off."""
    by_id = {p.id: p for p in (*own, *given)}
    return tuple(p for p in by_id.values() if p.mode != "off")
