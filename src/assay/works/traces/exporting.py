"""A trace handed to others: written as OTLP or X-Ray's segments, or sent to a collector. That it was is an event."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines import xrayservice
from assay.engines.otlp.sending import Encoding, Endpoint, send
from assay.kernel.canonical import sha256
from assay.kernel.errors import UsageError
from assay.kernel.span import Span
from assay.methods.traces import otlp, xray
from assay.works.traces import keeping

if TYPE_CHECKING:
    from assay.office.traces import TraceRecord
    from assay.works.home import Home

SCHEMES = ("http://", "https://")


def export(
    home: Home,
    actor: str,
    records: Sequence[TraceRecord],
    *,
    to: str,
    format: str,
    encoding: Encoding | None = None,
    headers: Mapping[str, str] | None = None,
    ca: str | None = None,
) -> dict[str, Any]:
    """Write the spans of records to a file, or send them to a URL, or to X-Ray; return what was done.

    format: otlp or xray. encoding: json or protobuf; a file is JSON, and a URL is sent protobuf, where it is None.
    """
    spans = keeping.read(home, records)
    if not spans:
        raise UsageError("the trace holds no span")
    subject = f"traces/{spans[0].trace}"
    detail: dict[str, Any] = {"format": format, "spans": len(spans)}
    if format == "xray" and to.startswith(xrayservice.SCHEME):
        documents = xray.documents(spans)
        rejected, why = xrayservice.put(to, documents)
        done: dict[str, Any] = {
            "to": to, "spans": len(spans), "documents": len(documents), "rejected": rejected, "said": why,
        }  # fmt: skip
    elif to.startswith(SCHEMES):
        if format != "otlp":
            raise UsageError(
                "X-Ray's segments are written to a file", remedy="or sent: --xray xray://eu-west-1"
            )
        endpoint = Endpoint.of(to, headers, Path(ca) if ca else None)
        sent = send(endpoint, spans, encoding or "protobuf")
        done = {"to": endpoint.url, **asdict(sent)}
    else:
        data, count = _written(spans, format, encoding or "json")
        _write(Path(to), data)
        done = {"to": to, "spans": len(spans), "documents": count, "bytes": len(data), "digest": sha256(data)}
    event = None
    if not home.office.outside.readonly:
        with home.office.transaction() as tx:
            outcome = "done" if not done.get("rejected") else "failed"
            event = tx.record("traces.export", subject, actor=actor, outcome=outcome, detail=detail | done)
    return done | {"trace": spans[0].trace, "event": event}


def _written(spans: Sequence[Span], format: str, encoding: Encoding) -> tuple[bytes, int]:
    if format == "xray":
        found = xray.documents(spans)
        return b"\n".join(found) + b"\n", len(found)
    return (otlp.write_json(spans) + b"\n" if encoding == "json" else otlp.write_protobuf(spans)), 1


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".traces-")
        try:
            with os.fdopen(descriptor, "wb") as out:
                out.write(data)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", remedy="name another file") from None
