"""Protocols that say who asks in clear text, or take who asks at its word: SNMP without keys, CGI."""

from __future__ import annotations

from collections.abc import Iterator

from assay.checks.code.review._spots import spot
from assay.kernel.severity import Severity
from assay.methods.review.python.program import Program
from assay.methods.review.python.values import Call
from assay.methods.review.spot import Spot

LANGUAGE = "python"
_CGI = (
    "wsgiref.handlers.CGIHandler",
    "twisted.web.twcgi.CGIScript",
    "twisted.web.twcgi.CGIDirectory",
)


def rule(program: Program) -> Iterator[Spot]:
    """Name each."""
    for call in program.calls:
        if call.name.startswith("pysnmp."):
            yield from _snmp(program, call)
        elif call.name in _CGI:
            yield spot(
                program, call.node, "cgi", Severity.MEDIUM, "A caller's header Proxy becomes HTTP_PROXY, by which this program and what it starts then ask.",
                "WSGI behind a server, or a server that drops the header", "CWE-807",
            )  # fmt: skip


def _snmp(program: Program, call: Call) -> Iterator[Spot]:
    if call.method == "CommunityData" and call.says("mpModel", 0, 1):
        yield spot(
            program, call.node, "clear_text", Severity.MEDIUM, "SNMP before version 3 sends its password and all else in clear text.",
            "UsmUserData with authKey and privKey", "CWE-319",
        )  # fmt: skip
    elif call.method == "UsmUserData" and not call.spread:
        signed, hidden = call.arg(1, "authKey"), call.arg(2, "privKey")
        if signed is None or hidden is None:
            yield spot(
                program, call.node, "clear_text", Severity.MEDIUM, f"This user of SNMP has no key for {'signing' if signed is None else 'hiding'} what is sent.",
                "authKey and privKey", "CWE-319",
            )  # fmt: skip
