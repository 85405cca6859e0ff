"""What registries say was pushed, in their own shapes: Docker distribution, Harbor, Docker Hub, Amazon ECR through EventBridge.

Nothing that a body says is obeyed but which image it names: links and callbacks in it are never asked. What is no push, or no image,
is passed over, and said so.

https://distribution.github.io/distribution/about/notifications/
https://goharbor.io/docs/latest/working-with-projects/project-configuration/configure-webhooks/
https://docs.docker.com/docker-hub/repos/manage/webhooks/
https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LARGEST = 1 << 20  # bytes of a body
MOST = 200  # images of one body
_DEEPEST = 20
HOST = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9.-]{0,250}|\[[0-9a-fA-F:]{2,45}\])(?::\d{1,5})?")
_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:[._/-]|__)[a-z0-9]+)*")
_TAG = re.compile(r"\w[\w.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ACCOUNT = re.compile(r"\d{12}")
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d{1,2}")
_PUSHED = ("PUSH_ARTIFACT", "pushImage", "harbor.artifact.pushed")
_MANIFESTS = ("manifest", "index")  # in the media types of images; blobs have neither


class NoPush(ValueError):
    """A body that is none of the shapes that are known here."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """One image that a registry says was pushed. digest may be empty where only a tag is said, and tag where only a digest is."""

    host: str
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        """Return what it is called."""
        return f"{self.host}/{self.repository}" + (f":{self.tag}" if self.tag else "")


def read(body: bytes) -> tuple[list[Pushed], int]:
    """Return the images that a body says were pushed, and how many of its events were passed over.

    NoPush where the body is none of the known shapes, or names what no image is called.
    """
    if len(body) > LARGEST:
        raise NoPush("it is larger than any such notice")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise NoPush("it is no JSON") from None
    if not isinstance(document, dict) or _deep(document, _DEEPEST):
        raise NoPush("it is no notice of a registry")
    for fits, images in _SHAPES:
        if fits(document):
            return _whole(images(document))
    raise NoPush("it is no notice of Docker distribution, Harbor, Docker Hub or ECR")


def _deep(value: Any, left: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return left == 0 or any(_deep(v, left - 1) for v in inner)


def _whole(found: Iterator[Pushed | None]) -> tuple[list[Pushed], int]:
    out: dict[Pushed, None] = {}
    passed = 0
    for one in found:
        if one is None:
            passed += 1
            continue
        good = (
            HOST.fullmatch(one.host)
            and _REPOSITORY.fullmatch(one.repository)
            and len(one.repository) <= 255
            and (not one.tag or _TAG.fullmatch(one.tag))
            and (not one.digest or _DIGEST.fullmatch(one.digest))
            and (one.tag or one.digest)
        )
        if not good:
            raise NoPush(f"what it says was pushed names no image: {one.name[:80]!r}")
        out[one] = None
        if len(out) > MOST:
            raise NoPush(f"it names more than {MOST} images")
    return list(out), passed


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _inner(value: Any, *names: str) -> Mapping[str, Any]:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _distribution(document: Mapping[str, Any]) -> Iterator[Pushed | None]:
    for event in _list(document["events"]):
        target, request = _inner(event, "target"), _inner(event, "request")
        kind = _text(target.get("mediaType"))
        if _inner({"e": event}, "e").get("action") != "push" or not any(m in kind for m in _MANIFESTS):
            yield None
            continue
        host = _text(request.get("host")) or _of_url(_text(target.get("url")))
        yield Pushed(
            host, _text(target.get("repository")), _text(target.get("tag")), _text(target.get("digest"))
        )


def _of_url(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]


def _harbor(document: Mapping[str, Any]) -> Iterator[Pushed | None]:
    data = _inner(document, "event_data") or _inner(document, "data")
    repository = _text(_inner(data, "repository").get("repo_full_name"))
    for one in _list(data.get("resources")):
        if document.get("type") not in _PUSHED or not isinstance(one, dict):
            yield None
            continue
        url = _text(one.get("resource_url"))
        host, _, path = (url.partition("://")[2] or url).partition("/")
        tag, digest = _text(one.get("tag")), _text(one.get("digest"))
        named = repository or path.partition("@")[0].partition(":")[0]
        yield Pushed(host, named, "" if tag == digest else tag, digest)


def _hub(document: Mapping[str, Any]) -> Iterator[Pushed | None]:
    repository, tag = (
        _text(_inner(document, "repository").get("repo_name")),
        _text(document["push_data"].get("tag")),
    )
    yield Pushed("docker.io", repository, tag or "latest")


def _ecr(document: Mapping[str, Any]) -> Iterator[Pushed | None]:
    detail = _inner(document, "detail")
    if detail.get("action-type") != "PUSH" or detail.get("result") != "SUCCESS":
        yield None
        return
    account, region = _text(document.get("account")), _text(document.get("region"))
    if not _ACCOUNT.fullmatch(account) or not _REGION.fullmatch(region):
        raise NoPush("it does not say of which account and region it is")
    ending = ".cn" if region.startswith("cn-") else ""
    host = f"{account}.dkr.ecr.{region}.amazonaws.com{ending}"
    yield Pushed(
        host,
        _text(detail.get("repository-name")),
        _text(detail.get("image-tag")),
        _text(detail.get("image-digest")),
    )


_SHAPES: tuple[
    tuple[Callable[[Mapping[str, Any]], bool], Callable[[Mapping[str, Any]], Iterator[Pushed | None]]], ...
] = (
    (lambda d: isinstance(d.get("events"), list), _distribution),
    (lambda d: d.get("source") == "aws.ecr" and isinstance(d.get("detail"), dict), _ecr),
    (lambda d: isinstance(d.get("event_data"), dict) or _text(d.get("type")).startswith("harbor."), _harbor),
    (lambda d: isinstance(d.get("push_data"), dict) and isinstance(d.get("repository"), dict), _hub),
)
