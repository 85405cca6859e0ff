"""One arrival examined: the checks that fit it carried out as any are, and what became of it left in the office."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from assay import __version__
from assay.kernel.canonical import sha256
from assay.kernel.errors import AssayError
from assay.kernel.verdict import Gate, Verdict
from assay.office.arrivals import FAILED, SCANNED, Arrival
from assay.works.watching.fitting import Wanted

if TYPE_CHECKING:
    from assay.works.home import Home
    from assay.works.settings import Settings

_WORST = ("pass", "incomplete", "fail", "error")
_CUT_SHORT = 3  # times that a scan may end with its process before it is given up
_TOLD = 500


@dataclass(frozen=True, slots=True)
class Looked:
    """An arrival as it now is, with the verdicts on it; none where it is known already or could not be examined."""

    arrival: Arrival
    verdicts: tuple[Verdict, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything was examined and nothing stands in its way."""
        return self.arrival.state == SCANNED and all(v.passed for v in self.verdicts)


def is_known(found: Arrival | None) -> bool:
    """Whether an arrival was examined to its end by this very version."""
    return (
        found is not None
        and found.state == SCANNED
        and found.outcome != "error"
        and found.tool == __version__
    )


def scanned(
    home: Home,
    actor: str,
    arrival: Arrival,
    wanted: Sequence[Wanted],
    gate: Gate,
    settings: Settings | None = None,
) -> Looked:
    """Carry out the checks and return the arrival as it is then; what cannot be examined is a failed one. Nothing is recorded.

    settings: other than the home's.
    """
    from assay.works.checking import carry_out

    marker = _marker(home, arrival.key)
    begun = int(marker.read_text() or 0) if marker.is_file() else 0
    if begun >= _CUT_SHORT:
        why = f"its scan was cut short {begun} times, and is not begun again"
        return Looked(replace(arrival, state=FAILED, outcome="error", why=why, tool=__version__))
    verdicts: list[Verdict] = []
    with _under_way(marker, begun + 1):
        try:
            for one in wanted:
                verdicts.append(
                    carry_out(
                        "check",
                        one.check,
                        one.target,
                        one.params,
                        home=home,
                        actor=actor,
                        gate=gate,
                        settings=settings,
                    )
                )
        except AssayError as error:
            return Looked(ended(arrival, verdicts, str(error)), tuple(verdicts))
    return Looked(ended(arrival, verdicts), tuple(verdicts))


def ended(arrival: Arrival, verdicts: Sequence[Verdict], why: str = "") -> Arrival:
    """Return an arrival as its verdicts leave it. why: what kept it from being examined to the end."""
    found: dict[str, int] = {}
    for finding in (f for v in verdicts for f in v.report.findings):
        found[str(finding.severity)] = found.get(str(finding.severity), 0) + 1
    outcome = max((v.outcome for v in verdicts), key=_WORST.index, default="pass")
    why = why or next((v.report.error for v in verdicts if v.report.error), "")
    return replace(
        arrival,
        state=FAILED if why else SCANNED,
        outcome="error" if why else outcome,
        why=why[:_TOLD],
        tool=__version__,
        found=found,
        reports=tuple(sha256(v.report.to_json()) for v in verdicts),
    )


def record(home: Home, actor: str, looked: Looked) -> Looked:
    """Leave what became of an arrival in the office, with its event."""
    from assay.office import arrivals

    with home.office.transaction() as tx:
        arrivals.current(tx, looked.arrival.key)  # a row that was written past the office moves nothing
        made = replace(looked.arrival, at=tx.now, event=tx.size)
        arrivals.write(tx, made)
        detail = {
            "what": made.what,
            "source": made.source,
            "outcome": made.outcome,
            "found": dict(made.found),
        }
        detail |= {"checks": [v.report.check for v in looked.verdicts]} | (
            {"why": made.why} if made.why else {}
        )
        tx.record(
            "watch.scanned",
            made.urn,
            actor=actor,
            inputs={"arrival": made.digest} if made.digest else {},
            outcome="failed" if made.state == FAILED else "done",
            detail=detail,
        )
    _marker(home, made.key).unlink(missing_ok=True)
    return replace(looked, arrival=made)


def _marker(home: Home, key: str) -> Path:
    return home.folder("watch") / hashlib.sha256(key.encode()).hexdigest()[:32]


@contextlib.contextmanager
def _under_way(marker: Path, times: int) -> Iterator[None]:
    """Keep a mark while a scan is under way: one that ends with its process, by its memory for one, leaves it behind."""
    marker.write_text(str(times))
    try:
        yield
    finally:  # an error, or an interrupt, is no such end
        marker.unlink(missing_ok=True)
