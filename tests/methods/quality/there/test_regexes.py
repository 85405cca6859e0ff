"""Patterns that engines read alike: rewritten they match what RE2 matches, and none takes for ever."""

from __future__ import annotations

import random
import re

import duckdb
import pytest

from assay.methods.quality.there.regexes import Otherwise, alike

ATOMS = ["a", "b", "A", ".", r"\d", r"\w", r"\s", "[ab]", "[^a]", "[a-c]", r"[^\d]", r"[\w-]", "[-a]", "[a-]", r"\.", "-",
         " ", "1", "(a|b)", "(?:ab|c)", "(a+)", "[.]", r"[\]a]", r"[\^b]", "_", "#", "[*+?]", "[(){}|$]", r"[\\]", "&"]  # fmt: skip
TIMES = ["", "", "", "", "*", "+", "?", "{2}", "{1,3}", "{2,}", "*?", "+?"]
TEXTS = ["", "a", "b", "ab", "abc", "a\n", "\n", "a b", "1", "aa", "-", ".", "\\", "é", "日", "_", "\x0b", "\u00a0", "\r",
         "٣", "\x85", "{", "^", "$", "a\nb", "#1", "A.1-b", "cab", "&", "]", "*", "½"]  # fmt: skip


def _patterns(count: int) -> list[str]:
    draw = random.Random(11)
    made = []
    for _ in range(count):
        parts = [draw.choice(ATOMS) + draw.choice(TIMES) for _ in range(draw.randint(1, 4))]
        text = "".join(parts) + ("|" + draw.choice(ATOMS) if draw.random() < 0.1 else "")
        made.append(("^" if draw.random() < 0.2 else "") + text + ("$" if draw.random() < 0.2 else ""))
    return made


@pytest.mark.parametrize("whole", [True, False])
def test_a_pattern_matches_in_postgres_and_python_what_re2_matches(whole: bool, postgres: str) -> None:
    import psycopg

    found = "regexp_full_match" if whole else "regexp_matches"
    values = ", ".join(f"({n}, '{t}')" for n, t in enumerate(TEXTS))
    compared = 0
    with (
        duckdb.connect() as con,
        psycopg.connect(host=postgres.partition("host=")[2], user="me", dbname="postgres") as pg,
    ):
        con.execute(f"CREATE TABLE t AS SELECT * FROM (VALUES {values}) v(n, x)")
        pg.execute("CREATE TEMP TABLE t (n int, x text)")
        with pg.cursor().copy("COPY t FROM STDIN") as copy:
            for row in enumerate(TEXTS):
                copy.write_row(row)
        for pattern in _patterns(250):
            try:
                rewritten = alike(pattern, whole=whole, backtracks=False)
            except Otherwise:
                continue
            expected = [
                r[0] for r in con.execute(f"SELECT {found}(x, $1) FROM t ORDER BY n", [pattern]).fetchall()
            ]
            asked = pg.execute('SELECT x COLLATE "C" ~ %s FROM t ORDER BY n', [rewritten]).fetchall()
            assert [r[0] for r in asked] == expected, (pattern, rewritten)
            assert [bool(re.search(rewritten, x)) for x in TEXTS] == expected, (pattern, rewritten)
            compared += 1
    assert compared > 150


@pytest.mark.parametrize(
    "pattern",
    [r"\p{L}", r"\b", "(?i)a", "(?=a)", "(?P<x>a)", "é", "a\n", "a**", "a{101}", "a{2,1}", "{", "a{,2}", "()", "a|", "(a", "a)",
     "[]", "[a", "[[:alpha:]]", "[a&&b]", "[^]", "a^b", "a$b", r"\x41", r"\1", r"\z", "[a-\\d]", "(a{9}){9}", "a{9}" * 5, "x" * 501],
)  # fmt: skip
def test_what_engines_read_otherwise_is_refused(pattern: str) -> None:
    with pytest.raises(Otherwise):
        alike(pattern, whole=True, backtracks=False)


@pytest.mark.parametrize(
    "pattern", ["(a+)+", "(a|a)*", "(a|aa)+b", "(a|a){50}", "a*a*a*b", "a?" * 20, "(a?){20}", "a{0,99}" * 3]
)
def test_a_pattern_of_many_ways_is_not_given_to_an_engine_that_tries_each(pattern: str) -> None:
    with pytest.raises(Otherwise):
        alike(pattern, whole=True, backtracks=True)
    assert alike("[A-Z]{2}-[0-9]+", whole=True, backtracks=True) == r"\A(?:[A-Z]{2}-[0-9]+)\Z"
