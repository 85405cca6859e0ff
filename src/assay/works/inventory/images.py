"""The image of a package's environment, held against what was recorded of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from assay.kernel.errors import Missing, UsageError

if TYPE_CHECKING:
    from assay.office.problem import Problem
    from assay.office.registry import PackageRecord


def problems(record: PackageRecord) -> list[Problem]:
    """Return what is wrong with the image that a package names: it is gone, damaged, or another one lies there."""
    from assay.engines.containers import whole
    from assay.office.problem import Problem

    if not record.image:
        return []
    place, digest = str(record.image["uri"]), str(record.image["digest"])
    try:
        found = whole.read(Path(place))
    except Missing as error:
        return [Problem("missing", f"the environment's image cannot be verified: {error}", file=place)]
    except UsageError as error:
        return [Problem("changed", f"the environment's image was changed: {error}", file=place)]
    if found.digest == digest:
        return []
    said = f"the environment's image is {found.digest[:19]}…, and {digest[:19]}… was recorded"
    return [Problem("changed", said, file=place)]
