"""Keys for one purpose each, made from one that is never used itself (NIST SP 800-108r1, counter mode, HMAC-SHA-256)."""

from __future__ import annotations

from collections.abc import Callable

Mac = Callable[[bytes], bytes]
LABEL = "assay.mask/1"


def subkey(mac: Mac, purpose: str, context: str = "", size: int = 32) -> bytes:
    """Return ``size`` bytes for a purpose and a context; other purposes and contexts give unrelated ones.

    mac: HMAC-SHA-256 under the key they come from. Counter and length are of four bytes, the counter comes first.
    """
    label = f"{LABEL}/{purpose}".encode()
    rest = label + b"\x00" + context.encode("utf-8", "surrogatepass") + (size * 8).to_bytes(4, "big")
    blocks = [mac(counter.to_bytes(4, "big") + rest) for counter in range(1, -(-size // 32) + 1)]
    return b"".join(blocks)[:size]
