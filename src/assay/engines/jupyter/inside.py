"""A kernel of a server asked what its machine reaches: started for it, asked once, and ended.

Sources: the documentation of Jupyter's REST API, and of its messaging protocol over WebSocket.
"""

from __future__ import annotations

import inspect
import json
import time
import uuid
from typing import Any

from assay.engines.extras import install
from assay.engines.jupyter import certificates, probing, reach
from assay.engines.jupyter.probing import Place
from assay.kernel.errors import UsageError

SECONDS = 60.0
_MOST = 1 << 20


def reached(where: Place) -> dict[str, Any]:
    """Return what ``reach.told`` says in a kernel of the server; UsageError where no kernel answers."""
    try:
        import websocket
    except ImportError:
        raise UsageError("asking a kernel needs websocket-client", remedy=install("notebook")) from None
    probing.may_be_told(where)
    made = probing.ask(
        where,
        "api/kernels",
        method="POST",
        known=True,
        body=b"{}",
        headers={"Content-Type": "application/json"},
    )
    told = made.json()
    if made.status != 201 or not isinstance(told, dict):
        remedy = "give its token by --token-file; one that asks for a password is examined on its own machine"
        raise UsageError(f"{where.url} starts no kernel (it gave {made.status})", remedy=remedy)
    kernel = str(told.get("id"))
    if not kernel.replace("-", "").isalnum():
        raise UsageError(f"{where.url} names its kernel in a way that is not understood")
    scheme = "wss" if where.tls else "ws"
    host = f"[{where.host}]" if ":" in where.host else where.host
    header = [f"Authorization: token {where.token}"] if where.token else []
    try:
        secure = probing.context(where) if where.tls else None
        with certificates.connected(where.host, where.port, secure, whole=SECONDS) as raw:
            link = websocket.create_connection(
                f"{scheme}://{host}:{where.port}{where.base}api/kernels/{kernel}/channels", timeout=SECONDS, header=header,
                socket=_Counted(raw), suppress_origin=True,
            )  # fmt: skip
            try:
                link.send(json.dumps(_question()))
                return _answer(link)
            finally:
                link.close()
    except (OSError, websocket.WebSocketException) as error:
        raise UsageError(
            f"a kernel of {where.url} did not answer ({type(error).__name__})", remedy="leave --inside out"
        ) from None
    finally:
        probing.ask(where, f"api/kernels/{kernel}", method="DELETE", known=True)


class _Counted:
    """A connection that ends where more comes over it than any answer is long: a frame says its own length, and is held whole."""

    def __init__(self, held: Any) -> None:
        self._held, self._left = held, 4 * _MOST

    def recv(self, most: int) -> bytes:
        part: bytes = self._held.recv(most)
        self._left -= len(part)
        if self._left < 0:
            raise ConnectionAbortedError("it says more than is read")
        return part

    def __getattr__(self, name: str) -> Any:
        return getattr(self._held, name)


def _question() -> dict[str, Any]:
    source = inspect.getsource(reach)
    header = {
        "msg_id": uuid.uuid4().hex, "username": "assay", "session": uuid.uuid4().hex, "msg_type": "execute_request",
        "version": "5.3", "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }  # fmt: skip
    content = {
        "code": source, "silent": False, "store_history": False, "user_expressions": {}, "allow_stdin": False,
    }  # fmt: skip
    return {
        "channel": "shell",
        "header": header,
        "parent_header": {},
        "metadata": {},
        "content": content,
        "buffers": [],
    }


def _answer(link: Any) -> dict[str, Any]:
    """Read what the kernel prints until it has done."""
    text, end = "", time.monotonic() + SECONDS
    while time.monotonic() < end and len(text) < _MOST:
        raw = link.recv()
        if not isinstance(raw, str) or len(raw) > _MOST:
            continue
        try:
            message = json.loads(raw)
            kind, content = message["msg_type"], message["content"]
            if kind == "stream" and content.get("name") == "stdout":
                text += str(content["text"])
                found = json.loads(text)
                if isinstance(found, dict):
                    return {
                        str(k)[:50]: v if isinstance(v, bool | int) else str(v)[:300]
                        for k, v in list(found.items())[:20]
                    }
            if kind == "error":
                break
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    raise UsageError(
        "the kernel did not say what it reaches", remedy="only Python kernels do; leave --inside out"
    )
