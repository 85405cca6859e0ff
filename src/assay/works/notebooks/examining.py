"""What is to know of a Jupyter server, gathered and judged: of one that runs, or of a configuration."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from assay.engines.jupyter import certificates, configured, probing, reach, running
from assay.engines.jupyter.running import Running
from assay.kernel.errors import UsageError
from assay.kernel.verdict import Gate, Verdict
from assay.methods.jupyter.posture import NAME, PASSWORD, TOKEN, Posture, described
from assay.methods.jupyter.settings import Settings as Traits
from assay.methods.jupyter.settings import take_arguments
from assay.works.checking import carry_out
from assay.works.home import Home, loose_scratch
from assay.works.settings import Settings
from assay.works.work import Progress

CHECK = "notebook.server"


def examine(
    target: str, *, token: str = "", ca: str = "", inside: bool = False, save: Path | None = None, home: Home | None, gate: Gate | None = None,
    settings: Settings | None = None, progress: Progress | None = None, environment: Mapping[str, str] = os.environ,
) -> list[Verdict]:  # fmt: skip
    """Judge a server by its address, a configuration by its folder, or, where nothing is named, all that run here.

    token: what the server is asked with. ca: a file of authorities to trust besides. inside: a kernel is started and asked.
    save: a new folder for what was seen, which ``notebook.server`` judges anywhere.
    UsageError where there is nothing to judge.
    """
    if save is not None and save.exists():
        raise UsageError(
            f"{save} is already there", remedy="name another folder after --save, or remove it first"
        )
    verdicts = []
    for posture in postures(target, token, ca, inside, environment):
        with loose_scratch() as scratch:
            name = _name(posture.target)
            folders = [scratch / name, *([save / name] if save else [])]
            for folder in folders:
                folder.mkdir(parents=True)
                (folder / NAME).write_text(posture.to_json(), encoding="utf-8")
            verdicts.append(
                carry_out(
                    "check",
                    CHECK,
                    str(folder),
                    {},
                    home=home,
                    gate=gate,
                    settings=settings,
                    progress=progress,
                )
            )
    return verdicts


def postures(
    target: str, token: str, ca: str, inside: bool, environment: Mapping[str, str]
) -> Iterator[Posture]:
    """Give what is known of each server that ``target`` names."""
    owner = Path(environment.get("HOME") or Path.home())
    here = running.servers(environment, owner)
    if re.match(r"https?://", target):
        where = probing.place(target, token, ca)
        mine = next((s for s in here if _same(s, where)), None)
        yield _running(mine, where, inside) if mine else _far(where, inside)
        return
    if target and (inside or token):
        raise UsageError(
            f"{target[:200]} is a configuration, which takes no token and starts no kernel",
            remedy="give the address of the server",
        )
    if target:
        traits, files = configured.read([Path(target)])
        yield _configured(target, traits, files)
        return
    for server in here:
        yield _running(server, replace(probing.place(server.url, server.token), ca=ca), inside)
    if not here:
        folders = configured.folders(environment, owner)
        traits, files = configured.read(folders)
        if not files:
            raise UsageError(
                "no Jupyter server of yours runs here, and none is configured",
                remedy="give an address, or a configuration folder; `assay notebook secure` makes one",
            )
        yield _configured("Jupyter of this user", traits, files)


def _same(server: Running, where: probing.Place) -> bool:
    own = probing.place(server.url)
    return where.host in ("127.0.0.1", "localhost", "::1", own.host) and (own.port, own.tls) == (
        where.port,
        where.tls,
    )


def _far(where: probing.Place, inside: bool) -> Posture:
    return Posture(
        where.url, running=True, observed=probing.observed(where), reach=_inside(where) if inside else {}
    )


def _inside(where: probing.Place) -> dict[str, Any]:
    from assay.engines.jupyter.inside import reached

    return reached(where)


def _running(server: Running, where: probing.Place, inside: bool) -> Posture:
    """Put together what a server of this machine answers, how it is configured, and what its process is."""
    traits, files = configured.read(configured.folders(server.environment, server.home, server.prefix))
    take_arguments(server.argv[1:], traits)
    if not server.argv:
        traits.doubt("command line", "the system does not show it to this user")
    where = where if where.token else replace(where, token=server.token)
    observed = probing.observed(where)
    if server.addresses:
        observed["addresses"] = list(server.addresses)
    told = {} if server.uid is None else {"uid": server.uid}
    given = server.environment.get("JUPYTER_TOKEN")
    reached = _inside(where) if inside else _from_here(server)
    return Posture(
        where.url, running=True, settings=described(traits), unknown=dict(traits.unknown), files=tuple(files),
        process={**told, "token": bool(given)}, observed=observed, reach=reached,
    )  # fmt: skip


def _from_here(server: Running) -> dict[str, Any]:
    """What this process reaches the server's kernels reach too; the environment is theirs."""
    found: dict[str, Any] = reach.told()
    names = [name for name in reach.KEYS if server.environment.get(name)]
    return {
        **found,
        "uid": server.uid if server.uid is not None else found["uid"],
        "environment": ", ".join(names),
    }


def _configured(target: str, traits: Traits, files: list[dict[str, object]]) -> Posture:
    observed: dict[str, Any] = {}
    if path := traits.get("ServerApp.certfile"):
        observed = _certificate(Path(str(path)).expanduser())
    for name in (TOKEN, PASSWORD):
        if name in traits.known and not isinstance(traits.get(name), str):
            traits.doubt(name, f"{traits.where(name)} sets it to no text")
    return Posture(
        target,
        settings=described(traits),
        unknown=dict(traits.unknown),
        files=tuple(files),
        observed=observed,
    )


def _certificate(path: Path) -> dict[str, Any]:
    """Return what the first certificate of a PEM file is worth."""
    import ssl

    try:
        with path.open("rb") as handle:
            text = handle.read(1 << 20).decode("ascii", "replace")
        begin, end = text.index("-----BEGIN CERTIFICATE-----"), text.index("-----END CERTIFICATE-----")
        der = ssl.PEM_cert_to_DER_cert(text[begin : end + len("-----END CERTIFICATE-----")])
    except (OSError, ValueError):
        return {}
    told = certificates.told(der)
    return {"certificate": told} if told else {}


def _name(target: str) -> str:
    return (
        re.sub(r"[^A-Za-z0-9.:_-]+", "-", target.partition("://")[2] or target).strip("-.")[:100] or "jupyter"
    )
