"""The address that registries call, served in a thread while the watch goes on."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from assay.engines import tls
from assay.engines.watching.hooks import Hooks
from assay.methods.watching.policy import Policy
from assay.works.watching import pulling

if TYPE_CHECKING:
    from assay.works.home import Home


@contextlib.contextmanager
def listening(home: Home, policy: Policy, listen: Mapping[str, Any]) -> Iterator[str]:
    """Serve for the block and give the URL. listen: host, port, cert, key (PEM files) and plain; UsageError where that cannot be."""
    cert, key = (str(listen.get(k) or "") for k in ("cert", "key"))
    if key and not cert:
        from assay.kernel.errors import UsageError

        raise UsageError(
            "a key without its certificate is of no use", remedy="name both: --tls-cert, --tls-key"
        )
    if cert:
        tls.checked(cert, key)
    with Hooks(
        listen["host"],
        listen["port"],
        pulling.callers(home, policy),
        lambda hook, pushed: pulling.note(home, policy, hook, pushed),
        tls.context(cert, key) if cert else None,
        plain=bool(listen.get("plain")),
    ) as server:
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.2}, name="hooks", daemon=True
        )
        thread.start()
        try:
            yield server.base
        finally:
            server.shutdown()
            thread.join(timeout=5)
