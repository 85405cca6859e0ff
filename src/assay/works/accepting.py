"""The baseline of a tree written or extended: secrets that are borne, each with the reason that a person gave."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import BadInput, Missing, UsageError
from assay.methods.secrets import baseline as baselines
from assay.methods.secrets.baseline import Accepted, Baseline

if TYPE_CHECKING:
    from assay.kernel.handles import Key
    from assay.works.home import Home


def accept(
    folder: Path,
    reason: str,
    only: Sequence[str],
    *,
    key: Key | None,
    home: Home | None,
    exclude: Sequence[str] = (),
    history: bool = True,
) -> tuple[Path, list[Accepted]]:
    """Accept the secrets that code.secrets finds in a folder, or those whose fingerprints are named; return the file and what is new.

    key: that fingerprints are made with; without one they are made under a salt in the file. UsageError without a reason.
    """
    from assay.works.checking import carry_out

    if not reason.strip():
        raise UsageError("a secret is accepted for a reason", remedy="--reason 'revoked on 3 May'")
    if not folder.is_dir():
        raise Missing(
            f"there is no folder {str(folder)!r}", remedy="name the folder that code.secrets examines"
        )
    path = folder / baselines.NAME
    base = _read(path, key)
    if not path.exists():
        _write(path, base)
    params: dict[str, Any] = {"exclude": tuple(exclude), "history": history, "baseline": str(path)}
    report = carry_out(
        "check", "code.secrets", str(folder), params | ({"key": key} if key is not None else {}), home=home
    ).report
    found = [f for f in report.findings if str(f.severity) != "info" and "secret" in f.where]
    chosen = [f for f in found if not only or any(str(f.where["secret"]).startswith(one) for one in only)]
    if only and not chosen:
        raise Missing(
            "no secret has such a fingerprint",
            remedy="`assay check code.secrets --format json` shows them, as where.secret",
        )
    new = [
        Accepted(
            str(f.where["secret"]),
            f.rule.removeprefix("code.secrets."),
            "/".join(str(f.where[k]) for k in ("file", "member") if k in f.where),
            reason.strip()[:500],
        )
        for f in chosen
    ]
    _write(path, replace(base, secrets=(*base.secrets, *new), _known={}))
    return path, new


def _read(path: Path, key: Key | None) -> Baseline:
    if not path.exists():
        return baselines.fresh(key.id if key is not None else "")
    try:
        found = baselines.read(path.read_bytes()[: baselines.LARGEST + 1])
    except (OSError, ValueError) as error:
        raise BadInput(
            f"the baseline cannot be read: {error}", where=str(path), remedy="remove it, and accept anew"
        ) from None
    if found.key != (key.id if key is not None else ""):
        raise UsageError(
            f"the baseline was made {f'with the key {found.key}' if found.key else 'without a key'}",
            where=str(path),
            remedy="name that key with --key" if found.key else "leave --key out",
        )
    return found


def _write(path: Path, base: Baseline) -> None:
    """Write it whole or not at all."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_bytes(base.to_json())
    fresh.replace(path)
