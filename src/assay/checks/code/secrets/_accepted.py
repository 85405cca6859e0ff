"""The baseline that an examination goes by, and what its fingerprints are made with."""

from __future__ import annotations

from collections.abc import Callable

from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import Key, Tree
from assay.methods.secrets import baseline as baselines
from assay.methods.secrets.baseline import Baseline


def accepted_in(tree: Tree, given: Tree | None, key: Key | None) -> Baseline | None:
    """Return the baseline that was given, or the tree's own; UsageError where it was made with another key."""
    path = tree.root / baselines.NAME if given is None else next((p for _, p in given.files()), given.root)
    if given is None and (tree.root.is_file() or path.is_symlink() or not path.is_file()):
        return None
    try:
        with path.open("rb") as source:
            found = baselines.read(source.read(baselines.LARGEST + 1))
    except (OSError, ValueError) as error:
        raise BadInput(
            f"the baseline cannot be read: {error}",
            where=path.name,
            remedy="make it anew: assay secrets accept",
        ) from None
    if found.key and (key is None or key.id != found.key):
        raise UsageError(
            f"the baseline was made with the key {found.key}, and {'none is' if key is None else f'{key.id} is'} used",
            where=path.name,
            remedy="name that key with --key",
        )
    return found


def mac_of(accepted: Baseline | None, key: Key | None) -> Callable[[bytes], bytes] | None:
    """Return what fingerprints are made with: the key, or the salt of a baseline that was made without one; None of neither."""
    if accepted is not None and not accepted.key:
        return accepted.mac()
    return key.mac if key is not None else None
