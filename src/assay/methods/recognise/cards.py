"""Payment card numbers judged all at once: what digits.card says of one, for an array of texts that are nothing else."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.methods.recognise.digits import issued

WHOLE = r"^\s*[2-6](?:[ -]?\d){11,18}\s*$"


@cache
def _prefixes(size: int) -> Any:
    """Return, for each four leading digits, whether an issuer has cards of that many digits."""
    return np.array([issued(f"{n:04d}", size) for n in range(10_000)])


def are_cards(texts: pa.Array) -> tuple[Any, Any]:
    """Return which texts are digits of a card's number and nothing else, and which of these are valid cards."""
    plain = pc.match_substring_regex(texts, WHOLE).to_numpy(zero_copy_only=False)
    valid = np.zeros(len(texts), dtype=bool)
    places = np.flatnonzero(plain)
    if not len(places):
        return plain, valid
    bare = pc.replace_substring_regex(texts.take(pa.array(places)), r"[^0-9]", "")
    sizes = pc.binary_length(bare).to_numpy(zero_copy_only=False)
    for size in np.unique(sizes):
        mine = np.flatnonzero(sizes == size)
        joined = "".join(bare.take(pa.array(mine)).to_pylist()).encode()
        digits = np.frombuffer(joined, np.uint8).reshape(len(mine), size).astype(np.int16) - 48
        doubled = digits[:, -2::-2] * 2
        total = digits[:, ::-2].sum(axis=1) + (doubled - 9 * (doubled > 9)).sum(axis=1)
        prefix = digits[:, :4] @ np.array([1000, 100, 10, 1])
        several = digits.min(axis=1) != digits.max(axis=1)
        valid[places[mine]] = (total % 10 == 0) & _prefixes(int(size))[prefix] & several
    return plain, valid
