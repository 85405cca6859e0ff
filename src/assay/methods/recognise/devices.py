"""Numbers of devices: IMEI (15 digits with a Luhn check, 3GPP TS 23.003) and of SIM cards (ICCID, 18 to 20 digits that begin
with 89, ITU-T E.118); IMSI have 14 or 15 digits, and none of these has fewer than 14."""

from __future__ import annotations

import re

from assay.methods.recognise.digits import luhn

LEAST = 14  # digits
_PLAIN = re.compile(r"\d[\d \-/]{2,30}\d", re.ASCII)


def checked(digits: str) -> bool:
    """Whether digits are an IMEI or ICCID by length, beginning and check digit."""
    if len(digits) == 15:
        return luhn(digits)
    return 18 <= len(digits) <= 20 and digits.startswith("89") and luhn(digits)


def shares(texts: list[str]) -> tuple[float, float]:
    """Return the shares of texts that are digits and too few for a device's number, and that keep its check."""
    plain = [re.sub(r"\D", "", t) for t in texts if _PLAIN.fullmatch(t)]
    total = max(1, len(texts))
    return sum(len(p) < LEAST for p in plain) / total, sum(map(checked, plain)) / total
