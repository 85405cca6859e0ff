"""Tokens that the key turns back: deterministic authenticated encryption, AES-SIV (RFC 5297).

A token is ``tok1_`` and, in URL-safe base64 without padding, the synthetic IV of 16 bytes and the ciphertext. It is longer
than its value by 16 bytes and a third, so the value's length shows. A changed token, or another key, is refused.
"""

from __future__ import annotations

import base64
import binascii
import re
from functools import cached_property
from typing import Any

PREFIX = "tok1_"
PATTERN = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{23,}}")
_MARK = b"\x01"  # before each value: an empty one cannot be encrypted by itself


class WrongKey(ValueError):
    """A token was made under another key or in another domain, or was changed."""


class Tokens:
    """Tokens under one key of 64 bytes (AES-256-SIV)."""

    def __init__(self, key: bytes) -> None:
        self.key = key

    @cached_property
    def _siv(self) -> Any:
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV

        return AESSIV(self.key)

    def make(self, texts: list[str]) -> list[str]:
        """Return each text's token."""
        return [self.one(t) for t in texts]

    def one(self, text: str) -> str:
        """Return a text's token."""
        sealed = self._siv.encrypt(_MARK + text.encode("utf-8", "surrogatepass"), None)
        return PREFIX + base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def read(self, token: str) -> str | None:
        """Return a token's text; None where it is no token; WrongKey where it is one of another key."""
        if not token.startswith(PREFIX):
            return None
        from cryptography.exceptions import InvalidTag

        body = token.removeprefix(PREFIX)
        try:
            sealed = base64.b64decode(body + "=" * (-len(body) % 4), b"-_", validate=True)
            if len(sealed) < 17:
                return None
            plain: bytes = self._siv.decrypt(sealed, None)
        except (binascii.Error, ValueError):
            return None
        except InvalidTag:
            raise WrongKey(
                "the token was made under another key or in another domain, or was changed"
            ) from None
        return plain[1:].decode("utf-8", "surrogatepass")

    def read_inside(self, text: str) -> str:
        """Return a text with each token in it turned back."""
        return PATTERN.sub(lambda m: self._or_itself(m.group()), text)

    def _or_itself(self, token: str) -> str:
        found = self.read(token)
        return token if found is None else found
