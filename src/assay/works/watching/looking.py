"""The watch: folders, registries' notices and advisories looked after in turn, until it is told to end or all that is there is done."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.canonical import sha256
from assay.kernel.errors import AssayError, BadInput, UsageError, interrupted, of_the_machine
from assay.kernel.report import Finding
from assay.kernel.severity import Severity
from assay.kernel.verdict import Gate
from assay.methods.watching.policy import Policy
from assay.office.inventories import VULNERABILITIES
from assay.office.leases import Lease
from assay.works.watching import pulling, rescanning, scanning, telling
from assay.works.watching.arriving import Arriving
from assay.works.watching.listening import listening
from assay.works.watching.options import Done, Options, policy_of
from assay.works.watching.rescanning import Before, Rescanned
from assay.works.watching.scanning import Looked
from assay.works.watching.showing import told_arrival, told_image

if TYPE_CHECKING:
    from assay.works.home import Home

_ADVISORIES = 30.0  # seconds between two looks at a mirror, of which every file is asked for its time
_AGAIN = 30.0  # between two looks for alerts that are to be sent again
_SHARE = 20  # a look at what did not change takes a twentieth of a core at most
_LONGEST = 10.0  # seconds that it pauses for that: one that was reading a large file goes on soon
_ASK = 5.0  # between two questions whether another has let go
_PULLED = 20  # images of one turn, so that folders wait for no long queue
_PATIENCE = 60.0  # seconds that --once waits for what is still being written


_KEPT = 1_000  # arrivals and images that are told of at the end


class Watch:
    """Looks after everything that is watched. tell: called with each thing once it is seen to; warn: with what went wrong."""

    def __init__(
        self,
        home: Home,
        actor: str,
        options: Options,
        policy: Policy,
        tell: Callable[[Looked | Rescanned], None],
        warn: Callable[[str], None],
    ) -> None:
        self.home, self.actor, self.options, self.policy = home, actor, options, policy
        self.tell, self.warn = tell, warn
        self.advisories = dict(policy.advisories) | dict(options.advisories)
        said = options.fail_on or policy.fail_on
        self.gate = Gate(None if said == "none" else Severity.parse(said), options.allow_incomplete)
        self.done = Done()
        self._folders = [self._arriving(path) for path in options.folders]
        self._stack, self._leases, self._asked = ExitStack(), dict[str, Lease](), dict[str, float]()
        self._mirror, self._looked, self._sent = "", -_ADVISORIES, -_AGAIN
        if self.advisories and "mirror" not in self.advisories:
            raise UsageError("advisories have a mirror", remedy="give --advisories FOLDER")

    def _arriving(self, path: Path) -> Arriving:
        from assay.engines.watching.folder import Folder

        root = path.resolve()
        if root.is_dir() and self.home.root.resolve() == root:
            raise UsageError("a home is no folder that things are put into", where=str(root))
        folder = Folder(path, self.options.settle, self.options.depth, self.home.within(root))
        return Arriving(self.home, self.actor, folder, self.gate, self.advisories)

    def round(self) -> bool:
        """Look after everything once; whether anything was done."""
        before = self.done.scanned + self.done.rescanned
        for folder in self._folders:
            self._guarded(partial(self._arrived, folder))
        for act in (self._pulled, self._advised, self._send_again):
            self._guarded(act)
        self.done.known = sum(f.known for f in self._folders)
        self.done.uncleared = sum(f.uncleared for f in self._folders)
        self.done.moving = sum(f.moving for f in self._folders)
        return self.done.scanned + self.done.rescanned > before

    def _guarded(self, act: Callable[[], None]) -> None:
        """Do one thing; what goes wrong is told, once, and the others go on: it may be well again in a moment."""
        try:
            act()
        except (AssayError, OSError) as error:
            if self.options.once or interrupted(error):
                raise
            told = (of_the_machine(error) or error) if isinstance(error, OSError) else error
            self._wrong([str(told)])

    def _wrong(self, said: Sequence[str]) -> None:
        """Tell what went wrong, each once."""
        for one in said:
            if one not in self.done.wrong and len(self.done.wrong) < _KEPT:
                self.done.wrong.append(one)
                self.warn(one)

    def _ours(self, what: str) -> bool:
        """Whether this watch looks after something; of several one does, and another goes on when it is gone."""
        from assay.office.leases import leased

        held, now = self._leases.get(what), time.monotonic()
        if held is not None and held.held:
            return True
        if now - self._asked.get(what, -_ASK) >= _ASK:
            self._asked[what] = now
            lease = self._stack.enter_context(leased(self.home.office, f"watch/{what}"[-200:]))
            if lease is not None:
                self._leases[what] = lease
                return True
        if self.options.once:
            raise UsageError(
                f"another watch looks after {what}",
                remedy="end it; of one that was killed, wait half a minute",
            )
        return False

    def close(self) -> None:
        """Leave what was looked after to others."""
        self._stack.close()

    def _arrived(self, folder: Arriving) -> None:
        if not self._ours(str(folder.folder.root)):
            return
        for looked in folder.round():
            self._seen(looked)

    def _pulled(self) -> None:
        from assay.office import arrivals

        if not self.policy.registries:
            return
        found = arrivals.queued(self.home.office, self.home.office.clock(), _PULLED)
        found.sort(
            key=lambda a: not pulling.has_tag(a.key)
        )  # an index before the images in it, which are kept under its name
        for arrival in found if found and self._ours("what was pushed") else ():
            looked = self._pull(arrival)
            if looked is not None:
                self._seen(scanning.record(self.home, self.actor, looked))

    def _pull(self, arrival: Any) -> Looked | None:
        from assay.works.watching.fitting import of_image

        try:
            images, settings = pulling.pinned(self.home, self.policy, arrival)
            named = replace(arrival, digest=images[0].digest) if len(images) == 1 else arrival
            wanted = [of_image(image, self.advisories) for image in images]
            looked = scanning.scanned(self.home, self.actor, named, wanted, self.gate, settings)
            if looked.arrival.why and not looked.verdicts:  # its registry went away in the middle, for one
                raise BadInput(looked.arrival.why)
        except AssayError as error:
            given_up = pulling.failed(self.home, self.actor, arrival, error)
            if given_up is None:
                self.done.postponed += 1
                self.warn(f"{pulling.called(arrival.key)}: {error.what}; it is tried again later")
                return None
            return Looked(given_up)
        return looked

    def _seen(self, looked: Looked) -> None:
        """Tell of an arrival; close what is gone from an image whose new version it is."""
        for verdict in looked.verdicts:
            image = verdict.report.subject
            if verdict.report.check == VULNERABILITIES and image is not None:
                gone = Before.of(self.home, image.name).gone(verdict.report, same=False)
                rescanning.close(self.home, self.actor, image.name, gone, sha256(verdict.report.to_json()))
            if looked.arrival.kind == "pushed":
                rescanning.keep_once(self.home, self.actor, verdict.report)
        self.done.scanned += 1
        self.done.passed = self.done.passed and looked.passed
        if len(self.done.arrivals) < _KEPT:
            self.done.arrivals.append(told_arrival(looked))
        self.tell(looked)
        if not looked.passed:
            self._alert(looked)

    def _alert(self, looked: Looked) -> None:
        arrival = looked.arrival
        findings = [f for v in looked.verdicts for f in v.stopping]
        name = pulling.called(arrival.key) if arrival.kind == "pushed" else Path(arrival.what).name
        what = (
            f"{name} arrived: {_count(findings)}"
            if findings
            else f"{name} arrived and is not cleared: {arrival.outcome}"
        )
        detail = {
            "source": arrival.source,
            "digest": arrival.digest,
            "outcome": arrival.outcome,
            "why": arrival.why,
        }
        detail |= {"report": arrival.reports[0] if arrival.reports else ""}
        self._told(telling.alert(what, arrival.key[:200], findings, arrival.urn, arrival.at, detail))

    def _advised(self) -> None:
        """Hold every inventory against the advisories where these have changed."""
        now = time.monotonic()
        if not self.advisories or now - self._looked < _ADVISORIES:
            return
        self._looked = now
        digest = rescanning.pinned(self.home, self.advisories)
        settled, self._mirror = digest == self._mirror or self.options.once or not self._mirror, digest
        if not settled:  # it is being fetched: the next look finds it as it then is
            return
        for record in rescanning.due(self.home, digest) if self._ours("advisories") else ():
            self._rescanned(rescanning.judged(self.home, self.actor, record, self.advisories, self.gate))

    def _rescanned(self, found: Rescanned) -> None:
        self.done.rescanned += 1
        self.done.passed = self.done.passed and found.passed
        if len(self.done.images) < _KEPT:
            self.done.images.append(told_image(found))
        self.tell(found)
        if found.why:
            self._wrong([f"{found.name}: {found.why}"])
        fresh = [f for f in found.fresh if self.gate.at is not None and f.severity >= self.gate.at]
        if fresh and found.verdict is not None:
            report = found.verdict.report
            what = f"{found.name}: {len(fresh)} new or graver {'vulnerability' if len(fresh) == 1 else 'vulnerabilities'}"
            detail = {"image": found.name, "digest": found.digest, "report": sha256(report.to_json())}
            self._told(
                telling.alert(
                    what,
                    f"{found.name[:150]}/{found.digest}",
                    fresh,
                    f"image/{found.name}",
                    report.started,
                    detail,
                )
            )

    def _told(self, alert: Any) -> None:
        self._wrong(telling.send(self.home, self.policy.alert, alert, self.actor))

    def _send_again(self) -> None:
        now = time.monotonic()
        if self.policy.alert and now - self._sent >= _AGAIN:
            self._sent = now
            telling.again(self.home, time.time())


def _count(findings: Sequence[Finding]) -> str:
    return f"{len(findings)} finding{'s' * (len(findings) != 1)}"


def watch(
    home: Home,
    actor: str,
    options: Options,
    *,
    listen: Mapping[str, Any] | None = None,
    tell: Callable[[Looked | Rescanned], None],
    ready: Callable[[str], None],
    warn: Callable[[str], None] = lambda said: None,
) -> Done:
    """Watch until it is interrupted, for some seconds, or (once) until all that is there is done.

    listen: host, port, cert, key and plain of the address that registries call, or None. ready: called with where it listens. warn: with what went wrong.
    """
    from assay.works.stopping import terminated

    policy = policy_of(home)
    watched = Watch(home, actor, options, policy, tell, warn)
    begun = time.monotonic()
    end = None if options.seconds is None else begun + options.seconds
    with ExitStack() as stack:
        stack.enter_context(terminated())
        stack.callback(watched.close)
        try:
            if listen is not None:
                ready(stack.enter_context(listening(home, policy, listen)))
            elif not options.once:
                ready("")
            while end is None or time.monotonic() < end:
                used = time.process_time()
                busy = watched.round()
                pause = max(options.every, min(_SHARE * (time.process_time() - used), _LONGEST))
                waits = watched.done.moving and time.monotonic() - begun < options.settle + _PATIENCE
                if options.once and not busy and not waits and not _queued(home, policy):
                    break
                if not busy:
                    time.sleep(max(0.0, min(pause, (end or float("inf")) - time.monotonic())))
        except KeyboardInterrupt:
            if options.once:
                raise
    return watched.done


def _queued(home: Home, policy: Policy) -> bool:
    from assay.office import arrivals

    return bool(policy.registries) and bool(arrivals.queued(home.office, home.office.clock(), 1))
