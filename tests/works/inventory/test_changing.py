"""What is said of a model after it was registered: each an event, and whoever names one that ended is refused in a sentence."""

from __future__ import annotations

import json

import pytest
from tests.engines.containers.test_whole import Layout
from tests.works.inventory.conftest import enter

import assay
from assay.kernel.errors import Missing, Refused, UsageError
from assay.office import ledger, registry, verification
from assay.works.call import call
from assay.works.resolve import pin


@pytest.fixture
def ask(home):
    """Carry out an action of the home."""
    return lambda action, actor="", **params: call(action, params, home=home, actor=actor)


def last(home):
    return ledger.tail(home.office, 1)[0]


def test_an_alias_moves_and_names_one_version_wherever_a_package_is_named(home, ask, tmp_path):
    ask("model.alias", name="m@1", alias="champion")
    assert ask("model.show", name="m@champion")["version"] == 1
    ask("model.alias", name="m@2", alias="champion", reason="better in March", actor="bob")
    event = last(home)
    assert (event.action, event.subject, event.actor) == ("model.alias", "registry://m@2", "bob")
    assert event.detail == {"alias": "champion", "from": 1, "to": 2, "reason": "better in March"}
    assert [r.aliases for r in registry.versions(home.office, "m")] == [(), ("champion",), ()]
    assert ask("model.approve", name="registry://m@champion", reason="seen")["version"] == 2
    ask("model.export", name="m@champion", to=str(tmp_path / "out"))
    assert pin("registry://m@champion", ("model",), home.store, home).name == "m@2"
    assert [e["to_name"] for e in ask("lineage", urn="registry://m@champion")["edges"]] == ["m@2"]
    assert "m@2" not in ask("model.card", name="m@3")["content"]
    found = ask("search", query="models alias = champion and status = APPROVED")
    assert [r["key"] for r in found["results"]] == ["m@2"]
    ask("model.alias", name="m@champion", alias="champion", remove=True)
    with pytest.raises(Missing, match="no version of m bears the alias 'champion'"):
        ask("model.show", name="m@champion")
    assert verification.verify(home.office).ok


def test_what_is_a_version_or_no_word_is_no_alias(ask):
    for alias in ("7", "latest", "LATEST", "", "a b", "=cmd", "x" * 65, "a/b", "a@b", "APPROVED", "pending"):
        with pytest.raises(UsageError, match="can be no alias"):
            ask("model.alias", name="m@1", alias=alias)


def test_an_alias_of_one_model_is_free_for_another(home, ask):
    enter(home, "other")
    ask("model.alias", name="m@1", alias="champion")
    ask("model.alias", name="other@1", alias="champion")
    assert ask("model.show", name="m@champion")["name"] == "m"


def test_what_only_an_approved_model_may_bear_is_refused_to_others(ask, policy, clock):
    policy("expires: 5d\napproved_only: {stages: [production], aliases: [champion]}\n")
    for action, params in (("model.alias", {"alias": "champion"}), ("model.stage", {"stage": "production"})):
        with pytest.raises(Refused, match="m@1 is PENDING, and the policy gives"):
            ask(action, name="m@1", **params)
    ask("model.stage", name="m@1", stage="staging")
    ask("model.approve", name="m@1", reason="seen")
    ask("model.alias", name="m@1", alias="champion")
    clock.day = 6
    with pytest.raises(Refused, match="m@1 is EXPIRED"):
        ask("model.stage", name="m@1", stage="production")


def test_a_retired_model_is_refused_to_whoever_names_it_and_told_of_still(home, ask, tmp_path):
    ask("model.alias", name="m@1", alias="champion")
    found = ask("model.retire", name="m@1", reason="the season is over", successor="m@2", actor="bob")
    assert (found["status"], found["ended"]["successor"], found["stage"]) == ("RETIRED", "m@2", "")
    said = r"m@1 was retired by bob on 2026-01-01: the season is over; use m@2"
    for action, params in (
        ("model.approve", {"reason": "seen"}), ("model.reject", {"reason": "no"}), ("model.archive", {"reason": "no"}),
        ("model.export", {"to": str(tmp_path / "out")}), ("model.stage", {"stage": "staging"}),
        ("model.alias", {"alias": "b"}), ("model.retire", {"reason": "again"}), ("model.answer", {"answers": {"harm": "x"}}),
    ):  # fmt: skip
        with pytest.raises(Refused, match=said):
            ask(action, name="m@champion", **params)
    with pytest.raises(Refused, match=said):
        pin("registry://m@champion", ("model",), home.store, home)
    with pytest.raises(Refused, match=said):
        ask("model.retire", name="m@3", reason="too", successor="m@1")
    assert ask("model.verify", name="m@1")["ok"] and ask("model.card", name="m@1")["content"]
    assert ask("model.show", name="m@champion")["version"] == 1
    ask("model.alias", name="m@2", alias="champion")  # which takes it from the retired one
    assert [r["key"] for r in ask("search", query="models successor = 'm@2'")["results"]] == ["m@1"]


def test_an_archived_model_is_taken_back_and_approved_anew(home, ask):
    ask("model.approve", name="m@1", reason="seen")
    ask("model.archive", name="m@1", reason="not in use")
    with pytest.raises(Refused, match="take it back: assay model restore m@1"):
        pin("registry://m@1", ("model",), home.store, home)
    back = ask("model.restore", name="m@1", reason="needed")
    assert (back["status"], back["ended"], back["decided_by"]) == ("PENDING", None, None)
    ask("model.reject", name="m@2", reason="no")
    ask("model.archive", name="m@2", reason="not in use")
    assert ask("model.restore", name="m@2", reason="needed")["status"] == "REJECTED"
    with pytest.raises(UsageError, match="and not archived"):
        ask("model.restore", name="m@2", reason="needed")


def test_tags_come_and_go(home, ask):
    assert ask("model.tag", name="m@1", tags={"region": "eu", "seen": ""})["tags"] == {
        "region": "eu",
        "seen": "",
    }
    assert ask("model.tag", name="m@1", tags={}, remove=["seen"])["tags"] == {"region": "eu"}
    for more in ({"remove": ["gone"], "tags": {}}, {"tags": {"region": "eu"}}, {"tags": {"a b": "x"}},
                 {"tags": {"a": "x\ny"}}, {"tags": {f"t{n}": "" for n in range(65)}}):  # fmt: skip
        with pytest.raises(UsageError):
            ask("model.tag", name="m@1", **more)
    assert [r["key"] for r in ask("search", query="models tags.region = eu")["results"]] == ["m@1"]
    assert [m["version"] for m in ask("inventory.list", tag="region=eu")["models"]] == [1]


def test_owner_tier_and_expiry_are_found(home, ask, clock):
    ask("model.describe", name="m@1", owners=["Risk team", "Eve"], tier="high", purpose="Sorts")
    ask("model.approve", name="m@1", reason="seen", expires="90d")
    for query in (
        "owner = 'Risk team'",
        "owner = Eve",
        "tier = high",
        "expires < 2026-06-01",
        "approved_by = ada",
    ):
        assert [r["key"] for r in ask("search", query=f"models {query}")["results"]] == ["m@1"], query
    assert ask("search", query="models expires < 2026-02-01")["results"] == []
    for filters in ({"tier": "none"}, {"owner": "none"}, {"status": "pending"}):
        assert [m["version"] for m in ask("inventory.list", **filters)["models"]] == [2, 3]


def test_an_answer_keeps_its_question_and_is_open_again_when_that_is_asked_otherwise(ask, policy):
    policy('questions: {harm: "Who is harmed?"}\n')
    found = ask("model.answer", name="m@1", answers={"harm": "Clerks."}, actor="eve")
    assert found["open"] == [] and [q["by"] for q in found["questions"]] == ["eve"]
    policy('questions: {harm: "Who is harmed, and how badly?"}\n')
    asked = ask("model.show", name="m@1")["questions"][0]
    assert (asked["answer"], asked["stale"]) == ("Clerks.", True)
    assert ask("model.show", name="m@1")["open"] == ["harm"]
    with pytest.raises(Missing, match="no question 'harn' is asked of m@1; did you mean 'harm'"):
        ask("model.answer", name="m@1", answers={"harn": "x"})


def test_answers_are_read_from_a_file(ask, tmp_path):
    (tmp_path / "a.yaml").write_text("harm: Clerks.\nfallback: |\n  By hand.\n  The duty manager.\n")
    found = ask("model.answer", name="m@1", file=str(tmp_path / "a.yaml"))
    assert {q["key"]: q["answer"] for q in found["questions"] if q["answer"]} == {
        "harm": "Clerks.",
        "fallback": "By hand.\nThe duty manager.",
    }


def test_an_image_is_recorded_by_its_digest_and_verified_with_the_model(home, ask, tmp_path):
    layout = Layout(tmp_path / "image")
    found = ask("model.image", name="m@1", folder=str(layout.folder))
    assert found["image"]["digest"] == layout.manifest["digest"]
    assert ask("model.verify", name="m@1")["ok"]
    path = layout.path(layout.layer["digest"])
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"!")
    assert [p["kind"] for p in ask("model.verify", name="m@1")["problems"]] == ["changed"]
    path.unlink()
    assert [p["kind"] for p in ask("model.verify", name="m@1")["problems"]] == ["missing"]
    path.write_bytes(whole)
    other = layout.blob(json.dumps({"layers": [layout.layer]}).encode()) | {
        "mediaType": layout.manifest["mediaType"]
    }
    layout.index(other)
    assert [p["kind"] for p in ask("model.verify", name="m@1")["problems"]] == ["changed"]
    ask("model.approve", name="m@1", reason="seen")
    assert ask("model.image", name="m@1", folder=str(layout.folder))["status"] == "PENDING"  # another image


def test_the_history_of_a_model_is_told(ask, clock):
    clock.day = 3
    ask("model.stage", name="m@1", stage="staging", actor="bob")
    found = ask("model.history", name="m@1")["states"]
    assert [(s["action"], s["actor"], s["changed"]) for s in found] == [
        ("model.register", "ada", {}),
        ("model.stage", "bob", {"stage": ["", "staging"]}),
    ]
    assert ask("inventory.list", at="2026-01-02")["models"][0]["stage"] == ""
    assert ask("inventory.list", at="event:3")["models"][0]["stage"] == "staging"
    assert len(json.loads(ask("inventory.export", format="json", at="event:1")["content"])["models"]) == 2


def test_a_time_that_is_none_is_told(ask):
    for at, why in (
        ("2027-01-01", "has not come yet"), ("event:99", "no event 99"), ("soon", "is no time"), ("2026-13-01", "is no time"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=why):
            ask("model.list", at=at)


def test_nothing_is_said_twice(ask):
    ask("model.describe", name="m@1", owners=["Risk"], tier="low")
    with pytest.raises(UsageError, match="described so already"):
        ask("model.describe", name="m@1", owners=["Risk"], tier="low")
    for params in ({"tier": "hgh"}, {"owners": ["a\x1b[2J"]}, {"purpose": "x" * 5000}):
        with pytest.raises(UsageError):
            ask("model.describe", name="m@1", **params)


def test_the_python_door_does_the_same(home, policy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with assay.registry(actor="bob") as models:
        models.describe("m@1", owners=["Risk"], tier="low")
        models.alias("m@1", "champion")
        assert models.approve("m@champion", "seen", expires="1y")["decided_by"] == "bob"
        assert [m["version"] for m in models.models(alias="champion")] == [1]
        path = models.save(tmp_path / "inventory.csv")
        assert path.read_bytes().startswith(b"\xef\xbb\xbf") and "champion" in path.read_text(
            encoding="utf-8-sig"
        )
        with pytest.raises(assay.AssayError, match="m has no version 9; it has 1, 2, 3"):
            models.show("m@9")
    monkeypatch.chdir("/")
    monkeypatch.delenv("ASSAY_HOME", raising=False)
    with pytest.raises(assay.AssayError, match="no home here"):
        assay.registry()


def test_what_was_said_at_registration_holds_until_somebody_says_otherwise(home, ask):
    """A model card's owner, purpose and risk tier reach the registry with the package."""
    enter(home, "carded", owner="Risk", purpose="Sorts", tier="high")
    found = ask("model.show", name="carded")
    assert (found["owners"], found["purpose"], found["tier"]) == (["Risk"], "Sorts", "high")
    found = ask("model.describe", name="carded", tier="low")
    assert (found["owners"], found["purpose"], found["tier"]) == (["Risk"], "Sorts", "low")
