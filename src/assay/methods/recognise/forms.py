"""Recognisers: a cheap pattern that few other texts match, and a rule that judges what did."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from assay.methods.recognise import digits

LONGEST = 10_000  # characters of one value that are read


@dataclass(frozen=True)
class Form:
    """One kind of personal data.

    sieve: an RE2 pattern that anything of this kind matches somewhere. spans: gives the (start, end) of each
    occurrence in a text that passed the sieve. hints: words in a column's name that speak for it.
    hinted: whether only such a column is looked at. inside: whether single occurrences in longer texts are told.
    """

    type: str
    sieve: str
    spans: Callable[[str], Iterator[tuple[int, int]]]
    hints: frozenset[str] = frozenset()
    hinted: bool = False
    inside: bool = True
    title: str = ""


def _found(
    pattern: str, valid: Callable[[str], bool] | None = None, flags: int = 0
) -> Callable[[str], Iterator[tuple[int, int]]]:
    compiled = re.compile(pattern, flags)

    def spans(text: str) -> Iterator[tuple[int, int]]:
        for match in compiled.finditer(text):
            if valid is None or valid(match.group()):
                yield match.span()

    return spans


def _only_digits(text: str) -> str:
    return "".join(c for c in text if "0" <= c <= "9")


def _card(text: str) -> bool:
    return digits.card(_only_digits(text))


def _email(text: str) -> bool:
    return any(c.isalnum() for c in text.partition("@")[0])  # stars before the @ are a mask


def _address_of_net(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _ip6(text: str) -> bool:
    return text.count(":") >= 2 and len(text) > 3 and _address_of_net(text)


def _ip(text: str) -> Iterator[tuple[int, int]]:
    for pattern, valid in ((_IP4, _address_of_net), (_IP6, _ip6)):
        for match in pattern.finditer(text):
            if valid(match.group()):
                yield match.span()


_IP4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\w)", re.ASCII)
_IP6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f:]{3,39}(?![\w:])", re.ASCII)
_EXTENSION = r"(?: ?(?:x|ext\.?) ?\d{1,6})?"
_US_PHONE = rf"(?:\+?\d{{1,3}}[ .\-])?(?:\(\d{{3}}\) ?|\d{{3}}[ .\-])\d{{3}}[ .\-]\d{{4}}{_EXTENSION}"
_WORLD_PHONE = r"\+\d{1,3}(?:[ .\-]?\(?\d{1,5}\)?){2,6}"
_PHONE = re.compile(rf"(?<![\w.+-])(?:{_US_PHONE}|{_WORLD_PHONE})(?![\w-])", re.ASCII)
_ANY_PHONE = re.compile(r"(?<![\w.+-])[+(]?\d[\d ().\-/]{5,22}\d(?![\w-])", re.ASCII)
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}", re.ASCII)
_STREET = (
    r"(?:street|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|place|pl|square|sq|terrace|way|"
    r"parkway|pkwy|highway|hwy|circle|cir|close|crescent)"
)
_ADDRESS = (
    rf"\b\d{{1,6}}[a-z]?,? (?:[\w'’.-]+ ){{1,5}}{_STREET}\b\.?"
    r"|\b[\w-]{1,40}(?:straße|strasse|str\.|gasse|platz|weg|allee) \d{1,4} ?[a-z]?\b"
    r"|\b(?:rue|avenue|calle|via|rua|avenida|piazza|plaza) (?:[\w'’.-]+ ){1,5}\d{1,5}\b"
    r"|\b\d{1,4},? (?:rue|avenue|boulevard|allée|chemin) [\w'’.-]+"
)


def _phone(text: str) -> Iterator[tuple[int, int]]:
    for match in _PHONE.finditer(text):
        if 8 <= len(_only_digits(match.group())) <= 21 and not digits.card(_only_digits(match.group())):
            yield match.span()


def _hinted_phone(text: str) -> Iterator[tuple[int, int]]:
    found = list(_phone(text))
    for match in () if found else _ANY_PHONE.finditer(text):
        if 7 <= len(_only_digits(match.group())) <= 15 and not _DATE.fullmatch(match.group()):
            found.append(match.span())
    yield from found


def _identity(text: str) -> Iterator[tuple[int, int]]:
    for pattern, valid in _IDENTITIES:
        for match in pattern.finditer(text):
            if valid(match.group()):
                yield match.span()


_IDENTITIES: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = (
    (
        re.compile(r"(?<![\w.])\d{3}\.\d{3}\.\d{3}-\d{2}(?!\w)", re.ASCII),
        lambda t: digits.cpf(_only_digits(t)),
    ),
    (re.compile(r"(?<!\w)[XYZxyz]?\d{7,8}-?[A-Za-z](?!\w)", re.ASCII), digits.dni),
    (
        re.compile(r"(?<!\w)[A-Za-z]{6}\d\d[A-Za-z]\d\d[A-Za-z]\d{3}[A-Za-z](?!\w)", re.ASCII),
        digits.codice_fiscale,
    ),
    (
        re.compile(r"(?<![\w-])[2-9]\d{3}[ -]\d{4}[ -]\d{4}(?![\w-]| \d)", re.ASCII),
        lambda t: digits.verhoeff(_only_digits(t)),
    ),
    (
        re.compile(
            r"(?<!\w)(?![DFIQUVdfiquv])[A-Za-z](?![DFIQUVOdfiquvo])[A-Za-z] ?\d{2} ?\d{2} ?\d{2} ?[A-Da-d](?!\w)"
        ),
        lambda t: t[:2].upper() not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ"),
    ),
)

FORMS: tuple[Form, ...] = (
    Form(
        "email",
        r"[^\s@]@[^\s@]+\.\w",
        _found(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w@])", _email),
        frozenset({"email", "mail", "e"}),
        title="e-mail addresses",
    ),
    Form(
        "card",
        r"[2-6]\d(?:[ -]?\d){10}",
        _found(r"(?<![\w.+-])[2-6](?:[ -]?\d){11,18}(?![\w-]|\.\d)", _card, re.ASCII),
        frozenset({"card", "credit", "pan", "cc"}),
        title="payment card numbers (issuer and Luhn check)",
    ),
    Form(
        "iban",
        r"[A-Za-z]{2}\d\d ?[A-Za-z0-9]{4}",
        _found(
            r"(?<![\w-])[A-Za-z]{2}\d\d(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,4})?(?![\w-])",
            digits.iban,
            re.ASCII,
        ),
        frozenset({"iban", "account"}),
        title="bank accounts (IBAN, mod 97)",
    ),
    Form(
        "ssn",
        r"\d{3}-\d\d-\d{4}",
        _found(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])", digits.ssn, re.ASCII),
        frozenset({"ssn", "social", "security", "sin"}),
        title="US Social Security numbers",
    ),
    Form(
        "national_id",
        r"\d\d",
        _identity,
        frozenset({"cpf", "dni", "nie", "nif", "nino", "aadhaar", "fiscale", "tax", "national"}),
        title="national identity numbers (with check digits)",
    ),
    Form(
        "ip",
        r"\d\.\d{1,3}\.\d|[0-9A-Fa-f]:[0-9A-Fa-f:]*:",
        _ip,
        frozenset({"ip", "ipv4", "ipv6", "host", "client", "remote", "addr"}),
        title="network addresses",
    ),
    Form(
        "mac",
        r"[0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-]",
        _found(r"(?<![\w:-])(?:[0-9A-Fa-f]{2}([:-]))(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![\w:-])"),
        frozenset({"mac", "device"}),
        title="device (MAC) addresses",
    ),
    Form(
        "phone",
        r"\d{3}.*\d{3}|\+\d",
        _phone,
        frozenset({"phone", "telephone", "mobile", "cell", "fax", "tel", "telefon", "telefono"}),
        title="telephone numbers",
    ),
    Form(
        "address",
        r"\d",
        _found(_ADDRESS, None, re.IGNORECASE),
        frozenset({"address", "street", "addr", "adresse", "direccion"}),
        inside=False,
        title="street addresses",
    ),
)
HINTED_PHONE = Form(
    "phone", r"\d.*\d.*\d.*\d", _hinted_phone, FORMS[-2].hints, hinted=True, title="telephone numbers"
)


def spans(form: Form, text: str) -> list[tuple[int, int]]:
    """Return where ``form`` occurs in the first LONGEST characters of a text."""
    return list(form.spans(text[:LONGEST]))


def is_whole(text: str, found: list[tuple[int, int]]) -> bool:
    """Whether the occurrences are the whole value, but for spaces and a word such as ``tel:`` before it."""
    covered = sum(end - start for start, end in found)
    plain = len(text.strip())
    return covered >= plain or (covered >= 0.75 * plain and plain - covered <= 8)
