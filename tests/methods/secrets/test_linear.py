"""No text makes a rule slow: what a secret begins with, over and over, takes each rule as long as any other text."""

import re
import time
from re import _parser  # what a pattern is made of, to write texts that nearly match it

import pytest

from assay.methods.secrets.engine import Blob, Engine
from assay.methods.secrets.rule import Rule, follows
from assay.methods.secrets.sieve import LONGEST
from assay.methods.secrets.table import RULES

SECONDS = 0.5  # of a processor that does nothing else, for a megabyte; twice that is borne here
STEP = LONGEST - 512


def nearly(pattern: re.Pattern[bytes]) -> str:
    """Return a short text that a pattern matches, but for what it says of the text about it."""
    return "".join(
        _sample(list(_parser.parse(pattern.pattern.decode("latin-1"), pattern.flags & ~re.UNICODE)))
    )


def _sample(items):
    for op, of in items:
        name = str(op)
        if name in ("LITERAL", "NOT_LITERAL"):
            yield chr(of) if name == "LITERAL" else "a"
        elif name == "ANY":
            yield "a"
        elif name == "IN":
            yield _one(of)
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            yield "".join(_sample(of[2])) * of[0]
        elif name == "SUBPATTERN":
            yield from _sample(of[3])
        elif name == "BRANCH":
            yield from _sample(of[1][0])


def _one(of):
    kind, value = of[-1]
    if str(kind) == "LITERAL":
        return chr(value)
    if str(kind) == "RANGE":
        return chr(value[0])
    return "z"


def beginnings(rule: Rule) -> list[bytes]:
    """What a secret of a rule begins with: its literals, and shorter and shorter pieces of a text that nearly is one."""
    text = nearly(rule.pattern).encode("latin-1")
    found = set(rule.keys) | {key.upper() for key in rule.keys}
    found |= {text[:size] for size in (4, 8, 12, 16, 24, 40, len(text) // 2, len(text) - 1)}
    return sorted(one for one in found if one)


def spent(rule: Rule, unit: bytes, size: int) -> float:
    """Return the seconds that a rule takes for a text as long as this: all windows, whether the sieve lets them through or not."""
    data = unit * (size // len(unit))
    begun = time.process_time()
    for start in range(0, len(data), STEP):
        for _ in rule.pattern.finditer(data, start, min(len(data), start + LONGEST + rule.reach)):
            pass
    return time.process_time() - begun


def slowest(rule: Rule, size: int) -> tuple[float, bytes]:
    return max((spent(rule, unit, size), unit) for unit in beginnings(rule))


@pytest.mark.parametrize("rule", RULES, ids=[f"{at}-{r.name}" for at, r in enumerate(RULES)])
def test_a_prefix_over_and_over_takes_no_longer(rule):
    seconds, unit = slowest(rule, 16 << 10)
    if seconds > SECONDS / 64:
        seconds, unit = min(
            slowest(rule, 64 << 10) for _ in range(2)
        )  # by nothing else that this machine does
        assert seconds < SECONDS / 16 * 2, unit


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES, ids=[f"{at}-{r.name}" for at, r in enumerate(RULES)])
def test_a_megabyte_of_each_prefix_takes_half_a_second(rule):
    for unit in beginnings(rule):
        assert min(spent(rule, unit, 1 << 20) for _ in range(3)) < 2 * SECONDS, unit
    unit = rule.keys[0]
    begun = time.process_time()
    list(Engine("2026-11-28T00:00:00Z").search([Blob(unit * ((1 << 20) // len(unit)), "a.env")]))
    assert time.process_time() - begun < 4 * SECONDS, unit  # Arrow is imported, and every rule asked


def test_a_match_is_never_longer_than_its_2600es_behind_a_window():
    short = [
        r.name for r in RULES if _parser.parse(r.pattern.pattern, r.pattern.flags).getwidth()[1] > r.reach
    ]
    assert set(short) == {"gitlab_token", "fly_token"}  # whose judges bound what the patterns do not


@pytest.mark.parametrize(("body", "found"), [(20, 1), (313, 1), (314, 0), (5_000, 0)])
def test_a_token_that_is_too_long_is_none(body, found):
    text = "gl" + "pat-" + "aK3_x9Qz-" * 600
    hits = [h for _, h in Engine().search([Blob(text[: 6 + body].encode() + b"\n")])]
    assert len([h for h in hits[0] if h.rule.name == "gitlab_token"]) == found


def test_a_word_before_a_secret_is_looked_for_in_its_line_alone():
    from assay.methods.secrets.rule import Place

    word, secret = re.compile(rb"wandb"), re.compile(rb"(?P<secret>[0-9a-f]{8})")
    for text, yes in (
        (b"wandb key 0123abcd", True),
        (b"wandb\n0123abcd", False),
        (b"wandb" + b" " * 20 + b"0123abcd", True),
        (b"wandb" + b" " * 21 + b"0123abcd", False),
    ):
        match = secret.search(text)
        assert match is not None
        assert follows(match, Place(text, 0, len(text)), word, 20) is yes, text


def test_lists_that_are_joined_by_name_are_looked_for_once():
    from assay.methods.secrets.folded import folded

    joins = b"".join(b'x%d = "".join(a%d)\n' % (at, at) for at in range(1_000))
    data = b'first = ["abcd", "efgh"]\n' + b"z = 1\n" * (20 << 10) + joins + b'key = "".join(first)\n'
    begun = time.process_time()
    found = [text for _, text in folded(data + b'later = "".join(after)\nafter = ["abcd", "efgh"]\n')]
    assert time.process_time() - begun < SECONDS  # it took 2 s: the whole text was gone through for each name
    assert found == [b'key = "abcdefgh"']


@pytest.mark.parametrize("unit", [b"+=abc", b"="])
def test_signs_of_assignment_over_and_over_take_no_longer(unit):
    from assay.methods.secrets.folded import folded

    data = b'yy = "Qx9$"\n' + unit * ((128 << 10) // len(unit))
    begun = time.process_time()
    assert list(folded(data)) == []
    assert time.process_time() - begun < SECONDS  # they took 1.5 and 4 s
