"""How a sensitive value is hidden: whole, in part, or behind a keyed digest."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

STARS = "****"


def email(text: str) -> str:
    """Hide the part before the @: ``johndoe@email.com`` becomes ``*******@email.com``."""
    local, at, domain = text.rpartition("@")
    return "*" * len(local) + at + domain if at else "*" * len(text)


def last_digits(text: str, keep: int = 4) -> str:
    """Hide all digits but the last ones: a card of 16 becomes twelve stars and four digits; separators stay.

    Of fewer than twice as many digits none is kept.
    """
    digits = sum(c.isdigit() for c in text)
    hidden = digits - keep if digits >= 2 * keep else digits
    out = []
    for char in text:
        if char.isalnum() and hidden > 0:
            out.append("*")
            hidden -= char.isdigit()
        elif char.isalpha():
            out.append("*")
        else:
            out.append(char)
    return "".join(out)


def first_characters(text: str, keep: int) -> str:
    """Hide all but the first characters, such as the country of an IBAN; spaces stay."""
    return text[:keep] + "".join(c if c == " " else "*" for c in text[keep:])


def network(text: str) -> str:
    """Hide the host: the last number of an IPv4 address, or all but the first three groups of an IPv6 address."""
    if ":" in text:
        return ":".join([*text.split(":")[:3], "*"])
    return text.rpartition(".")[0] + ".*" if "." in text else STARS


def year(text: str) -> str:
    """Keep a date's year: ``1980-05-17`` becomes ``1980``; anything else is hidden."""
    return text[:4] if len(text) >= 4 and text[:4].isdigit() else STARS


def redact(text: str) -> str:
    """Hide everything, its length too."""
    return STARS


PARTIAL: dict[str, Callable[[str], str]] = {
    "email": email,
    "card": last_digits,
    "phone": last_digits,
    "ssn": last_digits,
    "iban": lambda t: first_characters(t, 2),
    "national_id": redact,
    "ip": network,
    "mac": lambda t: first_characters(t, 8),
    "name": redact,
    "address": redact,
    "birth_date": year,
}


def keyed(key: bytes) -> Callable[[str], str]:
    """Return a function to 16 hex digits of HMAC-SHA256: equal texts stay equal, and nobody without the key can try guesses."""

    def one(text: str) -> str:
        return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:16]

    return one
