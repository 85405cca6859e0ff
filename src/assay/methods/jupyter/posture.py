"""What is known of a Jupyter server when it is judged: settings, files, process, what it answered, what it reaches.

No secret is in it: of a token its strength, of a password how it is hashed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from assay.methods.jupyter import passwords
from assay.methods.jupyter.settings import Settings

SCHEMA = "assay.jupyter/1"
NAME = "jupyter.json"
MOST = 4 << 20
TOKEN = "IdentityProvider.token"  # noqa: S105 - the name of a trait
PASSWORD = "PasswordIdentityProvider.hashed_password"  # noqa: S105 - the name of a trait


@dataclass(frozen=True, slots=True)
class Posture:
    """One server, running or configured.

    target: as it was named. running: whether it answers. settings: trait → value and where, secrets described. unknown: what
    cannot be told → why. files: configuration and key files with their modes. process: user id, and the like. observed: what
    was seen from outside. reach: what its machine reaches. Each is empty where nothing is known of it.
    """

    target: str
    running: bool = False
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)
    files: tuple[Mapping[str, Any], ...] = ()
    process: Mapping[str, Any] = field(default_factory=dict)
    observed: Mapping[str, Any] = field(default_factory=dict)
    reach: Mapping[str, Any] = field(default_factory=dict)

    def value(self, name: str, default: Any = None) -> Any:
        """Return what a trait is set to, or ``default`` where nothing sets it."""
        found = self.settings.get(name)
        return default if found is None else found.get("value")

    def where(self, name: str) -> str:
        """Return where a trait is set."""
        return str(self.settings.get(name, {}).get("where", ""))

    def to_json(self) -> str:
        """Write it."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, indent=1, sort_keys=True, default=str)

    @classmethod
    def from_json(cls, text: str) -> Posture:
        """Read it; ValueError where it is none."""
        try:
            raw = json.loads(text) if len(text) <= MOST else None
        except (ValueError, RecursionError):
            raw = None
        if not isinstance(raw, dict) or raw.get("schema") != SCHEMA or not isinstance(raw.get("target"), str):
            raise ValueError("this is no description of a Jupyter server")
        known = {f.name: raw[f.name] for f in fields(cls) if f.name in raw}
        for name, value in known.items():
            kind = {"target": str, "running": bool, "files": list}.get(name, dict)
            if not isinstance(value, kind):
                raise ValueError(f"its {name} is not what it should be")
        if any(
            not isinstance(s, dict) for s in [*known.get("settings", {}).values(), *known.get("files", [])]
        ):
            raise ValueError("its settings are not what they should be")
        return cls(**(known | {"files": tuple(known.get("files", ()))}))


def described(settings: Settings) -> dict[str, dict[str, Any]]:
    """Return settings without their secrets: a token by its strength, a password by its hash."""
    out: dict[str, dict[str, Any]] = {}
    for name, found in settings.known.items():
        value: Any = found.value
        if name == TOKEN:
            value = {"bits": round(passwords.bits(value), 1)} if isinstance(value, str) else {"bits": 0.0}
        elif name == PASSWORD:
            text = value if isinstance(value, str) else ""
            strength, said = passwords.judged(text) if text else ("none", "no password")
            value = {"strength": strength, "said": said}
        elif _secret(name):
            value = bool(value)
        elif not isinstance(value, str | int | float | bool | type(None)):
            value = repr(value)[:500]
        out[name[:200]] = {"value": value[:500] if isinstance(value, str) else value, "where": found.where}
    return out


def _secret(name: str) -> bool:
    trait = name.rpartition(".")[2].lower()
    return any(
        word in trait for word in ("secret", "token", "passw", "key_passphrase", "credential")
    ) and not (trait.startswith(("allow_", "token_file", "cookie_secret_file", "password_required")))
