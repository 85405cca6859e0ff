"""Which kind of log a file is, from how it begins."""

from __future__ import annotations

import re

from assay.methods.logs import access, cloudtrail, cloudwatch, kubernetes, lines, otel
from assay.methods.logs.source import Source

HEAD = 1 << 16  # bytes that are looked at
SOURCES = {
    s.name: s
    for s in (
        cloudtrail.SOURCE, cloudwatch.SOURCE, access.SOURCE, kubernetes.SOURCE, otel.SOURCE, lines.SOURCE,
    )
}  # fmt: skip
NAMES = {  # as a person names them, and the source that is meant
    "cloudtrail": "cloudtrail", "cloudwatch": "cloudwatch", "jsonl": "jsonl", "clf": "access", "access": "access",
    "kubernetes": "kubernetes", "otlp": "otel", "otel": "otel",
}  # fmt: skip
_MARKS = (  # the first whose every key stands in the head
    ("otel", (rb'"resourceLogs"\s*:',)),
    ("kubernetes", (rb'"audit\.k8s\.io/', rb'"(?:auditID|items)"\s*:')),
    ("cloudwatch", (rb'"messageType"\s*:', rb'"logEvents"\s*:')),
    ("cloudwatch", (rb'"messageType"\s*:\s*"CONTROL_MESSAGE"',)),
    ("cloudtrail", (rb'"eventSource"\s*:', rb'"eventName"\s*:')),
    ("cloudtrail", (rb'\A\s*\{\s*"Records"\s*:\s*\[',)),
    ("cloudtrail", (rb'"digestStartTime"\s*:', rb'"logFiles"\s*:')),
    ("cloudwatch", (rb'"events"\s*:\s*\[', rb'"timestamp"\s*:\s*\d{12,14}\b', rb'"message"\s*:')),
    ("cloudwatch", (rb'\A\s*\{\s*"events"\s*:\s*\[\s*\]',)),
)  # fmt: skip


def sniff(head: bytes) -> Source | None:
    """Return the kind of log that begins like this; None where it is none that is known."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] in (b"{", b"["):
        for name, marks in _MARKS:
            if all(re.search(m, text) for m in marks):
                return SOURCES[name]
        return SOURCES["jsonl"]
    first = text.partition(b"\n")[0].rstrip(b"\r")
    if cloudwatch.starts(first):
        return SOURCES["cloudwatch"]
    try:
        return SOURCES["access"] if access.LINE.fullmatch(first[: access.MAX_LINE].decode("utf-8")) else None
    except UnicodeDecodeError:
        return None
