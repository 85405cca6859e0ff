"""Who reaches the server, and what it asks of them."""

from __future__ import annotations

from assay.checks.notebook.server._answer import Answer, Question, doubted, encrypted, finding, outside
from assay.kernel.severity import Severity
from assay.methods.jupyter.passwords import LEAST_TOKEN
from assay.methods.jupyter.posture import PASSWORD, TOKEN, Posture

_SECURE = "`assay notebook secure` writes it"


def bound(posture: Posture) -> Answer:
    """Which addresses it listens on."""
    reached = outside(posture)
    if reached is None:
        return doubted(posture, "ServerApp.ip") or "the machine it runs on knows: check it there"
    if not reached:
        return []
    seen = posture.observed.get("addresses") or [posture.value("ServerApp.ip")]
    shown = ", ".join(str(a) or "every address" for a in seen)
    safe = encrypted(posture)
    return [
        finding(
            posture, "bind", Severity.MEDIUM if safe else Severity.HIGH,
            f"It listens on {shown}, so that whoever reaches the machine reaches the notebook"
            + ("." if safe else ", and what is said travels in clear text."),
            f"bind it to 127.0.0.1 ({_SECURE}) and reach it by `assay notebook tunnel`", "CWE-668", trait="ServerApp.ip",
        )
    ]  # fmt: skip


def open_to_all(posture: Posture) -> Answer:
    """Whether it asks for a token or a password."""
    seen = posture.observed.get("open")
    if seen is None and (why := doubted(posture, TOKEN, PASSWORD)):
        return why
    token, password = posture.value(TOKEN), posture.value(PASSWORD)
    if isinstance(token, dict) and token.get("bits") == 0 and not posture.process.get("token"):
        said = password.get("strength") if isinstance(password, dict) else "none"
        configured = said == "none"
    else:
        configured = False
    if posture.value("ServerApp.identity_provider_class") and seen is None:
        return "another identity provider decides it: check the server while it runs"
    if not (configured if seen is None else seen):
        return []
    reach = outside(posture)
    return [
        finding(
            posture, "open", Severity.HIGH if reach is False else Severity.CRITICAL,
            "It asks for neither a token nor a password: "
            + ("any program and any user of this machine" if reach is False else "anybody who reaches it")
            + " runs code as its owner.",
            f"leave out the empty token, and set a password ({_SECURE})", "CWE-306", trait=TOKEN,
        )
    ]  # fmt: skip


def token(posture: Posture) -> Answer:
    """How hard its token is to guess, and whether it lies about."""
    found = []
    value = posture.value(TOKEN)
    strength = value.get("bits", 0.0) if isinstance(value, dict) else None
    if strength and strength < LEAST_TOKEN:
        found.append(
            finding(
                posture, "token_weak", Severity.HIGH,
                f"Its token holds about {strength:.0f} bits at most, and can be guessed.",
                "leave the token out: a new one of 192 bits is drawn at each start", "CWE-521", trait=TOKEN,
            )
        )  # fmt: skip
    if strength:
        place = "on the command line, where every user of the machine sees it" if (
            posture.where(TOKEN) == "command line"
        ) else "in a configuration file, where it stays"  # fmt: skip
        found.append(
            finding(
                posture, "token_kept", Severity.MEDIUM, f"Its token stands {place}.",
                "leave it out, or give it by JUPYTER_TOKEN or a file that only its owner reads", "CWE-798", trait=TOKEN,
            )
        )  # fmt: skip
    return found


def password(posture: Posture) -> Answer:
    """How its password is kept."""
    found = []
    if posture.value("password in the open"):
        found.append(
            finding(
                posture, "password_kept", Severity.HIGH, "A configuration file holds a password in clear text.",
                f"keep its hash ({_SECURE}) and change the password", "CWE-256", trait="password in the open",
            )
        )  # fmt: skip
    value = posture.value(PASSWORD)
    if not isinstance(value, dict) or value.get("strength") in ("none", "strong"):
        return found
    severity = {"weak": Severity.MEDIUM, "broken": Severity.HIGH}.get(
        str(value.get("strength")), Severity.HIGH
    )
    found.append(
        finding(
            posture, "password_hash", severity, f"Its password is kept as {value.get('said')}.",
            f"set it anew: today's form is argon2id ({_SECURE})", "CWE-916", trait=PASSWORD,
        )
    )  # fmt: skip
    return found


def unasked(posture: Posture) -> Answer:
    """Whether pages without a rule of their own are open."""
    if why := doubted(posture, "ServerApp.allow_unauthenticated_access"):
        return why
    if not posture.settings and posture.running:
        return [] if posture.observed.get("open") is False else "its settings are not seen from outside"
    if posture.value("ServerApp.allow_unauthenticated_access", True) is False:
        return []
    return [
        finding(
            posture, "unauthenticated", Severity.LOW,
            "Pages of extensions that state no rule of who may see them are open to all.",
            "set ServerApp.allow_unauthenticated_access = False (jupyter-server 2.13 and later)", "CWE-862",
            trait="ServerApp.allow_unauthenticated_access",
        )
    ]  # fmt: skip


QUESTIONS: tuple[Question, ...] = (bound, open_to_all, token, password, unasked)
