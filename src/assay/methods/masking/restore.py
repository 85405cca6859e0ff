"""Tokens turned back into what they stand for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.methods.masking.way import Hidden

if TYPE_CHECKING:
    import pyarrow as pa

_DECIMAL = re.compile(r"decimal(?:128|256)\((\d+), (\d+)\)")
_STAMP = re.compile(r"timestamp\[(s|ms|us|ns)(?:, tz=([\w+:/-]+))?\]")


class Restored:
    """A column's tokens read. was: the Arrow type of the values, as a text; without it they come back as texts.

    Among texts what is no token stays as it is; in a column of another type it is left empty. Both count as unfit.
    """

    def __init__(self, read: Callable[[str], str | None], was: str = "") -> None:
        self.read, self.was = read, was

    def hide(self, batch: pa.RecordBatch, name: str, first: int) -> Hidden:
        """Return what the tokens stand for; WrongKey where one is of another key."""
        import pyarrow as pa

        from assay.methods.recognise.scan import as_text

        array = as_text(batch.column(name))
        encoded = array.dictionary_encode()
        before = encoded.dictionary.to_pylist()
        after = [self.read(t) for t in before]
        lost = np.array([a is None for a in after] or [False])
        kind = arrow_type(self.was)
        plain = pa.types.is_string(kind)
        filled = [b if a is None and plain else a for a, b in zip(after, before, strict=True)]
        values = pa.array(filled, pa.string())
        values = values if plain else values.cast(kind)
        out = pa.DictionaryArray.from_arrays(encoded.indices, values).cast(kind)
        places = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)
        return Hidden(out, lost[places] & array.is_valid().to_numpy(zero_copy_only=False))


def arrow_type(text: str) -> Any:
    """Return the Arrow type that prints as ``text``; a text's for any that values as text cannot be brought back to."""
    import pyarrow as pa

    if found := _DECIMAL.fullmatch(text):
        digits, scale = int(found.group(1)), int(found.group(2))
        return pa.decimal128(digits, scale) if scale <= digits <= 38 else pa.string()
    if found := _STAMP.fullmatch(text):
        return pa.timestamp(found.group(1), found.group(2))
    simple = {
        str(k): k
        for k in (
            *(
                pa.int8(),
                pa.int16(),
                pa.int32(),
                pa.int64(),
                pa.uint8(),
                pa.uint16(),
                pa.uint32(),
                pa.uint64(),
            ),
            *(pa.float32(), pa.float64(), pa.bool_(), pa.date32(), pa.time64("us")),
        )
    }
    return simple.get(text, pa.string())
