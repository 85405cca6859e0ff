"""A value hidden in part: what stays is useful and names nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from assay.methods.masking.shape import SEPARATORS
from assay.methods.masking.way import STARS
from assay.methods.recognise.kinds import KINDS


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
    **dict.fromkeys(KINDS, redact),  # of most kinds nothing that stays would be of use and name nobody
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
    "postal_code": lambda t: first_characters(t, 2),
    "bank_account": last_digits,
    "crypto": lambda t: first_characters(t, 4),
}


@dataclass(frozen=True)
class Window:
    """What a policy says stays of a value: first and last characters, a domain, separators, its length.

    Of a value with fewer than twice as many characters as are kept none is kept. domain: what follows the last @ stays.
    length: false puts four signs for each hidden run, however long.
    """

    first: int = 0
    last: int = 0
    domain: bool = False
    separators: bool = True
    length: bool = True
    sign: str = "*"

    def __call__(self, text: str) -> str:
        """Return a text with the rest hidden."""
        local, at, domain = text.rpartition("@")
        if not (self.domain and at):  # without an @ there is no domain, and nothing follows it
            return self._hidden(text)
        return self._hidden(local) + at + domain

    def _hidden(self, text: str) -> str:
        places = [k for k, c in enumerate(text) if not (self.separators and c in SEPARATORS)]
        kept = set()
        if len(places) >= 2 * (self.first + self.last):
            kept = {*places[: self.first], *(places[-self.last :] if self.last else ())}
        hidden = set(places) - kept
        out: list[str] = []
        for place, char in enumerate(text):
            if place not in hidden:
                out.append(char)
            elif self.length:
                out.append(self.sign)
            elif place - 1 not in hidden:
                out.append(self.sign * 4)
        return "".join(out)
