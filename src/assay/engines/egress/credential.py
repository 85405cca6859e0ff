"""A job's own credential for S3: a pair of keys that only its proxy knows, and what the proxy signs with in their place.

The job never holds what opens the store. The proxy signs with this machine's own credential, or, where a role is named, with a
session of it (STS AssumeRole) whose policy allows what was named until the job's time is over, and nothing else.
Sources: API reference of AWS STS (AssumeRole, session policies); actions, resources and condition keys for Amazon S3.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from assay.engines.egress.objects import Prefix
from assay.engines.egress.sigv4 import Keys
from assay.engines.extras import install
from assay.kernel.errors import UsageError
from assay.methods.nearest import did_you_mean

_ROLE = re.compile(r"arn:(aws[a-z-]*):iam::\d{12}:role/[\w+=,.@/-]{1,512}")
_REGION = re.compile(r"[a-z0-9-]{1,32}")
_KNOWN = ("access", "role", "region", "endpoint")
_LEAST, _MOST = 900, 3600  # seconds of a session that STS gives without being told otherwise by the role
_EARLY = timedelta(minutes=4)  # before its end a session is asked for anew
_READS, _WRITES = ("s3:GetObject", "s3:GetObjectVersion"), ("s3:PutObject", "s3:AbortMultipartUpload")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a step says of its credential. endpoint, region: of the store, where they are not this machine's own."""

    writes: bool = False
    role: str = ""
    region: str = ""
    endpoint: str = ""

    @classmethod
    def read(cls, given: Any) -> Wanted | None:
        """Read ``read``, ``write`` or ``{access:, role:, region:, endpoint:}``; None where nothing is said."""
        if given is None:
            return None
        said: Mapping[str, Any] = {"access": given} if isinstance(given, str) else given
        if not isinstance(said, Mapping):
            raise UsageError("`credential:` is read, write or a mapping", remedy="credential: read")
        for name in said:
            if name not in _KNOWN:
                raise UsageError(f"a credential has no {name!r}", remedy=did_you_mean(str(name), _KNOWN))
        access, role, region, endpoint = (str(said.get(n) or "") for n in _KNOWN)
        if access not in ("", "read", "write"):
            raise UsageError(f"a credential's access cannot be {access!r}", remedy="read or write")
        if role and not _ROLE.fullmatch(role):
            raise UsageError(f"{role!r} is no role", remedy="such as arn:aws:iam::123456789012:role/jobs")
        if region and not _REGION.fullmatch(region):
            raise UsageError(f"{region!r} is no region", remedy="such as eu-central-1")
        if endpoint:
            _place(endpoint)
        return cls(access == "write", role, region, endpoint)


@dataclass
class Credential:
    """What a proxy signs with. scheme, host, port: where the store answers. until: when the job's time is over."""

    wanted: Wanted
    prefixes: tuple[Prefix, ...]
    job: str
    until: datetime
    scheme: str = ""
    host: str = ""
    port: int = 0
    region: str = ""
    _chain: Any = field(default=None, repr=False)
    _keys: Keys | None = field(default=None, repr=False)
    _ends: datetime | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def mint(cls, wanted: Wanted, prefixes: tuple[Prefix, ...], job: str, seconds: float) -> Credential:
        """Find this machine's own credential, and a session of the role; UsageError where there is none."""
        try:
            import boto3
            from botocore.exceptions import BotoCoreError
        except ImportError:
            raise UsageError("a credential for S3 needs boto3", remedy=install("s3")) from None
        made = cls(wanted, prefixes, job, datetime.now(UTC) + timedelta(seconds=seconds))
        try:
            made._chain = boto3.Session(region_name=wanted.region or None)
            made.region = wanted.region or made._chain.region_name or "us-east-1"
            client = made._chain.client("s3", region_name=made.region, endpoint_url=wanted.endpoint or None)
            made.scheme, made.host, made.port = _place(client.meta.endpoint_url)
            made.keys()
        except BotoCoreError as error:
            raise UsageError(f"no credential for S3: {error}", remedy="see `aws configure list`") from None
        return made

    def keys(self) -> Keys:
        """Return what is signed with now; a session that ends soon is asked for anew, the job's time permitting.

        UsageError where there is none, or none can be had anew.
        """
        from botocore.exceptions import BotoCoreError

        try:
            return self._current()
        except BotoCoreError as error:
            raise UsageError(f"no credential for S3: {error}", remedy="see `aws configure list`") from None

    def _current(self) -> Keys:
        if not self.wanted.role:
            found = self._chain.get_credentials()
            if found is None:
                raise UsageError(
                    "this machine has no credential for S3",
                    remedy="see `aws configure list`, or name a `role:`",
                )
            frozen = found.get_frozen_credentials()
            return Keys(frozen.access_key, frozen.secret_key, frozen.token or "")
        with self._lock:
            now = datetime.now(UTC)
            if self._keys is None or self._ends is None or now > self._ends - _EARLY:
                self._keys, self._ends = self._assumed(now)
            return self._keys

    def _assumed(self, now: datetime) -> tuple[Keys, datetime]:
        from botocore.exceptions import ClientError

        lasts = min(max(int((self.until - now).total_seconds()), _LEAST), _MOST)
        try:
            said = self._chain.client("sts", region_name=self.region).assume_role(
                RoleArn=self.wanted.role, RoleSessionName=f"assay-{self.job}", DurationSeconds=lasts,
                Policy=session_policy(self.prefixes, self.until, writes=self.wanted.writes, role=self.wanted.role),
            )["Credentials"]  # fmt: skip
        except ClientError as error:
            why = error.response.get("Error", {}).get("Message", "refused")
            raise UsageError(
                f"the role {self.wanted.role} cannot be assumed: {str(why)[:300]}",
                remedy="its trust policy must name whoever runs Assay, and allow sts:AssumeRole",
            ) from None
        return Keys(said["AccessKeyId"], said["SecretAccessKey"], said["SessionToken"]), said["Expiration"]

    def told(self) -> dict[str, Any]:
        """Return what the ledger says of it: no secret, of a session its key's name."""
        out = {
            "prefixes": [str(p) for p in self.prefixes], "access": "write" if self.wanted.writes else "read",
            "until": self.until.strftime("%Y-%m-%dT%H:%M:%SZ"), "signed_with": self.wanted.role or "this machine's own",
        }  # fmt: skip
        return out | ({"session": self._keys.key} if self._keys is not None else {})


def session_policy(
    prefixes: tuple[Prefix, ...], until: datetime, *, writes: bool = False, role: str = "arn:aws"
) -> str:
    """Return the policy of a session, as compact JSON: these prefixes alone, until then, whatever the role itself may."""
    partition = role.split(":")[1]
    ends = {"DateLessThan": {"aws:CurrentTime": until.strftime("%Y-%m-%dT%H:%M:%SZ")}}
    objects = [f"arn:{partition}:s3:::{p.bucket}/{p.prefix}*" for p in prefixes]
    statements: list[dict[str, Any]] = [
        {
            "Effect": "Allow",
            "Action": [*_READS, *(_WRITES if writes else ())],
            "Resource": objects,
            "Condition": ends,
        }
    ]
    for bucket in dict.fromkeys(p.bucket for p in prefixes):
        of = [p.prefix for p in prefixes if p.bucket == bucket]
        place = f"arn:{partition}:s3:::{bucket}"
        listed = {} if "" in of else {"StringLike": {"s3:prefix": [f"{p}*" for p in of]}}
        statements += [
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": place, "Condition": ends | listed},
            {"Effect": "Allow", "Action": "s3:GetBucketLocation", "Resource": place, "Condition": ends},
        ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))


def _place(endpoint: str) -> tuple[str, str, int]:
    """Return scheme, host and port of an endpoint; UsageError where it is none."""
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if (
        parts.scheme not in ("https", "http")
        or not parts.hostname
        or parts.username
        or parts.path not in ("", "/")
    ):
        raise UsageError(f"{endpoint!r} is no endpoint", remedy="such as https://s3.example.org")
    return parts.scheme, parts.hostname.rstrip("."), port or (443 if parts.scheme == "https" else 80)
