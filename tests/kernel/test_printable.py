from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from assay.kernel.printable import printable, printable_json, printable_page


@given(st.text())
def test_nothing_moves_the_cursor(text):
    assert printable(text).isprintable()


def test_words_stay_as_they_are():
    assert printable("naïve – 数据 ✓ (100%)") == "naïve – 数据 ✓ (100%)"
    assert printable("a\x1b[2Jb\x9b1mc\nd\u202ee") == "a·[2Jb·1mc·d·e"


@given(st.dictionaries(st.text(), st.text()))
def test_a_document_keeps_its_value(value):
    shown = printable_json(json.dumps(value, ensure_ascii=False))
    assert json.loads(shown) == value and not any("\x7f" <= c <= "\x9f" for c in shown)


def test_a_page_keeps_its_lines_and_loses_what_hides_and_turns():
    assert printable_page("a\tb\r\nc\x85\u202egpj.exe\ufeff") == "a\tb·\nc··gpj.exe·"
    assert printable_page("naïve – 数据 ✓\n") == "naïve – 数据 ✓\n"
