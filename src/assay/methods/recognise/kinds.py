"""The kinds of personal data: their titles, how grave they are, and the rules of law that speak of them."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """title: in the plural, as it stands in a sentence. severity: of a column of this kind. refs: identifiers of rules."""

    title: str
    severity: str = "medium"
    refs: tuple[str, ...] = ("GDPR:4(1)",)


_ART9 = ("GDPR:9",)
KINDS: dict[str, Kind] = {
    "email": Kind("e-mail addresses"),
    "card": Kind("payment card numbers (issuer and Luhn check)", refs=("PCI-DSS:3", "GDPR:4(1)")),
    "iban": Kind("bank accounts (IBAN, mod 97)"),
    "ssn": Kind("US Social Security numbers"),
    "national_id": Kind("national identity or tax numbers", refs=("GDPR:87",)),
    "ip": Kind("network addresses"),
    "mac": Kind("device (MAC) addresses"),
    "phone": Kind("telephone numbers"),
    "address": Kind("street addresses"),
    "crypto": Kind("addresses of crypto-currency wallets"),
    "credential": Kind("credentials", "high", ("GDPR:32", "CWE-312")),
    "name": Kind("people's names"),
    "birth_date": Kind("dates of birth"),
    "postal_code": Kind("postal codes", "low"),
    "passport": Kind("passport numbers"),
    "licence": Kind("driving licence numbers"),
    "medical_id": Kind("patient, insurance or prescriber numbers", refs=("HIPAA:164.514(b)(2)", "GDPR:4(1)")),
    "bank_account": Kind("bank account, routing or BIC codes"),
    "vehicle": Kind("vehicle identification or registration numbers"),
    "device_id": Kind("device identifiers"),
    "username": Kind("user names"),
    "url": Kind("web addresses", "low"),
    "coordinates": Kind("geographic coordinates"),
    "health": Kind("data concerning health", refs=_ART9),
    "religion": Kind("religious or philosophical beliefs", refs=_ART9),
    "ethnicity": Kind("racial or ethnic origin", refs=_ART9),
    "politics": Kind("political opinions", refs=_ART9),
    "union": Kind("trade union membership", refs=_ART9),
    "orientation": Kind("sex life or sexual orientation", refs=_ART9),
    "genetic": Kind("genetic data", refs=_ART9),
    "biometric": Kind("biometric data", refs=_ART9),
}
SPECIAL = frozenset(k for k, v in KINDS.items() if v.refs == _ART9)
# What names one person, or nearly: beside it, a special category is somebody's.
DIRECT = frozenset(
    {
        "name",
        "email",
        "phone",
        "ssn",
        "national_id",
        "passport",
        "licence",
        "medical_id",
        "address",
        "card",
        "iban",
    }
)
PERSONAL = DIRECT | {"birth_date", "postal_code", "bank_account"} | SPECIAL
