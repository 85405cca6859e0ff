"""Calls of allowed names that fill the memory or never end for what they are given: a few bytes that ask for terabytes.

What picklers write asks for no more than lies in the file: a bytearray of its bytes, an array of shape (0,) that its
state then fills. A count alone, past ``LIMIT``, is somebody's doing.
"""

from __future__ import annotations

import re
from math import prod
from typing import Any

from assay.methods.pickles.opcodes import Buffer
from assay.methods.pickles.values import Global, Instance, plain_of

LIMIT = 1 << 28  # values
DIGITS = 100_000
_BUILTINS = ("builtins", "__builtin__")
_RANGES = {(m, n) for m in _BUILTINS for n in ("range", "xrange")}
# What they are given first is how many values to make; of _SECOND the second.
_FIRST = (
    {(m, n) for m in _BUILTINS for n in ("bytes", "bytearray")}
    | {("numpy", n) for n in ("ndarray", "recarray", "void")}
    | {("numpy.rec", "recarray"), ("torch", "UntypedStorage"), ("torch", "Tensor"), ("torch._tensor", "Tensor")}
    | {("torch.storage", n) for n in ("UntypedStorage", "TypedStorage", "_LegacyStorage")}
    | {("torch", f"{k}{n}") for k in ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool",
       "ComplexFloat", "ComplexDouble", "QInt8", "QUInt8", "QInt32", "QUInt4x2", "QUInt2x4") for n in ("Storage", "Tensor")}
)  # fmt: skip
_SECOND = {("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct")}
# They spell out a number: of a text with a large exponent, or of a Decimal, all its digits.
_WHOLE = {("builtins", "int"), ("__builtin__", "int"), ("__builtin__", "long"), ("fractions", "Fraction")}
_EXPONENT = re.compile(r"[eE]([+-]?\d+)")
WEIGHED = _FIRST | _SECOND | _RANGES | _WHOLE


def large(callable_: Global, given: tuple[Any, ...], data: Buffer) -> str:
    """Return how much a call would make, in words, where that is too much; or the empty string."""
    key = callable_.key
    if key in _WHOLE:
        return _digits(given, data)
    plain = [plain_of(v, data) for v in given]
    if key in _RANGES:
        count = _walked([n for n in plain if type(n) is int])
    else:
        at = 1 if key in _SECOND else 0
        asked = plain[at] if len(plain) > at else None
        sides = asked if type(asked) is tuple else plain if key[0].startswith("torch") else (asked,)
        numbers = [n for n in sides if type(n) is int]
        count = prod(numbers) if numbers and all(n > 0 for n in numbers) else 0
    if count.bit_length() > 1000:  # past what a float holds
        return "more than 1e+300 values"
    return f"{count:.0e} values" if count > LIMIT else ""


def _walked(ends: list[int]) -> int:
    if len(ends) == 1:
        ends = [0, *ends]
    start, stop, step = (*ends, 1)[:3] if len(ends) > 1 else (0, 0, 1)
    return 0 if step == 0 else max(0, (stop - start) // step)


def _digits(given: tuple[Any, ...], data: Buffer) -> str:
    for value in given:
        if isinstance(value, Instance) and value.of.name == "Decimal":
            return "as many digits as its exponent says"
        found = plain_of(value, data)
        exponent = _EXPONENT.search(found) if isinstance(found, str) else None
        if exponent and (len(exponent[1]) > 9 or abs(int(exponent[1])) > DIGITS):
            return f"a number of {exponent[1][:12]} digits"
    return ""
