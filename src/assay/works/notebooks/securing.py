"""A Jupyter configuration set right: bound to this machine, encrypted, with a password whose hash withstands guessing.

What is there already is kept: only what ``secured`` names is written, into ``jupyter_server_config.json``, which a server takes
after the .py beside it. The file as it was lies beside as ``.before``.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import secrets
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assay.engines import authority
from assay.engines.jupyter import configured
from assay.kernel.errors import UsageError
from assay.methods.jupyter import posture
from assay.methods.jupyter.settings import MOST, today
from assay.methods.loopback import is_loopback

FILE = "jupyter_server_config.json"
CERTIFICATE, KEY, AUTHORITY = "notebook.pem", "notebook.key", "notebook-authority.pem"
LEAST_PASSWORD = 12
_NAME = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)


def secure(
    folder: Path, *, names: Sequence[str] = (), bind: str = "127.0.0.1", port: int = 8888, password: str = "",
    terminals: bool = False, idle: int = 3600, tls: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """Write configuration, key and certificate into ``folder``; return what was written and what was there before.

    names: what the certificate is for, besides this machine itself. idle: seconds. UsageError for what cannot be.
    """
    for name in names:
        if not named(name):
            raise UsageError(f"{name[:80]!r} is neither a name of a machine nor an address")
    if password and len(password) < LEAST_PASSWORD:
        raise UsageError(
            f"a password has at least {LEAST_PASSWORD} characters", remedy="four random words will do"
        )
    if not 1 <= port <= 65535 or not 60 <= idle <= 30 * 86400:
        raise UsageError("a port is from 1 to 65535, and idle time from a minute to 30 days")
    if not tls and not is_loopback(bind):
        raise UsageError(
            f"bound to {bind} without TLS everything would travel in clear text", remedy="leave --no-tls out"
        )
    folder = folder.expanduser().absolute()
    try:
        return _written(folder, list(names), secured(bind, port, list(names), terminals, idle), password, tls)
    except OSError as error:
        raise UsageError(
            f"{error.filename or folder} cannot be used: {error.strerror or error}",
            remedy="name another folder by --dir, or mend this one",
        ) from None


def _written(
    folder: Path, names: list[str], wanted: dict[str, dict[str, Any]], password: str, tls: bool
) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in (FILE, CERTIFICATE, KEY, AUTHORITY, f"{FILE}.before"):
        _plain(folder / name)
    before = _there(folder / FILE)
    every = list(dict.fromkeys([*names, "localhost", "127.0.0.1", "::1"]))
    written = [FILE]
    if tls:
        made = authority.for_server(every)
        for file, content, mode in (
            (KEY, made.key, 0o600),
            (CERTIFICATE, made.certificate, 0o644),
            (AUTHORITY, made.authority, 0o644),
        ):
            _write(folder / file, content.encode(), mode)
            written.append(file)
        wanted["ServerApp"] |= {"certfile": str(folder / CERTIFICATE), "keyfile": str(folder / KEY)}
    if password:
        wanted["PasswordIdentityProvider"] = {"hashed_password": hashed(password)}
    merged = _merged(before, wanted)
    text = json.dumps(merged, indent=2, sort_keys=True) + "\n"
    if before:
        _write(folder / f"{FILE}.before", (folder / FILE).read_bytes(), 0o600)
    _write(folder / FILE, text.encode(), 0o600)
    if stat.S_IMODE(folder.stat().st_mode) & 0o022:
        folder.chmod(stat.S_IMODE(folder.stat().st_mode) & ~0o022)
    return {
        "schema": "assay.notebook-secured/1", "folder": str(folder), "written": written, "names": every if tls else [],
        "kept": sorted(k for k in before if k not in wanted), "before": f"{FILE}.before" if before else "",
        "token": not password, "overruled": _overruled(folder, wanted),
    }  # fmt: skip


def _overruled(folder: Path, wanted: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return what another file of the folder, which a server takes later, says otherwise: trait → the file's name."""
    known, _ = configured.read([folder])
    said = {f"{group}.{trait}": value for group, traits in wanted.items() for trait, value in traits.items()}
    out = {name: known.where(name) for name, value in said.items() if known.get(name, value) != value}
    if known.get(posture.TOKEN) == "" and not known.get(
        posture.PASSWORD
    ):  # then nobody is asked for anything
        out[posture.TOKEN] = known.where(posture.TOKEN)
    return {name: Path(where.partition(":")[0]).name for name, where in sorted(out.items())}


def named(name: str) -> bool:
    """Whether it is an address, or a name that a certificate may be for."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return bool(_NAME.fullmatch(name)) and not name.replace(".", "").isdigit()
    return "%" not in name


def secured(bind: str, port: int, names: list[str], terminals: bool, idle: int) -> dict[str, dict[str, Any]]:
    """Return the settings of a server that is right, without key and password."""
    return {
        "ServerApp": {
            "ip": bind, "port": port, "open_browser": False, "allow_root": False, "allow_origin": "",
            "allow_origin_pat": "", "allow_credentials": False, "allow_remote_access": not is_loopback(bind),
            "allow_unauthenticated_access": False, "disable_check_xsrf": False, "local_hostnames": ["localhost", *names],
            "terminals_enabled": terminals, "trust_xheaders": False,
        },
        "MappingKernelManager": {"cull_idle_timeout": idle, "cull_interval": min(300, max(30, idle // 4)), "cull_connected": False},
        "ContentsManager": {"allow_hidden": False},
    }  # fmt: skip


def hashed(password: str) -> str:
    """Return a password as Jupyter keeps it: argon2id of 64 MiB and three passes (RFC 9106, second choice)."""
    try:
        from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

        derived = Argon2id(
            salt=secrets.token_bytes(16), length=32, iterations=3, lanes=4, memory_cost=64 * 1024
        )
        return "argon2:" + derived.derive_phc_encoded(password.encode())
    except (ImportError, AttributeError):
        raise UsageError("this cryptography has no Argon2", remedy="pip install 'cryptography>=45'") from None


def _merged(before: Mapping[str, Any], wanted: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Lay ``wanted`` over what is there; what older names of a trait say goes, so that it cannot speak against it."""
    said = {f"{group}.{trait}" for group, traits in wanted.items() for trait in traits}
    merged: dict[str, Any] = {}
    for group, traits in before.items():
        if not isinstance(traits, dict):
            merged |= {} if group in wanted else {group: traits}
            continue
        kept = {t: v for t, v in traits.items() if today(f"{group}.{t}") not in said}
        gone = {"token"} if group in ("ServerApp", "NotebookApp", "IdentityProvider", "LabApp") else set()
        merged[group] = {t: v for t, v in kept.items() if t not in gone}
    for group, traits in wanted.items():
        merged[group] = {**merged.get(group, {}), **traits}
    return {group: traits for group, traits in merged.items() if traits != {}}


def _plain(path: Path) -> None:
    """UsageError for what is there and no file of this folder: a link would be written over, a pipe read for ever."""
    if os.path.lexists(path) and (path.is_symlink() or not path.is_file()):
        raise UsageError(
            f"{path} is a link or no regular file, and nothing was changed",
            remedy="name the folder that holds the file itself, or move it away first",
        )


def _there(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    if path.stat().st_size > MOST:
        raise UsageError(f"{path} is too long to be a configuration")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        json.dumps(found, indent=2)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UsageError(
            f"{path} is no JSON object, and nothing was changed", remedy="mend it or move it away first"
        )
    return found


def _write(path: Path, content: bytes, mode: int) -> None:
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        beside.chmod(mode)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
