"""Recognisers: a cheap pattern that few other texts match, and a rule that judges what did."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from assay.methods.recognise import credentials, digits, identities, wallets
from assay.methods.recognise.prose import addresses, people

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


_NO_DIGIT = re.compile("[^0-9]+")


def _only_digits(text: str) -> str:
    return _NO_DIGIT.sub("", text)


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
            if valid(match.group()) and not _RELEASE.search(text, max(0, match.start() - 16), match.start()):
                yield match.span()


_RELEASE = re.compile(r"(?:version|release|firmware|build|\bver\.?|\bv\.?)[ :=]{0,3}$", re.IGNORECASE)
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
    r"parkway|pkwy|highway|hwy|circle|cir|close|crescent|row|mews|walk|grove|gardens|hill|route|rte|loop|trail|plaza|"
    r"fort|ridge|cove|crossing|extension|pike|alley|heights|manor|meadows?|mount|knolls?|islands?|junctions?|keys?|"
    r"lakes?|lights?|locks|lodge|mall|mill|mills|motorway|neck|orchard|oval|park|parks|pass|passage|path|pine|pines|"
    r"plain|plains|points?|ports?|prairie|radial|ramp|ranch|rapids?|rest|run|shoals?|shores?|skyway|springs?|spurs?|"
    r"stravenue|stream|summit|throughway|trace|track|trafficway|tunnel|turnpike|underpass|unions?|valleys?|via|"
    r"viaduct|views?|villages?|ville|vista|wall|ways|wells?|bypass|burg|bridge|branch|bend|beach|bayou|camp|canyon|"
    r"cape|causeway|center|cliff|cliffs|club|common|corner|corners|course|creek|crest|curve|dale|dam|divide|drives|"
    r"estate|estates|expressway|fall|falls|ferry|field|fields|flat|flats|ford|forest|forge|fork|forks|freeway|garden|"
    r"gateway|glen|glens|green|greens|groves|harbor|haven|hollow|inlet|isle)"
)
# RE2: what any street holds beside its number, whatever stands around it.
_STREET_WORDS = (
    rf"\b{_STREET}\b|straße|strasse|straat|str\.|gasse|platz|plein|weg\b|allee|laan|gracht|gatan|vägen|vagen|gränd|gade\b|vej\b|katu|tie\b|utca|út\b|"
    r"\b(?:am|an der|im|zum|unter den|auf dem|rue|calle|c/|viale|corso|largo|rua|avenida|av\.|travessa|paseo|piazza|praça|camino|carrer|ronda|rambla|vicolo|contrada|alameda|strada|bulevardul|aleea|sokak|cadde|"
    r"allée|chemin|impasse|quai|cours)\b|ул\.|ал\.|пр\.|вул\.|пер\.|просп\.|наб\.|ш\.|[都道府県市区郡町村省县镇]|[로길]"
)
_ADDRESS = (
    rf"\b\d{{1,6}}[a-z]?,? (?:[\w'’.-]+ ){{1,5}}{_STREET}\b\.?"
    r"|\b[\w-]{1,40}(?:straße|strasse|straat|str\.|gasse|platz|plein|weg|allee|laan|gracht|gatan|vägen|vagen|gränd|gade|vej|katu|tie|utca|út) \d{1,4} ?[a-z]?\b"
    r"|\b(?:am|an der|im|zum|unter den|auf dem) [A-ZÄÖÜ][\w-]{2,30} \d{1,4} ?[a-z]?\b"
    r"|(?:\b(?:rue|avenue|calle|via|viale|corso|largo|rua|avenida|av\.|travessa|paseo|piazza|plaza|praça|camino|carrer|ronda|rambla|vicolo|contrada|alameda|strada|bulevardul|aleea|sokak|cadde)|\bc/|\bul\.|\bал\.|\bпр\.|\bул\.|\bвул\.|\bпер\.|\bпросп\.|\bнаб\.|\bш\.) ?(?:[\w'’.-]{1,40} ){0,5}[\w'’.-]{1,40},? (?:д\. ?|n[º°.] ?)?\d{1,5}\b"
    r"|\b\d{1,4}(?: bis| ter)?,? (?:rue|avenue|boulevard|allée|chemin|place|impasse|quai|cours|passage|route)(?: [\w'’.-]+){1,4}"
    r"|[都道府県市区郡町村].{1,20}\d{1,4}(?:丁目|番|号|-\d)|[省市区县镇].{1,20}(?:路|街|道|巷|大街|座|号|號).{0,8}\d{0,5}|(?:로|길) ?\d{1,4}"
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
    for match in identities.anywhere().finditer(text):
        if identities.found_in(match.group()):
            yield match.span()


# What a national number that may stand inside a text has to show: separators or letters in certain places.
_IDENTITY = (
    r"\b(?:\d{3}\.\d{3}\.\d{3}-\d|\d\d\.\d{3}\.\d{3}/\d|[XYZxyz]?-?\d{7,8}-?[A-Za-z]{1,2}\b|[A-Za-z]{1,2}\d{6}(?:[A-Da-d\d(]|\b)|[A-Za-z]{2} \d\d \d\d|[A-Za-z]{6}\d\d[A-Za-z]\d\d|"
    r"\d{6}(?:\d\d)?[-+/A-Fa-f]\d{3}|[2-9]\d{3}[ -]\d{4}[ -]\d{4}\b|756\.\d{4}|[A-Za-z&]{3,4}-?\d{6}|[23]\d-\d{8}-\d|\d{1,2}\.?\d{3}\.?\d{3}-[\dkK]\b|9\d\d-\d\d-\d{4}|"
    r"\d{8}[A-Za-z]\d{3}|[12] \d\d \d\d|\d\d\.\d\d\.\d\d-\d{3}|\d{6} \d{5})"
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
        _IDENTITY,
        _identity,
        frozenset({"cpf", "dni", "nie", "nif", "nino", "aadhaar", "fiscale", "tax", "national"}),
        title="national identity numbers (with check digits)",
    ),
    Form(
        "ip",
        r"\d\.\d{1,3}\.\d{1,3}\.\d|[0-9A-Fa-f]?::[0-9A-Fa-f]?|(?:[0-9A-Fa-f]{1,4}:){6}",
        _ip,
        frozenset({"ip", "ipv4", "ipv6", "host", "client", "remote", "addr"}),
        title="network addresses",
    ),
    Form(
        "mac",
        r"[0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-]|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.",
        _found(
            r"(?<![\w:-])(?:[0-9A-Fa-f]{2}([:-]))(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![\w:-])"
            r"|(?<![\w.])[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}(?![\w.])"
        ),
        frozenset({"mac", "device"}),
        title="device (MAC) addresses",
    ),
    Form(
        "phone",
        r"\+\d[\d ().\-]{6}|(?:\(\d{3}\) ?|\d{3}[ .\-])\d{3}[ .\-]\d{4}",
        _phone,
        frozenset({"phone", "telephone", "mobile", "cell", "fax", "tel", "telefon", "telefono"}),
        title="telephone numbers",
    ),
    Form(
        "address",
        rf"(?i){_STREET_WORDS}",
        _found(_ADDRESS, None, re.IGNORECASE),
        frozenset({"address", "street", "addr", "adresse", "direccion"}),
        inside=False,
        title="street addresses",
    ),
    Form("crypto", wallets.SIEVE, wallets.spans, title="addresses of crypto-currency wallets"),
    Form("credential", credentials.SIEVE, credentials.spans, title="credentials"),
)
HINTED_PHONE = Form(
    "phone",
    r"\d.*\d.*\d.*\d",
    _hinted_phone,
    next(f for f in FORMS if f.type == "phone").hints,
    hinted=True,
    title="telephone numbers",
)

# What is looked for in running text only: a column of names or of addresses is told by its gazetteer and its name.
PROSE: tuple[Form, ...] = (
    Form("name", people.SIEVE, people.spans, title="people's names"),
    Form("address", addresses.SIEVE, addresses.spans, title="street addresses"),
)


def spans(form: Form, text: str) -> list[tuple[int, int]]:
    """Return where ``form`` occurs in the first LONGEST characters of a text."""
    return list(form.spans(text[:LONGEST]))


def is_whole(text: str, found: list[tuple[int, int]]) -> bool:
    """Whether the occurrences are the whole value, but for spaces and a word such as ``tel:`` before it."""
    covered = sum(end - start for start, end in found)
    plain = len(text.strip())
    return covered >= plain or (covered >= 0.75 * plain and plain - covered <= 8)
