"""The parts of a rule."""

from __future__ import annotations

from assay.methods.remedies.parts import channel, named, parts


def test_an_alert_has_a_part_for_each_channel_and_every_other_deed_is_one():
    assert parts(2, "alert", ["ops", "mail"]) == ["2-alert:ops", "2-alert:mail"]
    assert parts(0, "rollback") == ["0-rollback"]


def test_a_deed_is_called_by_its_verb_and_channel():
    assert [named("alert", "2-alert:ops"), named("rollback", "0-rollback")] == ["alert ops", "rollback"]
    assert (channel("2-alert:ops"), channel("0-rollback")) == ("ops", "")
