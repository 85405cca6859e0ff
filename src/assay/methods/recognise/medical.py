"""Numbers of health systems that have a check: NHS, NPI, KVNR, and the US Medicare beneficiary's form."""

from __future__ import annotations

import re

from assay.methods.recognise.digits import luhn

_MBI = re.compile(
    r"[1-9][AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y]\d-?[AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y]\d-?[AC-HJKMNP-RT-Y]{2}\d{2}"
)


def nhs(text: str) -> bool:
    """Whether ten digits are an NHS number: weights 10 to 2, mod 11."""
    d = re.sub(r"[ -]", "", text)
    if len(d) != 10 or not (d.isascii() and d.isdigit()):
        return False
    check = 11 - sum(int(c) * w for c, w in zip(d, range(10, 1, -1), strict=False)) % 11
    return check % 11 == int(d[9]) and check != 10


def npi(text: str) -> bool:
    """Whether ten digits are a US provider's: Luhn over 80840 and them."""
    return len(text) == 10 and text.isascii() and text.isdigit() and text[0] in "12" and luhn("80840" + text)


def kvnr(text: str) -> bool:
    """Whether a letter and nine digits are a German insured person's: Luhn-like, weights 1 2, the letter as two digits."""
    if not re.fullmatch(r"[A-Z]\d{9}", text, re.ASCII):
        return False
    plain = f"{ord(text[0]) - 64:02d}{text[1:9]}"
    total = sum(sum(divmod(int(c) * (1 + i % 2), 10)) for i, c in enumerate(plain))
    return total % 10 == int(text[9])


def share(texts: list[str]) -> float:
    """Return the share of texts that keep one of these rules: the one that most keep."""
    total = max(1, len(texts))
    return max(sum(bool(rule(t)) for t in texts) for rule in (nhs, npi, kvnr, _MBI.fullmatch)) / total
