from __future__ import annotations

import re

import pyarrow as pa
import pytest

from assay.kernel.errors import UsageError
from assay.methods.recognise.custom import CHECKS, read_allowed, read_identifiers
from assay.methods.recognise.telling import Columns, answers


def written(tmp_path, text):
    path = tmp_path / "own.yaml"
    path.write_text(text)
    return path


def test_identifiers_of_ones_own(tmp_path):
    own = read_identifiers(
        written(
            tmp_path,
            "identifiers:\n  employee_no: {pattern: 'EMP-[0-9]{6}', title: employee numbers, severity: high}\n"
            "  member: {pattern: '[0-9]{10}', checksum: luhn, words: [Mitgliedsnummer]}\n",
        )
    )
    examined = Columns([("a", "text"), ("b", "text"), ("mitgliedsnummer", "text"), ("other", "text")], own)
    rows = 40
    luhn = [
        next(f"{n}{d}" for d in range(10) if CHECKS["luhn"](f"{n}{d}"))
        for n in range(10**8 * 3, 10**8 * 3 + rows)
    ]
    plain = [t + "x" for t in luhn]
    examined.feed(
        pa.record_batch(
            {"a": [f"EMP-{k:06d}" for k in range(rows)], "b": [f"seen by EMP-{k:06d} today" for k in range(rows)], "mitgliedsnummer": [t.rjust(10, "0") for t in luhn], "other": plain}
        )
    )  # fmt: skip
    told = {t.column: t for t in examined.told()}
    assert told["a"].type == told["b"].type == "employee_no"
    assert (told["a"].severity, told["a"].whole, told["b"].whole) == ("high", True, False)
    assert told["mitgliedsnummer"].type == "member"
    assert "other" not in told
    # what data.mask cannot find inside a text is hidden whole
    assert answers(list(told.values()), ["email"])["columns"]["b"] == "employee_no"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("identifiers:\n  x: {pattern: '(?=a)b'}\n", "own.yaml:2"),
        ("identifiers:\n  x: {pattern: '(a)\\1'}\n", "RE2"),
        ("identifiers:\n  x: {pattern: 'a*'}\n", "empty text"),
        ("identifiers:\n  email: {pattern: 'a'}\n", "known already"),
        ("identifiers:\n  x: {patern: 'a'}\n", "pattern"),
        ("identifiers:\n  x: {pattern: 'a', checksum: crc}\n", "checksum"),
        ("identifiers:\n  x: {pattern: 'a', severity: awful}\n", "severity"),
        ("identifiers:\n  X y: {pattern: 'a'}\n", "no name"),
        ("other: 1\n", "no 'other'"),
    ],
)
def test_what_is_wrong_is_told(tmp_path, text, said):
    with pytest.raises(UsageError) as raised:
        read_identifiers(written(tmp_path, text))
    assert said in str(raised.value)


def test_a_pattern_that_backtracks_elsewhere_takes_no_time(tmp_path):
    import time

    own = read_identifiers(written(tmp_path, "identifiers:\n  x: {pattern: '(?:a+)+b'}\n"))
    examined = Columns([("t", "text")], own)
    started = time.process_time()
    examined.feed(pa.record_batch({"t": ["a" * 9_000] * 50 + ["a" * 9_000 + "c"] * 50}))
    assert time.process_time() - started < 2


def test_allowed_values_columns_and_patterns(tmp_path):
    allowed = read_allowed(
        written(tmp_path, "allow:\n  values: [support@example.com]\n  columns: ['meta_*']\n  patterns: ['.*@corp[.]example']\n")
    )  # fmt: skip
    examined = Columns([("mail", "text"), ("meta_mail", "text")], (), allowed)
    assert examined.names == ["mail"]
    examined.feed(
        pa.record_batch({"mail": ["support@example.com"] * 5 + [f"u{k}@corp.example" for k in range(5)]})
    )
    assert examined.told() == []
    assert examined.permitted == {"mail": 10}


@pytest.mark.parametrize("text", ["a1b22c", "\x01 1 \x02", "", "11", "1\x011", "é1€22"])
def test_occurrences_stand_where_a_search_finds_them(tmp_path, text):
    (own,) = read_identifiers(written(tmp_path, "identifiers:\n  x: {pattern: '[0-9]{1,2}'}\n"))
    wanted = [m.span() for m in re.finditer("[0-9]{1,2}", text)]
    assert list(own.form().spans(text)) == wanted
