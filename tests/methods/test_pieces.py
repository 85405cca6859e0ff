from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assay.methods.pieces import kept, pieces, sentences


def test_a_text_is_cut_at_its_words():
    found = pieces('He said: "don’t go, well-known Zoë!"')
    assert [p.word for p in found] == ["He", "said", "don’t", "go", "well-known", "Zoë"]
    assert [p.whole for p in found] == ["He ", 'said: "', "don’t ", "go, ", "well-known ", 'Zoë!"']


def test_what_stands_before_the_first_word_belongs_to_it():
    assert pieces('… "Yes" ')[0].whole == '… "Yes" '


def test_sentences_are_told_apart_and_abbreviated():
    found = pieces("It was cold. Very cold indeed, all night! Cost 3.50 a night?\n\nNever again")
    assert [p.sentence for p in found] == [0] * 3 + [1] * 5 + [2] * 5 + [3] * 2
    assert [p.word for p in sentences(found)] == [
        "It was cold",
        "Very cold indeed all …",
        "Cost 3 50 a …",
        "Never again",
    ]


def test_scripts_without_blanks_are_cut_by_letter():
    assert [p.word for p in pieces("部屋は寒い。Wi-Fi良い👍")] == [*"部屋は寒い", "Wi-Fi", *"良い", "👍"]
    assert [p.sentence for p in pieces("寒い。良い")] == [0, 0, 1, 1]


def test_left_out_or_masked():
    found = pieces("The room, cold and the room.")
    mask = [True, False, True, True, True, False]
    assert kept(found, mask) == "The cold and the "
    assert kept(found, mask, "[MASK]") == "The [MASK], cold and the [MASK]."


def test_no_word_no_piece():
    assert pieces("") == pieces(" ... !! ") == []


@given(st.text(max_size=200))
def test_the_pieces_are_the_text(text):
    found = pieces(text)
    assert not found or kept(found, [True] * len(found)) == text
    assert not found or "".join(p.whole for p in sentences(found)) == text
    assert [p.sentence for p in found] == sorted(p.sentence for p in found)
