"""A channel is listed without its secret and tried for real; what nobody takes is told, and both are in the log."""

from __future__ import annotations

import pytest

from assay.engines.alerting.alert import Undelivered
from assay.kernel.errors import Missing, UsageError
from assay.office import ledger, verification
from assay.works.call import call


def test_a_test_arrives_and_says_that_nothing_is_wrong(home, hook):
    done = call("channel.test", {"name": "ops"}, home=home)
    (told,) = hook.got
    assert "nothing is wrong" in told["title"] and told["severity"] == "info" and not told["over"]
    assert done["tries"] == 1 and ledger.tail(home.office, 1)[0].action == "channel.test"
    assert verification.verify(home.office).ok


def test_what_nobody_takes_is_told_and_recorded(home, hook):
    hook.answers = [403]
    with pytest.raises(Undelivered, match="status 403"):
        call("channel.test", {"name": "ops"}, home=home)
    assert ledger.tail(home.office, 1)[0].outcome == "failed"


def test_a_channel_that_is_not_there_is_missing_with_the_nearest_name(home, hook):
    with pytest.raises(Missing, match="no channel 'obs'") as told:
        call("channel.test", {"name": "obs"}, home=home)
    assert "ops" in told.value.remedy


def test_the_list_says_what_is_lacking_and_no_secret(home, hook, monkeypatch):
    (one,) = call("channel.list", {}, home=home)["channels"]
    assert one["lacks"] == "" and one["to"].startswith("http://127.0.0.1:") and "hush" not in str(one)
    monkeypatch.delenv("OPS_SECRET")
    (one,) = call("channel.list", {}, home=home)["channels"]
    assert "the environment has no OPS_SECRET" in one["lacks"]
    with pytest.raises(UsageError, match="OPS_SECRET"):
        call("channel.test", {"name": "ops"}, home=home)


def test_an_incident_that_a_test_opens_is_resolved(home, hook):
    path = home.root / "channels.yaml"
    url = path.read_text().split("webhook: '")[1].split("'")[0]
    path.write_text(f"hosts: [127.0.0.1]\nchannels:\n  page: {{pagerduty: env:OPS_SECRET, url: '{url}'}}\n")
    call("channel.test", {"name": "page"}, home=home)
    assert [told["event_action"] for told in hook.got] == ["trigger", "resolve"]
    assert len({told["dedup_key"] for told in hook.got}) == 1
