"""Which checks fit what arrived: those of `assay scan`, and of an image what is installed in it and what is known of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.engines.watching import layout
from assay.works import picking

SBOM, VULNERABILITIES = "image.sbom", "image.vulnerabilities"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One check of one target. params: what it is told."""

    check: str
    target: Any
    params: Mapping[str, Any] = field(default_factory=dict)


def of_image(target: Any, advisories: Mapping[str, str]) -> Wanted:
    """Return the check of an image: against advisories where there are any, else what is installed in it."""
    if not advisories:
        return Wanted(SBOM, target)
    given = {("advisories" if k == "mirror" else k): v for k, v in advisories.items()}
    return Wanted(VULNERABILITIES, target, given)


def of_path(path: Path, advisories: Mapping[str, str]) -> list[Wanted]:
    """Return what fits a file or folder. Whatever lies beside an image in its own file or folder is scanned too."""
    if path.is_dir() and layout.is_layout(path):
        found = [of_image(f"{path}#{which}" if which else str(path), advisories) for which in _named(path)]
        alone = layout.alone(path)
    else:
        image, alone = layout.saved(path) if path.is_file() else (False, False)
        found = [of_image(str(path), advisories)] if image else []
    if found and alone:
        return found
    others = [Wanted(check, target) for check, target in picking.scans(str(path))]
    return found + [w for w in others if not w.check.startswith("image.")]


def _named(path: Path) -> list[str]:
    """Return what each image of a layout is picked by: its tag, its digest where it has none, nothing where it is the only one."""
    found = layout.images(path)
    return [""] if len(found) == 1 else list(dict.fromkeys(tag or digest for digest, tag in found))
