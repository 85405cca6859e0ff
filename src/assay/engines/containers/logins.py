"""Logins of registries: of Docker's or podman's config.json, or one that is named. What keeps them elsewhere is never started.

A login is sent to the registry that it is of, and to a token service of the same domain, over TLS; to this machine also without.
https://docs.docker.com/reference/cli/docker/login, containers-auth.json(5)
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.kernel.errors import UsageError

_LARGEST = 1 << 20
_HUB = ("index.docker.io/v1", "index.docker.io", "docker.io", "registry-1.docker.io")
# What stands between a country and those who register below it: two of them are no common domain.
_SHARED = frozenset({"co", "com", "net", "org", "gov", "edu", "ac", "ne", "or", "go"})


@dataclass(frozen=True, slots=True)
class Login:
    """user and password; or identity: a token that others are had for; or bearer: one that is shown as it is."""

    user: str = ""
    password: str = field(default="", repr=False)
    identity: str = field(default="", repr=False)
    bearer: str = field(default="", repr=False)

    @property
    def basic(self) -> str:
        """Return it as a header has it. RFC 7617"""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


@dataclass(frozen=True, slots=True)
class Logins:
    """Logins by host, or by host and the beginning of a repository's name. helpers: which program keeps one elsewhere."""

    known: Mapping[str, Login] = field(default_factory=dict, repr=False)
    helpers: Mapping[str, str] = field(default_factory=dict)
    where: str = ""

    def of(self, host: str, name: str) -> Login | None:
        """Return the login for a repository, of the longest name that it lies under; None where there is none."""
        for place in self._places(host, name):
            if place in self.known:
                return self.known[place]
        return None

    def helper(self, host: str) -> str:
        """Return the program that keeps the login of a host, or nothing."""
        return next((self.helpers[p] for p in (*self._places(host, ""), "") if p in self.helpers), "")

    def lacking(self, host: str) -> str:
        """Return why there is no login for a host where one seems to be named, or nothing."""
        helper = self.helper(host)
        if helper:
            return f"the login is kept by {helper!r}, which is not started; "
        bare = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        other = next(
            (k for k in self.known if k.partition("/")[0].rpartition(":")[0] == bare or k == bare), ""
        )
        return (
            f"the login at hand is for {other!r}, and this is {host!r}; " if other and other != host else ""
        )

    @staticmethod
    def _places(host: str, name: str) -> list[str]:
        pieces = name.split("/") if name else []
        below = ["/".join([host, *pieces[:n]]) for n in range(len(pieces), -1, -1)]
        return [*below, *_HUB] if host in _HUB else below


def of_config(path: Path) -> Logins:
    """Read a config.json; UsageError where it is none. Programs that it names are kept by name, and not started."""
    try:
        with path.open("rb") as source:
            raw = source.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(
            f"the logins of registries cannot be read: {error.strerror}", where=str(path)
        ) from None
    try:
        told = json.loads(raw) if len(raw) <= _LARGEST else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise UsageError(
            "the logins of registries are no JSON object, or too long",
            where=str(path),
            remedy="name a config.json as `docker login` writes it",
        )
    known = {}
    for place, one in _mapping(told, "auths").items():
        login = _login(one, f"{path}: auths of {str(place)[:80]!r}") if isinstance(one, dict) else None
        if login is not None:
            known[_host(str(place))] = login
    helpers = {_host(str(k)): str(v)[:100] for k, v in _mapping(told, "credHelpers").items()}
    if isinstance(told.get("credsStore"), str) and told["credsStore"]:
        helpers[""] = told["credsStore"][:100]
    return Logins(known, helpers, str(path))


def _mapping(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = told.get(name)
    return found if isinstance(found, dict) else {}


def _host(place: str) -> str:
    """Return what a login is kept under as host and path: Docker writes some with a scheme, and the hub's with a version."""
    bare = place.removeprefix("https://").removeprefix("http://").rstrip("/")
    return bare.removesuffix("/v2").removesuffix("/v1") if "/" in bare and bare not in _HUB else bare


def _login(one: Mapping[str, Any], where: str) -> Login | None:
    """Return what an entry says; None where it says nothing, as where a helper keeps it."""
    texts = {k: one[k] for k in ("auth", "username", "password", "identitytoken", "registrytoken") if isinstance(one.get(k), str) and one[k]}  # fmt: skip
    user, password = texts.get("username", ""), texts.get("password", "")
    if "auth" in texts:
        try:
            user, _, password = (
                base64.b64decode(texts["auth"], validate=True).decode().rstrip("\0").partition(":")
            )
        except ValueError:
            raise UsageError("what is kept as a login is none", where=where, remedy="log in anew") from None
    identity, bearer = texts.get("identitytoken", ""), texts.get("registrytoken", "")
    if not all(text.isprintable() for text in (user, password, identity, bearer)):
        raise UsageError("what is kept as a login is none", where=where, remedy="log in anew")
    if not (identity or bearer or (user and password)):
        return None
    return Login(user, password, identity, bearer)


def same_house(realm: str, registry: str) -> bool:
    """Whether a token service may see a registry's login: the host itself, or one of the domain that it lies in.

    auth.docker.io is of registry-1.docker.io's, and gitlab.com of registry.gitlab.com's; of ghcr.io's, whose domain is io, none.
    """
    realm, registry = realm.lower().rstrip("."), registry.lower().rstrip(".")
    if realm == registry:
        return True
    _, _, parent = registry.partition(".")
    pieces = parent.split(".")
    if (
        len(pieces) < 2
        or pieces[-1].isdigit()
        or (len(pieces) == 2 and len(pieces[1]) == 2 and pieces[0] in _SHARED)
    ):
        return False
    return realm == parent or realm.endswith("." + parent)
