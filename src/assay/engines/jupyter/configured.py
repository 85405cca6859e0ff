"""Configuration folders of Jupyter, read in the order in which a server takes them; nothing of them is run.

Source: ``jupyter_core.paths.jupyter_config_path`` and the documentation of ``jupyter --paths``.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from assay.kernel.errors import UsageError
from assay.methods.jupyter.settings import MOST, Settings, take_json, take_python

NAMES = ("jupyter_config", "jupyter_server_config", "jupyter_notebook_config", "jupyter_lab_config")
SYSTEM = (Path("/etc/jupyter"), Path("/usr/local/etc/jupyter"))
_PARTS = 200  # files of a .d folder


def folders(environment: Mapping[str, str], home: Path, prefix: Path | None = None) -> list[Path]:
    """Return where a server of a user finds its configuration, the most general first.

    environment: of the server. prefix: of its Python, whose etc/jupyter counts too.
    """
    user = Path(environment.get("JUPYTER_CONFIG_DIR") or home / ".jupyter")
    if environment.get("JUPYTER_NO_CONFIG", "").lower() not in ("", "0", "no", "false", "n", "off"):
        return [user]
    own = [prefix / "etc/jupyter"] if prefix else []
    first = [user, *own] if not environment.get("JUPYTER_PREFER_ENV_PATH") else [*own, user]
    extra = [Path(p) for p in environment.get("JUPYTER_CONFIG_PATH", "").split(os.pathsep) if p]
    found = [*extra, *first, *reversed(SYSTEM)]
    return list(dict.fromkeys(reversed(found)))


def read(where: list[Path]) -> tuple[Settings, list[dict[str, object]]]:
    """Return the settings of folders (or single files), the last the strongest, and what is to know of their files.

    What may not be read is told as unknown. UsageError where a name is nothing at all.
    """
    settings = Settings()
    files: list[dict[str, object]] = []
    for place in where:
        if place.is_file():
            _take(place, settings, files)
        elif place.is_dir():
            files.append(_told(place, "folder"))
            for name in NAMES:
                for path in (place / f"{name}.py", *_parts(place / f"{name}.d"), place / f"{name}.json"):
                    if path.is_file():
                        _take(path, settings, files)
        elif len(where) == 1:
            raise UsageError(
                f"{place} is neither a file nor a folder", remedy="name a configuration folder, or a URL"
            )
    for trait, kind in (("ServerApp.keyfile", "key"), ("ServerApp.certfile", "certificate")):
        named = settings.get(trait)
        if isinstance(named, str) and named:
            path = Path(named).expanduser()
            if path.is_file():
                files.append(_told(path, kind))
            else:
                settings.doubt(trait, f"there is no file {named[:200]}")
    return settings, files


def _parts(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(folder.glob("*.json"))[:_PARTS]


def _take(path: Path, settings: Settings, files: list[dict[str, object]]) -> None:
    try:
        with path.open("rb") as handle:
            text = handle.read(MOST + 1).decode("utf-8", "replace")
    except OSError as error:
        settings.doubt(str(path), f"it cannot be read ({error.strerror})")
        return
    files.append(_told(path, "config"))
    if path.suffix == ".json":
        take_json(text, str(path), settings)
    else:
        take_python(text, str(path), settings)
    loaded = settings.known.pop("ServerApp.jpserver_extensions", None)
    if loaded is not None and isinstance(loaded.value, dict):  # those of several files are taken together
        for name, on in list(loaded.value.items())[:1000]:
            settings.put(f"extension {str(name)[:100]}", bool(on), loaded.where)


def _told(path: Path, kind: str) -> dict[str, object]:
    found = path.stat()
    return {
        "path": str(path), "kind": kind, "mode": f"{stat.S_IMODE(found.st_mode):o}", "uid": found.st_uid,
        "sticky": bool(found.st_mode & stat.S_ISVTX),
    }  # fmt: skip
