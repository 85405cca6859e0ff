"""Alerts by e-mail: over STARTTLS to a server that asks who is there; refused in the clear, tried again where that helps."""

from __future__ import annotations

import email
import email.policy

import pytest

from assay.engines.alerting import mail
from assay.engines.alerting.alert import Undelivered

HERE = ("localhost", "127.0.0.1")
TO = ["ada@example.com", "bob@example.com"]


def send(post, alert, certificate, **said):
    server = mail.Server(
        "localhost", post.port, **{"ca": str(certificate[0]), "user": "u", "password": "p", **said}
    )
    return mail.send(alert, TO, "assay@example.com", server, HERE, pause=lambda _: None)


def test_it_is_sent_over_starttls_to_everybody_by_someone_who_is_known(post, alert, certificate):
    assert send(post, alert, certificate).tries == 1
    ((sender, people, text),) = post.got
    assert (sender, people) == ("assay@example.com", TO)
    assert [c.split()[0].upper() for c in post.commands][:4] == ["EHLO", "STARTTLS", "EHLO", "AUTH"]
    told = email.message_from_string(text, policy=email.policy.default)
    assert (
        told["Subject"] == "[high] bookings: 2 violations in lead_time <now>"
        and told["Auto-Submitted"] == "auto-generated"
    )
    assert "- lead_time is below 0 in 31 % of the rows & more" in told.get_content()
    send(post, alert, certificate)
    again = email.message_from_string(post.got[1][2], policy=email.policy.default)
    assert again["Message-ID"] == told["Message-ID"]


def test_what_the_server_puts_off_is_tried_again_and_what_it_refuses_is_told(post, alert, certificate):
    post.said = ["450 later", "450 later", "250 fine"]
    assert send(post, alert, certificate).tries == 2
    post.said = ["550 nobody of that name"]
    with pytest.raises(Undelivered, match="nobody of that name") as told:
        send(post, alert, certificate)
    assert not told.value.again


def test_a_server_without_starttls_is_told_nothing(post, alert, certificate):
    post.starttls = False
    with pytest.raises(Undelivered, match="cannot do what is asked"):
        send(post, alert, certificate)
    assert post.got == [] and not any(c.startswith(("AUTH", "MAIL")) for c in post.commands)
    assert send(post, alert, certificate, security="none", user="").tries == 1  # inside the network it may be


def test_a_server_that_is_not_trusted_or_not_allowed_is_told_nothing(post, alert):
    with pytest.raises(Undelivered, match="not trusted"):
        send(post, alert, ("",))
    server = mail.Server("localhost", post.port)
    with pytest.raises(Undelivered, match="may not be sent to localhost"):
        mail.send(alert, TO, "assay@example.com", server, ("mail.example.com",), pause=lambda _: None)
    assert post.got == []


def test_a_title_cannot_add_a_header(alert):
    from dataclasses import replace

    told = mail.told(replace(alert, title="a\nBcc: eve@example.com\r\nX: y"), TO, "assay@example.com")
    assert told["Bcc"] is None and "\n" not in told["Subject"]
