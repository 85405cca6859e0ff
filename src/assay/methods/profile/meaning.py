"""What a column means, told from its values and, where those alone do not tell, from its name."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence
from typing import Any

from assay.methods.profile import countries
from assay.methods.profile.codes import Encoded
from assay.methods.profile.words import NEAR_MISSING

_LOOKED_AT = 2000
_SURE = 0.95  # of the values that are looked at
_EMAIL = re.compile(r"[^@\s]{1,64}@[\w-]+(\.[\w-]+)+", re.UNICODE)
_URL = re.compile(r"(https?|ftp)://\S+|www\.\S+\.\S+", re.I)
_UUID = re.compile(r"\{?[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\}?", re.I)
_POINT = re.compile(
    r"\(?\s*(-?\d{1,2}(\.\d+))\s*[,; ]\s*(-?\d{1,3}(\.\d+))\s*\)?|POINT\s*\(-?\d+(\.\d+)? -?\d+(\.\d+)?\)"
)
_LATITUDE = re.compile(r"(?i)(^|[_\s.-])lat(itude)?($|[_\s.-])")
_LONGITUDE = re.compile(r"(?i)(^|[_\s.-])(lon|lng|long|longitude)($|[_\s.-])")
_COUNTRY = re.compile(r"(?i)(^|[_\s.-])(country|nation|nationality|land|pays|pais|país)($|[_\s.-])|country")


def meaning(name: str, column: Encoded, about: dict[str, Any]) -> str:
    """Return what the column means, from what methods.profile.column has found so far, its ``kind`` among it.

    It is one of: integer, fractional, boolean, categorical, text, date, time, id, email, url, ip, uuid, country,
    latitude, longitude, geo point, number as text, constant, missing.
    """
    kind = str(about["kind"])
    if kind in ("missing", "constant", "boolean"):
        return kind
    if column.nature == "number":
        return _number(name, column, about)
    if column.nature == "time":
        return "time" if about["type"] == "time" else "date"
    values = [v.strip() for v in column.values.slice(0, _LOOKED_AT).to_pylist()]
    given = [v for v in values if v and v.lower() not in NEAR_MISSING]
    for word, test in _TESTS:
        if given and _nearly_all(given, test):
            return word
    if _is_country(name, given):
        return "country"
    if about.get("number_form"):
        return "number as text"
    return kind


def _number(name: str, column: Encoded, about: dict[str, Any]) -> str:
    if about["kind"] == "id":
        return "id"
    if "min" in about and about["type"] == "fractional":
        if _LATITUDE.search(name) and about["min"] >= -90 and about["max"] <= 90:
            return "latitude"
        if _LONGITUDE.search(name) and about["min"] >= -180 and about["max"] <= 180:
            return "longitude"
    return "integer" if about["type"] == "integer" else "fractional"


def _nearly_all(values: Sequence[str], test: Callable[[str], object]) -> bool:
    head = values[:20]
    if sum(bool(test(v)) for v in head) < 0.8 * len(head):
        return False
    return sum(bool(test(v)) for v in values) >= _SURE * len(values)


def _address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


_TESTS: tuple[tuple[str, Callable[[str], object]], ...] = (
    ("email", _EMAIL.fullmatch),
    ("url", _URL.fullmatch),
    ("uuid", _UUID.fullmatch),
    ("ip", _address),
    ("geo point", _POINT.fullmatch),
)


def _is_country(name: str, values: Sequence[str]) -> bool:
    """Whether nearly all values are countries; of codes, which are other words too, the name has to say so as well."""
    if len(values) < 2:
        return False
    named = _COUNTRY.search(name) is not None
    small = [v.lower() for v in values]
    hits = max(sum(v in known for v in small) for known in (countries.names(), _codes(small)))
    enough = 0.8 if named else _SURE
    return hits >= enough * len(small) and (named or (len(small[0]) > 3 and len(small) >= 5))


def _codes(values: Sequence[str]) -> frozenset[str]:
    return countries.two_letters() if len(values[0]) == 2 else countries.three_letters()
