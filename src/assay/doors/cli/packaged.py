"""A package of the registry, as a person is shown it."""

from __future__ import annotations

import datetime as dt

from assay.doors.cli import show


def show_model(found: dict[str, object]) -> None:
    """Show a package as it now is."""
    pending, image = found.get("pending"), found.get("image")
    show.fields(
        [
            ("model", f"{found['name']}@{found['version']}"),
            ("status", found["status"]),
            ("aliases", found.get("aliases")),
            ("stage", found.get("stage")),
            ("tags", found.get("tags")),
            ("digest", found.get("digest")),
            ("registered", f"{found.get('registered_at')} by {found.get('registered_by')}"),
            ("decided", f"{found['decided_at']} by {_people(found)}" if found.get("decided_by") else ""),
            ("reason", found.get("reason")),
            ("expires", until(str(found["expires"])) if found.get("expires") else ""),
            ("approvals", _awaited(found, pending) if pending or found.get("awaited") else ""),
            ("lacking", "; ".join(map(str, listed(found.get("lacking"))))),
            ("ended", _ended(found.get("ended"))),
            ("owner", found.get("owners")),
            ("purpose", found.get("purpose")),
            ("tier", found.get("tier")),
            ("questions", f"{len(listed(found.get('open')))} open" if found.get("open") else ""),
            ("card", _card(found)),
            ("image", image["digest"] if isinstance(image, dict) else ""),
            ("run", found.get("run")),
            ("event", found.get("event")),
            ("hallmark", show.short(str(found["hallmark_path"])) if found.get("hallmark_path") else None),
            ("note", found.get("identity")),
        ]
    )


def listed(value: object) -> list[object]:
    """Return a value of JSON that is a list; of any other an empty one."""
    return value if isinstance(value, list) else []


def _people(found: dict[str, object]) -> str:
    given = [str(a["by"]) for a in listed(found.get("approvals")) if isinstance(a, dict)]
    return " and ".join(given) if len(given) > 1 else str(found["decided_by"])


def _awaited(found: dict[str, object], pending: object) -> str:
    given = ", ".join(str(a["by"]) for a in listed(pending) if isinstance(a, dict))
    awaited = f"{found['awaited']} awaited" if found.get("awaited") else "more are awaited"
    return f"given by {given}; {awaited}" if given else awaited


def _ended(ended: object) -> str:
    if not isinstance(ended, dict):
        return ""
    then = f"; use {ended['successor']}" if ended.get("successor") else ""
    return f"{ended['at']} by {ended['by']}: {ended['reason']}{then}"


def _metadata(found: dict[str, object]) -> dict[str, object]:
    metadata = found.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _card(found: dict[str, object]) -> str:
    """Tell whether its package has a card, and what that lacks."""
    card = _metadata(found).get("card")
    if not isinstance(card, dict):
        return "none; its package can have one written"
    if card.get("complete"):
        return "complete"
    return f"lacks {', '.join(map(str, card.get('missing', ())))}"


def until(stamp: str) -> str:
    """Return when something runs out, as people say it: the day, or its minute where it is no whole day."""
    moment = dt.datetime.fromisoformat(stamp)
    if (moment.hour, moment.minute, moment.second) == (0, 0, 0):
        return f"the end of {(moment - dt.timedelta(days=1)).date()}"
    return f"{stamp[:16].replace('T', ' ')} UTC"
