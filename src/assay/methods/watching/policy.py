"""What is done about arrivals: ``watch.yaml`` of the home, read with its lines.

It names the registries that images may be pulled from, who may say that something was pushed there, who is told of what is found,
and what images are held against. What is secret stands in the environment (``env:NAME``) or in a file (``file:PATH``), never here.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from assay.kernel.severity import SEVERITIES
from assay.methods.document import Node, part, read
from assay.methods.nearest import did_you_mean
from assay.methods.remedies.channels import reference
from assay.methods.watching.pushes import HOST

FILE = "watch.yaml"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,62}")
_DOCKER = (
    "docker.io",
    "index.docker.io",
    "registry-1.docker.io",
    "registry.hub.docker.com",
    "hub.docker.com",
)
UNSCORED = ("low", "medium", "high", "critical")
GIVEN = ("mirror", "kev", "epss", "vex")


@dataclass(frozen=True, slots=True)
class Registry:
    """One that images may be pulled from. plain: without TLS. repositories: patterns, ``*`` for any.

    login: whether it is shown the home's login for it, on the word of whoever calls a hook.
    """

    host: str
    plain: bool = False
    repositories: tuple[str, ...] = ("*",)
    login: bool = False

    def uri(self, repository: str, tag: str, digest: str) -> str:
        """Return what names an image in it."""
        scheme = "registry+http" if self.plain else "oci"
        return (
            f"{scheme}://{self.host}/{repository}{f':{tag}' if tag else ''}{f'@{digest}' if digest else ''}"
        )


@dataclass(frozen=True, slots=True)
class Hook:
    """Who may say that something was pushed, at ``/hooks/NAME``, and how it is known. secret: env:NAME or file:PATH.

    kind: token or hmac. header: that a token stands in. in_url: whether it may stand in the address, for services that send
    nothing else.
    """

    name: str
    kind: str
    secret: str
    header: str = "authorization"
    in_url: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """registries, hooks: by what they are called. alert: channels. fail_on: from which severity a finding is told, or none.

    advisories: mirror, kev, epss, vex → path, and unscored.
    """

    registries: tuple[Registry, ...] = ()
    hooks: Mapping[str, Hook] = field(default_factory=dict)
    alert: tuple[str, ...] = ()
    fail_on: str = "high"
    advisories: Mapping[str, str] = field(default_factory=dict)

    def registry(self, host: str, repository: str) -> Registry | None:
        """Return the registry that a repository may be pulled from; None where none is named."""
        said = plain_host(host)
        for one in self.registries:
            if plain_host(one.host) == said and any(
                fnmatch.fnmatchcase(repository, p) for p in one.repositories
            ):
                return one
        return None


def plain_host(host: str) -> str:
    """Return a registry's host under one name: lower case, without TLS's own port, Docker Hub's as docker.io."""
    low = host.lower().rstrip(".").removesuffix(":443")
    return "docker.io" if low in _DOCKER else low


def load(path: Path) -> Policy:
    """Read the file; UsageError with its line where it cannot be one. No file: nothing is pulled, and nobody is told."""
    if not path.exists():
        return Policy()
    parts = read(path).parts("what is watched", ("registries", "hooks", "alert", "fail_on", "advisories"))
    fail_on = parts["fail_on"].text("fail_on") if "fail_on" in parts else "high"
    if fail_on not in (*SEVERITIES, "none"):
        raise parts["fail_on"].place.error(
            f"fail_on cannot be {fail_on[:40]!r}", did_you_mean(fail_on, (*SEVERITIES, "none"))
        )
    return Policy(
        tuple(_registry(node) for node in _items(parts.get("registries"))),
        {name: _hook(name, node) for name, node in part(parts, "hooks").items()},
        tuple(node.text("a channel") for node in _items(parts.get("alert"))),
        fail_on,
        _advisories(parts, path.parent),
    )


def _items(node: Node | None) -> list[Node]:
    if node is None or node.value is None:
        return []
    return node.value if isinstance(node.value, list) else [node]


def _registry(node: Node) -> Registry:
    if isinstance(node.value, str):
        return Registry(_host(node))
    parts = node.parts("a registry", ("host", "plain", "repositories", "login"))
    if "host" not in parts:
        raise node.place.error("a registry has a host", "write - host: registry.example.org")
    said = {name: parts[name].value if name in parts else False for name in ("plain", "login")}
    for name, value in said.items():
        if not isinstance(value, bool):
            raise parts[name].place.error(f"{name} is true or false")
    names = tuple(n.text("a repository") for n in _items(parts.get("repositories"))) or ("*",)
    return Registry(_host(parts["host"]), said["plain"], names, said["login"])


def _host(node: Node) -> str:
    text = node.text("a host")
    if not HOST.fullmatch(text):
        raise node.place.error(f"{text[:60]!r} is no host", "write registry.example.org, or HOST:PORT")
    return text


def _hook(name: str, node: Node) -> Hook:
    if not _NAME.fullmatch(name):
        raise node.place.error(f"a hook cannot be called {name[:40]!r}", "use letters, digits, -, _ and .")
    parts = node.parts(f"the hook {name}", ("token", "hmac", "header", "in_url"))
    kinds = [k for k in ("token", "hmac") if k in parts]
    if len(kinds) != 1:
        raise node.place.error(f"the hook {name} is known by one of token and hmac", "write token: env:NAME")
    (kind,) = kinds
    secret = parts[kind].text(kind)
    if reference(secret) is None:
        raise parts[kind].place.error(
            f"the {kind} of {name} would stand in this file", "write env:NAME or file:PATH"
        )
    header = parts["header"].text("header").lower() if "header" in parts else ""
    in_url = parts["in_url"].value if "in_url" in parts else False
    if not isinstance(in_url, bool) or (header and not _HEADER.fullmatch(header)):
        raise node.place.error(
            f"the hook {name} has a header that is none, or an in_url that is not true or false"
        )
    if kind == "hmac" and in_url:
        raise parts["in_url"].place.error("a signature does not stand in the address", "leave in_url out")
    return Hook(name, kind, secret, header or ("authorization" if kind == "token" else ""), in_url)


def _advisories(parts: Mapping[str, Node], folder: Path) -> dict[str, str]:
    node = parts.get("advisories")
    if node is None or node.value is None:
        return {}
    if isinstance(node.value, str):
        return {"mirror": str(folder / node.value)}
    found = node.parts("advisories", (*GIVEN, "unscored"))
    if "mirror" not in found:
        raise node.place.error("advisories have a mirror", "write mirror: FOLDER, of OSV records")
    out = {k: str(folder / found[k].text(k)) for k in GIVEN if k in found}
    if "unscored" in found:
        out["unscored"] = found["unscored"].text("unscored")
        if out["unscored"] not in UNSCORED:
            raise found["unscored"].place.error(
                f"unscored cannot be {out['unscored'][:40]!r}", did_you_mean(out["unscored"], UNSCORED)
            )
    return out
