"""What Spark sends between its processes, kept to itself: authenticated and encrypted by Spark's own means, or not sent at all.

A session of ours starts with both; a cluster's must have been started so, and is asked once it stands; Spark Connect must be
reached over TLS. https://spark.apache.org/docs/latest/security.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assay.kernel.errors import Refused, UsageError

_TRUE = ("spark.authenticate", "spark.network.crypto.enabled", "spark.io.encryption.enabled")
_REMEDY = (
    "start the cluster with spark.authenticate, spark.network.crypto.enabled and spark.io.encryption.enabled"
)


@dataclass(frozen=True, slots=True)
class Traffic:
    """encrypted: between all processes of a session, and what is spilled. isolated: on this machine alone."""

    encrypted: bool = False
    isolated: bool = False

    def settings(self, master: str) -> dict[str, str]:
        """Return what a session starts with; UsageError where its master cannot be had so."""
        own = master.startswith("local")
        if self.isolated and not own:
            raise UsageError(
                f"{master} is asked over a network, and network_isolation is true",
                remedy="leave out --engine, or use --engine spark, which runs on this machine alone",
            )
        if not self.encrypted:
            return {}
        if master.startswith("sc://"):
            if "use_ssl=true" not in master.replace(" ", "").lower():
                raise UsageError(
                    f"{master.partition(';')[0]} is asked without TLS, and traffic is to be encrypted",
                    remedy="write sc://HOST:PORT/;use_ssl=true",
                )
            return {}
        out = {name: "true" for name in _TRUE}  # noqa: C420
        out |= {
            "spark.network.crypto.authEngineVersion": "2",
            "spark.network.crypto.saslFallback": "false",
            "spark.network.crypto.cipher": "AES/GCM/NoPadding",
            "spark.io.encryption.keySizeBits": "256",
        }
        return out  # no secret: a session of this machine draws its own, and one said here would stand in a command line

    def proved(self, started: Any, master: str) -> None:
        """Refuse a session that does not encrypt what it was to encrypt."""
        if not self.encrypted or master.startswith("sc://"):
            return
        conf = started.sparkContext.getConf()
        lacking = [name for name in _TRUE if str(conf.get(name, "false")).lower() != "true"]
        if lacking:
            raise Refused(f"Spark at {master} runs without {', '.join(lacking)}", remedy=_REMEDY)


PLAIN = Traffic()
