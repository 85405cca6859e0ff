"""Invented values with valid check digits, drawn from a seed. Nobody here exists; numbers are drawn, not collected."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

Maker = Callable[[random.Random], Any]


@dataclass
class Column:
    """A column as a person would label it. type: what data.pii should say, "" for nothing. table: who stands beside it."""

    name: str
    values: list[Any]
    type: str
    table: str
    other: tuple[str, ...] = field(default=())  # further answers that are right too


def pattern(text: str) -> Maker:
    """Return a maker: ``#`` is a digit, ``@`` a capital, ``&`` a small letter, ``%`` a hex digit, ``*`` base 58."""
    base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    sets = {
        "#": string.digits,
        "@": string.ascii_uppercase,
        "&": string.ascii_lowercase,
        "%": "0123456789abcdef",
        "*": base58,
        "~": string.ascii_letters + string.digits,
    }
    return lambda r: "".join(r.choice(sets[c]) if c in sets else c for c in text)


def one(*choices: Any) -> Maker:
    """Return a maker that draws one of the choices; makers among them are asked."""
    return lambda r: drawn(r, r.choice(choices))


def drawn(r: random.Random, thing: Any) -> Any:
    """Return a value, or what a maker makes."""
    return thing(r) if callable(thing) else thing


def joined(*parts: Any) -> Maker:
    """Return a maker of the parts, one after another."""
    return lambda r: "".join(str(drawn(r, p)) for p in parts)


def number(low: int, high: int, form: str = "") -> Maker:
    """Return a maker of whole numbers, both ends within."""
    return lambda r: format(r.randint(low, high), form) if form else r.randint(low, high)


def valid(body: str, module: str) -> Maker:
    """Return a maker that draws a pattern until python-stdnum's module of that name holds it valid."""
    draw = pattern(body)

    def make(r: random.Random) -> str:
        judge = import_module(f"stdnum.{module}").is_valid
        for _ in range(20_000):
            text = draw(r)
            if judge(text):
                return text
        raise AssertionError(module)

    return make


def luhn(prefix: str, size: int) -> Maker:
    """Return a maker of digits with a Luhn check at the end (written here again, on purpose)."""

    def make(r: random.Random) -> str:
        body = prefix + "".join(r.choice(string.digits) for _ in range(size - len(prefix) - 1))
        total = sum(sum(divmod(int(d) * (2 - i % 2), 10)) for i, d in enumerate(reversed(body)))
        return body + str(-total % 10)

    return make


def grouped(make: Maker, sizes: tuple[int, ...], mark: str = " ") -> Maker:
    """Return a maker whose values are cut into groups."""

    def cut(r: random.Random) -> str:
        text, out, at = make(r), [], 0
        for size in sizes:
            out.append(text[at : at + size])
            at += size
        return mark.join(p for p in [*out, text[at:]] if p)

    return cut


def iban(country: str, bban: str) -> Maker:
    """Return a maker of IBANs with mod 97 digits."""
    draw = pattern(bban)

    def make(r: random.Random) -> str:
        body = draw(r)
        plain = "".join(str(int(c, 36)) for c in f"{body}{country}00")
        return f"{country}{98 - int(plain) % 97:02d}{body}"

    return make


def day(first: int, last: int, form: str) -> Maker:
    """Return a maker of dates between two years, written as ``form`` says (strftime)."""
    import datetime

    def make(r: random.Random) -> str:
        start = datetime.date(first, 1, 1).toordinal()
        end = datetime.date(last, 12, 28).toordinal()
        return datetime.datetime.fromordinal(r.randint(start, end)).strftime(form)

    return make


def some(make: Maker, share: float, otherwise: Any = None) -> Maker:
    """Return a maker that does so in a share of its values only."""
    return lambda r: make(r) if r.random() < share else drawn(r, otherwise)


def column(seed: int, name: str, make: Maker, type: str, table: str, rows: int, *other: str) -> Column:
    """Draw a column."""
    r = random.Random(f"{seed}/{table}/{name}")
    return Column(name, [make(r) for _ in range(rows)], type, table, other)
