"""What policy says of an execution, done: diagnosed once, each deed an action of the office, whatever goes wrong told and gone on."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import AssayError, Missing, UsageError
from assay.methods.remedies.parts import parts
from assay.methods.remedies.policy import Policy, Rule
from assay.office.monitors import Execution, Monitor
from assay.works.monitoring import times
from assay.works.remedies.deciding import fired, held_back
from assay.works.remedies.opening import OpenFinding
from assay.works.remedies.remedy import PREFIX, Order, Remedy
from assay.works.remedies.resolving import first, quiet
from assay.works.remedies.retraining import Retrain, Shadow
from assay.works.remedies.serving import Fallback, Quarantine, Rollback, Shift, ToEndpoint
from assay.works.remedies.telling import Resolve, Tell

if TYPE_CHECKING:
    from assay.office.actions import ActionRecord
    from assay.works.home import Home

KINDS: dict[str, type[Remedy]] = {
    kind.verb: kind
    for kind in (Tell, Resolve, Rollback, Shift, Fallback, Quarantine, OpenFinding, Retrain, Shadow)
}
NAMES = frozenset(f"{PREFIX}.{verb}" for verb in KINDS)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one deed. state: done, failed, proposed, or held (why says what held it back)."""

    key: str
    verb: str
    rule: str
    part: str
    state: str
    why: str = ""


def act(home: Home, monitor: Monitor, execution: Execution) -> list[Outcome]:
    """Do what the monitor's policy says of an execution; return what became of each deed. It is safe to repeat."""
    from assay.office import monitors
    from assay.works.remedies.policies import of

    policy = of(home, monitor)
    rules = fired(home, monitor, execution, policy) if policy.rules else []
    diagnosis = _diagnosed(home, monitor, execution) if rules else ""
    out = [
        _done(home, monitor, execution, rule, order)
        for rule in rules
        for order in _orders(home, monitor, execution, rule, diagnosis)
    ]
    over = [rule for rule in policy.rules if rule not in rules and quiet(rule, monitor, execution)]
    out += [
        _resolved(home, monitor, order) for rule in over for order in _over(home, monitor, execution, rule)
    ]
    with home.office.transaction() as tx:
        now = monitors.current_execution(tx, execution.key) or execution
        told = [
            {"key": o.key, "verb": o.verb, "rule": o.rule, "part": o.part, "state": o.state, "why": o.why}
            for o in out
        ]
        monitors.write_execution(tx, replace(now, acted=tx.now, actions=tuple(told), event=tx.size))
        states = {o.part: o.state for o in out}
        tx.record(
            "monitor.act",
            execution.urn,
            actor=actor_of(monitor),
            detail={"policy": policy.digest, "deeds": states},
        )
    return out


def actor_of(monitor: Monitor) -> str:
    """Return in whose name a monitor acts."""
    return f"monitor:{monitor.name}"


def _diagnosed(home: Home, monitor: Monitor, execution: Execution) -> str:
    """Return the digest of the diagnosis, which is made anew where it was not kept."""
    from assay.works.remedies.diagnosing import diagnosed

    return home.store.put_bytes(
        json.dumps(diagnosed(home, monitor, execution), ensure_ascii=False, sort_keys=True).encode()
    )


def _orders(home: Home, monitor: Monitor, execution: Execution, rule: Rule, diagnosis: str) -> list[Order]:
    """Return what a rule orders: of an alert one for each channel, so that one that is away holds up no other."""
    target = monitor.endpoint or monitor.name
    out = []
    for number, deed in enumerate(rule.do):
        if deed.verb != "alert":
            (part,) = parts(number, deed.verb)
            out.append(Order(deed.verb, monitor.name, execution.key, target, rule.name, part,
                             execution.started, deed.said, diagnosis))  # fmt: skip
            continue
        for part in parts(number, deed.verb, deed.said["to"]):
            since = first(home, monitor, target, rule.name, part, execution.started)
            out.append(Order("alert", monitor.name, execution.key, target, rule.name, part,
                             execution.started, {"first": since} if since else {}, diagnosis))  # fmt: skip
    return out


def _over(home: Home, monitor: Monitor, execution: Execution, rule: Rule) -> list[Order]:
    """Return, of a rule that is quiet again, what is told to each channel that was told of the trouble."""
    target = monitor.endpoint or monitor.name
    out = []
    for number, deed in enumerate(rule.do):
        for part in parts(number, deed.verb, deed.said["to"]) if deed.verb == "alert" else ():
            since = first(home, monitor, target, rule.name, part, execution.started)
            if since:
                out.append(Order("resolve", monitor.name, execution.key, target, rule.name, part,
                                 execution.started, {"first": since}))  # fmt: skip
    return out


def _done(home: Home, monitor: Monitor, execution: Execution, rule: Rule, order: Order) -> Outcome:
    from assay.office import actions

    known = _known(home, order)
    if known is not None:
        return known
    why = held_back(home, rule, order, (execution.start, execution.end), time.time())
    if why:
        return _outcome(order, "held", why)
    remedy = KINDS[order.verb](home, order, actor_of(monitor))
    if rule.mode == "propose":
        with home.office.transaction() as tx:
            actions.propose(tx, remedy)
        return _outcome(order, "proposed")
    return _carried(home, order, remedy)


def _resolved(home: Home, monitor: Monitor, order: Order) -> Outcome:
    """Tell once that it is over: no cool-down holds that back, and where nobody took it ``send_again`` has its own pauses."""
    return _known(home, order) or _carried(home, order, Resolve(home, order, actor_of(monitor)))


def _known(home: Home, order: Order) -> Outcome | None:
    """Return what became of an order that was ended or proposed before; None of one that is still to be carried out."""
    from assay.office import actions

    known = actions.get(home.office, order.key)
    if known is None or known.state not in ("done", "failed", "proposed", "declined"):
        return None
    return _outcome(order, known.state, str(known.detail.get("why", "")))


def _outcome(order: Order, state: str, why: str = "") -> Outcome:
    return Outcome(order.key, order.verb, order.rule, order.part, state, why)


def _carried(home: Home, order: Order, remedy: Remedy) -> Outcome:
    from assay.office import actions

    try:
        record = actions.carry_out(home.office, remedy)
    except AssayError as error:
        return _outcome(order, "failed", str(error)[:300])
    except Exception as error:  # noqa: BLE001 - a fault of ours in one deed keeps no other from being done
        return _outcome(order, "failed", f"{type(error).__name__}: {error}"[:300])
    return _outcome(order, "done", str(record.detail.get("why", "")))


def recalled(home: Home, record: ActionRecord) -> Remedy:
    """Return an action as it was begun, or proposed."""
    known = {f.name for f in fields(Order)}
    order = Order(**{k: v for k, v in record.order.items() if k in known})
    return KINDS[order.verb](home, order, record.actor)


def listing(home: Home, states: Sequence[str], monitor: str | None = None) -> list[ActionRecord]:
    """Return the corrective actions in some states, of one monitor if asked, the latest first; none of an earlier one of its name."""
    from assay.office import actions, monitors

    since = monitors.ever(home.office, monitor).created_at if monitor is not None else ""
    found = [r for r in actions.keyed(home.office, f"{PREFIX}/") if r.state in states]
    of_it = [
        r for r in found if monitor is None or (r.order.get("monitor") == monitor and r.order["at"] >= since)
    ]
    return sorted(of_it, key=lambda r: -r.event)


def named(home: Home, text: str) -> ActionRecord:
    """Return the action that a key, or its mark, names; Missing where none does."""
    for record in listing(home, ("begun", "done", "failed", "proposed", "declined")):
        if text in (record.key, mark(record)):
            return record
    raise Missing(f"there is no corrective action {text[:80]!r}", remedy="see `assay monitor actions`")


def mark(record: ActionRecord) -> str:
    """Return the short name of an action."""
    from assay.kernel.canonical import digest_of

    return digest_of(record.key)[7:15]


def accept(home: Home, text: str, actor: str) -> ActionRecord:
    """Carry out what was proposed, in the name of whoever accepts it; UsageError where it is no proposal."""
    from assay.office import actions

    record = named(home, text)
    if record.state != "proposed":
        raise UsageError(
            f"{mark(record)} is {record.state}, and no proposal", remedy="see `assay monitor actions`"
        )
    remedy = recalled(home, record)
    remedy.actor = actor
    return actions.carry_out(home.office, remedy)


def decline(home: Home, text: str, actor: str, reason: str) -> ActionRecord:
    """Let a proposal go, with the reason."""
    from assay.office import actions

    record = named(home, text)
    if record.state != "proposed":
        raise UsageError(
            f"{mark(record)} is {record.state}, and no proposal", remedy="see `assay monitor actions`"
        )
    if not reason.strip():
        raise UsageError("declining needs its reason", remedy="say it with --reason 'why'")
    return actions.decline(home.office, record, actor, reason)


def undelivered(home: Home, now: float, monitor: str | None = None) -> list[ActionRecord]:
    """Return the alerts that nobody took and that are to be sent again by now."""
    from assay.works.remedies.channels import PAUSES

    out = []
    for record in listing(home, ("failed",), monitor):
        if record.name not in (f"{PREFIX}.alert", f"{PREFIX}.resolve"):
            continue
        tried = int(record.order.get("attempt", 0))
        since = times.seconds(str(record.order.get("tried") or record.order["at"]))
        if tried < len(PAUSES) and since + PAUSES[tried] <= now:
            out.append(record)
    return out


def send_again(home: Home, now: float, monitor: str | None = None) -> int:
    """Send again what nobody took; return how many were taken now."""
    from assay.office import actions

    taken = 0
    for record in undelivered(home, now, monitor):
        before: Any = recalled(home, record)
        order = replace(before.asked, attempt=before.asked.attempt + 1, tried=times.text(now))
        try:
            actions.carry_out(home.office, KINDS[order.verb](home, order, record.actor))
            taken += 1
        except AssayError:  # it is told as failed, and tried again later
            continue
    return taken


def checked(home: Home, policy: Policy, *, endpoint: bool = True) -> Policy:
    """Return a policy whose channels, fallbacks and pipelines are there; Missing or UsageError, with the line, where not.

    endpoint: whether there is one that something can be done to.
    """
    from pathlib import Path

    from assay.works.remedies import channels
    from assay.works.serving import fallbacks

    found = channels.of(home)
    for name, where in policy.channels.items():
        channels.named(found, name, where)
    for rule in policy.rules:
        for deed in rule.do:
            if not endpoint and issubclass(KINDS[deed.verb], ToEndpoint):
                raise UsageError(
                    f"there is no endpoint to {deed.verb}", where=deed.place, remedy="say --endpoint NAME too"
                )
            if deed.verb == "fallback":
                try:
                    fallbacks.checked(deed.said)
                except AssayError as error:
                    raise UsageError(error.what, where=deed.place, remedy=error.remedy) from None
            if deed.verb == "retrain" and not Path(deed.said["pipeline"]).is_file():
                raise Missing(f"there is no file {deed.said['pipeline']!r}", where=deed.place)
    return policy
