"""What a step's job may reach, as the step and the settings say: stores, workers, encryption, an image; and what it asked for.

Each decision of the proxy is one event of the ledger, written as it is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import UsageError
from assay.kernel.report import Finding, Metric
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.engines.egress.policy import Decision, Egress
    from assay.engines.reach import Reach
    from assay.works.bench import Bench
    from assay.works.home import Home
    from assay.works.work import LocalWork

_EVENTS = 1000  # of one job, one each; what a job asks beyond that is one event with their number


@dataclass
class Ledger:
    """Writes what the proxy of a job decided into the ledger. step: whose job it is, as ``RUN/STEP``."""

    home: Home
    actor: str
    step: str
    written: int = 0

    def decided(self, decision: Decision) -> None:
        """Write one decision as an event; past a thousand they are counted at the end."""
        if self.written >= _EVENTS:
            return
        self.written += 1
        detail = {k: v for k, v in decision.to_dict().items() if v}
        self._write("allowed" if decision.allowed else "refused", detail)

    def ended(self, egress: Egress) -> None:
        """Write how many decisions have no event of their own."""
        more = len(egress.decisions) + egress.more - self.written
        if more > 0:
            self._write("more", {"job": egress.job, "decisions": more})

    def minted(self, egress: Egress) -> None:
        """Write that a job was given a credential: for what, until when, and what stands behind it; and when it is gone."""
        if egress.credential is not None:
            self._write("minted", {"job": egress.job, **egress.credential.told()}, "job.credential")
            egress.closed = lambda: self._write("ended", {"job": egress.job}, "job.credential")

    def _write(self, outcome: str, detail: Mapping[str, Any], action: str = "job.egress") -> None:
        with self.home.office.transaction() as tx:
            tx.record(action, self.step, actor=self.actor, outcome=outcome, detail=detail)


def may_reach(network: Mapping[str, Any] | None, network_isolation: bool | None) -> bool:
    """Return whether a step reaches stores; UsageError where it says both that it does and that it does not."""
    if network and network_isolation:
        raise UsageError(
            "the step names stores to reach, and says network_isolation: true",
            remedy="leave one of them out",
        )
    if network_isolation is False and not network:
        raise UsageError(
            "network_isolation: false alone would open every address",
            remedy="name the stores that the job needs: network: {allow: [https://files.example.org]}",
        )
    return bool(network)


def egress_of(
    work: LocalWork | Bench, network: Mapping[str, Any] | None, network_isolation: bool | None, seconds: float
) -> Egress | None:
    """Return the way out that a step declares; None where it declares none, which is no network at all."""
    if not may_reach(network, network_isolation):
        return None
    from assay.engines.egress.policy import Egress, read_network

    if work.network_isolation:
        raise UsageError(
            "the step names stores to reach, and the settings say network_isolation: true",
            remedy="leave one of them out",
        )
    given = network or {}
    stores, ranges = read_network(given)
    egress = Egress(stores, ranges, seconds + 60, work.ledger.decided if work.ledger is not None else None)
    if given.get("credential"):
        from assay.engines.egress.credential import Credential, Wanted

        wanted = Wanted.read(given["credential"])
        assert wanted is not None
        egress.credential = Credential.mint(wanted, egress.prefixes, egress.job, egress.seconds)
        if work.ledger is not None:
            work.ledger.minted(egress)
    return egress


def reach_of(
    work: LocalWork,
    *,
    seconds: float,
    workers: int,
    network: Mapping[str, Any] | None,
    network_isolation: bool | None,
    encrypted: bool | None,
    image: Path | None,
) -> Reach:
    """Return what a script's job may reach. UsageError for what cannot be had together."""
    from assay.engines.reach import Reach

    egress = egress_of(work, network, network_isolation, seconds)
    unpacked = None
    if image is not None:
        from assay.engines.rootfs import unpack

        unpacked = unpack(image, (work.cache or work.scratch / "requirements").parent / "images")
    sealed = work.encrypted if encrypted is None else encrypted
    reach = Reach(egress, workers, sealed and workers > 1, unpacked)
    reach.places()  # a number of workers that no job has is told before anything is written
    return reach


def told(reach: Reach, work: LocalWork) -> tuple[list[Finding], list[Metric]]:
    """Return what a report says of what a job asked for, when it has ended."""
    metrics = []
    if reach.workers > 1:
        metrics.append(Metric("workers", reach.workers, of={"encrypted": str(reach.encrypted).lower()}))
    if reach.egress is None:
        return [], metrics
    if work.ledger is not None:
        work.ledger.ended(reach.egress)
    refused = [d for d in reach.egress.decisions if not d.allowed]
    allowed = len(reach.egress.decisions) - len(refused)
    metrics += [
        Metric("requests_allowed", allowed),
        Metric("requests_refused", len(refused) + reach.egress.more),
    ]
    findings = []
    for target, why in dict.fromkeys((d.target, d.why) for d in refused[:100]):
        findings.append(
            Finding(
                "network.refused",
                Severity.MEDIUM,
                f"The job asked for {target}, and was refused: {why}.",
                {"target": target},
                "name the store under `network: allow:` if the job needs it; if not, ask why it does this",
            )
        )
    return findings[:20], metrics
