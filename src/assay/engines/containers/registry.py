"""An image in a registry, over the OCI distribution API: only what was named is asked for, and its layers are read as streams.

``oci://HOST/NAME:TAG`` or ``@sha256:…``; ``registry+http://`` where a registry of one's own speaks without TLS. A token is asked
for where the registry says so (anonymously: pulling what needs a login is left to the tool that has it). What comes is
bounded and held against its digest. https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import re
import socket
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from assay.engines.containers.described import INDEXES, MANIFESTS, Described, choose, manifests, of_manifest
from assay.engines.containers.layers import Layer, LayeredImage
from assay.engines.containers.room import DIGEST, DOCUMENT
from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput, Missing, UsageError
from assay.methods.remedies import addresses

_SECONDS = 30
_NAME = re.compile(
    r"(?P<scheme>oci|docker|registry\+https?)://(?P<host>[A-Za-z0-9.-]+(?::\d{1,5})?|\[[0-9a-fA-F:]+\](?::\d{1,5})?)/"
    r"(?P<name>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?(?:#(?P<which>.+))?"
)
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_ACCEPT = ", ".join((*MANIFESTS, *INDEXES))
_DOCKER = {"docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}


@dataclass
class Repository:
    """One repository of a registry, asked with the token that it hands out."""

    base: str
    name: str
    token: str = ""
    shown: str = ""
    manifest_cache: dict[str, bytes] = field(default_factory=dict)

    def manifest(self, reference: str) -> tuple[bytes, str]:
        """Return a manifest's bytes and digest; of one asked for by digest both are what was asked for."""
        if reference in self.manifest_cache:
            return self.manifest_cache[reference], reference
        with contextlib.closing(self._get(f"manifests/{reference}")) as answer:
            raw = answer.read(DOCUMENT + 1)
        digest = "sha256:" + hashlib.sha256(raw).hexdigest()
        if len(raw) > DOCUMENT:
            raise self.bad("its manifest is larger than any is")
        if DIGEST.fullmatch(reference) and digest != reference:
            raise self.bad(f"the manifest {reference[:19]} is not what its digest says")
        self.manifest_cache[digest] = raw
        return raw, digest

    def document(self, digest: str, kind: str = "manifests") -> Any:
        """Return a JSON document by its digest."""
        if kind == "manifests":
            raw, _ = self.manifest(digest)
        else:
            with contextlib.closing(self._get(f"blobs/{digest}")) as answer:
                raw = answer.read(DOCUMENT + 1)
            if "sha256:" + hashlib.sha256(raw).hexdigest() != digest:
                raise self.bad(f"the configuration {digest[:19]} is not what its digest says")
        try:
            return json.loads(raw)
        except (ValueError, RecursionError):
            raise self.bad(f"{digest[:19]} is no JSON") from None

    def blob(self, layer: Layer) -> IO[bytes]:
        """Return a layer's bytes as they come, no more of them than its manifest says."""
        return _Bounded(self._get(f"blobs/{layer.digest}"), layer.size)  # type: ignore[return-value]

    def bad(self, what: str) -> BadInput:
        """Return what is wrong with it as a sentence."""
        return BadInput(what, where=self.shown, remedy="ask whoever keeps the registry")

    def _get(self, path: str) -> Any:
        url = f"{self.base}/v2/{self.name}/{path}"
        try:
            return self._ask(url, self.token)
        except urllib.error.HTTPError as error:
            challenge = error.headers.get("WWW-Authenticate", "") if error.code == 401 else ""
            if challenge.lower().startswith("bearer ") and not self.token:
                self.token = self._handed(challenge)
                with _told(self.shown, path):
                    return self._ask(url, self.token)
            raise _failed(self.shown, path, error) from None
        except (OSError, http.client.HTTPException) as error:
            raise _failed(self.shown, path, error) from None

    def _ask(self, url: str, token: str) -> Any:
        request = urllib.request.Request(url, headers={"Accept": _ACCEPT, "User-Agent": "assay"})  # noqa: S310  see judged
        judged(url, self.base)
        if token:
            request.add_unredirected_header("Authorization", f"Bearer {token}")
        return _opener(self.base).open(request, timeout=_SECONDS)

    def _handed(self, challenge: str) -> str:
        """Ask the token service that the registry names, for no more than to pull this repository."""
        told = dict(_CHALLENGE.findall(challenge[:4_096]))
        realm = told.get("realm", "")
        judged(realm, self.base)
        asked = {
            "scope": f"repository:{self.name}:pull",
            **({"service": told["service"]} if "service" in told else {}),
        }
        url = f"{realm}{'&' if '?' in realm else '?'}{urllib.parse.urlencode(asked)}"
        with _told(self.shown, "a token"), contextlib.closing(self._ask(url, "")) as answer:
            try:
                found = json.loads(answer.read(1 << 16))
                token = found.get("token") or found.get("access_token")
            except (ValueError, RecursionError, AttributeError):
                token = None
        if not isinstance(token, str) or not token.isprintable() or len(token) > 16_384:
            raise self.bad("its token service gives no token")
        return token


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Where a registry keeps its blobs elsewhere: followed a few times, to addresses that may be asked."""

    max_redirections = 5

    def __init__(self, base: str) -> None:
        self.base = base

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        """Judge the address before it is asked; the token stays behind."""
        judged(newurl, self.base)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Bounded:
    """The bytes of an answer, no more than were announced."""

    def __init__(self, answer: Any, size: int) -> None:
        self._answer, self._left = answer, size

    def read(self, size: int = -1) -> bytes:
        part = self._answer.read(self._left + 1 if size < 0 else min(size, self._left + 1))
        self._left -= len(part)
        if self._left < 0:
            raise BadInput("a layer is longer than its manifest says")
        return bytes(part)

    def close(self) -> None:
        self._answer.close()


def judged(url: str, base: str) -> None:
    """Refuse an address that a registry must not lead to: another scheme, less than TLS, or a machine's own metadata."""
    found = urllib.parse.urlsplit(url)
    host = found.hostname or ""
    if (
        found.scheme not in ("http", "https")
        or not host
        or (base.startswith("https:") and found.scheme != "https")
    ):
        raise BadInput(f"the registry leads to {url[:100]!r}, which is not asked", where=base)
    own = urllib.parse.urlsplit(base).hostname or ""
    inside = {addresses.kind(a) for a in _resolved(own)} == {"inside"}
    for address in _resolved(host):
        kind = addresses.kind(address)
        if kind == "forbidden" or (kind == "inside" and host != own and not inside):
            raise BadInput(f"the registry leads to the address {address}, which is not asked", where=base)


def _resolved(host: str) -> list[str]:
    """Return the addresses of a host; none where it has none, which then cannot be asked either."""
    try:
        return [
            str(found[4][0]).partition("%")[0]
            for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        ]
    except (OSError, UnicodeError):
        return []


def _opener(base: str) -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_Redirects(base))


@contextlib.contextmanager
def _told(shown: str, path: str) -> Any:
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        raise _failed(shown, path, error) from None


def _failed(shown: str, path: str, error: Exception) -> UsageError:
    code = getattr(error, "code", None)
    if code in (401, 403):
        return UsageError(
            "the registry asks for a login",
            where=shown,
            remedy="pull it with the tool that has one, and save it: docker save",
        )
    if code == 404:
        return Missing(
            f"the registry has no {path.partition(':')[0][:80]}",
            where=shown,
            remedy="check the name and the tag",
        )
    why = f"it answers {code}" if code else str(getattr(error, "reason", error))[:200]
    return UsageError(
        f"the registry cannot be asked for {path[:40]}: {why}",
        where=shown,
        remedy="try again when it answers",
    )


def _repository(text: str) -> tuple[Repository, str, str]:
    match = _NAME.fullmatch(text)
    if match is None:
        raise UsageError(f"{text[:200]!r} names no image in a registry", remedy="write oci://HOST/NAME:TAG")
    host = _DOCKER.get(match["host"], match["host"])
    scheme = "http" if match["scheme"] == "registry+http" else "https"
    name = (
        match["name"] if "/" in match["name"] or host not in _DOCKER.values() else f"library/{match['name']}"
    )
    reference = match["digest"] or match["tag"] or "latest"
    return Repository(f"{scheme}://{host}", name, shown=text), reference, match["which"] or ""


def pin(text: str) -> Asset:
    """Return an image in a registry as an asset: what its tag names now, by the digest of its manifest."""
    repository, reference, which = _repository(text)
    found = _described(repository, reference, which)
    plain = text.partition("#")[0]
    return Asset("image", plain.partition("://")[2][:300], text, found.digest, "registry")


def opened(asset: Asset, scratch: Path) -> LayeredImage:
    """Return an Image of which each layer is fetched when its turn comes."""
    repository, _, which = _repository(asset.uri)
    found = _described(repository, asset.digest, which)
    return LayeredImage(
        asset, found.layers, repository.blob, scratch, platform=found.platform, tags=(asset.name,)
    )


def _described(repository: Repository, reference: str, which: str) -> Described:
    raw, digest = repository.manifest(reference)
    document = repository.document(digest)
    if isinstance(document, dict) and ("manifests" in document or document.get("mediaType") in INDEXES):
        found = manifests(document, repository.document)
        if not found:
            raise repository.bad("its index names no image")
        chosen = choose(found, which, repository.shown)
        document = repository.document(chosen["digest"])
    else:
        chosen = {"digest": digest, "size": len(raw)}
    if isinstance(document, dict) and document.get("schemaVersion") == 1:
        raise repository.bad("its manifest is of version 1, which registries gave up")
    return of_manifest(document, chosen, lambda d: repository.document(d, "blobs"), repository.bad)
