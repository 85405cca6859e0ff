"""A model behind a URL, asked over HTTP as SageMaker's ``/invocations`` is: CSV rows without a header, in order.

It answers with CSV (a line a row: one number, or one a class; or all rows in one line) or JSON: a list, or
``{"predictions": [...]}`` of numbers, lists, or objects with ``score``, ``predicted_label`` or ``predicted_value``. A token in
ASSAY_ENDPOINT_TOKEN is sent as a bearer's. Nothing of it is pinned: the same URL may answer otherwise tomorrow.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import socket
import threading
import time
import urllib.parse
from typing import TYPE_CHECKING, Any

from assay.engines.models import wire
from assay.engines.models.asked import AskedModel, ModelError
from assay.engines.tracing import spanned
from assay.kernel.asset import Asset
from assay.kernel.errors import UsageError

if TYPE_CHECKING:
    import pyarrow

    from assay.engines.tracing import Recorder

SCHEMES = ("http://", "https://")
_ROWS = 2_000  # and no more than _BYTES a request: SageMaker takes 6 MB
_BYTES = 5 << 20
_LARGEST = 64 << 20
_SECONDS = 60.0  # for anything to come
_WHOLE = 600.0  # for the whole of an answer, however slowly it comes
_TRIES = 3
_AGAIN = (429, 502, 503, 504)


def pin(url: str) -> Asset:
    """Return it as an asset; UsageError where the URL is none, or holds a password."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{url[:80]!r} is no URL of a model", remedy="write https://host/invocations")
    if parts.username or parts.password:
        raise UsageError(
            "a URL with a password would be written into reports", remedy="set ASSAY_ENDPOINT_TOKEN instead"
        )
    return Asset("model", f"{parts.hostname}{parts.path}"[:100], url, "", "endpoint")


class EndpointModel(AskedModel):
    """Implements the kernel's Model over HTTP."""

    level = "none"

    def __init__(self, asset: Asset, recorder: Recorder | None = None) -> None:
        self.asset, self._recorder = asset, recorder
        self._url = urllib.parse.urlsplit(asset.uri)
        said = {
            "framework": "endpoint",
            "format": "endpoint",
            "features": [],
            "classes": [],
            "task": "unknown",
        }
        self._info = self._described(wire.pack_json(said))

    def _ask(self, kind: bytes, body: bytes) -> bytes:
        import pyarrow as pa

        if kind != b"P":
            return b""
        table = wire.unpack_table(body)
        parts = [self._answers(table.slice(at, _ROWS)) for at in range(0, max(table.num_rows, 1), _ROWS)]
        return wire.pack_answer(pa.concat_tables(parts))

    def _answers(self, table: pyarrow.Table) -> pyarrow.Table:
        if not table.num_rows:
            import pyarrow as pa

            return pa.table({"prediction": pa.array([], pa.float64())})
        content = _csv(table)
        if len(content) > _BYTES and table.num_rows > 1:
            import pyarrow as pa

            half = table.num_rows // 2
            return pa.concat_tables([self._answers(table.slice(0, half)), self._answers(table.slice(half))])
        said, kind = self._post(content)
        try:
            answers = _read(said, kind, table.num_rows)
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            shown = said[:80].decode("utf-8", "replace")
            raise ModelError(
                f"answers what is neither CSV nor JSON of predictions ({error}): {shown!r}",
                where=self.asset.name,
            ) from None
        if answers.num_rows != table.num_rows:
            raise ModelError(f"answered {answers.num_rows} rows for {table.num_rows}", where=self.asset.name)
        return answers

    def _post(self, content: bytes) -> tuple[bytes, str]:
        headers = {"Content-Type": "text/csv", "Accept": "application/json, text/csv;q=0.9"}
        token = os.environ.get("ASSAY_ENDPOINT_TOKEN")
        if token:
            headers["Authorization"] = f"Bearer {token}"
        path = urllib.parse.urlunsplit(("", "", self._url.path or "/invocations", self._url.query, ""))
        for attempt in range(_TRIES):
            try:
                with spanned(self._recorder, "POST", "client", **self._about(path)) as span:
                    caller = self._recorder.caller_of() if self._recorder else None
                    sent = headers | ({"traceparent": caller.traceparent} if caller else {})
                    status, said, kind = self._once(path, content, sent)
                    if span is not None:
                        span.set(http__response__status_code=status, assay__bytes__sent=len(content))
                        if status >= 400:
                            span.fail(f"status {status}")
            except (OSError, http.client.HTTPException, UnicodeError) as error:
                raise ModelError(
                    f"cannot be reached: {error or type(error).__name__}", where=self.asset.name
                ) from None
            if status == 200:
                return said, kind
            if status not in _AGAIN or attempt == _TRIES - 1:
                break
            time.sleep(0.5 * 2**attempt)
        shown = said[:200].decode("utf-8", "replace").strip()
        raise ModelError(f"answers with status {status}: {shown}", where=self.asset.name)

    def _about(self, path: str) -> dict[str, Any]:
        return {
            "http__request__method": "POST",
            "server__address": self._url.hostname,
            "server__port": self._url.port,
            "url__path": path.partition("?")[0],
        }

    def _once(self, path: str, content: bytes, headers: dict[str, str]) -> tuple[int, bytes, str]:
        """Ask once; redirects are not followed, as they would carry the rows elsewhere."""
        secure = self._url.scheme == "https"
        connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = connect(str(self._url.hostname), self._url.port, timeout=_SECONDS)
        connection.connect()
        line, late = connection.sock, threading.Event()  # the connection lets go of it before all is read

        def end() -> None:
            late.set()
            with contextlib.suppress(OSError):  # it has ended by itself
                line.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(_WHOLE, end)
        timer.daemon = True
        timer.start()
        try:
            connection.request("POST", path, content, headers)
            response = connection.getresponse()
            said = response.read(_LARGEST + 1)
            if len(said) > _LARGEST:
                raise OSError(f"it answers with more than {_LARGEST >> 20} MB")
            return response.status, said, response.headers.get_content_type()
        finally:
            timer.cancel()
            connection.close()
            if late.is_set():  # whatever came by then is not all of it
                raise TimeoutError(f"it has not answered within {_WHOLE:g} seconds")


def _csv(table: pyarrow.Table) -> bytes:
    import pyarrow.csv

    out = io.BytesIO()
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")
    pyarrow.csv.write_csv(table, out, options)
    return out.getvalue()


def _read(said: bytes, kind: str, rows: int) -> pyarrow.Table:
    """Return the predictions in an answer; ValueError where it holds none."""
    import numpy as np

    from assay.engines.models.frame import told

    if kind == "application/json" or said.lstrip()[:1] in (b"{", b"["):
        found = json.loads(said)
        if isinstance(found, dict):
            found = found["predictions"]
        if not isinstance(found, list) or not found:
            raise ValueError("no list of predictions")
        if isinstance(found[0], dict):
            return _objects(found)
        return told(np.asarray(found, dtype=float if not isinstance(found[0], str) else object))
    lines = [line.split(",") for line in said.decode("utf-8").strip().splitlines()]
    if len(lines) == 1 and len(lines[0]) == rows:  # the built-in XGBoost puts all rows into one line
        lines = [[value] for value in lines[0]]
    return told(np.asarray(lines, dtype=float))


def _objects(found: list[dict[str, Any]]) -> pyarrow.Table:
    """Read what Linear Learner and its like answer: a score and a predicted label, or a predicted value."""
    import numpy as np
    import pyarrow as pa

    from assay.engines.models.frame import predictions, told

    if "predicted_label" in found[0]:
        labels = [p["predicted_label"] for p in found]
        labels = [int(v) if isinstance(v, float) and v.is_integer() else v for v in labels]
        scores = [p.get("score") for p in found]
        if all(isinstance(s, (int, float)) for s in scores):
            return predictions(labels, np.asarray(scores, dtype=float))
        if all(isinstance(s, list) for s in scores):
            matrix = np.asarray(scores, dtype=float)
            return predictions(labels, matrix, range(matrix.shape[1]))
        return pa.table({"prediction": labels})
    name = next((n for n in ("score", "predicted_value", "prediction") if n in found[0]), None)
    if name is None:
        raise ValueError(f"no prediction among {', '.join(map(str, found[0]))[:80] or 'nothing'}")
    return told(np.asarray([p[name] for p in found], dtype=float))
