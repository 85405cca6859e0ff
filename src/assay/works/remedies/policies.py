"""The policy of a monitor: read when the monitor is made, kept in the store, and obeyed as it then was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from assay.methods.plainfile import read_plain
from assay.methods.remedies import policy
from assay.methods.remedies.policy import LARGEST, Policy

if TYPE_CHECKING:
    from assay.office.monitors import Monitor
    from assay.works.home import Home


def kept(home: Home, path: Path, *, endpoint: bool) -> str:
    """Read a policy's file, check it against the home, keep it, and return its digest. endpoint: whether one is watched."""
    from assay.works.remedies.acting import checked

    raw = read_plain(path, LARGEST, "the policy", "`assay monitor policy` writes one")
    checked(home, placed(policy.read(raw, str(path)), path.resolve().parent), endpoint=endpoint)
    return home.store.put_bytes(raw)


def of(home: Home, monitor: Monitor) -> Policy:
    """Return the policy of a monitor, empty where it has none."""
    if not monitor.policy:
        return Policy()
    read = policy.read(home.store.read(monitor.policy, LARGEST + 1), monitor.policy_file)
    return placed(read, Path(monitor.policy_file).parent)


def placed(found: Policy, folder: Path) -> Policy:
    """Return a policy whose paths are found from anywhere: they are those beside its file."""
    rules = []
    for rule in found.rules:
        deeds = tuple(
            replace(d, said={**d.said, "pipeline": str(folder / d.said["pipeline"])})
            if d.verb == "retrain"
            else d
            for d in rule.do
        )
        rules.append(replace(rule, do=deeds))
    return replace(found, rules=tuple(rules))
