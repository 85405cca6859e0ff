"""Check digits: what tells a card, an account or an identity number from any other run of digits."""

from __future__ import annotations

from functools import cache


def luhn(digits: str) -> bool:
    """Whether the last digit is the Luhn check of the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = ord(char) - 48
        if place % 2:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return total % 10 == 0


# Leading digits (low, high) of the issuers, and the lengths their cards have.
_ISSUERS: tuple[tuple[int, int, int, frozenset[int]], ...] = (
    (1, 4, 4, frozenset({13, 16, 19})),  # Visa
    (2, 51, 55, frozenset({16})),  # Mastercard
    (4, 2221, 2720, frozenset({16})),  # Mastercard
    (2, 34, 34, frozenset({15})),  # American Express
    (2, 37, 37, frozenset({15})),  # American Express
    (4, 6011, 6011, frozenset({16, 19})),  # Discover
    (3, 644, 649, frozenset({16, 19})),  # Discover
    (2, 65, 65, frozenset({16, 19})),  # Discover
    (4, 3528, 3589, frozenset(range(16, 20))),  # JCB
    (3, 300, 305, frozenset(range(14, 20))),  # Diners Club
    (2, 36, 36, frozenset(range(14, 20))),  # Diners Club
    (2, 38, 39, frozenset(range(16, 20))),  # Diners Club
    (2, 62, 62, frozenset(range(16, 20))),  # UnionPay
    (4, 2200, 2204, frozenset(range(16, 20))),  # Mir
    (2, 50, 50, frozenset(range(12, 20))),  # Maestro
    (2, 56, 58, frozenset(range(12, 20))),  # Maestro
    (2, 63, 63, frozenset(range(12, 20))),  # Maestro
    (2, 67, 67, frozenset(range(12, 20))),  # Maestro
)


def issued(digits: str, size: int) -> bool:
    """Whether an issuer has cards of ``size`` digits that begin with these four or more."""
    return size in _lengths(digits[:4])


@cache
def _lengths(prefix: str) -> frozenset[int]:
    """Return the lengths of cards that begin with four digits."""
    held = [n for width, low, high, n in _ISSUERS if low <= int(prefix[:width]) <= high]
    return frozenset().union(*held)


def card(digits: str) -> bool:
    """Whether digits are a payment card's: an issuer's leading digits and length, and the Luhn check."""
    if not 12 <= len(digits) <= 19 or len(set(digits)) < 2:
        return False
    return issued(digits, len(digits)) and luhn(digits)


_IBAN = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20,
    "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18,
    "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SD": 18,
    "SE": 24, "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22,
    "VG": 24, "XK": 20,
}  # fmt: skip


_LETTERS = {ord(c): str(k) for k, c in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 10)}


def iban(text: str) -> bool:
    """Whether it is an IBAN: its country's length and a remainder of 1 (ISO 13616, ISO 7064 mod 97-10)."""
    plain = text.replace(" ", "").replace("-", "").upper()
    if _IBAN.get(plain[:2]) != len(plain) or not (
        plain.isascii() and plain.isalnum() and plain[2:4].isdigit()
    ):
        return False
    return int((plain[4:] + plain[:4]).translate(_LETTERS)) % 97 == 1


def ssn(text: str) -> bool:
    """Whether nine digits can be a US Social Security number: no area 000, 666 or 900 up, no group 00, no serial 0000."""
    d = text.replace("-", "").replace(" ", "")
    return (
        len(d) == 9
        and d[:3] not in ("000", "666")
        and d[0] != "9"
        and d[3:5] != "00"
        and d[5:] != "0000"
        and len(set(d)) > 1
    )


_VERHOEFF_D = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_VERHOEFF_P = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip


def verhoeff(digits: str) -> bool:
    """Whether the last digit is the Verhoeff check of the others, as in an Indian Aadhaar number."""
    state = 0
    for place, char in enumerate(reversed(digits)):
        state = int(_VERHOEFF_D[state][int(_VERHOEFF_P[place % 8][int(char)])])
    return state == 0


def aba(digits: str) -> bool:
    """Whether nine digits are a US routing number: weights 3 7 1, mod 10, and a prefix that was given out."""
    if len(digits) != 9 or not (digits.isascii() and digits.isdigit()):
        return False
    prefix = int(digits[:2])
    if not (prefix <= 12 or 21 <= prefix <= 32 or 61 <= prefix <= 72 or prefix == 80):
        return False
    return sum(int(d) * w for d, w in zip(digits, (3, 7, 1) * 3, strict=True)) % 10 == 0
