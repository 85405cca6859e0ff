"""An image in a registry, over the OCI distribution API: only what was named is asked for, and its layers are read as streams.

``oci://HOST/NAME:TAG`` or ``@sha256:…``; ``registry+http://`` where a registry of one's own speaks without TLS. A token is asked
for where the registry says so, with a login where one is known for it. What comes is bounded and held against its digest.
https://github.com/opencontainers/distribution-spec/blob/main/spec.md, https://distribution.github.io/distribution/spec/auth/token
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import re
import urllib.error
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from assay.engines.containers.asking import Bounded, ask, failed, judged, told
from assay.engines.containers.bundle import same
from assay.engines.containers.described import (
    INDEXES,
    MANIFESTS,
    Described,
    choose,
    manifests,
    of_manifest,
    told_apart,
)
from assay.engines.containers.documents import Ambiguous, clear, parsed
from assay.engines.containers.layers import Layer, LayeredImage
from assay.engines.containers.logins import Login, Logins, same_house
from assay.engines.containers.room import DIGEST, DOCUMENT
from assay.engines.containers.spooled import Spool
from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput, UsageError

Known = Callable[[], Logins]
_NAME = re.compile(
    r"(?P<scheme>oci|docker|registry\+https?)://(?P<host>[A-Za-z0-9.-]+(?::\d{1,5})?|\[[0-9a-fA-F:]+\](?::\d{1,5})?)/"
    r"(?P<name>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?(?:#(?P<which>.+))?"
)
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_PLATFORMS = 32  # of one pushed index
_ACCEPT = ", ".join((*MANIFESTS, *INDEXES))
_DOCKER = {"docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}


@dataclass
class Repository:
    """One repository of a registry, asked with the token that it hands out."""

    base: str
    name: str
    shown: str = ""
    login: Login | None = field(default=None, repr=False)
    lacking: str = ""  # why there is no login where one seems to be named
    secret: str = field(default="", repr=False)  # what each request bears
    passing: bool = False  # whether that is a token, which runs out: of some registries after five minutes
    manifest_cache: dict[str, bytes] = field(default_factory=dict)

    def manifest(self, reference: str) -> tuple[bytes, str]:
        """Return a manifest's bytes and digest; of one asked for by digest both are what was asked for."""
        if reference in self.manifest_cache:
            return self.manifest_cache[reference], reference
        with contextlib.closing(self._get(f"manifests/{reference}")) as answer:
            raw = self._whole(answer, "its manifest")
        digest = "sha256:" + hashlib.sha256(raw).hexdigest()
        if DIGEST.fullmatch(reference):
            if not same(raw, reference):
                raise self.bad(f"the manifest {reference[:19]} is not what its digest says")
            digest = reference
        self.manifest_cache[digest] = raw
        return raw, digest

    def document(self, digest: str, kind: str = "manifests") -> Any:
        """Return a JSON document by its digest."""
        if kind == "manifests":
            raw, _ = self.manifest(digest)
        else:
            with contextlib.closing(self._get(f"blobs/{digest}")) as answer:
                raw = self._whole(answer, "its configuration")
            if not same(raw, digest):
                raise self.bad(f"the configuration {digest[:19]} is not what its digest says")
        try:
            return parsed(raw)
        except (ValueError, RecursionError):
            raise self.bad(f"{digest[:19]} is no JSON") from None

    def blob(self, layer: Layer) -> IO[bytes]:
        """Return a layer's bytes as they come, no more of them than its manifest says."""
        return Bounded(self._get(f"blobs/{layer.digest}"), layer.size)  # type: ignore[return-value]

    def bad(self, what: str) -> BadInput:
        """Return what is wrong with it as a sentence."""
        return BadInput(what, where=self.shown, remedy="ask whoever keeps the registry")

    def _whole(self, answer: Any, what: str) -> bytes:
        with told(self.shown, what):
            raw = bytes(answer.read(DOCUMENT + 1))
        if len(raw) > DOCUMENT:
            raise self.bad(f"{what} is larger than any is")
        return raw

    def _get(self, path: str) -> Any:
        url = f"{self.base}/v2/{self.name}/{path}"
        try:
            return self._ask(url)
        except urllib.error.HTTPError as error:
            challenge = (error.headers.get("WWW-Authenticate") or "")[:4_096] if error.code == 401 else ""
            error.close()
            if (self.secret and not self.passing) or not self._identified(challenge):
                raise self._failed(path, error) from None
        except (OSError, http.client.HTTPException) as error:
            raise failed(self.shown, path, error) from None
        try:
            return self._ask(url)
        except (OSError, http.client.HTTPException) as error:
            raise self._failed(path, error) from None

    def _failed(self, path: str, error: Exception) -> UsageError:
        """Return what an answer means; a login is told of only where it was shown."""
        user = self.login.user if self.login is not None and self.secret else ""
        return failed(self.shown, path, error, self.lacking, user)

    def _ask(self, url: str) -> Any:
        return ask(url, self.base, {"Accept": _ACCEPT}, secret=self.secret)

    def _identified(self, challenge: str) -> bool:
        """Do as a registry asks that does not know us; False where we cannot."""
        scheme = challenge.partition(" ")[0].lower()
        if self.login is not None:
            self._kept_close(self.base)
        if scheme == "basic" and self.login is not None and self.login.user:
            self.secret = self.login.basic
        elif scheme == "bearer" and self.login is not None and self.login.bearer:
            self.secret = f"Bearer {self.login.bearer}"
        elif scheme == "bearer":
            self.secret, self.passing = f"Bearer {self._handed(challenge)}", True
        return bool(self.secret)

    def _kept_close(self, url: str) -> None:
        """Refuse to send a login elsewhere than to its registry's own house, or in the clear."""
        found, own = urllib.parse.urlsplit(url), urllib.parse.urlsplit(self.base)
        host = found.hostname or ""
        if not same_house(host, own.hostname or ""):
            raise BadInput(
                f"the registry sends its login to {host[:100]!r}, which is not of its own domain",
                where=self.shown,
                remedy="ask whoever keeps the registry; without a login it would be asked anonymously",
            )
        if found.scheme != "https" and host not in ("localhost", "127.0.0.1", "::1"):
            raise UsageError(
                "the registry would be sent its login in the clear", where=self.shown, remedy="write oci://"
            )

    def _handed(self, challenge: str) -> str:
        """Ask the token service that the registry names, for no more than to pull this repository."""
        said = dict(_CHALLENGE.findall(challenge))
        realm = said.get("realm", "")
        judged(realm, self.base)
        wanted = {"scope": f"repository:{self.name}:pull"}
        wanted |= {"service": said["service"]} if "service" in said else {}
        secret, body = "", None
        if self.login is not None:
            self._kept_close(realm)
            if self.login.identity:
                form = {
                    "grant_type": "refresh_token",
                    "client_id": "assay",
                    "refresh_token": self.login.identity,
                }
                body = urllib.parse.urlencode({**form, **wanted}).encode()
            else:
                secret = self.login.basic
        url = realm if body else f"{realm}{'&' if '?' in realm else '?'}{urllib.parse.urlencode(wanted)}"
        try:
            with contextlib.closing(ask(url, self.base, {}, secret=secret, body=body)) as answer:
                found = json.loads(answer.read(1 << 16))
                token = found.get("token") or found.get("access_token")
        except urllib.error.HTTPError as error:
            user = self.login.user if self.login is not None else ""
            raise failed(self.shown, "a token", error, self.lacking, user) from None
        except (OSError, http.client.HTTPException) as error:
            raise failed(self.shown, "a token", error) from None
        except (ValueError, RecursionError, AttributeError):
            token = None
        if (
            not isinstance(token, str)
            or not token.isprintable()
            or len(token) > 16_384
            or not token.isascii()
        ):
            raise self.bad("its token service gives no token")
        return token


def _repository(text: str, known: Known | None) -> tuple[Repository, str, str]:
    match = _NAME.fullmatch(text)
    if match is None:
        shown = re.sub(r"//[^/]*@", "//…@", text)[:200]  # what may be a password is not repeated
        raise UsageError(f"{shown!r} names no image in a registry", remedy="write oci://HOST/NAME:TAG")
    host = _DOCKER.get(match["host"], match["host"])
    scheme = "http" if match["scheme"] == "registry+http" else "https"
    name = (
        match["name"] if "/" in match["name"] or host not in _DOCKER.values() else f"library/{match['name']}"
    )
    reference = match["digest"] or match["tag"] or "latest"
    logins = known() if known is not None else Logins()
    login = logins.of(host, name)
    lacking = "" if login is not None else logins.lacking(host)
    made = Repository(f"{scheme}://{host}", name, text, login, lacking)
    return made, reference, match["which"] or ""


def pin(text: str, known: Known | None = None) -> Asset:
    """Return an image in a registry as an asset: what its tag names now, by the digest of its manifest. known: gives logins."""
    repository, reference, which = _repository(text, known)
    found = _described(repository, reference, which)
    name = _plain(text) + (f"#{which}" if which else "")
    return Asset("image", name, text, found.digest, "registry")


def several(text: str, known: Known | None = None) -> list[str]:
    """Return how each image of an index is named, one a platform; the name itself where it is one image. BadInput of too many."""
    repository, reference, which = _repository(text, known)
    document = repository.document(repository.manifest(reference)[1])
    if which or not (isinstance(document, dict) and "manifests" in document):
        return [text]
    try:
        found = told_apart(manifests(document, repository.document))
    except Ambiguous as error:
        raise repository.bad(str(error)) from None
    if len(found) > _PLATFORMS:
        raise repository.bad(f"its index names more than {_PLATFORMS} images")
    return [f"{text}#{one}" for one in found] or [text]


def _plain(text: str) -> str:
    """Return what an image is called, without how it is asked for and which one of several it is."""
    return text.partition("#")[0].partition("://")[2][:300]


def opened(asset: Asset, scratch: Path, known: Known | None = None) -> LayeredImage:
    """Return an Image of which each layer is fetched when its turn comes, and once. known: gives logins."""
    repository, _, which = _repository(asset.uri, known)
    found = _described(repository, asset.digest, which)
    return LayeredImage(
        asset,
        found.layers,
        Spool(repository.blob, scratch),
        scratch,
        platform=found.platform,
        tags=(_plain(asset.uri),),
    )


def _described(repository: Repository, reference: str, which: str) -> Described:
    try:
        return _found(repository, reference, which)
    except Ambiguous as error:
        raise repository.bad(str(error)) from None


def _found(repository: Repository, reference: str, which: str) -> Described:
    raw, digest = repository.manifest(reference)
    document = repository.document(digest)
    clear(document)
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
