"""The methods a policy may name, what each takes, and what it leaves to be seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from assay.methods.masking.coarse import UNITS
from assay.methods.masking.partial import PARTIAL
from assay.methods.masking.pseudonym import KINDS
from assay.methods.masking.redact import TYPES
from assay.methods.masking.shape import ALPHABETS
from assay.methods.masking.shuffle import WINDOW


@dataclass(frozen=True)
class Option:
    """One option of a method. type: int, float, bool, str or list. default: None where it is to be said."""

    doc: str
    type: type = str
    default: Any = None
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    needed: bool = False


@dataclass(frozen=True)
class Method:
    """One method. key: whether it needs one, or draws from it instead of the run's seed; reversible: with that key; equal: whether equal values stay equal.

    inside: whether it can stand for an occurrence inside a text. takes: the column types it works on, empty for all.
    """

    doc: str
    reveals: str
    options: Mapping[str, Option] = field(default_factory=dict)
    key: Literal["no", "may", "must", "seed"] = "no"
    reversible: bool = False
    equal: bool = True
    inside: bool = False
    takes: tuple[str, ...] = ()


UNFIT = Option(
    "what stands for a value that cannot be masked so",
    default="hide",
    choices=("hide", "null", "keep", "stop"),
)
_SCOPE = Option("a name; equal values have equal results within one scope only", default="")
_DATES = ("date", "timestamp", "text")
_NUMBERS = ("integer", "number")

METHODS: dict[str, Method] = {
    "keep": Method("leaves the column as it is", "everything", inside=True),
    "drop": Method("leaves the column out", "nothing"),
    "null": Method("empties every cell", "nothing"),
    "full": Method(
        "puts the same text in place of every value",
        "which cells are empty",
        {
            "with": Option("the text", default="****"),
            "length": Option("as many stars as the value has characters", bool, False),
        },
        inside=True,
    ),
    "partial": Method(
        "keeps a part: by the type that was recognised, or the characters you say",
        "the part that is kept",
        {
            "first": Option("characters kept at the beginning", int, 0, 0, 1_000),
            "last": Option("characters kept at the end", int, 0, 0, 1_000),
            "domain": Option("keep what follows the last @", bool, False),
            "separators": Option("keep spaces and punctuation", bool, True),
            "length": Option("keep the length", bool, True),
            "sign": Option("what a hidden character becomes", default="*"),
            "type": Option("hide it as this type", choices=tuple(PARTIAL)),
        },
        inside=True,
    ),
    "redact": Method(
        "replaces what is personal inside longer texts",
        "the rest of the text",
        {
            "types": Option("what is looked for; everything if left out", list, choices=TYPES),
            "as": Option(
                "what an occurrence becomes",
                default="label",
                choices=("label", "partial", "full", "hash", "token", "pseudonym"),
            ),
            "people": Option("look for people's names too", bool, True),
            "scope": _SCOPE,
        },
        key="may",
        takes=("text",),
    ),
    "hash": Method(
        "puts hex digits of a keyed digest (HMAC-SHA-256)",
        "equality, frequency",
        {
            "length": Option("hex digits", int, 16, 16, 64),
            "fold": Option("spaces around and case make no difference", bool, False),
            "scope": _SCOPE,
        },
        key="may",
        inside=True,
    ),
    "token": Method(
        "puts a token that the key turns back (AES-SIV, RFC 5297)",
        "equality, frequency, length",
        {
            "equal": Option("equal values have equal tokens; false: no two are alike", bool, True),
            "scope": _SCOPE,
        },
        key="must",
        reversible=True,
        inside=True,
    ),
    "fpe": Method(
        "encrypts in the value's own format (FF1, NIST SP 800-38G)",
        "equality, frequency, shape",
        {
            "alphabet": Option(
                f"which characters: {', '.join(ALPHABETS)}, or the characters themselves", default="shape"
            ),
            "first": Option("characters kept at the beginning", int, 0, 0, 64),
            "last": Option("characters kept at the end", int, 0, 0, 64),
            "luhn": Option("a valid card number stays a valid one", bool, False),
            "digits": Option(
                "whole numbers: of so many digits, zeros before them; 0 is their own count", int, 0, 0, 18
            ),
            "scope": _SCOPE,
        },
        key="may",
        reversible=True,
        inside=True,
        takes=("text", *_NUMBERS),
    ),
    "shift": Method(
        "moves dates by days that are one subject's own",
        "intervals, the date to within the days",
        {
            "by": Option("the column of the subject's id", needed=True),
            "days": Option("at most so many, either way", int, 365, 7, 36_500),
            "weeks": Option("whole weeks, so that a Monday stays one", bool, False),
            "scope": _SCOPE,
        },
        key="may",
        reversible=True,
        equal=False,
        takes=_DATES,
    ),
    "generalise": Method(
        "makes values coarse: ranges, months, beginnings, or up a hierarchy",
        "the coarse value",
        {
            "width": Option("numbers: ranges so wide", float, low=0, high=1e15),
            "edges": Option("numbers: ranges between these", list),
            "top": Option("numbers: from here on all alike", float),
            "bottom": Option("numbers: below this all alike", float),
            "to": Option("dates: to this unit", choices=UNITS),
            "prefix": Option("codes: so many characters kept", int, low=1, high=1_000),
            "hierarchy": Option("categories: a CSV file of a value and the names above it a line"),
            "level": Option("which of those names, from 1", int, 1, 1, 20),
        },
    ),
    "round": Method(
        "rounds numbers",
        "the rounded value",
        {
            "to": Option("to a multiple of this", float, low=0, high=1e15),
            "digits": Option("to so many decimals; below zero to tens, hundreds, …", int, low=-18, high=18),
        },
        takes=_NUMBERS,
    ),
    "noise": Method(
        "adds noise to numbers, which is not differential privacy",
        "the value to within the noise",
        {
            "scale": Option("the noise's scale, in the column's unit", float, low=0, needed=True),
            "kind": Option("its distribution", default="laplace", choices=("laplace", "gaussian")),
            "low": Option("results are not below this", float),
            "high": Option("results are not above this", float),
            "digits": Option("results are rounded to so many decimals", int, low=-18, high=18),
        },
        key="seed",
        equal=False,
        takes=_NUMBERS,
    ),
    "shuffle": Method(
        "moves values to other rows",
        "every value, frequency",
        {
            "group": Option("columns of one group move together", default=""),
            "window": Option("rows held and shuffled among one another", int, WINDOW, 2, 100_000_000),
        },
        key="seed",
    ),
    "pseudonym": Method(
        "puts an invented stand-in, the same for the same value",
        "equality, frequency",
        {
            "kind": Option("of what kind; that of the recognised type if left out", choices=tuple(KINDS)),
            "scope": _SCOPE,
        },
        key="may",
        inside=True,
    ),
}
_ONE_OF = {"generalise": ("width", "edges", "to", "prefix", "hierarchy"), "round": ("to", "digits")}


@dataclass(frozen=True)
class Rule:
    """A method with its options, as a policy said them. place: file and line, for errors."""

    method: str
    options: Mapping[str, Any] = field(default_factory=dict)
    place: str = ""

    @property
    def of(self) -> Method:
        """Return what its method is."""
        return METHODS[self.method]

    def get(self, name: str) -> Any:
        """Return an option, or its default."""
        return self.options.get(name, UNFIT.default if name == "unfit" else self.of.options[name].default)

    @property
    def equal(self) -> bool:
        """Whether equal values stay equal."""
        return self.of.equal and bool(self.options.get("equal", True))

    @property
    def reveals(self) -> str:
        """Return what it leaves to be seen."""
        return self.of.reveals if self.equal or self.method != "token" else "length"

    @property
    def takes(self) -> tuple[str, ...]:
        """Return the types of column that it works on, empty for all."""
        if self.method != "generalise":
            return self.of.takes
        numbers = {"width", "edges", "top", "bottom"} & set(self.options)
        return ("text", *_NUMBERS) if numbers else _DATES if "to" in self.options else ()

    @property
    def whole(self) -> bool:
        """Whether it rounds whole numbers to other whole numbers."""
        to, digits = self.options.get("to"), self.options.get("digits")
        return float(to).is_integer() if to is not None else digits is not None and digits < 0

    def lacking(self) -> str:
        """Return what it does not say and must, or the empty text."""
        for name, option in self.of.options.items():
            if option.needed and name not in self.options:
                return f"{self.method} needs {name!r}: {option.doc}"
        choices = _ONE_OF.get(self.method, ())
        said = [c for c in choices if c in self.options]
        alone = self.method == "generalise" and not said and {"top", "bottom"} & set(self.options)
        if choices and len(said) != 1 and not alone:
            return (
                f"{self.method} takes one of {', '.join(choices)}, and {' and '.join(said) or 'none'} is said"
            )
        return ""
