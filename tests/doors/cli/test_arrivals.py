"""What arrived, told by `assay arrivals`."""

import contextlib
import json

import pytest
from click.testing import CliRunner

from assay.doors.cli.main import cli
from assay.works.call import call
from assay.works.home import Home


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("arrivals") / "incoming"
    folder.mkdir()
    (folder / "good.pkl").write_bytes(b"\x80\x04N.")
    (folder / "bad.pkl").write_bytes(b"\x80\x04cos\nsystem\nX\x02\0\0\0ls\x85R.")
    (folder / "od\x1b[31md.pkl").write_bytes(b"\x80\x04K\x01.")
    with contextlib.closing(Home.create(folder.parent / "home", {"ASSAY_ACTOR": "ada"})) as home:
        call("watch", {"folders": [str(folder)], "once": True, "settle": 0}, home=home)
        return home.root


@pytest.fixture
def watched(root, monkeypatch):
    monkeypatch.setenv("ASSAY_HOME", str(root))


def told(*words):
    return CliRunner().invoke(cli, ["arrivals", *words], standalone_mode=False, catch_exceptions=False).output


def test_what_arrived_is_listed_with_its_verdict_and_shown(watched):
    """Nothing told of arrivals but the watch itself, as it went."""
    found = json.loads(told("list", "--format", "json"))
    assert found["schema"] == "assay.arrivals/1"
    by = {a["what"].rpartition("/")[2][:3]: a for a in found["arrivals"]}
    assert (by["bad"]["outcome"], by["goo"]["outcome"], by["bad"]["state"]) == ("fail", "pass", "scanned")
    bad = json.loads(told("list", "--outcome", "fail", "--format", "json"))["arrivals"]
    assert [a["what"] for a in bad] == [by["bad"]["what"]] and bad[0]["reports"]
    assert json.loads(told("list", "--state", "queued", "--format", "json"))["arrivals"] == []
    assert len(json.loads(told("list", "--limit", "1", "--format", "json"))["arrivals"]) == 1
    shown = json.loads(told("show", by["bad"]["key"][:20], "--format", "json"))
    assert shown == {"schema": "assay.arrival/1", **by["bad"]}
    assert "bad.pkl" in told("show", by["bad"]["key"])


def test_names_do_not_reach_the_terminal_as_they_are(watched):
    for words in (["list"], ["list", "--format", "json"]):
        assert "\x1b" not in told(*words)


def test_a_key_that_is_none_or_several_is_a_sentence(watched):
    from assay.kernel.errors import Missing

    for key, said in (("nothing", "no arrival"), ("sha256:", "several arrivals")):
        with pytest.raises(Missing, match=said):
            told("show", key)
