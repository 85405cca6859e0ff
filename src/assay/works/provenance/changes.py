"""What differs between two runs, a change at a time, each of which can be taken back by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from assay.office.runs import USES_TRACKED
from assay.works.provenance.recording import is_path, path_of

if TYPE_CHECKING:
    from assay.works.provenance.past import Past

Kind = Literal[
    "step_added", "step_removed", "step_replaced", "input", "parameter", "code", "package", "file", "gate", "seed",
    "data", "setting", "environment",
]  # fmt: skip
_IN_CODE = ("requirements.txt",)


@dataclass(frozen=True)
class Change:
    """One difference. step: which step it is of, "" of none. what: the parameter, input, file, package or data set.

    said: what it is, as the subject of a sentence. before, after: as JSON, None where there was none.
    """

    kind: Kind
    step: str
    what: str
    said: str
    before: Any = None
    after: Any = None
    path: tuple[str, ...] = ()
    revertible: bool = True
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return a name that no other change of two runs has."""
        return ":".join(p for p in (self.kind, self.step, *(self.path or (self.what,))) if p)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "step": self.step or None,
            "what": self.what or None,
            "said": self.said,
            "before": self.before,
            "after": self.after,
            **self.more,
        }


def changes(old: Past, new: Past) -> list[Change]:
    """Return what differs, steps in the order of the new pipeline; empty where the two were asked for alike."""
    a, b = old.document, new.document
    out = list(_data(old, new))
    added = [n for n in new.pipeline.steps if n not in a["steps"]]
    removed = [n for n in old.pipeline.steps if n not in b["steps"]]
    out += _steps(old, new, added, removed)
    told = {*added, *removed}
    for name in new.pipeline.steps:
        if name in a["steps"]:
            out += _step(name, a["steps"][name], b["steps"][name], told, old, new)
    out += _tracked(old, new)
    if a["pipeline"]["seed"] != b["pipeline"]["seed"]:
        was, now = a["pipeline"]["seed"], b["pipeline"]["seed"]
        out.append(Change("seed", "", "seed", f"the pipeline's seed, {now} (before: {was})", was, now))
    out += _settings(a, b)
    out += _environment(a["environment"], b["environment"])
    return out


def _tracked(old: Past, new: Past) -> Iterator[Change]:
    """Give what two runs of scripts said of themselves otherwise: their code, and their parameters."""
    was, now = old.document["pipeline"]["file"], new.document["pipeline"]["file"]
    one, other = old.report(USES_TRACKED), new.report(USES_TRACKED)
    if one is None or other is None:
        return
    if was["digest"] != now["digest"]:
        said = f"the script `{now['name'] or 'notebook'}`"
        yield Change("code", "", "script", said, was["digest"], now["digest"], revertible=False)
    for name in dict.fromkeys((*other.params, *one.params)):
        before, after = one.params.get(name), other.params.get(name)
        if before != after:
            said = f"the parameter `{name}`, {_shown(after)} (before: {_shown(before)})"
            yield Change("parameter", "", name, said, before, after, revertible=False)


def _data(old: Past, new: Past) -> Iterator[Change]:
    for name in new.document["data"]:
        one, other = old.assets.get(name), new.assets.get(name)
        if one is None or other is None or (one.digest == other.digest and one.digest):
            continue
        said = f"the data set `{name}`, whose content is another"
        where = {"source": [one.uri, other.uri]} if one.uri != other.uri else {}
        yield Change("data", "", name, said, one.digest, other.digest, more=where)


def _steps(old: Past, new: Past, added: list[str], removed: list[str]) -> Iterator[Change]:
    """Give the steps that are new or gone; one that stands in another's place is one change."""
    a, b = old.document["steps"], new.document["steps"]
    left = list(removed)
    for name in added:
        if b[name]["verb"] == "do":
            continue
        twin = next((r for r in left if _stands_for(r, name, a, b)), None)
        if twin is not None:
            left.remove(twin)
            said = f"the step `{name}` ({b[name]['uses']}), which stands in place of `{twin}`"
            yield Change("step_replaced", name, twin, said, a[twin]["uses"], b[name]["uses"])
        else:
            said = f"the step `{name}`{_script(b[name])}, new since run {old.id}"
            yield Change("step_added", name, "", said, None, b[name]["uses"])
    for name in left:
        if a[name]["verb"] != "do":
            said = f"the step `{name}`{_script(a[name])}, which is gone since run {old.id}"
            yield Change("step_removed", name, "", said, a[name]["uses"], None)


def _script(step: Mapping[str, Any]) -> str:
    script = step["params"].get("script")
    return f" ({path_of(script)})" if is_path(script) else f" ({step['uses']})"


def base(text: str) -> str:
    """Return the step or data set of a reference such as ``split.train``."""
    return text.partition(".")[0]


def _stands_for(gone: str, come: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Whether who used one step's output now uses the other's, in the same place, and both do the same sort of thing."""
    if a[gone]["verb"] != b[come]["verb"]:
        return False
    return any(
        name in b
        and any(
            base(ref) == gone and base(b[name]["inputs"].get(param, "")) == come
            for param, ref in step["inputs"].items()
        )
        for name, step in a.items()
    )


def _step(
    name: str, was: Mapping[str, Any], now: Mapping[str, Any], told: set[str], old: Past, new: Past
) -> Iterator[Change]:
    if (was["verb"], was["uses"]) != (now["verb"], now["uses"]):
        said = f"the step `{name}`, which is {now['uses']} (before: {was['uses']})"
        yield Change("step_replaced", name, name, said, was["uses"], now["uses"])
        return
    for param in dict.fromkeys((*now["inputs"], *was["inputs"])):
        one, other = was["inputs"].get(param), now["inputs"].get(param)
        if one != other and not {base(one or ""), base(other or "")} & told:
            said = f"the step `{name}`, whose input `{param}` is {other or 'gone'} (before: {one or 'none'})"
            yield Change("input", name, param, said, one, other)
    for param in dict.fromkeys((*now["params"], *was["params"])):
        yield from _param(name, param, was["params"].get(param), now["params"].get(param), old, new)
    if was["seed"] != now["seed"]:
        said = f"the seed of the step `{name}`, {now['seed']} (before: {was['seed']})"
        yield Change("seed", name, "seed", said, was["seed"], now["seed"])
    if was["gate"] != now["gate"]:
        said = f"the gate of the step `{name}`, {now['gate']['at']} (before: {was['gate']['at']})"
        yield Change("gate", name, "gate", said, was["gate"]["at"], now["gate"]["at"])


def _param(name: str, param: str, was: Any, now: Any, old: Past, new: Past) -> Iterator[Change]:
    if was == now:
        return
    if is_path(was) and is_path(now):
        yield from _file(name, param, was, now, old, new)
    elif isinstance(was, dict) and isinstance(now, dict) and not (is_path(was) or is_path(now)):
        for key in dict.fromkeys((*now, *was)):
            if was.get(key) != now.get(key):
                yield _parameter(name, f"{param}.{key}", was.get(key), now.get(key), (param, key))
    elif param == "seed":
        said = f"the seed of the step `{name}`, {_shown(now)} (before: {_shown(was)})"
        yield Change("seed", name, param, said, was, now, (param,))
    else:
        yield _parameter(name, param, was, now, (param,))


def _parameter(name: str, what: str, was: Any, now: Any, path: tuple[str, ...]) -> Change:
    said = f"the parameter `{what}` of the step `{name}`, {_shown(now)} (before: {_shown(was)})"
    return Change("parameter", name, what, said, was, now, path)


def _shown(value: Any) -> str:
    text = "none" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:79] + "…"


def _file(name: str, param: str, was: Any, now: Any, old: Past, new: Past) -> Iterator[Change]:
    if was["digest"] == now["digest"]:
        return
    if not (was["tree"] and now["tree"]):
        said = f"the file `{path_of(now)}` of the step `{name}`, whose content is another"
        yield Change("file", name, param, said, was["digest"], now["digest"], (param,))
        return
    files = changed_files(old, new, was["digest"], now["digest"])
    packaged = [f for f in files if f in _IN_CODE or f.endswith(".whl")]
    if packaged and len(packaged) == len(files):
        said = f"the packages that the step `{name}` installs, {packages_said(old, new, was, now)}"
        yield Change(
            "package", name, param, said, was["digest"], now["digest"], (param,), more={"files": files}
        )
        return
    shown = ", ".join(f"`{f}`" for f in files[:3]) or f"`{path_of(now)}`"
    said = f"the code of the step `{name}` ({shown})"
    yield Change("code", name, param, said, was["digest"], now["digest"], (param,), more={"files": files})


def manifest(past: Past, digest: str) -> dict[str, str]:
    """Return path → digest of the files of a tree in the store; empty where it is gone."""
    from assay.kernel.errors import AssayError

    try:
        raw = json.loads(past.home.store.read(digest, 64 << 20))
        return {str(e["path"]): f"sha256:{e['sha256']}" for e in raw}
    except (AssayError, ValueError, LookupError, TypeError):
        return {}


def changed_files(old: Past, new: Past, was: str, now: str) -> list[str]:
    """Return the files of two trees that differ, by path."""
    a, b = manifest(old, was), manifest(new, now)
    return sorted(f for f in {*a, *b} if a.get(f) != b.get(f))


def packages_said(old: Past, new: Past, was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Return which wheels a step's code asks for instead of which."""
    a, b = (
        {f.rpartition("/")[2].split("-")[0]: f.rpartition("/")[2].split("-")[1] for f in manifest(p, t["digest"]) if f.endswith(".whl") and f.count("-") >= 2}
        for p, t in ((old, was), (new, now))
    )  # fmt: skip
    parts = [
        f"`{n}` {b.get(n, 'gone')} (before: {a.get(n, 'none')})" for n in {**b, **a} if a.get(n) != b.get(n)
    ]
    return ", ".join(parts) or "requirements.txt is another"


def _settings(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Change]:
    for key in ("engine", "isolation"):
        was, now = a["bench"].get(key), b["bench"].get(key)
        if was != now:
            yield Change(
                "setting", "", key, f"the setting `{key}`, {now} (before: {was})", was, now, revertible=False
            )


def _environment(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Change]:
    for key in ("python", "system", "machine", "image", "cpus"):
        if a.get(key) != b.get(key):
            said = f"the machine's {key}, {b.get(key)} (before: {a.get(key)})"
            yield Change("environment", "", key, said, a.get(key), b.get(key), revertible=False)
    was, now = a.get("packages", {}), b.get("packages", {})
    for name in sorted({*was, *now}):
        if was.get(name) != now.get(name):
            said = f"the package `{name}`, {now.get(name) or 'gone'} (before: {was.get(name) or 'none'})"
            yield Change("environment", "", name, said, was.get(name), now.get(name), revertible=False)
