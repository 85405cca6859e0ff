"""A server: models started and verified, gateways before them, changes carried on, requests recorded. One process looks after all.

Once a second it reads which endpoints and tokens there are, starts what is missing, publishes to its gateways what answers
by now, and ends what nobody asks any more: a change loses no request, since the old answers until the new is ready, and is
ended when each gateway says that it has let go.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.terminal import say
from assay.methods.routing.buckets import SIZE
from assay.office.endpoints import EndpointRecord
from assay.works.serving import counts, journal, publishing, taps, tracing
from assay.works.serving.fleet import FAILED, Crew, Fleet, Key, Start
from assay.works.serving.gateways import Gateways, Options
from assay.works.serving.publishing import Published, Served
from assay.works.serving.rolling import Roller, Totals
from assay.works.serving.rules import Rules
from assay.works.serving.vouched import Vouched

if TYPE_CHECKING:
    from assay.works.home import Home

LOOK = 1.0  # seconds between looks at the office
_BATCH = 5.0  # between batches of requests
_PART = 40.0  # after which what was parted with is ended, whatever a gateway says
_RETRY, _LONGEST_RETRY = 30.0, 600.0  # after which a model that does not start is tried again


class Supervisor:
    """Looks after one server until it is told to end."""

    def __init__(
        self,
        home: Home,
        actor: str,
        folder: Path,
        options: Options,
        start: Start,
        reader: Start | None = None,
    ) -> None:
        self.home, self.actor, self.folder, self.options = home, actor, folder, options
        self.start_reader = reader
        self.fleet = Fleet(home, folder, home.settings.isolation, start)
        self.roller = Roller(home, time.monotonic)
        self._vouched = Vouched(home)
        self.published = Published()
        (folder / "buckets").write_bytes(bytes(SIZE))
        self.gateways = Gateways(home.root, folder, options)
        self._serving: dict[str, tuple[dict[str, Any], ...]] = {}  # the variants that answer by now
        self._parting: dict[
            Key, tuple[int, float]
        ] = {}  # since which serial it is not published, and since when
        self._warm: dict[Key, float] = {}  # until when it stays, though nobody asks it
        self._replicas: dict[Key, int] = {}
        self._told: dict[
            str, tuple[Any, tuple[str, ...]]
        ] = {}  # endpoint → what was said that no guard looks at
        self._rules = Rules(home)
        self._ruled_by: dict[str, dict[str, str]] = {}
        self._broken: dict[str, str] = {}  # endpoint → why a model of it does not start, as it was told
        self._again: dict[Key, tuple[float, float]] = {}  # when it is tried again, and how long after that
        self._looked = self._batched = 0.0

    # -- the endpoints

    def tick(self) -> None:
        """Do what is to be done now."""
        now = time.monotonic()
        self.gateways.keep(now)
        if now - self._looked >= LOOK or self._starting():
            self._looked = now
            self.look(now)
        if now - self._batched >= _BATCH:
            self._batched = now
            journal.record(self.home, self.actor)
            tracing.record(self.home, self.actor)
            taps.tell_all(self.home, self.actor)

    def _unguarded(self) -> None:
        """Say what of the endpoints no guard looks at, once, and again when it is something else."""
        from assay.works.serving import guards

        for name, served in self.published.endpoints.items():
            record = EndpointRecord(**served.record)
            seen = (record.revision, tuple(served.folders.values()))
            before, last = self._told.get(name, (None, ()))
            if before == seen:
                continue
            said = dict.fromkeys(
                sentence
                for folder in served.folders.values()
                for sentence in guards.told(self.home, record, Path(folder))
            )
            self._told[name] = (seen, tuple(said))
            for sentence in said:
                if sentence not in last:
                    say(f"assay: {sentence}")

    def _starting(self) -> bool:
        """Whether a model may have become ready since the last look, or a gateway have taken over what was published."""
        return any(not c.ready and not c.failed for c in self.fleet.crews.values()) or not self.ready()

    def look(self, now: float) -> None:
        """Read the office, and bring the models and what is published into line with it."""
        office = self.home.office
        records = [r for r in self._vouched.endpoints() if r.variants]
        self.fleet.want(self._wanted(records))
        served: dict[str, Served] = {}
        for record in records:
            variants = self._answering(record)
            if variants is not None:
                self._serving[record.name] = variants
            answering = self._serving.get(record.name)
            if answering is not None:
                served[record.name] = self._served(record, answering)
        for name in self._serving.keys() - {r.name for r in records}:
            del self._serving[name]
        clock = office.clock()
        held = {t.id: publishing.token(t) for t in self._vouched.tokens() if t.live(clock)}
        if records and self.start_reader is not None:
            self.fleet.read(self.start_reader)
        unit = self.fleet.reader
        reader = str(unit.path) if unit is not None and unit.state != FAILED else ""  # it begins when asked
        starting = tuple(r.name for r in records if r.name not in served)
        broken = {r.name: why for r in records if (why := self._wrong(r))}
        left = {r.name for r in records if self._answering(r) is None}
        self._tell_broken(broken)
        self._broken = {n: w for n, w in self._broken.items() if n in left} | broken
        told = tuple(sorted(broken))
        self._publish(
            replace(
                self.published, endpoints=served, tokens=held, reader=reader, starting=starting, broken=told
            )
        )
        self._unguarded()
        self._let_go(records, now)
        forged = self._vouched.forged["endpoints"]  # to change one would be to vouch for it
        self._carry_on([r for r in records if r.name not in forged])

    def _wanted(self, records: Sequence[EndpointRecord]) -> dict[Key, int]:
        wanted: dict[Key, int] = {}
        for record in records:
            for variant in (*record.variants, *self._serving.get(record.name, ())):
                key = _key(record.name, variant)
                wanted[key] = max(wanted.get(key, 0), int(variant["replicas"]))
        return wanted

    def _answering(self, record: EndpointRecord) -> tuple[dict[str, Any], ...] | None:
        """Return the variants of a record where each that is to answer is ready; None where those before answer on."""
        crews = {v["name"]: self._crew(record, v) for v in record.variants}
        for variant in record.variants:
            crew = crews[variant["name"]]
            if not variant["shadow"] and (crew is None or not crew.ready):
                return None
        return tuple(dict(v) for v in record.variants)

    def _crew(self, record: EndpointRecord, variant: Mapping[str, Any]) -> Crew | None:
        return self.fleet.crews.get(_key(record.name, variant))

    def _served(self, record: EndpointRecord, variants: Sequence[Mapping[str, Any]]) -> Served:
        sockets, folders = dict[str, list[str]](), dict[str, str]()
        for variant in variants:
            crew = self._crew(record, variant)
            if crew is not None and crew.folder is not None and crew.sockets:
                sockets[variant["name"]] = crew.sockets
                folders[variant["name"]] = str(crew.folder)
        return publishing.served(record, variants, sockets, folders, self._ruled(record))

    def _ruled(self, record: EndpointRecord) -> dict[str, str]:
        """Return which files its guards go by; what is new of that is told, and an event of the log."""
        now, before = self._rules.of(record), self._ruled_by.get(record.name, {})
        if now != before:
            shown = ", ".join(f"{n} {d.removeprefix('sha256:')[:12]}" for n, d in now.items()) or "no file"
            say(f"assay: the guards of {record.name} go by {shown}")
            with self.home.office.transaction() as tx:
                detail = {"files": list(now)}
                tx.record("endpoint.rules", record.urn, actor=self.actor, inputs=now, detail=detail)
            self._ruled_by[record.name] = now
        return now

    def _publish(self, now: Published) -> None:
        if now == self.published and self.published.serial:
            return
        self.published = replace(now, serial=self.published.serial + 1)
        publishing.publish(self.folder, self.published)

    def _let_go(self, records: Sequence[EndpointRecord], now: float) -> None:
        """End what is neither wanted nor kept warm, once each gateway has let go of it."""
        wanted = self._wanted(records).keys()
        alive = {r.name for r in records}
        docs = [d for name, d in counts.kept(self.folder) if name in self.gateways.names]
        for key in list(self.fleet.crews):
            if key in wanted:
                self._warm.pop(key, None)
                self._parting.pop(key, None)
                continue
            crew = self.fleet.crews[key]
            warm = key.endpoint in alive and not crew.failed
            if warm and now < self._warm.setdefault(key, now + self.options.warm):
                continue
            serial, since = self._parting.setdefault(key, (self.published.serial, now))
            let_go = len(docs) == len(self.gateways.names) and all(
                int(d["serial"]) >= serial and not d["parting"] for d in docs
            )
            if let_go or now - since > _PART:
                self.fleet.part([key])
                self._parting.pop(key, None)
                self._warm.pop(key, None)

    def _carry_on(self, records: Sequence[EndpointRecord]) -> None:
        taken_over = self.ready()  # said to be in service once each gateway answers for it
        totals = self._totals() if any(r.rollout for r in records) else Totals()
        for record in records:
            wrong = self._wrong(record)
            if wrong:
                self.roller.failed(record, wrong)
                self._try_again(record)
            elif taken_over and self._serving.get(record.name) == tuple(dict(v) for v in record.variants):
                self.roller.ready(record)
                self.roller.step(record, totals)

    def _wrong(self, record: EndpointRecord) -> str:
        """Return why a model of an endpoint does not start; empty where each has, or may."""
        for crew in (self._crew(record, v) for v in record.variants):
            if crew is not None and crew.failed:
                named = crew.key.package in crew.failed
                return crew.failed if named else f"{crew.key.package}: {crew.failed}"
        return ""

    def _tell_broken(self, now: dict[str, str]) -> None:
        """Say once of each endpoint why a model of it does not start, on standard error and in the log.

        One in service stays so: another server, to which nothing befell, may answer for it.
        """
        for name, why in now.items():
            if self._broken.get(name) == why:
                continue
            say(f"assay: {name} is not answered for as it should be: {why}")
            with self.home.office.transaction() as tx:
                detail = {"why": why[:900]}
                tx.record(
                    "endpoint.broken", f"endpoint://{name}", actor=self.actor, outcome="failed", detail=detail
                )

    def _try_again(self, record: EndpointRecord) -> None:
        """Start what does not start once more, in a while: whoever keeps the server may have mended it."""
        now = time.monotonic()
        for variant in record.variants:
            crew = self._crew(record, variant)
            if crew is None or not crew.failed:
                continue
            due, pause = self._again.get(crew.key, (now + _RETRY, _RETRY))
            if now >= due:
                self.fleet.retry(crew.key)
                pause = min(2 * pause, _LONGEST_RETRY)
                due = now + pause
            self._again[crew.key] = (due, pause)

    def _totals(self) -> Totals:
        whole = counts.totals(self.folder)
        asked: dict[tuple[str, str], tuple[int, int]] = {}
        for (endpoint, variant, status), number in whole.requests.values.items():
            requests, failed = asked.get((endpoint, variant), (0, 0))
            bad = int(number) if int(status) >= 500 or status == "424" else 0
            asked[endpoint, variant] = (requests + int(number), failed + bad)
        return Totals(asked, whole.tallies.values)

    # -- the gateways

    def ready(self) -> bool:
        """Whether every gateway has taken over what was published."""
        docs = dict(counts.kept(self.folder))
        return bool(self.published.serial) and all(
            int(docs.get(name, {}).get("serial", 0)) >= self.published.serial for name in self.gateways.names
        )

    def close(self) -> None:
        """Let what is under way be answered, and end; what was counted is recorded."""
        if self.published.serial:
            self._publish(replace(self.published, draining=True))
        self.gateways.close()
        self.fleet.close()
        journal.record(self.home, self.actor)
        tracing.record(self.home, self.actor)


def _key(endpoint: str, variant: Mapping[str, Any]) -> Key:
    return Key(endpoint, variant["name"], variant["package"], variant["digest"])
