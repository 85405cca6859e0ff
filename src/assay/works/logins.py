"""The logins of registries as they are set: one that is named, and those of a config.json. Nothing shows a password."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from assay.kernel.errors import UsageError

if TYPE_CHECKING:
    from assay.engines.containers.logins import Logins
    from assay.works.settings import Settings

PASSWORD = "ASSAY_REGISTRY_PASSWORD"  # noqa: S105  the name of a variable
_LARGEST = 1 << 16


def logins(settings: Settings, environment: Mapping[str, str] = os.environ) -> Logins:
    """Return the logins that the settings name, read now; UsageError where one is not there or is none."""
    from assay.engines.containers.logins import Login, Logins, of_config

    path = settings.registry_config
    found = of_config(Path(path).expanduser()) if path else Logins()
    if not settings.registry_user:
        return found
    name, _, host = settings.registry_user.rpartition("@")
    if not name or not host or "/" in host or not settings.registry_user.isprintable():
        raise UsageError(
            f"registry_user cannot be {settings.registry_user[:80]!r}",
            remedy="write NAME@HOST: the login is sent to that registry and to no other",
        )
    password = _password(settings.registry_password_file, environment)
    return replace(found, known={**found.known, host: Login(name, password)})


def _password(path: str, environment: Mapping[str, str]) -> str:
    if not path:
        found = environment.get(PASSWORD, "")
    else:
        try:
            with Path(path).expanduser().open("rb") as source:
                found = source.read(_LARGEST).decode("utf-8", "replace").rstrip("\r\n")
        except OSError as error:
            raise UsageError(
                f"the registry's password cannot be read: {error.strerror}", where=path
            ) from None
    if not found or not found.isprintable():
        raise UsageError(
            "the registry's user has no password",
            where=path,
            remedy=f"set {PASSWORD}, or registry_password_file: to a file that holds it",
        )
    return found
