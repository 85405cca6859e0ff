"""What a sweep finds, as findings: one for each kind in each item, capped for each kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from assay.kernel.report import Finding
from assay.kernel.severity import Severity
from assay.methods.recognise.custom import Identifier
from assay.methods.recognise.inventory import Changes, Item
from assay.methods.recognise.kinds import KINDS
from assay.methods.recognise.telling import Told

MOST = 100  # findings of one kind that stand for themselves
_REMEDY = "take it away, mask it (`data.mask`), or say why it is kept"


def findings(
    items: Iterable[Item], changes: Changes | None, own: Mapping[str, Identifier]
) -> Iterator[Finding]:
    """Give a finding for each kind in each item; beyond MOST of a kind one that counts the rest."""
    new = set(changes.new) if changes else set()
    appeared = set(changes.appeared) if changes else set()
    told: dict[str, int] = {}
    rest: dict[str, tuple[Severity, int]] = {}
    for item in items:
        for kind in item.types:
            held = [t for _, t in item.found if t.type == kind]
            severity = max(Severity.parse(t.severity) for t in held)
            told[kind] = told.get(kind, 0) + 1
            if told[kind] > MOST:
                worst, count = rest.get(kind, (severity, 0))
                rest[kind] = (max(worst, severity), count + 1)
                continue
            title = own[kind].title if kind in own else KINDS[kind].title
            said = f"{item.name} holds {title}{_where(held)}."
            if item.name in new:
                said += " It is new since the last sweep."
            elif (item.name, kind) in appeared:
                said += " They were not there at the last sweep."
            refs = () if kind in own else KINDS[kind].refs
            where = {"file": item.name}
            count = max(1, item.types[kind])
            yield Finding(f"data.sweep.{kind}", severity, said, where, _REMEDY, refs, count)
    for kind, (severity, count) in rest.items():
        title = own[kind].title if kind in own else KINDS[kind].title
        said = f"{count:,} more items hold {title}; the inventory names them."
        refs = () if kind in own else KINDS[kind].refs
        yield Finding(f"data.sweep.{kind}", severity, said, {}, _REMEDY, refs, count)


def _where(held: list[Told]) -> str:
    columns = list(dict.fromkeys(t.column for t in held if t.column != "text"))
    if not columns:
        return ""
    shown = ", ".join(columns[:4]) + (", …" if len(columns) > 4 else "")
    return f" in {shown}"
