"""From a column's rule to the way it is hidden, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import UsageError
from assay.methods.masking import partial
from assay.methods.masking.choice import Choice
from assay.methods.masking.method import Rule
from assay.methods.masking.redact import Mask, Redacted, label
from assay.methods.masking.shape import ALPHABETS
from assay.methods.masking.subkey import Mac, subkey
from assay.methods.masking.way import STARS, Cells, Column, Texts, Way
from assay.methods.nearest import did_you_mean

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from assay.methods.masking.shuffle import Deck

_STANDS_FOR = {"name": "name", "email": "email", "phone": "phone", "address": "address"}
_HINTS = (
    ("email", {"email", "mail"}),
    ("phone", {"phone", "mobile", "telephone", "tel", "fax"}),
    ("address", {"address", "street"}),
    ("company", {"company", "employer", "firm", "organisation", "organization"}),
    ("surname", {"surname", "lastname", "last", "family"}),
    ("given_name", {"firstname", "forename", "first", "given"}),
    ("name", {"name", "fullname", "person", "contact"}),
)


@dataclass
class Tools:
    """What ways need of the outside. mac: under the key, or one drawn for this run.

    rng: a stream of randomness by name. batches: the table's rows again, some columns only. columns: all their names.
    folder: where hierarchies are looked for. hierarchies: those that were pinned, by the name that the policy gives them.
    """

    mac: Mac
    rng: Callable[[str], np.random.Generator]
    batches: Callable[[list[str]], Iterator[pa.RecordBatch]]
    columns: tuple[str, ...] = ()
    hierarchies: dict[str, Path] = field(default_factory=dict)
    decks: dict[str, Deck] = field(default_factory=dict)

    def key(self, rule: Rule, size: int = 32) -> bytes:
        """Return the key of a rule's method and scope."""
        return subkey(self.mac, rule.method, str(rule.options.get("scope", "")), size)


def column_of(choice: Choice, tools: Tools, choices: list[Choice]) -> Column:
    """Return a column ready to be hidden."""
    way = _inside(choice, tools) if choice.inside else _way(choice, tools, choices)
    return Column(choice.column, way, str(choice.rule.get("unfit")), choice.rule.place)


def _way(choice: Choice, tools: Tools, choices: list[Choice]) -> Way:
    rule = choice.rule
    if rule.method == "fpe":
        return _formatted(rule, tools, forward=True)
    if rule.method == "shift":
        return _shift(rule, tools, back=False)
    if rule.method == "generalise":
        return _coarse(rule, tools)
    if rule.method == "round":
        from assay.methods.masking.numbers import Rounded

        to = rule.options.get("to")
        return Rounded(Decimal(str(to)) if to is not None else Decimal(1).scaleb(-rule.options["digits"]))
    if rule.method == "noise":
        from assay.methods.masking.numbers import Noise

        said = {n: rule.get(n) for n in ("scale", "kind", "low", "high", "digits")}
        return Noise(tools.rng(f"noise/{choice.column}"), **said)
    if rule.method == "shuffle":
        return _shuffled(choice, tools, choices)
    if rule.method == "null":
        from assay.methods.masking.empty import Empty

        return Empty()
    if rule.method == "redact":
        return _redacted(choice, tools)
    if rule.method == "hash":
        return Texts(_digest(rule, tools))
    if rule.method == "token":
        tokens = _tokens(rule, tools)
        return Texts(tokens.make) if rule.equal else Cells(tokens.one)
    one = text_mask(rule, choice.type, tools, choice.column)
    return Texts(lambda texts: [one(t) for t in texts])


def text_mask(rule: Rule, kind: str, tools: Tools, column: str = "") -> Mask:
    """Return how one text of a type is hidden: a whole value, or an occurrence inside a longer text."""
    if not rule.of.inside or rule.method == "redact":
        return partial.redact
    if rule.method == "full":
        return (lambda t: "*" * len(t)) if rule.get("length") else (lambda _: str(rule.get("with")))
    if rule.method == "partial":
        return _partial(rule, kind)
    if rule.method == "hash":
        digest: Mask = _digest(rule, tools).one
        return digest
    if rule.method == "token":
        token: Mask = _tokens(rule, tools).one
        return token
    if rule.method == "pseudonym":
        from assay.methods.masking.pseudonym import KINDS, Pseudonyms

        stands = rule.get("kind") or _STANDS_FOR.get(kind) or _guessed(column)
        if stands is None:
            raise UsageError(
                f"pseudonym does not know what {column or kind} holds",
                where=rule.place,
                remedy=f"say `kind:` one of {', '.join(KINDS)}",
            )
        return Pseudonyms(tools.key(rule), stands).one
    if rule.method == "fpe":
        from assay.methods.masking.fpe import FormatCipher

        cipher: FormatCipher = _cipher(rule, tools)
        return lambda t: cipher.encrypt([t])[0] or STARS
    return lambda t: t


def _guessed(column: str) -> str | None:
    """Return the kind that a column's name says, so that `name: pseudonym` needs no more."""
    from assay.methods.integrity.column import words

    said = set(words(column))
    return next((kind for kind, hints in _HINTS if said & hints), None)


def _partial(rule: Rule, kind: str) -> Mask:
    kept = {n: rule.get(n) for n in ("first", "last", "domain", "separators", "length", "sign")}
    if {"first", "last", "domain"} & set(rule.options):
        return partial.Window(**kept)
    said = rule.get("type") or kind
    if said in partial.PARTIAL:
        return partial.PARTIAL[said]
    return partial.Window(**kept) if {"separators", "length", "sign"} & set(rule.options) else partial.redact


def _digest(rule: Rule, tools: Tools) -> Any:
    from assay.methods.masking.digest import Digest

    if rule.method != "hash":
        rule = Rule("hash", {"scope": rule.options.get("scope", "")})
    return Digest(tools.key(rule), rule.get("length"), fold=rule.get("fold"))


def _tokens(rule: Rule, tools: Tools) -> Any:
    from assay.methods.masking.token import Tokens

    return Tokens(tools.key(Rule("token", rule.options), 64), equal=rule.equal)


def _cipher(rule: Rule, tools: Tools) -> Any:
    from assay.methods.masking.fpe import FormatCipher

    said = str(rule.get("alphabet"))
    alphabets = ALPHABETS.get(said, (said,))
    return FormatCipher(
        tools.key(rule), alphabets, first=rule.get("first"), last=rule.get("last"), luhn=rule.get("luhn")
    )


def _formatted(rule: Rule, tools: Tools, *, forward: bool) -> Way:
    from assay.methods.masking.formatted import Formatted
    from assay.methods.masking.fpe import NumberCipher

    numbers = NumberCipher(tools.key(rule), rule.get("digits"))
    return Formatted(_cipher(rule, tools), numbers, forward=forward)


def _shift(rule: Rule, tools: Tools, *, back: bool) -> Way:
    from assay.methods.masking.shift import Shift

    by = str(rule.options["by"])
    if by not in tools.columns:
        raise UsageError(
            f"there is no column {by!r}, by which dates are shifted",
            where=rule.place,
            remedy=did_you_mean(by, tools.columns),
        )
    return Shift(tools.key(rule), by, rule.get("days"), weeks=rule.get("weeks"), back=back)


def _coarse(rule: Rule, tools: Tools) -> Way:
    from assay.methods.masking import coarse

    said = rule.options
    if "to" in said:
        return Texts(coarse.Calendar(said["to"]))
    if "prefix" in said:
        return Texts(coarse.Beginning(said["prefix"]))
    if "hierarchy" in said:
        steps = coarse.read_hierarchy(tools.hierarchies[said["hierarchy"]], rule.place)
        levels = len(next(iter(steps.values())))
        if rule.get("level") > levels:
            raise UsageError(
                f"level is {rule.get('level')}, and the hierarchy has {levels}", where=rule.place
            )
        return Texts(coarse.Hierarchy(steps, rule.get("level")))
    return coarse.Bands(
        said.get("width", 0.0), tuple(said.get("edges", ())), said.get("top"), said.get("bottom")
    )


def _shuffled(choice: Choice, tools: Tools, choices: list[Choice]) -> Way:
    from assay.methods.masking.shuffle import Deck, Shuffled

    group = str(choice.rule.get("group")) or f"column {choice.column}"
    if group not in tools.decks:
        mates = [
            c
            for c in choices
            if c.rule.method == "shuffle" and c.rule.get("group") == choice.rule.get("group")
        ]
        names = [c.column for c in mates] if choice.rule.get("group") else [choice.column]
        window = min(c.rule.get("window") for c in mates)
        tools.decks[group] = Deck(tools.batches(names), tools.rng(f"shuffle/{group}"), window)
    return Shuffled(tools.decks[group])


def _redacted(choice: Choice, tools: Tools) -> Way:
    from assay.methods.masking.redact import TYPES

    rule = choice.rule
    types = rule.options.get("types") or TYPES
    people = "name" in types and rule.get("people")
    as_ = rule.get("as")
    masks = {
        t: label(t) if as_ == "label" else text_mask(_within(as_, rule, t), t, tools)
        for t in (*types, "name")
    }
    return Texts(Redacted(_forms(choice.column), masks, people=people))


def _within(method: str, rule: Rule, kind: str) -> Rule:
    if method == "pseudonym" and kind not in _STANDS_FOR:
        return Rule("full")
    return Rule(method, {"scope": rule.get("scope")} if method in ("hash", "token", "pseudonym") else {})


def _inside(choice: Choice, tools: Tools) -> Way:
    if choice.rule.method == "null":
        from assay.methods.masking.empty import Empty

        return Empty()
    masks = {t: text_mask(r if r.of.inside else Rule("full"), t, tools) for t, r in choice.inside.items()}
    return Texts(Redacted(_forms(choice.column), masks, people="name" in masks))


def _forms(column: str) -> Any:
    from assay.methods.integrity.column import words
    from assay.methods.recognise.forms import PROSE
    from assay.methods.recognise.scan import Scan

    forms = Scan(column, "text", words(column)).forms()
    return [*(f for f in forms if f.type != "address"), PROSE[1], *(f for f in forms if f.type == "address")]


def back(choice: Choice, tools: Tools) -> Way | None:
    """Return the way back of a column, or None where there is none."""
    from assay.methods.masking.restore import Restored

    rule = choice.rule
    if rule.method == "token":
        return Restored(_tokens(rule, tools).read, choice.was)
    if rule.method == "redact":
        as_tokens = rule.get("as") == "token" or any(r.method == "token" for r in choice.inside.values())
        scope = next((r for r in choice.inside.values() if r.method == "token"), rule)
        return Restored(_tokens(scope, tools).read_inside) if as_tokens else None
    if rule.method == "fpe":
        return _formatted(rule, tools, forward=False)
    if rule.method == "shift":
        return _shift(rule, tools, back=True)
    return None
