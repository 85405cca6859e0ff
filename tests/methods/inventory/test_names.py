"""Names that look alike are one person's, and a name that could pass for another's is none."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.kernel.errors import Refused
from assay.methods.inventory.names import readable, same


@pytest.mark.parametrize(
    "other",
    [
        "ADA",
        " ada ",
        "ａｄａ",
        "аda",  # the first letter is Cyrillic
        "\u0430d\u0430",
        "αda",  # Greek
        "a\u200bda",
        "\U0001d41a\U0001d41d\U0001d41a",  # mathematical bold
        "ɑda",
    ],
)
def test_a_look_alike_is_not_another_person(other):
    assert same(other, ["bea", "ada"]) and same("ada", [other])


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ian", "lan"), ("user1", "userl"), ("b0b", "bob"), ("ВОВ", "BOB"), ("Амоѕ", "amos"), ("arnie", "amie")],
)
def test_letters_that_look_alike_in_one_script_or_two_are_one(one, other):
    assert same(one, [other])


@pytest.mark.parametrize(
    ("one", "other"),
    [("ada", "bea"), ("ada", "adá"), ("kai", "kal"), ("Анна", "Инна"), ("李", "王"), ("Ål", "al")],
)
def test_other_names_are_other_people(one, other):
    assert not same(one, [other])


@pytest.mark.parametrize(
    "name",
    [
        "ada",
        "Ada Lovelace",
        "José",
        "Анна Петрова",
        "svc-бот",
        "ada бот",
        "Ελένη",
        "田中ひろし",
        "李Li",
        "m.o'neil_2",
        "محمد",
    ],
)
def test_names_as_people_write_them_are_readable(name):
    readable(name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("аda", "Cyrillic and Latin"),
        ("adα", "Greek and Latin"),
        ("a\u200bda", "U+200B"),
        ("a\u202eda", "U+202E"),
    ],
)
def test_a_name_that_could_pass_for_anothers_is_refused(name, said):
    with pytest.raises(Refused) as caught:
        readable(name)
    assert said in str(caught.value)


@given(st.text(max_size=20))
def test_everybody_is_themselves_in_any_form(name):
    assert same(name, [name, "x"])
    assert same(unicodedata.normalize("NFD", name), [name])
