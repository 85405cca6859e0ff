"""Names and addresses inside running text, on the labelled sentences and on what tells names from other capitals."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.methods.masking.redact import Redacted, label
from assay.methods.recognise.forms import FORMS, PROSE
from assay.methods.recognise.prose import addresses, people
from assay.methods.recognise.telling import Columns

sys.path.insert(0, str(Path(__file__).parents[2]))
from labelled import prose
from labelled.measure import entities


def names(text: str) -> list[str]:
    return [text[a:b] for a, b in people.spans(text)]


def places(text: str) -> list[str]:
    return [text[a:b] for a, b in addresses.spans(text)]


@pytest.mark.slow
def test_the_set_is_as_large_as_it_says():
    sentences = prose.looked_at() + prose.held_out()
    assert len(sentences) >= 800
    assert sum(not s.spans for s in sentences) >= 220
    assert {s.language for s in sentences} == set(prose.LANGUAGES)
    moulds = [
        line
        for f in ("looked_at", "held_out")
        for line in (prose.FOLDER / f"{f}.txt").read_text("utf-8").splitlines()
    ]
    assert len(set(moulds)) >= 570


@pytest.mark.parametrize(("which", "least"), [("looked_at", 0.95), ("held_out", 0.92)])
def test_names_are_found_in_sentences(which, least):
    sentences = getattr(prose, which)()
    found = entities(sentences, lambda s: people.spans(s.text), "name")
    assert found.f1 >= least, found
    assert found.precision >= 0.95, found
    for language in prose.LANGUAGES:
        one = entities(
            [s for s in sentences if s.language == language], lambda s: people.spans(s.text), "name"
        )
        assert one.f1 >= 0.87, (language, one)


@pytest.mark.parametrize("which", ["looked_at", "held_out"])
def test_addresses_are_found_in_sentences(which):
    found = entities(getattr(prose, which)(), lambda s: addresses.spans(s.text), "address", exact=False)
    assert found.precision >= 0.85 and found.recall >= 0.85, found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Please ring Anna Kowalczyk about the refund; she lives at 12 Rue de la Paix, 75002 Paris", ["Anna Kowalczyk"]),
        ("Hi Will, please call Grace Hunter.", ["Will", "Grace Hunter"]),
        ("Mr. Page and Mrs. May came in May.", ["Mr. Page", "Mrs. May"]),
        ("We met Jürgen von der Heide and J. R. Smith.", ["Jürgen von der Heide", "J. R. Smith"]),
        ("O'Brien, Siobhan and D'Angelo, Marco", ["O'Brien, Siobhan", "D'Angelo, Marco"]),
        ("THE CASE OF ANNA KOWALCZYK", ["ANNA KOWALCZYK"]),
        ("Rozmawiałem z Janem Nowakiem i z Anną Kowalską.", ["Janem Nowakiem", "Anną Kowalską"]),
        ("Zwiggelaar Quorthon went out, but Dr Zwiggelaar did not.", ["Dr Zwiggelaar"]),
        ("Anna Kowalczyk's dog, Peter Falk’s cat", ["Anna Kowalczyk", "Peter Falk"]),
    ],
)  # fmt: skip
def test_names_by_lists_and_by_what_stands_around_them(text, found):
    assert names(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "Will you mark the page? May I? Grace Period ends in June.",
        "Rose Garden Chair, Hunter Green, Page Down, Mark Complete",
        "Smith & Sons Ltd, Karl Schmidt KG, Robert Bosch Stiftung, John Deere",
        "See Baker Street, Victoria Park, Santa Rosa, San Jose and New York Times",
        "Ruby Client, Julia Set, Jenkins Pipeline and Hello World",
        "Neue Funktionen, Guten Tag, Schöne Ferien, Der Koch und der Schneider",
        "ROM de Nintendo, VPN da Cisco, SID der Gruppe",
        "john smith", "", "A", "...", "O'", "McDonald", "x" * 500,
    ],
)  # fmt: skip
def test_what_is_no_name(text):
    assert names(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("She lives at 12 Rue de la Paix, 75002 Paris.", ["12 Rue de la Paix, 75002 Paris"]),
        ("Deliver to Lindenstraße 12a, 50674 Köln, please", ["Lindenstraße 12a, 50674 Köln"]),
        ("moved from 14 Orchard Lane, Leeds LS6 2AB last year", ["14 Orchard Lane, Leeds LS6 2AB"]),
        ("mieszka przy ul. Długiej 12/4, 00-950 Warszawa", ["ul. Długiej 12/4, 00-950 Warszawa"]),
        ("abita in Via Roma 21", ["Via Roma 21"]),
        ("He lives at 7 Willow Ridge with a cat", ["7 Willow Ridge"]),
        ("3 New Views and 12 Open Points were added to Release 4 Run 7", []),
        ("Route 66, Section 12 Street names, via mail 3 times", []),
    ],
)
def test_addresses_in_text(text, found):
    assert places(text) == found


@given(st.text(alphabet=st.sampled_from("AaÅ.,' ’-\n1@:;&éÉzßİ\x00"), max_size=80))
def test_any_text_is_read(text):
    for one in (people.spans(text), addresses.spans(text)):
        end = 0
        for start, stop in one:
            assert end <= start < stop <= len(text)
            end = stop


@pytest.mark.parametrize(
    "piece",
    [
        "Anna ",
        "de la ",
        "A. ",
        "Anna de ",
        "Mr. ",
        "12 Rue de la ",
        "1 A ",
        "Via de ",
        "O'",
        "Aa-",
        "X, ",
        "Am A 1",
    ],
)
def test_no_text_takes_long(piece):
    text = (piece * 10_000)[:10_000]
    began = time.process_time()
    list(people.spans(text))
    list(addresses.spans(text))
    assert time.process_time() - began < 1.5


def test_names_in_a_column_of_notes_are_told_and_then_hidden():
    notes = [f"order {n} is late" for n in range(300)]
    notes[7] = "Please ring Anna Kowalczyk about the refund"
    columns = Columns([("note", "text")])
    columns.feed_column("note", pa.array(notes))
    told = columns.told()
    assert [(t.type, t.whole, t.rows, t.severity) for t in told] == [("name", False, 1, "low")]
    masks = {f.type: label(f.type) for f in (*FORMS, *PROSE)}
    hidden = Redacted(FORMS, masks, people=True)
    assert hidden([notes[7]]) == ["Please ring <NAME> about the refund"]


def test_one_name_in_thousands_of_rows_is_chance():
    texts = [f"The desk number {n} is made of oak and steel" for n in range(5_000)]
    texts[3] = "Anna Desk and the other table were painted by Anna Kowalczyk"
    columns = Columns([("description", "text")])
    columns.feed_column("description", pa.array(texts))
    assert columns.told() == []


def test_every_sentence_that_holds_a_name_is_hidden_where_it_is_found():
    masks = {f.type: label(f.type) for f in (*FORMS, *PROSE)}
    hidden = Redacted(PROSE, masks, people=True)
    for one in prose.looked_at(1):
        held = [one.text[a:b] for a, b in people.spans(one.text)]
        after = hidden.one(one.text)
        assert not any(name in after for name in held), (held, after)
