"""What it may do once somebody is in: as whom it runs, how long, with which extensions, and what it reaches."""

from __future__ import annotations

from collections.abc import Mapping

from assay.checks.notebook.server._answer import Answer, Question, doubted, finding
from assay.kernel.severity import Severity
from assay.methods.jupyter.posture import Posture

_IDLE = 24 * 3600  # the longest that a kernel nobody uses is left its memory and its credentials


def root(posture: Posture) -> Answer:
    """Whether it runs as root."""
    uid = posture.process.get("uid", posture.reach.get("uid"))
    if uid == 0:
        return [
            finding(
                posture, "root", Severity.HIGH, "It runs as root: a cell of a notebook owns the machine.",
                "run it as a user of its own", "CWE-250", trait="ServerApp.allow_root",
            )
        ]  # fmt: skip
    if why := doubted(posture, "ServerApp.allow_root"):
        return why
    if posture.value("ServerApp.allow_root", False):
        return [
            finding(
                posture, "root_allowed", Severity.MEDIUM, "It may be started as root.", "leave allow_root out", "CWE-250",
                trait="ServerApp.allow_root",
            )
        ]  # fmt: skip
    if posture.running and uid is None:
        return "as whom it runs is seen only on its machine, or with --inside"
    return []


def terminals(posture: Posture) -> Answer:
    """Whether it gives terminals."""
    seen = posture.observed.get("terminals")
    if seen is None:
        if why := doubted(posture, "ServerApp.terminals_enabled"):
            return why
        if posture.running and "ServerApp.terminals_enabled" not in posture.settings:
            return "only who gets in sees them: give --token-file"
        if not posture.running and (why := doubted(posture, "ServerApp.jpserver_extensions")):
            return why
        seen = posture.value("ServerApp.terminals_enabled", True)
    if not seen:
        return []
    return [
        finding(
            posture, "terminals", Severity.LOW, "It gives terminals, which leave no trace of what was typed.",
            "set ServerApp.terminals_enabled = False where notebooks are enough", "CWE-749", trait="ServerApp.terminals_enabled",
        )
    ]  # fmt: skip


def idle(posture: Posture) -> Answer:
    """When kernels that nobody uses end."""
    name = "MappingKernelManager.cull_idle_timeout"
    if why := doubted(posture, name, "ServerApp.shutdown_no_activity_timeout"):
        return why
    if posture.running and not posture.settings and not posture.process:
        return "its settings are not seen from outside"
    seconds = posture.value(name, 0)
    if isinstance(seconds, int | float) and 0 < seconds <= _IDLE:
        return []
    said = (
        f"only after {seconds / 3600:.0f} hours"
        if isinstance(seconds, int | float) and seconds > 0
        else "never"
    )
    return [
        finding(
            posture, "idle", Severity.LOW, f"Kernels that nobody uses end {said}, and keep what they hold until then.",
            "set MappingKernelManager.cull_idle_timeout, 3600 say", "CWE-613", trait=name,
        )
    ]  # fmt: skip


def extensions(posture: Posture) -> Answer:
    """Which extensions it runs."""
    seen = posture.observed.get("extensions")
    named = seen if isinstance(seen, list) else None
    if named is None:
        listed = [n.removeprefix("extension ") for n in posture.settings if n.startswith("extension ")]
        named = [n for n in listed if posture.value(f"extension {n}")]
        if posture.running and not named:
            return "only who gets in sees them: give --token-file"
        if not posture.running and (why := doubted(posture, "ServerApp.jpserver_extensions")):
            return why
    others = sorted(
        str(n) for n in named if not str(n).startswith(("jupyter", "@jupyter", "notebook", "nbclassic"))
    )
    if not others:
        return []
    shown = ", ".join(others[:8]) + (f" and {len(others) - 8} more" if len(others) > 8 else "")
    return [
        finding(
            posture, "extensions", Severity.INFO, f"Extensions of others run in it with all it may do: {shown}.",
            "keep those that are needed, at versions that are known", "CWE-829",
        )
    ]  # fmt: skip


def hidden_files(posture: Posture) -> Answer:
    """Whether it shows hidden files, or the whole disk."""
    if why := doubted(posture, "ContentsManager.allow_hidden", "ServerApp.root_dir"):
        return why
    found = []
    if posture.value("ContentsManager.allow_hidden", False):
        found.append(
            finding(
                posture, "hidden_files", Severity.MEDIUM,
                "Hidden files can be read and written through it: keys, start-up scripts, its own configuration.",
                "leave allow_hidden out", "CWE-538", trait="ContentsManager.allow_hidden",
            )
        )  # fmt: skip
    if posture.value("ServerApp.root_dir") == "/":
        found.append(
            finding(
                posture, "whole_disk", Severity.MEDIUM, "It shows the whole disk.", "set root_dir to a folder of notebooks",
                "CWE-538", trait="ServerApp.root_dir",
            )
        )  # fmt: skip
    return found


def written_by_others(posture: Posture) -> Answer:
    """Whether others may change its configuration."""
    return [
        finding(
            posture, "config_writable", Severity.HIGH,
            f"Others may write {f.get('path')} (mode {f.get('mode')}), and so run what they want as its owner.",
            "chmod go-w", "CWE-732", file=str(f.get("path")),
        )
        for f in posture.files
        if f.get("kind") in ("config", "folder") and int(str(f.get("mode", "0")), 8) & 0o022 and not f.get("sticky")
    ]  # fmt: skip


def metadata(posture: Posture) -> Answer:
    """Whether it reaches the cloud's credentials."""
    if not posture.reach:
        if not posture.running:
            return "ask where it runs: assay notebook check there, or --inside"
        return "give --inside, so that a kernel is asked"
    reach: Mapping[str, object] = posture.reach
    role = f" of the role {reach['role']}" if reach.get("role") else ""
    found = []
    if reach.get("imds_v1"):
        found.append(
            finding(
                posture, "metadata_v1", Severity.HIGH,
                f"169.254.169.254 hands the credentials{role} to whoever asks once, a web page led there among them.",
                "demand IMDSv2 with a hop limit of 1 (aws ec2 modify-instance-metadata-options --http-tokens required)",
                "CWE-522",
            )
        )  # fmt: skip
    elif reach.get("imds_v2"):
        found.append(
            finding(
                posture, "metadata_v2", Severity.MEDIUM,
                f"Whoever runs a cell takes the credentials{role} from 169.254.169.254 and uses them elsewhere.",
                "give the role only what notebooks need, or close the address to their user", "CWE-522",
            )
        )  # fmt: skip
    if reach.get("container"):
        found.append(
            finding(
                posture, "metadata_container", Severity.MEDIUM,
                "Whoever runs a cell takes the container's credentials from 169.254.170.2.",
                "give the role only what notebooks need", "CWE-522",
            )
        )  # fmt: skip
    if names := reach.get("environment"):
        found.append(
            finding(
                posture, "environment", Severity.MEDIUM, f"Its environment holds credentials: {names}.",
                "give it a role instead of keys", "CWE-526",
            )
        )  # fmt: skip
    return found


QUESTIONS: tuple[Question, ...] = (
    root,
    terminals,
    idle,
    extensions,
    hidden_files,
    written_by_others,
    metadata,
)
