"""A reproduction (assay.reproduction/1) as sections of lines, for a terminal or a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assay.reports.comparison import Section

_SAME = {
    "bits": "bit for bit",
    "times": "the same but for its times",
    "tolerance": "within the tolerance",
    "unknown": "cannot be told",
    "differs": "otherwise",
}


def sections(found: Mapping[str, Any]) -> list[Section]:
    """Return it as sections, what came of it first."""
    return [
        Section("", tuple(found["said"])),
        Section("Steps", tuple(_step(s) for s in found["steps"])),
        Section("What differs", tuple(line for s in found["steps"] for line in _differs(s))),
        Section("Data", tuple(_data(d) for d in found["data"])),
        Section("Where it was rebuilt", tuple(_around(found))),
    ]


def _step(step: Mapping[str, Any]) -> str:
    if step["how"] != "rebuilt":
        return f"{step['name']}: not carried out, {step['why']}"
    seconds = step["seconds"]
    took = f" ({seconds['rebuilt']:.1f} s; recorded: {seconds['recorded']:.1f} s)"
    return f"{step['name']}: {_SAME[step['same']]}{took}"


def _differs(step: Mapping[str, Any]) -> Iterator[str]:
    for one in step["compared"]:
        if one["same"] not in ("bits", "times") and one["said"]:
            what = "report" if one["what"] == "report" else f"`{one['what']}`"
            follows = "" if step["read_the_same"] else "; what it read was another already"
            yield f"{step['name']}, {what}: {one['said']}{follows}"


def _data(data: Mapping[str, Any]) -> str:
    now = f"; {data['said']}" if data["said"] else ""
    digest = str(data["digest"] or "").removeprefix("sha256:")[:12]
    return f"{data['name']} ({digest or 'not pinned'}): {data['from'] or 'not to be had'}{now}"


def _around(found: Mapping[str, Any]) -> Iterator[str]:
    around = found["environment"]
    python, packages = around["python"], around["packages"]
    yield f"Python {python['here']} (recorded: {python['recorded']}), seed {found['seed']}" + (
        f", scripts with {found['threads']} threads" if found["threads"] else ""
    )
    if around["interpreter"]:
        yield f"Scripts ran with {around['interpreter']}"
    named = [p for p in packages if p["imported"]] or packages
    for package in named:
        yield f"{package['name']} {package['here'] or 'none'} (recorded: {package['recorded'] or 'none'})"
    for one in around["machine"]:
        yield f"{one['what']} {one['here']} (recorded: {one['recorded']})"
