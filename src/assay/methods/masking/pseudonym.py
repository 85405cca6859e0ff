"""Invented people in place of real ones: the same value gets the same stand-in, under the key.

The lists are short, so two values may get one stand-in. E-mail addresses are under example.org and telephone numbers in the
range 555-0100 to 555-0199, which belong to nobody (RFC 2606, North American Numbering Plan).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import cached_property

from assay.methods.recognise import names

_STREETS = ("Alder", "Birch", "Cedar", "Chestnut", "Elder", "Elm", "Hazel", "Juniper", "Linden", "Maple", "Oak", "Poplar",
            "Rowan", "Spruce", "Sycamore", "Willow", "Brook", "Church", "Garden", "Harbour", "Hill", "Lake", "Meadow",
            "Mill", "Orchard", "Park", "River", "School", "Spring", "Station", "Summit", "Valley")  # fmt: skip
_KINDS_OF_STREET = ("Street", "Avenue", "Road", "Lane", "Way", "Court")
_FIRMS = ("Amber", "Basalt", "Beacon", "Cobalt", "Copper", "Coral", "Delta", "Ember", "Falcon", "Granite", "Harvest",
          "Indigo", "Ivory", "Jade", "Kestrel", "Lantern", "Marble", "Nimbus", "Onyx", "Opal", "Pewter", "Quartz", "Raven",
          "Saffron", "Slate", "Tamarind", "Topaz", "Umber", "Velvet", "Walnut", "Yarrow", "Zephyr")  # fmt: skip
_TRADES = ("Bakery", "Books", "Consulting", "Engineering", "Foods", "Freight", "Gardens", "Insurance", "Labs",
           "Logistics", "Media", "Motors", "Partners", "Supplies", "Systems", "Textiles")  # fmt: skip


class _Draw:
    """Numbers drawn one after another from a value's keyed digest."""

    def __init__(self, digest: bytes) -> None:
        self.left = int.from_bytes(digest, "big")

    def below(self, size: int) -> int:
        self.left, drawn = divmod(self.left, size)
        return drawn

    def of(self, items: tuple[str, ...]) -> str:
        return items[self.below(len(items))]


class Pseudonyms:
    """Stand-ins of one kind. kind: one of KINDS."""

    def __init__(self, key: bytes, kind: str) -> None:
        self.make = KINDS[kind]
        self._begun = hmac.new(key, b"", "sha256")

    def __call__(self, texts: list[str]) -> list[str]:
        """Return each text's stand-in; spaces around and case make no difference, and an empty text stays."""
        return [self.one(t) for t in texts]

    def one(self, text: str) -> str:
        """Return a text's stand-in."""
        plain = text.strip().casefold()
        if not plain:
            return text
        begun = self._begun.copy()
        begun.update(plain.encode("utf-8", "surrogatepass"))
        return self.make(_Draw(begun.digest()))


class _Lists:
    @cached_property
    def given(self) -> tuple[str, ...]:
        return tuple(sorted(n.capitalize() for n in names.GIVEN))

    @cached_property
    def surnames(self) -> tuple[str, ...]:
        return tuple(sorted(n.capitalize() for n in names.SURNAMES))


_LISTS = _Lists()


def _given(draw: _Draw) -> str:
    return draw.of(_LISTS.given)


def _surname(draw: _Draw) -> str:
    return draw.of(_LISTS.surnames)


def _name(draw: _Draw) -> str:
    return f"{_given(draw)} {_surname(draw)}"


def _email(draw: _Draw) -> str:
    return f"{_given(draw)}.{_surname(draw)}{draw.below(10_000)}@example.org".lower()


def _phone(draw: _Draw) -> str:
    return f"+1-{2 + draw.below(8)}{draw.below(100):02d}-555-01{draw.below(100):02d}"


def _address(draw: _Draw) -> str:
    return f"{1 + draw.below(300)} {draw.of(_STREETS)} {draw.of(_KINDS_OF_STREET)}"


def _company(draw: _Draw) -> str:
    return f"{draw.of(_FIRMS)} {draw.of(_TRADES)}"


KINDS: dict[str, Callable[[_Draw], str]] = {
    "name": _name, "given_name": _given, "surname": _surname, "email": _email, "phone": _phone, "address": _address,
    "company": _company,
}  # fmt: skip
