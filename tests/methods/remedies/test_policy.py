"""Policies and channels: what they say, and the line of what is wrong with them."""

from __future__ import annotations

import pytest

from assay.kernel.errors import UsageError
from assay.kernel.severity import Severity
from assay.methods.remedies import channels, policy
from assay.methods.remedies.deeds import TEMPLATE

POLICY = b"""\
rules:
  - name: input
    when: {check: traffic.*, rule: traffic.quality.*, severity: high, column: [lead, adr], consecutive: 2}
    do:
      - finding
      - alert: [ops, chat]
      - rollback
      - shift: {weights: {v1: 1, v2: 0}}
      - shift: {away: true}
      - fallback: {answer: 0, rules: [{column: lead, op: "<", value: 0, then: 1}]}
      - fallback: 1
      - quarantine: 2h
      - retrain: {pipeline: assay.yaml, data: bookings, label: y, window: 7d, set: {model.rounds: 5}}
    mode: propose
    cooldown: 6h
    per_day: 2
  - when: {metric: estimated_auc, below: 0.7}
    do: rollback
  - when: {status: failed, consecutive: 3}
    do: {alert: ops}
"""


def violation(rule="traffic.quality.range", severity="high", column="lead"):
    return {"rule": rule, "severity": severity, "where": {"column": column}}


def test_a_policy_says_when_and_what():
    found = policy.read(POLICY, "p.yaml")
    first, second, third = found.rules
    assert [d.verb for d in first.do] == [
        "finding", "alert", "rollback", "shift", "shift", "fallback", "fallback", "quarantine", "retrain",
    ]  # fmt: skip
    said = [d.said for d in first.do]
    assert said[1] == {"to": ["ops", "chat"]} and said[3] == {"weights": {"v1": 1.0, "v2": 0.0}}
    assert said[5]["rules"] == [{"column": "lead", "op": "<", "value": 0, "then": 1}] and said[6]["else"] == 1
    assert said[7]["for"] == 7200 and said[8]["window"] == 604_800 and said[8]["set"] == {"model.rounds": 5}
    assert (first.mode, first.cooldown, first.per_day) == ("propose", 21_600, 2)
    assert (second.name, second.mode, third.when.status) == ("rule-2", "act", "failed")
    assert found.channels == {"ops": "p.yaml:20", "chat": "p.yaml:6"} and first.when.severity is Severity.HIGH


def test_a_rule_fits_the_violations_it_names():
    when, metric, failed = (r.when for r in policy.read(POLICY, "p").rules)
    assert when.fits("traffic.quality", [violation()], {}, False)
    for other in (
        violation(rule="traffic.drift.column"),
        violation(severity="medium"),
        violation(column="meal"),
    ):
        assert not when.fits("traffic.quality", [other], {}, False)
    assert not when.fits("data.drift", [violation()], {}, False)
    assert metric.fits("x", [], {"estimated_auc": 0.69}, False)
    assert not metric.fits("x", [], {"estimated_auc": 0.7}, False) and not metric.fits("x", [], {}, False)
    assert failed.fits("x", [], {}, True) and not failed.fits("x", [violation()], {}, False)


def test_the_template_is_a_policy():
    assert policy.read(TEMPLATE.encode(), "t").rules[0].mode == "propose"


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("", 1, "is empty"),
        ("rules: []", 1, "list of `rules`"),
        ("rule:\n- x", 1, "no 'rule'"),
        ("rules:\n- when: {}\n", 2, "no `do:`"),
        ("rules:\n- do: rollback\n", 2, "no `when:`"),
        ("rules:\n- when: {}\n  do: rolback", 3, "rolback"),
        ("rules:\n- when: {severty: high}\n  do: rollback", 2, "severty"),
        ("rules:\n- when: {severity: grave}\n  do: rollback", 2, "severity cannot be"),
        ("rules:\n- when: {consecutive: 0}\n  do: rollback", 2, "consecutive takes"),
        ("rules:\n- when: {consecutive: true}\n  do: rollback", 2, "consecutive takes"),
        ("rules:\n- when: {metric: auc}\n  do: rollback", 2, "a bound"),
        ("rules:\n- when: {metric: auc, below: .nan}\n  do: rollback", 2, "below takes a number"),
        ("rules:\n- when: {}\n  do:\n  - alert: []", 4, "to nobody"),
        ("rules:\n- when: {}\n  do:\n  - alert", 4, "to nobody"),
        ("rules:\n- when: {}\n  do:\n  - shift: {}", 4, "weights, or away"),
        ("rules:\n- when: {}\n  do:\n  - shift: {weights: {a: 0}}", 4, "nobody would answer"),
        ("rules:\n- when: {}\n  do:\n  - shift: {weights: {a: -1}}", 4, "a weight takes"),
        ("rules:\n- when: {}\n  do:\n  - quarantine: {for: soon}", 4, "for cannot be"),
        ("rules:\n- when: {}\n  do:\n  - quarantine: {fur: 1h}", 4, "fur"),
        ("rules:\n- when: {}\n  do:\n  - retrain: p.yaml", 4, "no 'data'"),
        ("rules:\n- when: {}\n  do:\n  - fallback: {rules: []}", 4, "answers something"),
        ("rules:\n- when: {}\n  do:\n  - rollback: 5", 4, "takes no 5"),
        ("rules:\n- when: {}\n  do: rollback\n  cooldown: never", 4, "cooldown cannot be"),
        ("rules:\n- when: {}\n  do: rollback\n  per_day: 0", 4, "per_day takes"),
        ("rules:\n- when: {}\n  do: rollback\n  mode: maybe", 4, "mode cannot be"),
        ("rules:\n- {name: a, when: {}, do: rollback}\n- {name: a, when: {}, do: finding}", 3, "two rules"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text, line, why):
    with pytest.raises(UsageError, match=why) as told:
        policy.read(text.encode(), "p.yaml")
    assert told.value.where == f"p.yaml:{line}"


CHANNELS = """\
hosts: [alerts.example.com, "10.0.0.5", "*.internal.example"]
channels:
  ops: {webhook: "https://alerts.example.com/hook", secret: env:OPS}
  chat: {slack: env:SLACK_URL}
  pager: {pagerduty: file:/run/secrets/pd}
  mail: {email: [ada@example.com], from: assay@example.com, server: mail.internal.example, port: 587, user: u, password: env:P}
  topic: {sns: "arn:aws:sns:eu-central-1:111122223333:models"}
"""


def test_channels_are_read_with_the_hosts_that_they_may_lead_to(tmp_path):
    (tmp_path / "channels.yaml").write_text(CHANNELS)
    found = channels.load(tmp_path / "channels.yaml")
    assert {n: c.kind for n, c in found.by_name.items()} == {
        "ops": "webhook", "chat": "slack", "pager": "pagerduty", "mail": "email", "topic": "sns",
    }  # fmt: skip
    assert "hooks.slack.com" in found.of("slack") and "hooks.slack.com" not in found.of("webhook")
    assert channels.load(tmp_path / "none.yaml").by_name == {}


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("hosts: [https://x/y]", 1, "is no host"),
        ("channels:\n  a: {webhok: x}", 2, "webhok|webhook"),
        ("channels:\n  a: {webhook: 'https://h/', slack: env:X}", 2, "one kind"),
        ("channels:\n  a: {webhook: 'https://h/'}", 2, "no secret"),
        ("channels:\n  a: {webhook: 'https://h/', secret: hunter2}", 2, "would stand in this file"),
        ("channels:\n  a: {slack: 'https://hooks.slack.com/services/T/B/x'}", 2, "would stand in this file"),
        ("channels:\n  a: {pagerduty: abc}", 2, "would stand in this file"),
        ("channels:\n  a: {webhook: 'https://u:p@h/', secret: env:X}", 2, "holds a password"),
        ("channels:\n  a: {webhook: 'ftp://h/', secret: env:X}", 2, "no URL"),
        ("channels:\n  a: {sns: models}", 2, "no topic"),
        ("channels:\n  a: {email: ada, from: b@example.com, server: h}", 2, "no e-mail address"),
        ("channels:\n  a: {email: ada@example.com, server: h}", 2, "no 'from'"),
        (
            "channels:\n  a: {email: ada@example.com, from: b@example.com, server: h, password: env:X}",
            2,
            "user and password",
        ),
        (
            "channels:\n  a: {email: ada@example.com, from: b@example.com, server: h, security: ssl}",
            2,
            "security cannot be",
        ),
        ("channels:\n  a b: {slack: env:X}", 2, "cannot be called"),
    ],
)
def test_what_is_wrong_with_a_channel_is_told_with_its_line(tmp_path, text, line, why):
    path = tmp_path / "channels.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=why) as told:
        channels.load(path)
    assert told.value.where == f"{path}:{line}"
