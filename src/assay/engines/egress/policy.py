"""The stores that a job may reach, as its step names them, and each decision about them."""

from __future__ import annotations

import hmac
import ipaddress
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from assay.engines.egress.addresses import Address, Network, judge
from assay.engines.egress.credential import Credential, Wanted
from assay.engines.egress.objects import Prefix
from assay.engines.egress.sigv4 import Keys
from assay.kernel.errors import UsageError
from assay.kernel.printable import printable
from assay.methods.nearest import did_you_mean

_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(
    r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"(/[A-Za-z0-9!_.'()=+@:,/-]*)?")  # nothing that a policy takes for more than itself
_REGION = re.compile(r"s3[.-](dualstack\.)?[a-z]{2}(-[a-z]+){1,3}-\d\.amazonaws\.com(\.cn)?")
_MOST = 64  # stores of one job
MOST_OPEN = 128  # connections at once, of all workers of a job
_KEPT = 10_000  # decisions held; the rest is counted

Resolve = Callable[[str, int], list[str]]


@dataclass(frozen=True, slots=True)
class Store:
    """One store: over TLS by its host and port alone, over plain HTTP also by the beginning of its paths.

    bucket: of an S3 address, which its host begins with in every region. One with a prefix is reached by the job's own
    credential alone: of what goes over TLS nobody outside sees the key.
    """

    scheme: str
    host: str
    port: int
    path: str = "/"
    bucket: bool = False

    @classmethod
    def read(cls, text: Any) -> Store:
        """Read ``https://host[:port]``, ``http://host[:port]/path`` or ``s3://bucket``; UsageError for anything else."""
        remedy = (
            "write it like https://files.example.org, http://files.example.org:8080/public/ or s3://bucket"
        )
        try:
            parts = urlsplit(str(text))
            port, host = parts.port, (parts.hostname or "").rstrip(".")
        except ValueError:
            raise UsageError(f"{text!r} names no store", remedy=remedy) from None
        extra = (
            parts.username is not None
            or parts.query
            or parts.fragment
            or "?" in str(text)
            or "#" in str(text)
        )
        if (
            parts.scheme == "s3"
            and not extra
            and port is None
            and _BUCKET.fullmatch(host)
            and _PREFIX.fullmatch(parts.path)
        ):
            return cls("https", host, 443, parts.path or "/", bucket=True)
        if parts.scheme not in _PORTS or not host or extra:
            raise UsageError(f"{text!r} names no store", remedy=remedy)
        if not _HOST.fullmatch(host) and _literal(host) is None:
            raise UsageError(f"{text!r} names no store: {host!r} is no host", remedy=remedy)
        if parts.scheme == "https" and parts.path not in ("", "/"):
            raise UsageError(
                f"{text!r} names a path, which nobody outside can see of what goes over TLS",
                remedy=f"name the host alone: https://{host}",
            )
        return cls(parts.scheme, host, port or _PORTS[parts.scheme], parts.path or "/")

    def holds(self, scheme: str, host: str, port: int, path: str = "/") -> bool:
        """Whether a request is for this store."""
        if (scheme, port) != (self.scheme, self.port):
            return False
        if self.bucket and self.path != "/":
            return False
        if self.bucket:
            name, dot, rest = host.partition(".")
            return (
                bool(dot)
                and name == self.host
                and (rest == "s3.amazonaws.com" or bool(_REGION.fullmatch(rest)))
            )
        if scheme == "http" and not (path.startswith(self.path) and _plain(path)):
            return False
        return host == self.host

    def __str__(self) -> str:
        if self.bucket:
            return f"s3://{self.host}{'' if self.path == '/' else self.path}"
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{shown}:{self.port}{'' if self.path == '/' else self.path}"


def _plain(path: str) -> bool:
    """Whether a path says where it leads, without a step up or a spelling that a server may undo.

    Some servers take parameters from a part first (``..;a``), and some undo a spelling twice (``%252e``).
    """
    low = path.partition("?")[0].lower()
    parts = {part.partition(";")[0].strip() for part in low.split("/")}
    odd = ("%2e", "%2f", "%5c", "%3b", "%25", "%00", "\\", "//")
    return not ({"..", "."} & parts) and not any(m in low for m in odd)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a job asked for, and whether it was given. address: where the name led. why: the reason, in a sentence."""

    allowed: bool
    method: str
    target: str
    address: str
    why: str
    job: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "method": self.method, "target": self.target, "address": self.address, "why": self.why, "job": self.job,
        }  # fmt: skip


def system_names(host: str, port: int) -> list[str]:
    """Return the addresses of a host, as this machine's name service has them."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass
class Egress:
    """The way out of one job. token: its own credential, which ends with it. tell: told each decision as it is taken.

    ranges: private addresses that were named. A name is resolved once, here, and what was judged is what is connected to.
    """

    stores: tuple[Store, ...]
    ranges: tuple[Network, ...] = ()
    seconds: float = 300.0
    tell: Callable[[Decision], None] | None = None
    resolve: Resolve = system_names
    credential: Credential | None = None
    closed: Callable[[], None] | None = None  # told once its credential is gone
    job: str = field(default_factory=lambda: secrets.token_hex(6))
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    decisions: list[Decision] = field(default_factory=list)
    more: int = 0  # decisions that were taken and not held
    _until: float = 0.0
    _held: int = 0
    _open: int = 0
    _pinned: dict[str, tuple[Address, ...]] = field(default_factory=dict, repr=False)
    _naming: dict[str, threading.Lock] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def begin(self) -> None:
        """Start the life of its credential, when the job starts, and each of its workers."""
        with self._lock:
            self._held += 1
            self._until = self._until or time.monotonic() + self.seconds

    def end(self) -> None:
        """Take its credential away, when the last of its workers has ended."""
        with self._lock:
            self._held -= 1
            if self._held > 0 or self._until < 0:
                return
            self._until = -1.0
        if self.closed is not None:
            self.closed()

    @property
    def keys(self) -> Keys:
        """Return the pair of keys that the job signs its requests of S3 with; they open nothing but its proxy."""
        return Keys(f"ASSAY{self.job.upper()}", self.token)

    @property
    def alive(self) -> bool:
        """Whether its credential lives."""
        return 0 < time.monotonic() < self._until

    @property
    def prefixes(self) -> tuple[Prefix, ...]:
        """Return the buckets of its stores, each with the beginning of the keys that were named."""
        return tuple(Prefix(s.host, s.path.removeprefix("/")) for s in self.stores if s.bucket)

    def knows(self, token: str) -> bool:
        """Whether a credential is the job's, and still lives."""
        same = hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode())
        return same and self.alive

    def enter(self) -> bool:
        """Count one more connection of the job's; whether there may be one more."""
        with self._lock:
            free = self._open < MOST_OPEN
            self._open += free
            return free

    def leave(self) -> None:
        """Count one connection less."""
        with self._lock:
            self._open -= 1

    def addresses(
        self, scheme: str, host: str, port: int, path: str = "/"
    ) -> tuple[tuple[Address, ...], str]:
        """Return where a request may go, or why it goes nowhere."""
        signed = self.credential is not None  # its buckets are then reached in no other way
        if not any(s.holds(scheme, host, port, path) for s in self.stores if not (s.bucket and signed)):
            return (), "no store of this job"
        return self.judged(host, port)

    def judged(self, host: str, port: int) -> tuple[tuple[Address, ...], str]:
        """Return where a host that was named may be reached, or why it is not; its name is resolved once a job."""
        literal = _literal(host)
        if literal is not None:  # the store itself was named by its address
            why = judge(literal, [*self.ranges, ipaddress.ip_network(literal)])
            return ((), why) if why else ((literal,), "")
        with self._lock:
            naming = self._naming.setdefault(host, threading.Lock())
        with naming:  # of this name alone: a slow name service keeps nothing else waiting
            if host not in self._pinned:
                try:
                    found = self.resolve(host, port)
                    self._pinned[host] = tuple(
                        dict.fromkeys(ipaddress.ip_address(a.partition("%")[0]) for a in found)
                    )
                except (OSError, ValueError, UnicodeError):
                    return (), "its name is not known"
            pinned = self._pinned[host]
        for (
            address
        ) in pinned:  # one that is not to be reached among others is somebody's try to lead us there
            why = judge(address, self.ranges)
            if why:
                return (), why
        return pinned, "" if pinned else "its name is not known"

    def decided(self, allowed: bool, method: str, target: str, address: str = "", why: str = "") -> None:
        """Hold a decision, and tell it on."""
        said = printable(target[:300])
        made = Decision(allowed, printable(method[:20]), said, address, printable(why[:300]), self.job)
        with self._lock:
            if len(self.decisions) >= _KEPT:
                self.more += 1
                return
            self.decisions.append(made)
        if self.tell is not None:
            self.tell(made)

    def environment(self, peers: tuple[str, ...] = ()) -> dict[str, str]:
        """Return what tells a job's libraries of the way out. peers: names that are reached without it."""
        from assay.engines.isolation import links

        proxy = f"http://{self.job}:{self.token}@127.0.0.1:{links.PORT}"
        out = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy)
        direct = ",".join(("localhost", "127.0.0.1", *peers))
        if self.credential is not None:
            mine = self.keys
            out |= {
                "AWS_ACCESS_KEY_ID": mine.key, "AWS_SECRET_ACCESS_KEY": mine.secret,
                "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{links.PORT}", "AWS_REGION": self.credential.region,
                "AWS_DEFAULT_REGION": self.credential.region, "AWS_EC2_METADATA_DISABLED": "true",
            }  # fmt: skip
        return out | {
            "NO_PROXY": direct,
            "no_proxy": direct,
            "ASSAY_EGRESS": links.DOOR,
            "ASSAY_EGRESS_TOKEN": self.token,
        }


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def read_network(given: Mapping[str, Any]) -> tuple[tuple[Store, ...], tuple[Network, ...]]:
    """Read ``allow: [https://…, s3://…]`` and ``addresses: [10.2.0.0/16]``; UsageError for anything else."""
    known = ("allow", "addresses", "credential")
    for name in given:
        if name not in known:
            raise UsageError(f"a network has no {name!r}", remedy=did_you_mean(str(name), known))
    allow, ranges = given.get("allow") or [], given.get("addresses") or []
    if not isinstance(allow, (list, tuple)) or not allow or len(allow) > _MOST:
        raise UsageError(
            f"`allow:` names the stores that a job may reach, 1 to {_MOST} of them",
            remedy="network: {allow: [https://files.example.org]}",
        )
    if not isinstance(ranges, (list, tuple)) or len(ranges) > _MOST:
        raise UsageError("`addresses:` is a list of ranges", remedy="addresses: [10.2.0.0/16]")
    found = []
    for text in ranges:
        try:
            found.append(ipaddress.ip_network(str(text)))
        except ValueError:
            raise UsageError(
                f"{text!r} is no range of addresses", remedy="write it like 10.2.0.0/16"
            ) from None
    stores = tuple(Store.read(text) for text in allow)
    buckets = [s for s in stores if s.bucket]
    wanted = Wanted.read(given.get("credential"))
    for store in buckets:
        if store.path != "/" and not wanted:
            raise UsageError(
                f"{store} names a prefix, which nobody outside can see of what goes over TLS",
                remedy=f"add `credential: read`, or name s3://{store.host} alone",
            )
    if wanted and not buckets:
        raise UsageError(
            "`credential:` is for S3, and no s3:// stands in `allow:`", remedy="allow: [s3://bucket/prefix/]"
        )
    return stores, tuple(found)
