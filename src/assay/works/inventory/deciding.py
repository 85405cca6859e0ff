"""A package approved or rejected: each person's decision with its reason, signed; the policy says how many must approve."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from assay.kernel.action import Action, Begun, Made, Settled, Writer
from assay.kernel.canonical import sha256
from assay.kernel.errors import UsageError
from assay.methods.inventory.ends import until
from assay.methods.search.moments import written
from assay.works.inventory.policies import rules_of
from assay.works.marking import place_of, put_mark, read_marks

if TYPE_CHECKING:
    from pathlib import Path

    from assay.office.registry import PackageRecord
    from assay.works.home import Home

_APPROVAL = "an approval"


class Decide(Action):
    """A package approved or rejected. expires: when the approval runs out, as a person said it (``90d``, a day)."""

    def __init__(
        self,
        home: Home,
        record: PackageRecord,
        status: str,
        actor: str,
        reason: str,
        expires: str | None = None,
    ) -> None:
        self.home, self.record, self.status, self.actor, self.reason = home, record, status, actor, reason
        self.expires = expires
        self.name = {"APPROVED": "model.approve", "REJECTED": "model.reject"}[status]
        self.subject = record.urn
        # A person's decision upon the package as it then was: without the person, two who approve at once would be one.
        self.key = f"{self.name}/{record.urn}/{record.event}/{actor}"
        self.inputs = {"package": record.digest}
        self.order = {"package": record.urn, "status": status, "reason": reason, "event": record.event}
        self.order |= {"expires": expires} if expires is not None else {}

    def authorise(self) -> None:
        """Raise where the status is no other, where another person must decide, or where it changed meanwhile."""
        from assay.office import answers, approvals, registry

        if not self.reason.strip():
            raise UsageError("a decision needs its reason", remedy="say it with --reason 'why'")
        office, (policy, rules) = self.home.office, rules_of(self.home, self.record)
        now = registry.get(office, self.record.urn)
        lacking = approvals.lacking(now, policy, answers.of(office, now))
        approvals.decidable(office, now, self.status, actor=self.actor, rules=rules, lacking=lacking)
        until(self.expires, office.clock(), _APPROVAL)
        if now.event != self.record.event:
            raise UsageError(
                f"{self.record.urn} was changed meanwhile", remedy="look again: assay model show"
            )

    def do(self, begun: Begun) -> Made:
        """Sign the decision, and put it beside the package."""
        from assay.office import approvals, hallmark

        office, record = self.home.office, self.record
        policy, rules = rules_of(self.home, record)
        at = office.clock()
        approves = self.status == "APPROVED"
        final = not approves or approvals.enough(record, rules)
        said: dict[str, Any] = {"says": self.status, "by": self.actor, "at": at, "reason": self.reason}
        if not final:
            said["says"] = f"APPROVES: {len(record.pending) + 1} of {rules.approvals}, no approval by itself"
        if approves:
            before = [{k: a[k] for k in ("by", "at", "statement")} for a in record.pending]
            said |= {"with": before, "expires": self._expires(at, rules.expires)}
            said["image"] = (record.image or {}).get("digest")
        statement = hallmark.decide(
            office, record, begun, keyring=self.home.keyring, policy=policy.digest, **said
        )
        put_mark(self._mark(begun, final), statement)
        return {"statement": statement.decode(), "at": at, "final": final, "expires": said.get("expires")}

    def _expires(self, at: str, most: int) -> str | None:
        """Return when the approval runs out: the soonest that the policy, this person and those before have said."""
        ends = [until(self.expires, at, _APPROVAL), *(a.get("expires") for a in self.record.pending)]
        ends += [written(datetime.fromisoformat(at) + timedelta(days=most))] if most else []
        return min((end for end in ends if end), default=None)

    def _mark(self, begun: Begun, final: bool) -> Path:
        from assay.office import hallmark

        name = hallmark.DECISION if final else f"approval-{begun.seq}{hallmark.SUFFIX}"
        return place_of(self.home, self.record) / name

    def happened(self, begun: Begun) -> Made | None:
        """Whether the decision lies there, signed by the office, with the place where it was begun."""
        from assay.engines.keys import verifier
        from assay.office import hallmark

        check = verifier(self.home.keyring.public_pem("hallmark"))
        for final in (True, False):
            mark = self._mark(begun, final)
            made = read_marks(mark.parent, {"statement": mark.name})
            if made is None:
                continue
            try:
                said = hallmark.opened(self.record, made["statement"].encode(), hallmark.DECIDED, check)
            except ValueError:
                continue
            if said["ledger"]["seq"] == begun.seq and said["ledger"]["leaf"] == begun.leaf:
                return {**made, "at": said["at"], "final": final, "expires": said.get("expires")}
        return None

    def settle(self, tx: Writer, made: Made) -> Settled:
        """Keep the statement, and change the package's status where nobody else is awaited."""
        from assay.office import hallmark, registry

        now, statement = registry.current(tx, self.record), made["statement"]
        digest = sha256(statement.encode())
        given = {"by": self.actor, "at": made["at"], "reason": self.reason, "statement": digest}
        given |= {"expires": made["expires"]} if made.get("expires") else {}
        detail: dict[str, Any] = {"status": self.status, "reason": self.reason}
        if made["final"]:
            approved = self.status == "APPROVED"
            registry.keep_statement(tx, now, "decided", {"statement": statement})
            now = replace(
                now,
                status=self.status,
                decided_by=self.actor,
                decided_at=made["at"],
                reason=self.reason,
                expires=made.get("expires"),
                approvals=(*now.pending, given) if approved else (),
                pending=(),
            )
            detail |= {"by": [a["by"] for a in now.approvals]} if len(now.approvals) > 1 else {}
            detail |= {"expires": now.expires} if now.expires else {}
        else:
            mark = self._mark(Begun(self._begun(tx), ""), False).name.removesuffix(hallmark.SUFFIX)
            registry.keep_statement(tx, now, mark, {"statement": statement})
            now = replace(now, pending=(*now.pending, given | {"mark": mark}))
            detail |= {"status": now.status, "approvals": len(now.pending)}
        registry.write(tx, replace(now, event=tx.size))
        return Settled(self.subject, {**self.inputs, "statement": digest}, detail)

    def _begun(self, tx: Writer) -> int:
        return int((tx.get("actions", self.key) or {})["begun"])


def decide(
    home: Home, name: str, status: str, actor: str, reason: str, expires: str | None = None
) -> PackageRecord:
    """Approve or reject ``name@version``; return the package as it now is: still awaiting others, where the policy asks for more."""
    from assay.office import actions, registry

    record = registry.get(home.office, name)
    actions.carry_out(home.office, Decide(home, record, status, actor, reason, expires))
    return registry.get(home.office, record.urn)
