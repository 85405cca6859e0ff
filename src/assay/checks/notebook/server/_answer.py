"""What a question about a server gives: findings, or the reason why it has no answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assay.kernel.report import Finding
from assay.kernel.severity import Severity
from assay.methods.jupyter.posture import Posture
from assay.methods.loopback import is_loopback

Answer = list[Finding] | str
Question = Callable[[Posture], Answer]


def finding(
    posture: Posture,
    rule: str,
    severity: Severity,
    message: str,
    remedy: str,
    cwe: str,
    *,
    trait: str = "",
    file: str = "",
) -> Finding:
    """Make a finding; trait: the setting it is about, which says where it is set."""
    where: dict[str, Any] = {"resource": posture.target}
    if trait:
        where["field"] = trait
        place, _, line = posture.where(trait).rpartition(":")
        if place and line.isdigit():
            where |= {"file": place, "line": int(line)}
        elif posture.where(trait):
            where["file"] = posture.where(trait)
    if file:
        where["file"] = file
    return Finding(f"notebook.server.{rule}", severity, message, where, remedy, (cwe,))


def outside(posture: Posture) -> bool | None:
    """Whether others than this machine reach the server; None where it is not known."""
    seen = posture.observed.get("addresses")
    if isinstance(seen, list) and seen:
        return not all(is_loopback(str(a).strip().lower()) for a in seen)
    if "ServerApp.ip" in posture.unknown:
        return None
    if posture.running and not posture.settings and not posture.process:
        return None
    if posture.value("ServerApp.sock"):
        return False
    return not is_loopback(str(posture.value("ServerApp.ip", "localhost")).strip().lower())


def encrypted(posture: Posture) -> bool | None:
    """Whether it speaks TLS; None where it is not known."""
    if "tls" in posture.observed:
        return bool(posture.observed["tls"])
    if "ServerApp.certfile" in posture.unknown:
        return None
    return bool(posture.value("ServerApp.certfile"))


def doubted(posture: Posture, *traits: str) -> str:
    """Return why one of these traits cannot be told, empty where each can."""
    return next((f"{t}: {posture.unknown[t]}" for t in traits if t in posture.unknown), "")
