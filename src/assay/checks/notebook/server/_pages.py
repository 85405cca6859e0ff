"""What pages of other sites, open in the same browser, may do with it."""

from __future__ import annotations

from collections.abc import Mapping

from assay.checks.notebook.server._answer import Answer, Question, doubted, finding, outside
from assay.kernel.severity import Severity
from assay.methods.jupyter.posture import Posture

_WIDE = (".*", ".+", "^.*$", "^.+$", "https?://.*", "http://.*", "https://.*", "^https?://.*$")


def other_origins(posture: Posture) -> Answer:
    """Which other sites may read its answers."""
    seen = posture.observed.get("cors")
    origin, pattern = (
        posture.value("ServerApp.allow_origin", ""),
        posture.value("ServerApp.allow_origin_pat", ""),
    )
    if isinstance(seen, Mapping):
        wide, cookies = bool(seen.get("any")), bool(seen.get("credentials"))
    elif why := doubted(
        posture, "ServerApp.allow_origin", "ServerApp.allow_origin_pat", "ServerApp.allow_credentials"
    ):
        return why
    else:
        wide = origin == "*" or str(pattern).strip() in _WIDE
        cookies = bool(posture.value("ServerApp.allow_credentials", False))
    if not wide:
        return []
    return [
        finding(
            posture, "cors", Severity.CRITICAL if cookies else Severity.HIGH,
            "Any page open in its user's browser may ask it and read its answers"
            + (", with the user's own cookie." if cookies else "."),
            "leave allow_origin out, or name the one site that needs it", "CWE-942",
            trait="ServerApp.allow_origin" if origin else "ServerApp.allow_origin_pat",
        )
    ]  # fmt: skip


def forged_requests(posture: Posture) -> Answer:
    """Whether requests that other pages forge are told from its own."""
    seen = posture.observed.get("xsrf")
    if seen is None:
        if why := doubted(posture, "ServerApp.disable_check_xsrf"):
            return why
        if posture.running and not posture.settings and not posture.process:
            return "it was not seen from outside"
        seen = not posture.value("ServerApp.disable_check_xsrf", False)
    if seen:
        return []
    return [
        finding(
            posture, "xsrf", Severity.HIGH, "It does not tell its own pages' requests from those that another site forges.",
            "leave disable_check_xsrf out", "CWE-352", trait="ServerApp.disable_check_xsrf",
        )
    ]  # fmt: skip


def rebinding(posture: Posture) -> Answer:
    """Whether it answers to names that are not its own."""
    seen = posture.observed.get("any_host")
    if seen is None:
        if why := doubted(posture, "ServerApp.allow_remote_access"):
            return why
        seen = bool(posture.value("ServerApp.allow_remote_access", False))
    if not seen or outside(posture) is not False:
        return []
    return [
        finding(
            posture, "rebinding", Severity.MEDIUM,
            "It answers to any name, so that a site whose name is led to 127.0.0.1 passes for it.",
            "leave allow_remote_access out, and name proxies in local_hostnames", "CWE-350",
            trait="ServerApp.allow_remote_access",
        )
    ]  # fmt: skip


def framed(posture: Posture) -> Answer:
    """Whether other pages may frame it."""
    headers = posture.observed.get("headers")
    if not isinstance(headers, Mapping):
        return [] if not posture.running else "its headers were not seen"
    policy = str(headers.get("content-security-policy", ""))
    ancestors = next((p.split()[1:] for p in policy.split(";") if p.split()[:1] == ["frame-ancestors"]), None)
    if (ancestors is None and not headers.get("x-frame-options")) or (ancestors and "*" in ancestors):
        return [
            finding(
                posture, "framed", Severity.MEDIUM, "Any page may show it in a frame, and have its user click there.",
                "leave the Content-Security-Policy of tornado_settings as it comes", "CWE-1021", trait="ServerApp.tornado_settings",
            )
        ]  # fmt: skip
    return []


def proxied(posture: Posture) -> Answer:
    """Whether it believes whoever says to be a proxy."""
    if why := doubted(posture, "ServerApp.trust_xheaders"):
        return why
    if not posture.value("ServerApp.trust_xheaders", False) or outside(posture) is False:
        return []
    return [
        finding(
            posture, "xheaders", Severity.LOW, "It believes X-Forwarded-For of anybody, so that its log can be lied to.",
            "set trust_xheaders only behind a proxy that alone reaches it", "CWE-348", trait="ServerApp.trust_xheaders",
        )
    ]  # fmt: skip


QUESTIONS: tuple[Question, ...] = (other_origins, forged_requests, rebinding, framed, proxied)
