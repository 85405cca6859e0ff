"""Requests of S3 as a job makes them, and whether each stays within the buckets and prefixes that were named.

What is not known here to read or write objects is refused: access lists, policies, versions' removal, batches and settings of
buckets. Source: the API reference of Amazon S3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, unquote_to_bytes

_READ_OBJECT = {"versionId", "partNumber", "x-id"}
_LIST = {
    "list-type", "prefix", "delimiter", "continuation-token", "start-after", "max-keys", "encoding-type", "fetch-owner", "marker",
    "x-id",
}  # fmt: skip
_WRITE = {
    "PUT": {"x-id", "partNumber", "uploadId"},
    "POST": {"x-id", "uploads", "uploadId"},
    "DELETE": {"x-id", "uploadId"},
}
_HEADERS = (
    "x-amz-content-sha256", "x-amz-date", "x-amz-checksum-", "x-amz-sdk-checksum-algorithm", "x-amz-meta-", "x-amz-storage-class",
    "x-amz-server-side-encryption", "x-amz-trailer", "x-amz-decoded-content-length", "x-amz-expected-bucket-owner", "x-amz-te",
    "x-amz-request-payer", "x-amz-copy-source-range", "x-amz-copy-source-if-", "x-amz-user-agent", "x-amz-object-attributes",
)  # fmt: skip
_OWN_ONLY = ("private", "bucket-owner-full-control", "bucket-owner-read")


@dataclass(frozen=True, slots=True)
class Prefix:
    """Objects of a bucket whose keys begin so; an empty beginning is all of them."""

    bucket: str
    prefix: str = ""

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. key: empty where it is about the bucket. parameters: of its query, decoded.

    spaced: the key as stores read it that take a bare + of a path for a space, where one stands there; S3 is one of these.
    """

    method: str
    bucket: str
    key: str
    parameters: Mapping[str, str]
    spaced: str = ""

    @classmethod
    def read(cls, method: str, path: str, query: str) -> Asked:
        """Read a path of ``/bucket/key``; ValueError where it is none."""
        if not path.startswith("/"):
            raise ValueError("no path of a bucket")
        bucket, _, key = _decoded(path[1:]).partition("/")
        spaced = _decoded(path[1:].replace("+", " ")).partition("/")[2] if "+" in path else ""
        if ";" in query:
            raise ValueError("a semicolon, which some stores take for the end of a parameter")
        found: dict[str, str] = {}
        for part in query.split("&") if query else ():
            name, _, value = part.partition("=")
            name = _decoded(name)
            if name in found:
                raise ValueError("a parameter stands twice")
            found[name] = _decoded(value.replace("+", " "))
        return cls(method, bucket, key, found, spaced)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def refused(self, prefixes: Iterable[Prefix], headers: Iterable[tuple[str, str]], *, writes: bool) -> str:
        """Return why it is not passed on; nothing where it may be."""
        of = [p.prefix for p in prefixes if p.bucket == self.bucket]
        if not of:
            return "no bucket of this job"
        why = self._unread(of) if self.method in ("GET", "HEAD") else self._unwritten(of, writes)
        return why or _of_headers(list(headers), list(prefixes))

    def _unread(self, of: list[str]) -> str:
        asked = set(self.parameters)
        if self.key:
            odd = {n for n in asked - _READ_OBJECT if not n.startswith("response-")}
            return f"it asks for {min(odd)} of an object" if odd else self._elsewhere(of)
        if asked <= {"location"} and (self.method == "HEAD" or asked):
            return ""
        if asked - _LIST:
            return f"it asks for {min(asked - _LIST)} of a bucket"
        return _outside(self.parameters.get("prefix", ""), of, empty=True)

    def _unwritten(self, of: list[str], writes: bool) -> str:
        if not writes:
            return "the job's credential only reads"
        allowed = _WRITE.get(self.method)
        if allowed is None or not self.key:
            return "it changes a bucket, and not an object"
        asked = set(self.parameters)
        if asked - allowed or (self.method == "DELETE" and "uploadId" not in asked):
            return "it does something else than to write an object"
        if self.method == "POST" and len(asked & {"uploads", "uploadId"}) != 1:
            return "it does something else than to write an object"
        return self._elsewhere(of)

    def _elsewhere(self, of: list[str]) -> str:
        """Return why the key, in either reading, is not within what was named."""
        return _outside(self.key, of) or (_outside(self.spaced, of) if self.spaced else "")


def _of_headers(headers: list[tuple[str, str]], prefixes: list[Prefix]) -> str:
    """A copy reads another object with the same credential, and an access list gives one to others."""
    for name, value in headers:
        low = name.lower()
        if low == "x-amz-copy-source":
            try:
                source = Asked.read("GET", "/" + value.partition("?")[0].removeprefix("/"), "")
            except ValueError:
                return "it copies from nowhere that can be read"
            of = [p.prefix for p in prefixes if p.bucket == source.bucket]
            if not of or source._elsewhere(of):
                return f"it copies from {source}"
        elif low == "x-amz-acl" and value in _OWN_ONLY:
            continue
        elif low.startswith("x-amz-") and not low.startswith(_HEADERS):
            return f"it says {low}"
    return ""


def _outside(key: str, of: list[str], *, empty: bool = False) -> str:
    # As of plain HTTP (policy): some servers undo a spelling twice, and some take parameters from a part first.
    parts = {part.partition(";")[0] for part in unquote(key).split("/")}
    if {"..", "."} & parts or (not key and not empty):
        return "a path that leads elsewhere"
    return "" if any(key.startswith(prefix) for prefix in of) else "no prefix of this job"


def _decoded(text: str) -> str:
    """Undo one level of percent encoding; ValueError for bytes that are no text, and for control characters."""
    found = unquote_to_bytes(text).decode("utf-8")
    if any(ord(c) < 32 or c in "\x7f\\" for c in found):
        raise ValueError("a control character")
    return found
