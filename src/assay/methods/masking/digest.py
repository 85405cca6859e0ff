"""A value behind a keyed digest: equal values stay equal, and nobody without the key can try guesses."""

from __future__ import annotations

import hmac
import unicodedata


class Digest:
    """Hex digits of HMAC-SHA-256. length: of at least 16, so that two values of a billion hardly ever meet.

    fold: spaces around, case and the way an accent is written make no difference.
    """

    def __init__(self, key: bytes, length: int = 16, *, fold: bool = False) -> None:
        self.length, self.fold = length, fold
        self._begun = hmac.new(key, b"", "sha256")

    def __call__(self, texts: list[str]) -> list[str]:
        """Return the digest of each text."""
        return [self.one(t) for t in texts]

    def one(self, text: str) -> str:
        """Return a text's digest."""
        if self.fold:
            text = unicodedata.normalize("NFC", text.strip().casefold())
        begun = self._begun.copy()
        begun.update(text.encode("utf-8", "surrogatepass"))
        return begun.hexdigest()[: self.length]
