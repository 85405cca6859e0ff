"""A diff or a diagnosis as sections of lines: printed in a terminal, or as one self-contained page."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from assay.kernel.printable import printable, printable_page
from assay.reports.html import template

Json = Mapping[str, Any]
WIDTH = 80
_MOST = 8  # of a section in a terminal
_PATCH = 40  # lines of a patch in a terminal


@dataclass(frozen=True)
class Section:
    """A title, its lines, and patches of code."""

    title: str
    lines: tuple[str, ...]
    patches: tuple[str, ...] = ()


def diagnosis_sections(found: Json) -> list[Section]:
    """Return a diagnosis (assay.diagnosis/1) as sections, what was concluded first."""
    first = found["first_parting"]
    tried = [_replay(r) for r in found["replays"]]
    suspects = [f"{_upper(s['said'])}: {s['state']}" for s in found["suspects"]]
    return [
        Section("", tuple(found["said"])),
        Section("What is wrong", tuple(_upper(s["said"]) for s in found["symptoms"])),
        Section("Where they first part", tuple(_edge(first)) if first else ()),
        Section("Suspects", tuple(suspects)),
        Section("Replays, in scratch: nothing of them was recorded", tuple(tried)),
        Section("Notes", tuple(_upper(n) for n in found["notes"])),
    ]


def _replay(replay: Json) -> str:
    names = ", ".join(_plain(n) for n in replay["without"]) or "nothing"
    if replay["problem"]:
        return f"without {names}: not possible: {replay['problem']}"
    how = "as it was" if replay["whole"] else f"still wrong: {replay['left'][0]}"
    ran = f"; ran {', '.join(replay['ran'])}" if replay["ran"] else "; every step was reused"
    return f"without {names}: {how}{ran} ({replay['seconds']:.1f} s)"


def _plain(name: str) -> str:
    kind, _, rest = name.partition(":")
    words = {"step_added": "the step", "step_removed": "the loss of", "step_replaced": "the replacement"}
    return f"{words.get(kind, kind)} {rest.replace(':', '.')}".strip()


def _edge(edge: Json) -> Iterator[str]:
    for parting in edge["partings"][:4]:
        yield f"In `{edge['table']}`, beside {_beside(edge)}: {parting['said']}"


def _beside(edge: Json) -> str:
    against = str(edge["against"])
    return against if against.startswith("run ") else f"`{against}`, which it was made from"


def diff_sections(found: Json) -> list[Section]:
    """Return a diff (assay.diff/1) as sections: what came of the runs, the changes in their order, then each part."""
    changes = [_upper(c["said"]) for c in found["changes"]]
    data = [line for e in found["data"] for line in _edge(e)] + [
        f"`{e['table']}` could not be compared: {e['problem']}" for e in found["data"] if e["problem"]
    ]
    patches = [f["diff"] + ("\n…" if f["cut"] else "") for f in found["code"]["files"] if f["diff"]]
    code = [f"`{f['file']}` of the step `{f['step']}`" for f in found["code"]["files"]]
    git = found["code"]["git"]
    if git:
        code.append(f"commit {_short(git['commit'][0])} became {_short(git['commit'][1])}")
    return [
        Section("What came of them", tuple(_upper(s["said"]) for s in found["outcome"])),
        Section("What changed, what explains it best first", tuple(changes)),
        Section("Data", tuple(data)),
        Section("Code", tuple(code), tuple(patches)),
        Section("Metrics", tuple(_metric(m) for m in found["metrics"])),
        Section("Predictions", tuple(_predictions(found["predictions"]))),
        Section("Notes", tuple(_upper(n) for n in found["notes"])),
    ]


def _metric(metric: Json) -> str:
    of = ", ".join(f"{k} {v}" for k, v in metric["of"].items())
    real = {True: "more than chance", False: "within chance", None: "no interval says whether it is chance"}[
        metric["real"]
    ]
    name = f"{metric['name']}{f' ({of})' if of else ''} of `{metric['step']}`"
    return f"{name}: {_number(metric['after'])} (before: {_number(metric['before'])}); {real}"


def _predictions(said: Json | None) -> Iterator[str]:
    if said is None:
        return
    if said["same_rows"] and said["agreement"] is not None:
        yield f"On the same {said['rows']:,} rows both answer alike in {said['agreement']:.1%}"
    for word, side in (("before", said["before"]), ("after", said["after"])):
        if side:
            mix = ", ".join(
                f"{k} in {v:.0%}" if v <= 1 else f"{k} {v:.4g}" for k, v in side["answers"].items()
            )
            yield f"{_upper(word)}: {mix or side['reason']}"


def _number(value: Any) -> str:
    return "none" if value is None else f"{value:.4g}"


def _short(commit: Any) -> str:
    return str(commit)[:10] if commit else "none"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def text(sections: Iterable[Section], everything: bool = False) -> str:
    """Return sections as text of 80 columns; long ones are cut, with how much is left out."""
    out: list[str] = []
    for section in sections:
        if not section.lines:
            continue
        if section.title:
            out += ["", section.title]
        most = len(section.lines) if everything or not section.title else _MOST
        for line in section.lines[:most]:
            indent = "  " if section.title else ""
            out += textwrap.wrap(
                printable(line), WIDTH, initial_indent=indent, subsequent_indent=indent + "  " * bool(section.title),
                break_on_hyphens=False,
            )  # fmt: skip
        if len(section.lines) > most:
            out.append(f"  and {len(section.lines) - most} more: see --format json")
        for patch in section.patches[:3]:
            lines = [printable(line) for line in patch.split("\n")]
            out += ["", *(f"    {line}" for line in lines[:_PATCH])]
            if len(lines) > _PATCH:
                out.append(f"    … {len(lines) - _PATCH} more lines: see --format html")
    return "\n".join(out).strip("\n") + "\n"


def page(title: str, sections: Iterable[Section], tool: Mapping[str, str]) -> str:
    """Return sections as one page that needs no network and runs no script."""
    kept = [s for s in sections if s.lines or s.patches]
    return printable_page(template("comparison.html.j2").render(title=title, sections=kept, tool=tool))
