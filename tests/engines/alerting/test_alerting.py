"""Alerts over HTTP: what a receiver gets, what is tried again, and where nothing is ever sent."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
from dataclasses import replace

import pytest

from assay.engines.alerting import pagerduty, reaching, slack, webhook
from assay.engines.alerting.alert import Alert, Undelivered

HERE = ("127.0.0.1",)


def quiet(_seconds):
    """Waits for nothing."""


def test_a_webhook_is_signed_over_its_time_and_body(receiver, alert):
    done = webhook.send(alert, receiver.url + "/hook?a=b", b"secret", HERE)
    assert (done.tries, done.said) == (1, "ok")
    ((path, headers, body),) = receiver.got
    assert path == "/hook?a=b" and headers["Assay-Event"] == alert.key
    moment, mine = (part.partition("=")[2] for part in headers["Assay-Signature"].split(","))
    assert mine == hmac.new(b"secret", moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    told = json.loads(body)
    assert told["schema"] == "assay.alert/1" and told["violations"] == [{"rule": "traffic.quality.range"}]


def test_the_signature_is_that_of_rfc_2104():
    expected = hmac.digest(b"key", b"5.body", "sha256").hex()
    assert webhook.signature(b"key", 5, b"body") == expected


def test_what_may_be_tried_again_is_and_what_may_not_is_told_at_once(receiver, alert):
    receiver.answers = [(503, ""), (429, "1"), (200, "")]
    pauses = []
    assert webhook.send(alert, receiver.url, b"s", HERE, pause=pauses.append).tries == 3
    assert 0.25 <= pauses[0] <= 0.5 and pauses[1] >= 1
    receiver.got.clear()
    receiver.answers = [(403, "")]
    with pytest.raises(Undelivered, match="status 403") as told:
        webhook.send(alert, receiver.url, b"s", HERE, pause=quiet)
    assert len(receiver.got) == 1 and not told.value.again
    receiver.answers = [(500, "")]
    with pytest.raises(Undelivered, match="status 500") as told:
        webhook.send(alert, receiver.url, b"s", HERE, pause=quiet)
    assert len(receiver.got) == 1 + 4 and told.value.again


def test_nobody_there_is_told_after_a_few_tries(alert):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    tried = []
    with pytest.raises(Undelivered, match="cannot be reached") as told:
        webhook.send(alert, f"http://127.0.0.1:{port}", b"s", HERE, pause=tried.append)
    assert len(tried) == 3 and told.value.again


def test_a_redirect_is_not_followed(receiver, alert):
    receiver.answers = [(302, receiver.url + "/elsewhere")]
    with pytest.raises(Undelivered, match="status 302"):
        webhook.send(alert, receiver.url, b"s", HERE, pause=quiet)
    assert [path for path, _, _ in receiver.got] == ["/"]


def test_a_certificate_is_held_against_whom_is_trusted(secure, alert, certificate):
    with pytest.raises(Undelivered, match="not trusted"):
        webhook.send(alert, secure.url, b"s", HERE, pause=quiet)
    assert webhook.send(alert, secure.url, b"s", HERE, ca=str(certificate[0])).tries == 1
    other = secure.url.replace("127.0.0.1", "localhost")
    assert webhook.send(alert, other, b"s", ("localhost",), ca=str(certificate[0])).tries == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/latest",
        "http://[::ffff:169.254.169.254]/",
        "http://2852039166/",  # the same, as one number
        "http://0xa9fea9fe/",
        "http://0.0.0.0/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://100.100.100.200/",
        "http://[fe80::1]/",
    ],
)
def test_nothing_is_ever_sent_to_where_clouds_hand_out_credentials(url, alert):
    from urllib.parse import urlsplit

    host = str(urlsplit(url).hostname)
    with pytest.raises(Undelivered) as told:
        webhook.send(alert, url, b"s", (host, "*"), pause=quiet)
    assert not told.value.again and "nothing is ever sent" in str(told.value)


def test_a_name_that_leads_to_a_forbidden_address_is_refused_whatever_the_list_says(alert, monkeypatch):
    def resolved(*_, **__):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 443)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 443)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    with pytest.raises(Undelivered, match="nothing is ever sent"):
        webhook.send(alert, "https://rebound.example/", b"s", ("rebound.example",), pause=quiet)


def test_a_host_that_is_not_listed_is_refused_and_so_is_plain_http_to_the_world(receiver, alert, monkeypatch):
    with pytest.raises(Undelivered, match="may not be sent to 127.0.0.1"):
        webhook.send(alert, receiver.url, b"s", ("alerts.example.com",), pause=quiet)
    public = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: public)
    with pytest.raises(Undelivered, match="in the clear"):
        webhook.send(alert, "http://alerts.example.com/", b"s", ("alerts.example.com",), pause=quiet)
    assert receiver.got == []


@pytest.mark.parametrize(
    "url", ["", "ftp://h/", "http://", "http://h:99999/", "http://127.0.0.1/a b", "http://127.0.0.1/\r\nX: y"]
)
def test_what_is_no_url_is_refused(url, alert):
    with pytest.raises(Undelivered, match="URL is none"):
        reaching.post(url, b"", {}, ("h", "127.0.0.1"))


def test_slack_gets_a_text_and_blocks_in_which_nothing_is_a_link(receiver, alert):
    slack.send(alert, receiver.url + "/services/T/B/x", HERE)
    told = json.loads(receiver.got[0][2])
    assert told["text"].endswith("lead_time &lt;now&gt;") and told["blocks"][0]["type"] == "header"
    assert told["blocks"][1]["text"]["text"] == "• lead_time is below 0 in 31 % of the rows &amp; more"
    many = Alert(
        "k", "t", "low", "s", "now", tuple("x" * 1000 for _ in range(20)), {str(i): "v" for i in range(20)}
    )
    shown = slack.told(many)["blocks"]
    assert len(shown[1]["text"]["text"]) <= 3000 and len(shown[2]["fields"]) == 10


def test_pagerduty_gets_an_event_that_triggers_one_incident_for_a_key(receiver, alert):
    receiver.answers = [(202, "")]
    pagerduty.send(alert, "R0UT1NG", HERE, url=receiver.url + "/v2/enqueue")
    path, _, body = receiver.got[0]
    told = json.loads(body)
    assert path == "/v2/enqueue" and told["event_action"] == "trigger" and told["routing_key"] == "R0UT1NG"
    assert told["dedup_key"] == alert.key and told["payload"]["severity"] == "error"
    assert {"summary", "source", "severity", "timestamp"} <= told["payload"].keys()
    long = Alert("k" * 300, "t" * 3000, "info", "s", "now", detail={"all": "x" * 600_000})
    pagerduty.send(long, "R", HERE, url=receiver.url)
    assert len(receiver.got[1][2]) < 512_000
    short = json.loads(receiver.got[1][2])
    assert len(short["dedup_key"]) == 64 and len(short["payload"]["summary"]) == 1024


def test_pagerduty_resolves_the_incident_of_a_matter_and_triggers_the_same_while_it_lasts(receiver, alert):
    receiver.answers = [(202, "")]
    for one in (
        replace(alert, matter="hourly/first/bad"),
        replace(alert, key="hourly/later/bad", matter="hourly/first/bad"),
        replace(alert, key="hourly/end/bad/over", matter="hourly/first/bad", over=True),
    ):
        pagerduty.send(one, "R", HERE, url=receiver.url)
    told = [json.loads(body) for _, _, body in receiver.got]
    assert [(t["event_action"], t["dedup_key"]) for t in told] == [
        ("trigger", "hourly/first/bad"),
        ("trigger", "hourly/first/bad"),
        ("resolve", "hourly/first/bad"),
    ]


def test_slack_shows_that_it_is_over(alert):
    assert str(slack.told(replace(alert, over=True))["text"]).startswith(":white_check_mark:")
