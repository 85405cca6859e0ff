"""Tokens that the key turns back: deterministic authenticated encryption, AES-SIV (RFC 5297).

A token is ``tok1_`` and, in URL-safe base64 without padding, the synthetic IV of 16 bytes and the ciphertext. It is longer
than its value by 16 bytes and a third, so the value's length shows. A changed token, or another key, is refused. Where equal
values must not have equal tokens, it is ``tok2_`` and a random nonce of 16 bytes goes before (RFC 5297, section 3).
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from functools import cached_property
from typing import Any

PREFIX, NONCED = "tok1_", "tok2_"
PATTERN = re.compile(r"tok[12]_[A-Za-z0-9_-]{23,}")
_NONCE = 16
_MARK = b"\x01"  # before each value: an empty one cannot be encrypted by itself


class WrongKey(ValueError):
    """A token was made under another key or in another domain, or was changed."""


class Tokens:
    """Tokens under one key of 64 bytes (AES-256-SIV). equal: whether equal values have equal ones."""

    def __init__(self, key: bytes, *, equal: bool = True) -> None:
        self.key, self.equal = key, equal

    @cached_property
    def _siv(self) -> Any:
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV

        return AESSIV(self.key)

    def make(self, texts: list[str]) -> list[str]:
        """Return each text's token."""
        return [self.one(t) for t in texts]

    def one(self, text: str) -> str:
        """Return a text's token."""
        plain = _MARK + text.encode("utf-8", "surrogatepass")
        nonce = b"" if self.equal else secrets.token_bytes(_NONCE)
        sealed = nonce + self._siv.encrypt(plain, None if self.equal else [nonce])
        return (PREFIX if self.equal else NONCED) + base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def read(self, token: str) -> str | None:
        """Return a token's text; None where it is no token; WrongKey where it is one of another key."""
        if not token.startswith((PREFIX, NONCED)):
            return None
        from cryptography.exceptions import InvalidTag

        body, size = token[len(PREFIX) :], _NONCE if token.startswith(NONCED) else 0
        try:
            sealed = base64.b64decode(body + "=" * (-len(body) % 4), b"-_", validate=True)
            if len(sealed) < size + 17:
                return None
            plain: bytes = self._siv.decrypt(sealed[size:], [sealed[:size]] if size else None)
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
