"""Comments that accept a secret where it stands, with the reason that they give."""

from __future__ import annotations

import re

_SAID = re.compile(
    rb"(?i)(?:assay:[ ]{0,3}allow(?:[ -]secret)?|pragma:[ ]{0,3}(?:allow|white)list[ ](?P<next>nextline[ ])?secret|gitleaks:allow)"
    rb"(?P<why>[^\r\n]{0,200})"
)
_EDGES = b" \t:-(#/*\"'"


def allowed(blob: bytes, start: int) -> str | None:
    """Return why a secret at ``start`` is accepted, in the words of a comment on its line or the one before; None if it is not.

    ``assay: allow-secret REASON`` counts on either; ``pragma: allowlist secret`` and ``gitleaks:allow`` on the line itself, and
    ``pragma: allowlist nextline secret`` on the one before. Empty where no reason is given.
    """
    first = blob.rfind(b"\n", max(0, start - 4_096), start) + 1
    last = blob.find(b"\n", start, start + 4_096)
    line = blob[max(first, start - 4_096) : last if last >= 0 else start + 4_096]
    found = _SAID.search(line)
    if found is not None and not found["next"]:
        return _why(found)
    before = blob[max(0, blob.rfind(b"\n", max(0, first - 4_096), max(0, first - 1)) + 1) : max(0, first - 1)]
    found = _SAID.search(before)
    if (
        found is not None
        and (found["next"] or found[0].lower().startswith(b"assay"))
        and _alone(before, found)
    ):
        return _why(found)
    return None


def _alone(line: bytes, found: re.Match[bytes]) -> bool:
    """Whether a comment is all there is on its line, so that it is of the next one."""
    return not line[: found.start()].strip(b" \t#/*;<!-")


def _why(found: re.Match[bytes]) -> str:
    return found["why"].strip(_EDGES).removesuffix(b"-->").strip(_EDGES).decode("utf-8", "replace")[:200]
