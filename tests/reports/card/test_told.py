"""A card as sections: each says what it stands on, and what is not there is said to be not there."""

from __future__ import annotations

import pytest
from tests.cards import digest, examined

from assay.kernel.card import Card, Field, Identity, Standing
from assay.reports.card.blocks import Bullets, Facts, Grid, Text
from assay.reports.card.short import in_short, percent
from assay.reports.card.told import sections


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    return examined(tmp_path_factory.mktemp("card"))[1]


def _section(card, key):
    return next(s for s in sections(card) if s.key == key)


def _text(section):
    out = []
    for block in section.blocks:
        if isinstance(block, Bullets):
            out += block.items
        elif isinstance(block, Facts):
            out += [f"{k}: {v}" for k, values in block.pairs for v in values]
        elif isinstance(block, Grid):
            out += [" | ".join(row) for row in (block.head, *block.rows)]
        else:
            out.append(getattr(block, "text", ""))
    return "\n".join(out)


def test_every_section_of_an_empty_card_says_that_nobody_examined_it():
    empty = Card(Identity("m", digest("m")))
    for key in ("data", "training", "metrics", "bias", "explanation"):
        section = _section(empty, key)
        assert any(isinstance(b, Text) and b.absent and "Not examined" in b.text for b in section.blocks), key
        assert section.sources == ()
    said = list(in_short(empty))
    assert "How well it does was not examined." in said
    assert "Whether it treats groups alike was not examined." in said
    assert "What it goes by was not examined." in said


def test_a_section_names_the_reports_it_stands_on_as_the_list_counts_them(card):
    numbers = {s.step: i for i, s in enumerate(card.sources, 1)}
    assert _section(card, "metrics").sources == (numbers["validate"],)
    assert _section(card, "explanation").sources == (numbers["explain"],)
    assert set(_section(card, "bias").sources) == {numbers["before"], numbers["after"]}
    limits = _text(_section(card, "limits"))
    fingerprint = card.limits[1].fingerprint
    assert (
        f"sex = f: the difference is 0.2. (medium, model.bias.DPPL, {fingerprint}) [{numbers['after']}]"
        in limits
    )
    assert f"the table has no such column. [{numbers['after']}]" in limits
    grid = next(b for b in _section(card, "sources").blocks if isinstance(b, Grid))
    assert [row[2] for row in grid.rows] == [s.step for s in card.sources]


def test_scores_stand_with_their_intervals_beside_a_guess_and_the_training_data(card):
    text = _text(_section(card, "metrics"))
    assert "f1 | 0.9 | 0.85 to 0.95 | 0.5 | 0.99" in text
    assert (
        "The score that stands for it is f1, 0.9 [0.85, 0.95], because both ways to err count alike." in text
    )
    assert "pr_auc | one class only" in text and "town = Bb | 9 | 0.4 | 0.1 | 0.01" in text
    assert "Data made worse\nNot examined." in text


def test_the_short_version_says_what_an_owner_must_know(card):
    said = list(in_short(card))
    assert "It is not for: Refusing anybody without a clerk." in said
    assert "Its risk is high: It is about credit." in said
    assert (
        "On 25 rows that it had not seen, its f1 is 0.9, and with 95 % confidence between 0.85 and 0.95; "
        "a constant guess has 0.5." in said
    )
    assert "It is right in 92.0 % of them." in said
    assert "It goes most by age (75.0 %), town (25.0 %)." in said
    assert "By sex it does not treat groups alike: sex = f: the difference is 0.2." in said


def test_what_is_missing_and_what_is_waived_are_told_apart():
    fields = (
        Field("owner", "Owner", "people", "missing"),
        Field("license", "Licence", "people", "waived", why="it stays in the house"),
    )
    card = Card(Identity("m", ""), fields=fields)
    assert "Owner: MISSING: it is required" in _text(_section(card, "people"))
    assert "Licence: Not said: it stays in the house" in _text(_section(card, "people"))
    assert next(iter(in_short(card))) == "This card is not complete: owner is missing."


def test_the_standing_is_what_the_registry_says(card):
    assert "not registered yet" in _text(_section(card, "standing"))
    standing = Standing("loans", 3, "APPROVED", digest("p"), "ada", "2026-01-02T03:04:05Z", "ben", "2026-01-03T03:04:05Z", "fine", "run-1", True)  # fmt: skip
    text = _text(_section(card.with_(standing=standing), "standing"))
    for said in (
        "status: APPROVED",
        "by ben, 2026-01-03",
        "reason: fine",
        "run: run-1",
        "does not say approved",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.2957, "29.6 %"), (0.00045, "0.045 %"), (0.001, "0.1 %")],
)
def test_shares_are_written_as_people_read_them(share, said):
    assert percent(share) == said
