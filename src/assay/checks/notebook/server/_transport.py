"""What travels in clear text, which versions of TLS are spoken, and what the certificate is worth."""

from __future__ import annotations

from collections.abc import Mapping

from assay.checks.notebook.server._answer import Answer, Question, doubted, encrypted, finding, outside
from assay.kernel.severity import Severity
from assay.methods.jupyter.posture import Posture
from assay.methods.loopback import is_loopback

_SECURE = "`assay notebook secure` makes one, with its own authority"


def clear_text(posture: Posture) -> Answer:
    """Whether it speaks TLS."""
    safe = encrypted(posture)
    if safe is None:
        return doubted(posture, "ServerApp.certfile")
    if safe:
        return []
    reach = outside(posture)
    if reach is False:  # the tunnel encrypts what leaves the machine
        return []
    return [
        finding(
            posture, "clear_text", Severity.HIGH,
            "It speaks HTTP without TLS: the token, the code and the data are read on the way.",
            f"give it a certificate ({_SECURE}), or reach it by `assay notebook tunnel`", "CWE-319", trait="ServerApp.certfile",
        )
    ]  # fmt: skip


def versions(posture: Posture) -> Answer:
    """Which versions of TLS it speaks."""
    if not encrypted(posture):
        return []
    spoken = posture.observed.get("versions")
    if not isinstance(spoken, Mapping):
        return "only a server that runs tells them"
    old = [name for name in ("SSLv3", "TLSv1", "TLSv1.1") if spoken.get(name)]
    if old:
        return [
            finding(
                posture, "tls_version", Severity.HIGH, f"It still speaks {', '.join(old)}.",
                "set ServerApp.ssl_options so that TLS 1.2 is the least, or leave it out", "CWE-326",
                trait="ServerApp.ssl_options",
            )
        ]  # fmt: skip
    return [] if spoken.get("TLSv1.2") or spoken.get("TLSv1.3") else "no version of TLS was agreed on"


def certificate(posture: Posture) -> Answer:
    """What its certificate is worth."""
    if not encrypted(posture):
        return []
    told = posture.observed.get("certificate")
    if not isinstance(told, Mapping):
        return doubted(posture, "ServerApp.certfile") or "its certificate could not be read"
    found = []
    days = told.get("days")
    if isinstance(days, int | float) and days < 0:
        found.append((Severity.HIGH, "expired", f"Its certificate ended on {told.get('until')}.", "CWE-298"))
    elif isinstance(days, int | float) and days < 14:
        found.append((Severity.MEDIUM, "expires", f"Its certificate ends on {told.get('until')}.", "CWE-298"))
    if told.get("early"):
        found.append((Severity.HIGH, "expired", f"Its certificate begins on {told.get('since')}.", "CWE-298"))
    if told.get("named") is False:
        text = f"Its certificate is for {told.get('names') or 'nobody'}, and not for this address."
        found.append((Severity.MEDIUM, "names", text, "CWE-297"))
    if told.get("weak"):
        found.append((Severity.HIGH, "weak", f"Its certificate is weak: {told['weak']}.", "CWE-326"))
    if told.get("trusted") is False:
        text = "No authority that this machine trusts vouches for its certificate, so nobody can tell it from another's."
        found.append((Severity.LOW, "untrusted", text, "CWE-295"))
    remedy = f"make a new one ({_SECURE}, which browsers can be told to trust)"
    return [
        finding(posture, f"certificate_{rule}", severity, text, remedy, cwe, trait="ServerApp.certfile")
        for severity, rule, text, cwe in found
    ]


def key_file(posture: Posture) -> Answer:
    """Whether others read its private key."""
    return [
        finding(
            posture, "key_readable", Severity.HIGH, f"Others than its owner may read its private key (mode {f.get('mode')}).",
            "chmod 600, and make a new key: this one may be known", "CWE-732", trait="ServerApp.keyfile",
            file=str(f.get("path")),
        )
        for f in posture.files
        if f.get("kind") == "key" and int(str(f.get("mode", "0")), 8) & 0o077
    ]  # fmt: skip


def kernels(posture: Posture) -> Answer:
    """Whether kernels listen to the network."""
    if why := doubted(posture, "KernelManager.ip"):
        return why
    address = str(posture.value("KernelManager.ip", "127.0.0.1"))
    if not address or is_loopback(address):
        return []
    return [
        finding(
            posture, "kernel_bind", Severity.HIGH, f"Its kernels listen on {address}, and what they are told is not encrypted.",
            "leave KernelManager.ip out", "CWE-668", trait="KernelManager.ip",
        )
    ]  # fmt: skip


QUESTIONS: tuple[Question, ...] = (clear_text, versions, certificate, key_file, kernels)
