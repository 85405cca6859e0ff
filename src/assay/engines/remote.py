"""Where fsspec reaches: the file system behind a URL."""

from __future__ import annotations

from typing import Any

from assay.engines.extras import install
from assay.kernel.errors import Missing


def filesystem(url: str) -> tuple[Any, str]:
    """Return the fsspec file system of a URL and the path in it; Missing names the extra to install."""
    import fsspec

    scheme = url.partition("://")[0]
    try:
        return fsspec.core.url_to_fs(url)  # type: ignore[no-any-return]
    except (ImportError, ValueError) as error:
        raise Missing(
            f"{scheme}:// cannot be reached here ({error})",
            where=url,
            remedy=install("s3") if scheme in ("s3", "s3a") else "install the fsspec package for it",
        ) from None
