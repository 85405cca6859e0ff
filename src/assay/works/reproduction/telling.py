"""A reproduction in words and as JSON (assay.reproduction/1)."""

from __future__ import annotations

from typing import Any

from assay.works.reproduction.compared import Compared, worst
from assay.works.reproduction.reproducing import Reproduction

SCHEMA = "assay.reproduction/1"
_MOST = 4


def sentences(found: Reproduction) -> list[str]:
    """Return what came of it, a sentence each: the verdict, the first place, the cause, what was lacking."""
    return [
        s for s in (_verdict(found), _first(found), *_causes(found), *_lacking(found), *_around(found)) if s
    ]


def _verdict(found: Reproduction) -> str:
    rebuilt = [r for r in found.made.values() if r.how == "rebuilt"]
    made = sum(c.kind != "report" for several in found.compared.values() for c in several)
    counted = (
        f"{len(rebuilt)} step{'s' * (len(rebuilt) != 1)} rebuilt, {made} artefact{'s' * (made != 1)} compared"
    )
    if found.verdict == "reproduced":
        times = [
            f"`{n}`"
            for n, several in found.compared.items()
            if any(c.same == "times" and c.kind != "report" for c in several)
        ]
        but = f", {' and '.join(times)} but for the times in it" if times else ""
        return f"{counted}: all of it is bit for bit what was recorded{but}."
    if found.verdict == "within_tolerance":
        gap = max((c.gap or 0.0 for several in found.compared.values() for c in several), default=0.0)
        return f"{counted}: what differs lies within the tolerance of {found.wanted.tolerance:g} (largest: {gap:.2g})."
    if found.verdict == "not_reproduced":
        return f"{counted}: {len(_differing(found))} of them came out otherwise than recorded."
    return f"{counted}: not all could be rebuilt and compared, so nothing is claimed."


def _differing(found: Reproduction) -> list[str]:
    return [n for n, several in found.compared.items() if worst(several) == "differs"]


def _first(found: Reproduction) -> str:
    if found.first is None:
        return ""
    step, one = found.first
    if one.kind == "report":
        return f"It parts first in the step `{step}`: {one.said}."
    return f"It parts first in what the step `{step}` makes{'' if one.what == 'out' else f' (`{one.what}`)'}: {_place(one)}."


def _place(one: Compared) -> str:
    where = one.where
    parts = [one.said]
    if one.kind == "table" and where.get("row"):
        at = f"first in row {where['row']:,}" + (
            f", column `{where['column']}`" if where.get("column") else ""
        )
        shown = (
            f" ({_value(where['after'])}; recorded: {_value(where['before'])})" if where.get("column") else ""
        )
        parts.append(at + shown)
    elif one.kind == "model" and where.get("row"):
        parts.append(f"first in row {where['row']:,} ({where['after']}; recorded: {where['before']})")
    if where.get("member") and one.kind == "model":
        parts.append(f"its file `{where['member']}` is another")
    return "; ".join(p for p in parts if p)


def _value(value: Any) -> str:
    return "none" if value is None else f"{value!r}" if isinstance(value, str) else f"{value}"


def _causes(found: Reproduction) -> list[str]:
    out = []
    for cause in found.causes[:_MOST]:
        word = {
            "seed": "chance",
            "threads": "threads",
            "package": "packages",
            "python": "Python",
            "machine": "the machine",
            "assay": "Assay",
        }.get(cause.kind, "")
        opening = (
            f"Cause of `{cause.step}`"
            if cause.proved
            else f"Likely cause of `{cause.step}`"
            if word
            else f"Of `{cause.step}` no cause was found"
        )
        how = " (proved by running it again)" if cause.proved else " (not proved)" if word else ""
        out.append(f"{opening}{f', {word}{how}' if word else ''}: {cause.said}.")
    return out


def _lacking(found: Reproduction) -> list[str]:
    out = []
    for one in found.lacking[:_MOST]:
        how = (
            "what it made then stands in" if one.how == "recorded" else "and what it made then cannot be had"
        )
        out.append(f"The step `{one.step}` was not carried out: {one.why}; {how}.")
    if len(found.lacking) > _MOST:
        out.append(f"{len(found.lacking) - _MOST} more steps were not carried out.")
    return out


def _around(found: Reproduction) -> list[str]:
    around = found.around
    others = around.of_scripts
    if found.verdict not in ("reproduced", "within_tolerance") or not (around.packages or others):
        return []
    named = others or around.packages
    names = [f"{n} {b or 'none'} (recorded: {a or 'none'})" for n, (a, b) in list(named.items())[:_MOST]]
    more = f" and {len(named) - _MOST} more" if len(named) > _MOST else ""
    return [f"It holds although packages are others here: {', '.join(names)}{more}."]


def _of_the_model(found: Reproduction, step: str | None) -> list[str]:
    """Say of a model that was asked for that it is as it was, where the whole is not."""
    if not step or found.verdict == "reproduced" or step not in found.compared:
        return []
    own = [c for c in found.compared[step] if c.kind == "model"]
    if not own or worst(own) not in ("bits", "tolerance"):
        return []
    how = "bit for bit" if worst(own) == "bits" else "within the tolerance"
    return [f"The model itself, made by the step `{step}`, is {how} what was registered."]


def document(found: Reproduction, of: dict[str, Any]) -> dict[str, Any]:
    """Return it as JSON. of: what was asked for: its run, its model, its archive."""
    first = found.first
    return {
        "schema": SCHEMA,
        **of,
        "verdict": found.verdict,
        "said": [*sentences(found), *_of_the_model(found, of.get("model_step"))],
        "tolerance": found.wanted.tolerance,
        "first": {"step": first[0], **first[1].to_dict()} if first else None,
        "causes": [c.to_dict() for c in found.causes],
        "steps": [_step(found, n) for n in found.made],
        "data": [i.to_dict() for i in found.data.values()],
        "environment": found.around.to_dict(),
        "seed": found.past.document["pipeline"]["seed"],
        "threads": found.past.document["environment"].get("threads"),
        "seconds": round(found.seconds, 2),
    }


def _step(found: Reproduction, name: str) -> dict[str, Any]:
    rebuilt = found.made[name]
    several = found.compared.get(name, [])
    was = found.past.steps[name]
    return {
        "name": name,
        "uses": was.uses,
        "how": rebuilt.how,
        "why": rebuilt.why or None,
        "same": worst(several) if rebuilt.how == "rebuilt" else None,
        "read_the_same": rebuilt.alone,
        "outcome": {"recorded": was.outcome, "rebuilt": rebuilt.done.outcome if rebuilt.done else None},
        "seconds": {"recorded": was.seconds, "rebuilt": rebuilt.done.seconds if rebuilt.done else None},
        "compared": [c.to_dict() for c in several],
    }
