"""A corrective action: what every one of them has in common, and how it is found again."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from assay.kernel.action import Action, Begun, Made, Settled, Writer
from assay.kernel.canonical import digest_of

if TYPE_CHECKING:
    from assay.office.monitors import Execution, Monitor
    from assay.works.home import Home

PREFIX = "remedy"


@dataclass(frozen=True, slots=True)
class Order:
    """What another process needs to carry it out, or to ask whether it happened.

    target: the endpoint, or the monitor where it watches none. part: which of a rule's deeds, and which of its channels.
    diagnosis: digest. at: when its execution began. attempt: how often it was tried before.
    """

    verb: str
    monitor: str
    execution: str
    target: str
    rule: str
    part: str
    at: str
    said: Mapping[str, Any]
    diagnosis: str = ""
    attempt: int = 0
    tried: str = ""

    @property
    def key(self) -> str:
        """Return its key: the same for the same deed about the same execution, and in the order of time."""
        return f"{prefix(self.verb, self.target)}{self.at}/{self.execution}/{self.rule}/{self.part}"

    @property
    def mark(self) -> str:
        """Return a short name, by which what was done about an endpoint is known to have been this one's doing."""
        return digest_of(self.key)[7:15]


def prefix(verb: str, target: str) -> str:
    """Return what the keys of a kind of action on one target begin with."""
    return f"{PREFIX}/{verb}/{target}/"


class Remedy(Action):
    """One corrective action. Its subject is its target: one at a time is done to an endpoint."""

    verb = ""

    def __init__(self, home: Home, order: Order, actor: str) -> None:
        from dataclasses import asdict

        self.home, self.asked, self.actor = home, order, actor
        self.name = f"{PREFIX}.{order.verb}"
        self.subject = f"{PREFIX}/{order.target}"
        self.key = order.key
        self.inputs = {"diagnosis": order.diagnosis} if order.diagnosis else {}
        self.order = asdict(order)

    @cached_property
    def execution(self) -> Execution:
        """Return the execution that led to it."""
        from assay.office import monitors

        return monitors.execution(self.home.office, self.asked.execution)

    @cached_property
    def monitor(self) -> Monitor:
        """Return its monitor, deleted or not."""
        from assay.office import monitors

        return monitors.ever(self.home.office, self.asked.monitor)

    @cached_property
    def diagnosis(self) -> Mapping[str, Any]:
        """Return what the diagnosis says; nothing where there is none."""
        import json

        digest = self.asked.diagnosis
        found = json.loads(self.home.store.read(digest)) if digest else {}
        return found if isinstance(found, dict) else {}

    @property
    def reason(self) -> str:
        """Return why, as the endpoint's history keeps it."""
        said = f"rule {self.asked.rule} of monitor {self.asked.monitor}, window until {self.execution.end}"
        return f"{said} [{self.asked.mark}]"

    def authorise(self) -> None:
        """Nothing forbids it here: what is wrong about it is found when it is done, and recorded as failed."""

    @abstractmethod
    def do(self, begun: Begun) -> Made:
        """Do it."""

    def happened(self, begun: Begun) -> Made | None:
        """It is done again where that does no harm."""
        return None

    def settle(self, tx: Writer, made: Made) -> Settled:
        """Tell what was done."""
        told = {k: getattr(self.asked, k) for k in ("monitor", "execution", "rule", "part")}
        return Settled(detail={**told, **made})
