"""card.yaml and the policy: what counts as empty, what is refused with its line, and bounds."""

from __future__ import annotations

import pytest

from assay.kernel.errors import UsageError
from assay.methods.card.fields import EXAMINED, FIELDS, PEOPLE, empty
from assay.methods.card.file import DEFAULT, Claim, read_facts, read_policy, template


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "TBD", "tbd.", "T.B.D", "todo", "TODO: write this", "[todo]", "n/a", "N.A.", "None", "-", "?", "...", "<who>",
        "{{ owner }}", "[fill in]", "\u200b", "fixme later", "(TBC)", "To be determined.", "xxx",
    ],
)  # fmt: skip
def test_a_text_that_says_nothing_is_empty(text):
    assert empty(text)


@pytest.mark.parametrize(
    "text",
    [
        "Ana",
        "7",
        "none known so far",
        "na zdraví",
        "team TBD",
        "見る",
        "TBDs are tracked",
        "todoist team",
        "a",
    ],
)
def test_a_text_that_says_something_is_not(text):
    assert not empty(text)


def test_the_template_is_read_and_says_nothing_yet(tmp_path):
    (tmp_path / "c.yaml").write_text(template())
    facts = read_facts(tmp_path / "c.yaml")
    assert facts.said == {} and facts.claims == () and facts.more == {}
    for field in PEOPLE:
        assert f"{field.name}:" in template()
        assert (f"\n{field.name}:" in template()) == field.required
    assert max(map(len, template().splitlines())) <= 120


def test_the_template_with_its_comments_taken_away_is_read_too(tmp_path):
    lines = [
        line[2:] if line.startswith("# ") and line[2:].partition(":")[0].strip() in (*FIELDS, "claims", "more", "task", "label", "metrics", "impact_assessment") and not line.startswith("# *")
        else line for line in template().splitlines()
    ]  # fmt: skip
    (tmp_path / "c.yaml").write_text("\n".join(lines))
    facts = read_facts(tmp_path / "c.yaml")
    assert [c.name for c in facts.claims] == ["task", "label", "metrics.f1"]
    assert facts.more == {"impact_assessment": ("DPIA 2026-14",)}


def test_what_is_said_is_read_as_it_is_written(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(
        "owner: no\nlicense: 007\nusers: one\nlimits: [a, TBD, '', b]\n"
        "considerations: [plain, {risk: r, mitigation: m}, {risk: s, mitigation: TBD}]\n"
        "claims: {rows: 5, metrics: {f1: 1}}\n"
    )
    facts = read_facts(path)
    assert facts.said == {
        "owner": ("no",), "license": ("007",), "users": ("one",), "limits": ("a", "b"), "considerations": ("plain", "r", "s"),
    }  # fmt: skip
    assert facts.mitigations == {"r": "m"}
    assert facts.claims == (Claim("rows", 5.0, f"{path}:6"), Claim("metrics.f1", 1.0, f"{path}:6"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ownr: x", "did you mean 'owner'?"),
        ("wibble: x", "Fields of your own go under `more:`"),
        ("metrics: x", "metrics is filled by model.validate"),
        ("owner: [a, b]", "owner takes one text"),
        ("owner: {a: b}", "owner takes a text"),
        ("risk_tier: grim", "risk_tier cannot be 'grim'"),
        (f"users: [{', '.join('x' * 51)}]", "51 entries"),
        (f"owner: {'x' * 4001}", "4,001 characters"),
        ("considerations: [{mitigation: m}]", "no `risk`"),
        ("considerations: [{risk: r, cost: 3}]", "has no 'cost'"),
        ("claims: {f1: 0.9}", "`claims` has no 'f1'"),
        ("claims: {metrics: {f1: high}}", "must be a number"),
        ("claims: {metrics: {f1: .inf}}", "must be a number"),
        ("claims: {metrics: {f1: true}}", "must be a number"),
        ("more: {'a.b': x}", "cannot name a field"),
        ("owner: &a x\ncontact: *a", "anchor"),
        ("owner: !!python/object:os.system x", "cannot be read"),
        ("[" * 30 + "]" * 30, "nests deeper"),
        ("owner: x\nowner: y", "twice"),
        ("- owner", "must be a mapping"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_card_is_refused_with_its_line(tmp_path, text, says):
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(UsageError) as caught:
        read_facts(tmp_path / "c.yaml")
    assert says in str(caught.value) and "c.yaml:" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_file_of_megabytes_is_not_read(tmp_path):
    (tmp_path / "c.yaml").write_text("owner: x\n#" + "y" * (1 << 20))
    with pytest.raises(UsageError, match="larger than 1 MiB"):
        read_facts(tmp_path / "c.yaml")


def test_the_default_policy_requires_what_a_card_must_tell_by_law_and_custom():
    assert set(DEFAULT.required) == {
        "owner", "contact", "license", "intended_use", "users", "out_of_scope", "risk_tier", "considerations", "limits",
        "human_oversight", "data", "metrics", "bias", "explanation",
    }  # fmt: skip
    assert all(f.refs for f in (*PEOPLE, *EXAMINED) if f.required and f.name != "license")


def test_a_policy_is_read(tmp_path):
    (tmp_path / "p.yaml").write_text("require: robustness\nwaive: {bias: no people are concerned}\n")
    policy = read_policy(tmp_path / "p.yaml")
    assert "robustness" in policy.required and "bias" not in policy.required
    assert policy.waived == {"bias": "no people are concerned"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("require: [ownr]", "did you mean 'owner'?"),
        ("waive: {ownr: x}", "did you mean 'owner'?"),
        ("waive: {owner: TBD}", "waived without a reason"),
        ("waive: {owner: }", "waived without a reason"),
        ("waive: [owner]", "must be a mapping"),
        ("require: [more.]", "no field 'more.'"),
        ("drop: [owner]", "has no 'drop'"),
    ],
)
def test_a_policy_that_is_none_is_refused(tmp_path, text, says):
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(UsageError) as caught:
        read_policy(tmp_path / "p.yaml")
    assert says in str(caught.value)
