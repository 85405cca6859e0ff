"""What people say of a package after it was registered: who owns it, how risky it is, what it is called, and that it ends.

Each is one event, with what was so before. What approvers saw (purpose, tier, answers, image) takes an approval back when it
changes; names, tags, stages and owners do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import Missing, Refused, UsageError
from assay.methods.inventory.policy import NAME
from assay.methods.nearest import did_you_mean
from assay.works.inventory.policies import policy_of

if TYPE_CHECKING:
    from assay.office.office import Tx
    from assay.office.registry import PackageRecord
    from assay.works.home import Home

LONGEST = 4_000  # characters of an answer, a purpose, a reason
_LINE = 200  # of a name, an owner, a tag
_MOST = 64  # owners or tags of a package
_RESERVED = ("latest", "pending", "approved", "rejected", "archived", "retired", "expired")  # or it lies


@dataclass(frozen=True, slots=True)
class Steward:
    """Whoever looks after the packages of a home: each method changes one, and returns it as it now is."""

    home: Home
    actor: str

    def describe(
        self, name: str, owners: Sequence[str] | None, purpose: str | None, tier: str | None
    ) -> PackageRecord:
        """Say who owns it, what it is for, how risky it is; what is None stays."""
        policy = policy_of(self.home)
        if tier and tier not in policy.tiers:
            raise UsageError(f"there is no tier {tier!r}", remedy=did_you_mean(tier, policy.tiers))
        if owners is not None:
            owners = tuple(dict.fromkeys(_line(o, "an owner") for o in owners))
            if len(owners) > _MOST:
                raise UsageError(f"a package has at most {_MOST} owners", remedy="name a team")
        said: dict[str, Any] = {"owners": owners, "tier": tier}
        said |= {"purpose": None if purpose is None else _text(purpose, "a purpose")}
        said = {k: v for k, v in said.items() if v is not None}
        with self._changing(name, "model.describe") as now:
            differs = {k: v for k, v in said.items() if v != getattr(now.record, k)}
            now.says(
                {k: [getattr(now.record, k), v] for k, v in differs.items()}, "it is described so already"
            )
            now.alter(seen=bool({"purpose", "tier"} & set(differs)), **differs)
        return now.left

    def alias(self, name: str, alias: str, reason: str = "") -> PackageRecord:
        """Let an alias name this version, and no other any more."""
        from assay.office import registry

        if not NAME.fullmatch(alias) or alias.isdecimal() or alias.lower() in _RESERVED:
            raise UsageError(f"{alias[:80]!r} can be no alias", remedy="use a word, such as champion")
        policy, office = policy_of(self.home), self.home.office
        with self._changing(name, "model.alias") as now:
            self._approved(now.record, alias in policy.approved_aliases, f"the alias {alias}")
            bearers = [r for r in registry.versions(office, now.record.name) if alias in r.aliases]
            before = bearers[0] if bearers else None
            if before is not None and before.version == now.record.version:
                now.says({}, f"it bears the alias {alias} already")
            if before is not None:
                other = registry.current(now.tx, before)
                left = tuple(a for a in other.aliases if a != alias)
                registry.write(now.tx, replace(other, aliases=left, event=now.tx.size))
            told = {"alias": alias, "from": before.version if before else None, "to": now.record.version}
            now.says(told | {"reason": _text(reason, "a reason")})
            now.alter(aliases=tuple(sorted({*now.record.aliases, alias})))
        return now.left

    def unalias(self, name: str, alias: str, reason: str = "") -> PackageRecord:
        """Take an alias away from the version that bears it."""
        with self._changing(name, "model.unalias", used=False) as now:
            if alias not in now.record.aliases:
                raise UsageError(
                    f"{now.record.title} bears no alias {alias!r}",
                    remedy=did_you_mean(alias, now.record.aliases),
                )
            now.says(
                {"alias": alias, "from": now.record.version, "to": None, "reason": _text(reason, "a reason")}
            )
            now.alter(aliases=tuple(a for a in now.record.aliases if a != alias))
        return now.left

    def tag(self, name: str, tags: Mapping[str, str], without: Sequence[str] = ()) -> PackageRecord:
        """Give it tags, and take some away."""
        for key in tags:
            if not NAME.fullmatch(key):
                raise UsageError(f"{key[:80]!r} can be no tag", remedy="use letters, digits, -, _ and .")
        told = {k: _line(v, "a tag's value", empty=True) for k, v in tags.items()}
        with self._changing(name, "model.tag", used=False) as now:
            lost = [t for t in without if t not in now.record.tags]
            if lost:
                raise Missing(
                    f"{now.record.title} has no tag {lost[0]!r}",
                    remedy=did_you_mean(lost[0], now.record.tags),
                )
            after = {k: v for k, v in now.record.tags.items() if k not in without} | told
            if len(after) > _MOST:
                raise UsageError(f"a package has at most {_MOST} tags", remedy="take some away: --remove TAG")
            same = after == dict(now.record.tags)
            now.says({} if same else {"set": told, "removed": list(without)}, "it has these tags already")
            now.alter(tags=after)
        return now.left

    def stage(self, name: str, stage: str, reason: str = "") -> PackageRecord:
        """Put it on a stage, or on none with ``none``."""
        policy = policy_of(self.home)
        wanted = "" if stage == "none" else stage
        if wanted and wanted not in policy.stages:
            raise UsageError(
                f"there is no stage {stage!r}", remedy=did_you_mean(stage, (*policy.stages, "none"))
            )
        with self._changing(name, "model.stage", used=bool(wanted)) as now:
            self._approved(now.record, wanted in policy.approved_stages, f"the stage {wanted}")
            same = wanted == now.record.stage
            told = {"from": now.record.stage, "to": wanted, "reason": _text(reason, "a reason")}
            now.says(
                {} if same else told, f"it is on {'the stage ' + wanted if wanted else 'no stage'} already"
            )
            now.alter(stage=wanted)
        return now.left

    def answer(self, name: str, given: Mapping[str, str]) -> PackageRecord:
        """Answer questions that are asked of it."""
        from assay.office import answers

        texts = {key: _text(text, "an answer") for key, text in given.items()}
        if not texts or not all(texts.values()):
            raise UsageError("an answer says something", remedy="write it after the question's name")
        with self._changing(name, "model.answer") as now:
            asked = {q.key: q for q in policy_of(self.home).asked(now.record.tier)}
            for key, text in texts.items():
                if key not in asked:
                    raise Missing(
                        f"no question {key!r} is asked of {now.record.title}", remedy=did_you_mean(key, asked)
                    )
                answers.put(
                    now.tx, now.record, answers.Answer(key, asked[key].ask, text, self.actor, now.tx.now)
                )
            now.says({"questions": sorted(texts)})
            now.alter(seen=True)
        return now.left

    def image(self, name: str, folder: Path) -> PackageRecord:
        """Record the image of its environment, an OCI layout on disk, after each of its blobs was verified."""
        from assay.engines.containers import whole

        found = whole.read(folder)
        with self._changing(name, "model.image") as now:
            before = (now.record.image or {}).get("digest")
            place = str(folder.absolute())
            same = before == found.digest and (now.record.image or {}).get("uri") == place
            told = {"digest": found.digest, "uri": place, "blobs": found.blobs, "bytes": found.bytes}
            told |= {"platforms": list(found.platforms), "names": list(found.names)}
            now.says(
                {} if same else {"from": before, "to": found.digest, "uri": place},
                "this image is recorded already",
            )
            now.alter(seen=before != found.digest, image=told | {"by": self.actor, "at": now.tx.now})
        return now.left

    def archive(self, name: str, reason: str) -> PackageRecord:
        """Put it away: it is shown and verified, and not used, until it is taken back."""
        with self._changing(name, "model.archive") as now:
            self._end(now, "ARCHIVED", reason, "")
        return now.left

    def retire(self, name: str, reason: str, successor: str = "") -> PackageRecord:
        """End it for good: whoever names it is refused, and told the successor."""
        from assay.office import registry

        follows = registry.usable(registry.get(self.home.office, successor)) if successor else None
        with self._changing(name, "model.retire", used=False) as now:
            if now.record.status == "RETIRED":
                registry.usable(now.record)
            if follows is not None and follows.title == now.record.title:
                raise UsageError(
                    f"{follows.title} cannot be its own successor", remedy="name another version"
                )
            self._end(now, "RETIRED", reason, follows.title if follows is not None else "")
        return now.left

    def restore(self, name: str, reason: str) -> PackageRecord:
        """Take an archived package back: as it was, but an approval is given anew."""
        with self._changing(name, "model.restore", used=False) as now:
            ended = now.record.ended
            if now.record.status != "ARCHIVED" or ended is None:
                raise UsageError(f"{now.record.title} is {now.record.status} and not archived")
            before = str(ended.get("before") or "PENDING")
            now.says(
                {
                    "reason": _reason(reason),
                    "from": "ARCHIVED",
                    "to": "PENDING" if before == "APPROVED" else before,
                }
            )
            now.record = replace(now.record, status=before)
            now.alter(seen=True, ended=None)
        return now.left

    def _end(self, now: _Change, status: str, reason: str, successor: str) -> None:
        said = {"by": self.actor, "at": now.tx.now, "reason": _reason(reason), "before": now.record.status}
        said |= {"successor": successor} if successor else {}
        told = {"reason": said["reason"], "from": now.record.status, "to": status}
        now.says(told | ({"successor": successor} if successor else {}))
        now.alter(status=status, ended=said, stage="", pending=())

    def _approved(self, record: PackageRecord, only: bool, what: str) -> None:
        from assay.office import registry

        status = registry.as_read(record, self.home.office.clock()).status
        if only and status != "APPROVED":
            raise Refused(
                f"{record.title} is {status}, and the policy gives {what} only to an approved model",
                remedy=f"have it approved first: assay model approve {record.title}",
            )

    @contextmanager
    def _changing(self, name: str, action: str, *, used: bool = True) -> Iterator[_Change]:
        """Give the package as a transaction sees it; at the end it is written, with the event. No decision is made meanwhile.

        used: whether it must be one that may still be used.
        """
        from assay.office import actions, registry

        office = self.home.office
        found = registry.get(office, name)
        with actions.alone(office, found.urn):
            with office.transaction() as tx:
                record = registry.current(tx, found)
                change = _Change(tx, registry.usable(record) if used else record)
                yield change
                registry.write(tx, change.record)
                tx.record(
                    action,
                    found.urn,
                    actor=self.actor,
                    inputs={"package": found.digest},
                    detail=change.detail,
                )
            change.left = registry.get(office, found.urn)


class _Change:
    """A change under way: the package as it will be, and what the event says of it."""

    def __init__(self, tx: Tx, record: PackageRecord) -> None:
        self.tx, self.record, self.left = tx, record, record
        self.detail: dict[str, Any] = {}

    def says(self, detail: Mapping[str, Any], same: str = "") -> None:
        """Say what changes; UsageError where nothing does."""
        if not detail:
            raise UsageError(f"nothing changes of {self.record.title}: {same}")
        self.detail = {k: v for k, v in detail.items() if v not in (None, "", [], {}) or k in ("from", "to")}

    def alter(self, *, seen: bool = False, **values: Any) -> None:
        """Change the package. seen: it is something that approvers saw, and an approval does not outlive it."""
        from assay.office import registry

        stood = self.record.status == "APPROVED" or bool(self.record.pending)
        if seen and stood:
            self.detail["approval"] = "no longer stands"
        change: Callable[..., PackageRecord] = _kept if not seen else registry.changed
        self.record = change(self.record, self.tx.size, **values)


def _kept(record: PackageRecord, event: int, **values: Any) -> PackageRecord:
    return replace(record, event=event, **values)


def _line(text: str, what: str, *, empty: bool = False) -> str:
    told = text.strip()
    if (not told and not empty) or len(told) > _LINE or not told.isprintable():
        raise UsageError(f"{what} is up to {_LINE} printable characters on one line")
    return told


def _text(text: str, what: str) -> str:
    told = text.strip()
    if len(told) > LONGEST or not all(c.isprintable() or c in "\n\t" for c in told):
        raise UsageError(f"{what} is up to {LONGEST} printable characters")
    return told


def _reason(text: str) -> str:
    told = _text(text, "a reason")
    if not told:
        raise UsageError("this needs its reason", remedy="say it with --reason 'why'")
    return told
