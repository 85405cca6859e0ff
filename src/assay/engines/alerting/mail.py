"""E-mail, over SMTP with STARTTLS: plain text, told as sent by a program."""

from __future__ import annotations

import hashlib
import smtplib
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any

from assay.engines.alerting.alert import Alert, Delivered, Undelivered
from assay.engines.alerting.reaching import SECONDS, Route, connected, route, trusting
from assay.engines.alerting.trying import delivered
from assay.kernel.printable import printable


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server. security: starttls, tls or none, which is for a server inside the network alone."""

    host: str
    port: int = 587
    security: str = "starttls"
    user: str = ""
    password: str = ""
    ca: str = ""


class _Smtp(smtplib.SMTP):
    """Connects to the address that was judged, and greets by the name that was asked for."""

    def __init__(self, way: Route) -> None:
        self._way = way
        super().__init__(way.host, way.port, timeout=SECONDS)

    def _get_socket(self, host: str, port: int, timeout: Any) -> socket.socket:
        return connected(self._way, SECONDS)


class _SmtpTls(_Smtp):
    def __init__(self, way: Route, ca: str) -> None:
        self._trust = trusting(ca)
        super().__init__(way)

    def _get_socket(self, host: str, port: int, timeout: Any) -> socket.socket:
        return self._trust.wrap_socket(connected(self._way, SECONDS), server_hostname=self._way.host)


def send(
    alert: Alert,
    to: Sequence[str],
    sender: str,
    server: Server,
    hosts: Sequence[str],
    *,
    pause: Callable[[float], None] = time.sleep,
) -> Delivered:
    """Send an alert; Undelivered where the server does not take it for each of them."""
    message = told(alert, to, sender)

    def once() -> tuple[int, str, str]:
        way = route(server.host, server.port, hosts)
        if server.security == "none" and not way.inside:
            raise Undelivered(
                f"{server.host} would be told in the clear", remedy="say security: starttls", again=False
            )
        try:
            with _SmtpTls(way, server.ca) if server.security == "tls" else _Smtp(way) as smtp:
                if server.security == "starttls":
                    smtp.starttls(context=trusting(server.ca))
                if server.user:
                    smtp.login(server.user, server.password)
                refused = smtp.send_message(message, sender, list(to))
        except smtplib.SMTPRecipientsRefused as error:
            refused = error.recipients
        except smtplib.SMTPResponseException as error:
            return _status(error.smtp_code), _said(error.smtp_error), ""
        except smtplib.SMTPNotSupportedError as error:  # no STARTTLS there, or no way to log in
            raise Undelivered(f"the mail server cannot do what is asked: {error}", again=False) from None
        except smtplib.SMTPException as error:
            raise OSError(str(error)) from error
        for person, (code, why) in refused.items():
            return _status(code), f"{person}: {_said(why)}", ""
        return 200, "taken", ""

    return delivered(once, "the mail server", pause=pause)


def told(alert: Alert, to: Sequence[str], sender: str) -> EmailMessage:
    """Return an alert as a message. Its id is the same however often it is sent."""
    message = EmailMessage()
    message["Subject"] = printable(
        f"[{'over' if alert.over else alert.severity}] {alert.title}".replace("\n", " ")
    )[:250]
    message["From"], message["To"] = sender, ", ".join(to)
    message["Date"] = formatdate(localtime=False)
    domain = sender.rpartition("@")[2]
    message["Message-ID"] = f"<{hashlib.sha256(alert.key.encode()).hexdigest()[:32]}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    facts = [f"{name}: {value}" for name, value in alert.facts.items()]
    lines = [
        alert.title,
        "",
        *(f"- {line}" for line in alert.lines),
        "",
        *facts,
        "",
        f"{alert.source}, {alert.at}",
    ]
    message.set_content("\n".join(printable(line) for line in lines))
    return message


def _status(code: int) -> int:
    """Return what an SMTP code means in HTTP's words: those from 400 to 499 may be tried again."""
    return 503 if 400 <= code < 500 else 400


def _said(error: bytes | str) -> str:
    return error.decode("utf-8", "replace") if isinstance(error, bytes) else str(error)
