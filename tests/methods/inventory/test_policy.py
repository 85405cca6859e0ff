"""The registry's policy: read with its lines, and what a tier is asked for."""

from __future__ import annotations

import pytest

from assay.kernel.errors import UsageError
from assay.methods.inventory.policy import TEMPLATE, Policy, Rules, days, read
from assay.methods.inventory.questions import QUESTIONS


def policy(tmp_path, text):
    path = tmp_path / "registry.yaml"
    path.write_text(text)
    return read(path)


def test_the_template_is_a_policy_that_says_what_its_comments_say(tmp_path):
    found = policy(tmp_path, TEMPLATE)
    assert found.rules == Rules(1, (), 0, ())
    high = Rules(2, ("registered", "trained"), 90, ("owner", "purpose", "answers", "tier"))
    assert found.of("high") == high
    assert found.of("low").require == ("tier",)  # else no tier would be a way around
    assert (found.approved_stages, found.approved_aliases) == (("production",), ("champion",))
    assert found.questions == QUESTIONS and found.digest.startswith("sha256:")


def test_without_a_file_one_person_approves_for_good():
    assert Policy().of("") == Rules(1, (), 0, ())


def test_a_tier_keeps_what_it_does_not_say_otherwise(tmp_path):
    found = policy(tmp_path, "approvals: 3\nexpires: 1y\nby_tier: {low: {approvals: 1}}\n")
    assert (found.of("low").approvals, found.of("low").expires, found.of("high").approvals) == (1, 365, 3)


def test_questions_in_the_place_of_the_built_in_ones_are_asked_of_their_tiers(tmp_path):
    found = policy(tmp_path, 'questions:\n  a: Why?\n  b: {ask: "How?", tiers: [high]}\n')
    assert [q.key for q in found.asked("low")] == ["a"]
    assert [q.key for q in found.asked("high")] == [q.key for q in found.asked("")] == ["a", "b"]


@pytest.mark.parametrize(("said", "found"), [("90d", 90), ("12w", 84), ("1y", 365), ("never", 0), ("0d", None),
                                             ("-1d", None), ("1", None), ("99999999d", None), ("٣d", None)])  # fmt: skip
def test_how_long_an_approval_holds(said, found):
    assert days(said) == found


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("approvals: 0", "registry.yaml:1: approvals is 0; write a number from 1 to 9"),
        ("approvals: true", "approvals is True"),
        ("\napprovals: many", "registry.yaml:2: approvals is 'many'"),
        ("approval: 2", "has no 'approval'; did you mean 'approvals'?"),
        ("apart: [registerd]", "cannot hold 'registerd'; did you mean 'registered'?"),
        ("apart: registered", "must be a list"),
        ("expires: soon", "write 90d, 12w, 1y or never"),
        ("by_tier: {hgh: {}}", "there is no tier 'hgh'; did you mean 'high'?"),
        ("by_tier: {high: {stages: [a]}}", "has no 'stages'"),
        ("approved_only: {stages: [prod]}", "there is no stage 'prod'; there is development"),
        ("approved_only: {tags: [a]}", "has no 'tags'"),
        ("export: none", "write any or approved"),
        ("tiers: ['=cmd()']", "is no name"),
        ("questions: {a: ''}", "asks nothing"),
        ("questions: {a: {tiers: [low]}}", "asks nothing; say it with `ask:`"),
        ("questions: {a b: why}", "is no name of a question"),
    ],
)  # fmt: skip
def test_what_is_no_policy_is_told_with_its_line(tmp_path, text, why):
    with pytest.raises(UsageError) as error:
        policy(tmp_path, text)
    assert why in str(error.value)
