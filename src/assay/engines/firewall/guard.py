"""The firewall as a guard of an endpoint.

What the rules found nothing in is remembered, bounded: the head of a request (method, path, query, headers, address) and each
short text. Scores of rules add up, so that a question whose parts each score nothing scores nothing. Numbers, and values that
the input schema knows, are not looked at at all.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from assay.engines.firewall.firewall import Firewall
from assay.engines.firewall.transaction import Heard, Request
from assay.kernel.errors import AssayError
from assay.kernel.serving import Question, Refusal
from assay.methods.shields import texts
from assay.methods.shields.remembered import Remembered

MOST_TEXTS = 5_000  # that are looked at of one question
MOST_CHARACTERS = 100_000
SECONDS = (
    1.0  # of a processor, for one question: 5,000 plain texts take 0.8, and 3,000 made to be slow took 3.4
)
_LOT, _LOT_CHARACTERS = 100, 5_000  # texts that are asked together, between looks at the time
MOST_TARGET = 1_000  # bytes of path and query, and of a cookie
MOST_HEADERS = 16_384
_SLOW = 1_000  # characters that take longer than about a millisecond
_REMEMBERED = 20_000
_SHORT = 256
_SHORT_HEAD = 2_048  # bytes of a head that is remembered: 20,000 to twice as many of them take up to 100 MB
_PLAIN = re.compile(rb"[A-Za-z0-9_.:=;-]{1,200}")
_DIGITS = re.compile(rb"[0-9]{1,20}")
# Another for each question, and written in few characters; a caller's credentials are no business of the rules.
_CHANGING = frozenset(
    {b"traceparent", b"x-request-id", b"x-amzn-trace-id", b"x-amzn-sagemaker-inference-id", b"date"}
)
_UNPACKED = (b"gzip", b"identity")  # the gateway has done it; the rules would refuse the header
_SECRET = frozenset({b"authorization", b"proxy-authorization", b"x-api-key"})


class FirewallGuard:
    """Refuses what the rules refuse; with ``block`` False it is only noted.

    known: by feature, the values that were there at training; empty sets where there are none. It may be asked by threads.
    """

    name = "firewall"

    def __init__(self, firewall: Firewall, known: Mapping[str, frozenset[str]], *, block: bool) -> None:
        self.firewall, self.known, self.block = firewall, known, block
        self._clean = Remembered(_REMEMBERED)

    def examine(self, question: Question) -> list[Refusal]:
        """Return one refusal that names the rule and where it matched, nothing where the question may pass."""
        try:
            return self._examine(question)
        except AssayError as error:  # the firewall itself: nothing passes that was not looked at
            return [
                Refusal("firewall.failed", "The firewall cannot look at it.", 503, self.block, str(error))
            ]

    def slow(self, question: Question) -> bool:
        """Whether ``examine`` takes longer than about a millisecond, so that it is better asked from a thread."""
        if len(question.body) < _SLOW:
            return False
        if question.rows is None:
            return True
        unknown = [t for t in texts.of_rows(question.rows, self.known) if t not in self._clean]
        return len(unknown) > 8 or sum(len(t) for _, t in unknown) > _SLOW

    def _examine(self, question: Question) -> list[Refusal]:
        head = _head(question)
        method, target, headers, client = head
        said = texts.of_body(question) if question.rows is None else texts.of_rows(question.rows, self.known)
        unknown = [t for t in said if t not in self._clean]
        if not unknown and head in self._clean:
            return []
        if len(unknown) > MOST_TEXTS or sum(len(t) for _, t in unknown) > MOST_CHARACTERS:
            return [Refusal("firewall.size", _MUCH, 413, self.block)]
        if len(target) > MOST_TARGET:
            return [Refusal("firewall.size", _FAR, 414, self.block)]
        cookies = max((len(v) for n, v in headers if n == b"cookie"), default=0)
        if cookies > MOST_TARGET or sum(len(n) + len(v) for n, v in headers) > MOST_HEADERS:
            return [Refusal("firewall.size", _HEADS, 431, self.block)]
        short = len(target) + sum(len(n) + len(v) for n, v in headers) <= _SHORT_HEAD
        heard = self._heard(
            Request(method, target, b"1.1", headers, client=client), unknown, head if short else None
        )
        if heard is None:
            return [Refusal("firewall.time", _LONG, 413, self.block)]
        return [_refusal(heard, self.block)] if heard.refused else []

    def _heard(self, request: Request, unknown: Sequence[tuple[str, str]], head: Any) -> Heard | None:
        """Return what the rules say of texts; None where that would take too long. head: to be remembered if it is clean.

        Some are asked at a time, so that time is looked at in between. Scores add up: of what scored too little to be refused by
        itself all is asked again together.
        """
        began, again, scored = time.thread_time(), 0.0, list[tuple[str, str]]()
        heard, lots = Heard(False), 0
        for lot in _lots(unknown):
            at = time.thread_time()
            if at - began + again > SECONDS:
                return None
            pieces = [(name, piece) for name, text in lot for piece in texts.windows(text)]
            heard = self.firewall.ask(replace(request, texts=pieces))
            lots += 1
            if heard.refused:
                return heard
            if heard.clean:
                self._remember(head, lot)
                continue
            scored += pieces
            again += time.thread_time() - at
        if lots > 1 and scored:
            return (
                None
                if time.thread_time() - began + again > 2 * SECONDS
                else self.firewall.ask(replace(request, texts=scored))
            )
        return heard

    def _remember(self, head: Any, clean: Sequence[tuple[str, str]]) -> None:
        if head is not None:
            self._clean.add(head)
        for text in clean:
            if len(text[1]) <= _SHORT:
                self._clean.add(text)


def _lots(unknown: Sequence[tuple[str, str]]) -> Iterator[Sequence[tuple[str, str]]]:
    """Give texts some at a time; one lot of none, for the head, where there are none."""
    lot, size = list[tuple[str, str]](), 0
    for text in unknown:
        if lot and (len(lot) >= _LOT or size + len(text[1]) > _LOT_CHARACTERS):
            yield lot
            lot, size = [], 0
        lot.append(text)
        size += len(text[1])
    yield lot


_MUCH = (
    f"It holds more than {MOST_TEXTS:,} texts or {MOST_CHARACTERS:,} characters of text that the firewall has not seen "
    "before; send it in parts."
)
_LONG = f"Looking at the texts that the firewall has not seen before takes longer than {SECONDS:g} s; send it in parts."
_FAR = f"Its path and query are longer than {MOST_TARGET:,} bytes."
_HEADS = f"Its headers are longer than {MOST_HEADERS:,} bytes, or its cookies than {MOST_TARGET:,}."


def _refusal(heard: Heard, block: bool) -> Refusal:
    telling = [m for m in heard.matches if not 949_000 <= m.rule < 950_000] or list(heard.matches)
    grave = next((m for m in telling if m.severity == "critical"), telling[0] if telling else None)
    if grave is None:
        return Refusal("firewall.refused", "The firewall refuses it.", heard.status, block)
    return Refusal(
        f"firewall.{grave.rule}",
        f"The firewall refuses it: {grave}.",
        heard.status,
        block,
        "; ".join(f"{m} ({m.severity})" if m.severity else str(m) for m in telling[:20]),
    )


def _head(question: Question) -> tuple[bytes, bytes, tuple[tuple[bytes, bytes], ...], str]:
    """Return what the rules see of a question besides its body, without what is another each time and says nothing."""
    headers: list[tuple[bytes, bytes]] = []
    typed = False
    for name, value in question.headers:
        key, said = name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace")
        if key in _SECRET or (key in _CHANGING and _PLAIN.fullmatch(said)):
            continue
        if key == b"content-encoding" and said.lower() in _UNPACKED:
            continue
        if key == b"content-length" and _DIGITS.fullmatch(said):
            said = b"100"
        typed = typed or key == b"content-type"
        headers.append((key, said))
    if not typed and question.content_type:
        headers.append((b"content-type", question.content_type.encode("latin-1", "replace")))
    target = question.path.encode("latin-1", "replace")
    return (
        question.method.encode("latin-1", "replace"),
        target,
        tuple(headers),
        question.address or "127.0.0.1",
    )
