"""A model that comes over HTTP: kept in a scratch folder, scanned and registered by a process of its own.

The scan of a hostile file may take seconds and hundreds of megabytes: a gateway that answers for endpoints spends neither, and
lives on where the process does not.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import AssayError, Missing, Refused, UsageError

if TYPE_CHECKING:
    from assay.doors.gateway.messages import Request
    from assay.works.home import Home

LARGEST = 128 << 20  # bytes: it is held in memory until the last of them has come
AT_ONCE = 2  # of a gateway
_SECONDS = 600
_FILE = re.compile(r"[A-Za-z0-9_][\w.+-]{0,199}", re.ASCII)
_KINDS: Mapping[str, type[AssayError]] = {
    kind.__name__: kind for kind in (AssayError, Missing, Refused, UsageError)
}


class Receiving:
    """The models that are being sent to one gateway, each held in memory until it is registered: so many at once."""

    def __init__(self) -> None:
        self._held: dict[int, Request] = {}

    def enter(self, request: Request) -> bool:
        """Whether there is room for one more, which then is taken."""
        if len(self._held) >= AT_ONCE:
            return False
        self._held[id(request)] = request
        return True

    def leave(self, request: Request) -> None:
        """A request is over, however it ended."""
        self._held.pop(id(request), None)


class Examiner:
    """Registers what was sent, one file after another, each in a process of its own that ends with the gateway."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def register(self, home: Home, action: str, params: Mapping[str, Any], body: bytes, actor: str) -> bytes:
        """Carry out an action upon a file that was sent, and return what it gives as JSON. params: ``file`` is what it is called.

        UsageError where nothing was sent or the name is none; AssayError where the process ended without an answer, or not in
        time.
        """
        said = dict(params)
        name = str(said.get("file", ""))
        if not _FILE.fullmatch(name):
            raise UsageError(
                f"{name[:60]!r} is no name of a file",
                remedy="say ?file=model.tar.gz: letters, digits, . _ + -",
            )
        if not body:
            raise UsageError("nothing was sent", remedy=f"send the bytes of {name} as the body")
        with home.scratch() as folder:
            path = folder / name
            path.write_bytes(body)
            order = {
                "home": str(home.root),
                "action": action,
                "params": said | {"file": str(path)},
                "actor": actor,
            }
            return self._carried_out(order, name)

    def _carried_out(self, order: Mapping[str, Any], name: str) -> bytes:
        with self._lock:
            if self._closed:
                raise AssayError(f"the server ended before {name} was examined", remedy="send it again")
            self._process = process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        try:
            said, _ = process.communicate(json.dumps(order).encode(), timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise AssayError(f"{name} was not examined within {_SECONDS // 60} minutes") from None
        finally:
            with self._lock:
                self._process = None
        try:
            answer = json.loads(said)
        except ValueError:
            raise AssayError(
                f"{name} could not be examined: the process ended with {process.returncode}",
                remedy="send it again, or register it by the command",
            ) from None
        if "error" in answer:
            raise _KINDS.get(answer["error"], AssayError)(answer["message"])
        return json.dumps(answer["made"]).encode()

    def close(self) -> None:
        """End what is being examined: it is registered whole or not at all, and whoever sent it is told."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()


def main() -> None:
    """Read one order from standard input, carry it out, and write the answer to standard output."""
    from assay.works.call import call
    from assay.works.home import Home

    order = json.load(sys.stdin)
    try:
        home = Home.open(Path(order["home"]), os.environ)
        made = call(order["action"], order["params"], home=home, actor=order["actor"])
        answer = {"made": made}
    except AssayError as error:
        kind = next((k for k in type(error).__mro__ if k.__name__ in _KINDS), AssayError)
        answer = {"error": kind.__name__, "message": str(error)}
    json.dump(answer, sys.stdout, allow_nan=False)


if __name__ == "__main__":
    main()
