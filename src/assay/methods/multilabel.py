"""Rows that may have several labels each: read from lists, from texts with separators or from several columns, and scored.

Sources: Tsoumakas and Katakis (2007), Int. J. Data Warehousing and Mining 3, for the scores of sets; Tsoumakas, Katakis and
Vlahavas (2010), Data Mining and Knowledge Discovery Handbook, for those of rankings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.kernel.errors import UsageError
from assay.methods.values import spelled

SEPARATOR = "\x1f"  # between labels once they are read: no label holds it
_TEXTS = 20_000  # different ones; of more they are no sets of few labels
_CELLS = 1 << 22  # of a block of rows × labels × labels
_TRUE = {"1", "true", "yes"}
_FALSE = {"0", "false", "no"}


def is_lists(column: pa.ChunkedArray) -> bool:
    """Whether a column holds lists."""
    kind = column.type
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def joined(table: pa.Table, columns: Sequence[str], separator: str | None) -> pa.ChunkedArray:
    """Return the labels of each row as one text, each between two separators; missing where a row does not say.

    columns: one that holds lists, or texts with ``separator`` between labels; or several that say yes or no, whose names are
    the labels. UsageError for anything else.
    """
    if len(columns) > 1:
        return _of_flags(table, columns)
    column = table.column(columns[0])
    if is_lists(column):
        kind = column.type.value_type
        if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            raise UsageError(
                f"{columns[0]} holds values of type {str(column.type)[:60]}, which name no labels",
                remedy="give lists of texts or numbers",
            )
        found = column.to_pylist()
        texts = [None if v is None else bounded({spelled(one) for one in v}) for v in found]
        return pa.chunked_array([pa.array(texts, pa.string())])
    if separator is None:
        raise UsageError(
            f"{columns[0]} holds one value a row, and other labels are several",
            where=columns[0],
            remedy="say what stands between them: --multilabel ';'",
        )
    codes = column.cast(pa.string()).combine_chunks().dictionary_encode()
    held = [bounded({p.strip() for p in v.split(separator)}) for v in codes.dictionary.to_pylist()]
    return pa.chunked_array([pa.array(held, pa.string()).take(codes.indices)])


def between(column: pa.ChunkedArray) -> str | None:
    """Return what stands between labels in a column of texts, or None where its texts are of one label each.

    It is one of ``;``, ``|`` and ``,``, where the parts that it leaves come back: each stands in two different texts or more,
    texts are of different numbers of parts, and there are fewer parts than texts. So ``red;blue`` beside ``red`` and ``blue``
    holds several labels, and ``Bern, CH`` beside ``Chur, CH`` one.
    """
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return None
    texts = [v for v in column.unique().to_pylist() if v]
    if len(texts) > _TEXTS:
        return None
    for mark in (";", "|", ","):
        sets = [{p.strip() for p in text.split(mark)} - {""} for text in texts]
        sizes = {len(one) for one in sets}
        if max(sizes, default=0) < 2 or len(sizes - {0}) < 2:
            continue
        stand = Counter(part for one in sets for part in one)
        if len(stand) < len(texts) and min(stand.values()) > 1 and not all(p.isdigit() for p in stand):
            return mark
    return None


def bounded(labels: set[str]) -> str:
    """Return a set of labels as one text."""
    return SEPARATOR + "".join(name + SEPARATOR for name in sorted(labels - {""}))


def _of_flags(table: pa.Table, columns: Sequence[str]) -> pa.ChunkedArray:
    flags, known = [], np.ones(table.num_rows, dtype=bool)
    for name in columns:
        column = table.column(name)
        codes = column.combine_chunks().dictionary_encode()
        held = [spelled(v).lower() for v in codes.dictionary.to_pylist()]
        if any(v not in _TRUE | _FALSE | {""} for v in held):
            raise UsageError(f"{name} holds more than yes and no", where=name, remedy="give 0 and 1")
        at = np.asarray(pc.fill_null(codes.indices, len(held)).to_numpy(zero_copy_only=False))
        yes, said = (
            np.array([*(v in _TRUE for v in held), False]),
            np.array([*(v != "" for v in held), False]),
        )
        flags.append(yes[at])
        known &= said[at]
    rows = np.stack(flags, axis=1)
    unique, inverse = np.unique(rows, axis=0, return_inverse=True)
    texts = [bounded({n for n, yes in zip(columns, row, strict=True) if yes}) for row in unique]
    out = pa.array(texts, pa.string()).take(pa.array(inverse.ravel()))
    return pa.chunked_array([pc.if_else(pa.array(known), out, pa.scalar(None, pa.string()))])


def names(column: pa.ChunkedArray) -> list[str]:
    """Return every label of a column that ``joined`` gave, in order."""
    return sorted(
        {name for text in column.unique().to_pylist() if text for name in text.split(SEPARATOR)} - {""}
    )


def matrix(column: pa.ChunkedArray, known: Sequence[str]) -> tuple[Any, Any]:
    """Return rows × labels of booleans, and how many labels of each row are none of ``known``.

    A model of several outputs that has no names for them says their numbers: where no label is a number, they are in order.
    """
    codes = column.combine_chunks().dictionary_encode()
    held = [set(text.split(SEPARATOR)) - {""} for text in codes.dictionary.to_pylist()]
    said = set().union(*held) if held else set()
    numbered = said and not said & set(known) and all(n.isdigit() and int(n) < len(known) for n in said)
    place = {str(i) if numbered else name: i for i, name in enumerate(known)}
    out = np.zeros((len(held), len(known)), dtype=bool)
    odd = np.zeros(len(held), dtype=np.int64)
    for row, labels in enumerate(held):
        for label in labels:
            if label in place:
                out[row, place[label]] = True
            else:
                odd[row] += 1
    at = codes.indices.to_numpy()
    return out[at], odd[at]


def sets(truth: Any, said: Any) -> dict[str, float]:
    """Return the scores of predicted sets of labels. truth, said: rows × labels of booleans.

    macro_mcc is 0, whatever is told how often, where answers do not look at the row.
    """
    tp = (truth & said).sum(axis=0)
    pos, told = truth.sum(axis=0), said.sum(axis=0)
    f1 = np.divide(2 * tp, pos + told, out=np.zeros(len(tp)), where=(pos + told) > 0)
    both, either = (truth & said).sum(axis=1), (truth | said).sum(axis=1)
    return {
        "subset_accuracy": float((truth == said).all(axis=1).mean()),
        "hamming_loss": float((truth != said).mean()),
        "micro_f1": float(2 * tp.sum() / (pos + told).sum()) if (pos + told).sum() else float("nan"),
        "macro_f1": float(f1.mean()),
        "weighted_f1": float((f1 * pos).sum() / pos.sum()) if pos.sum() else float("nan"),
        "jaccard": float(np.divide(both, either, out=np.ones(len(both)), where=either > 0).mean()),
        "macro_mcc": _mcc(tp.astype(float), pos, told, len(truth)),
    }


def _mcc(tp: Any, pos: Any, told: Any, rows: int) -> float:
    """Return the mean over labels of Matthews' coefficient, 0 of one that is always told or never; NaN of no label.

    Labels that every row has, or none, have no coefficient. tp, pos, told: of each label, the rows where both, truth, answer
    have it.
    """
    spread = pos * (rows - pos) * (told * (rows - told)).astype(float)
    found = np.divide(rows * tp - pos * told, np.sqrt(spread), out=np.zeros(len(tp)), where=spread > 0)
    some = (pos > 0) & (pos < rows)
    return float(found[some].mean()) if some.any() else float("nan")


def rankings(truth: Any, score: Any) -> dict[str, Any]:
    """Return each row's label-ranking average precision, coverage and ranking loss. score: rows × labels of floats.

    Rows that have no label, or every one, have nothing to put in order: 1, 0 (or all), 0, as scikit-learn has it.
    """
    rows, many = truth.shape
    out = {name: np.zeros(rows) for name in ("lrap", "coverage_error", "ranking_loss")}
    for start in range(0, rows, max(1, _CELLS // (many * many))):
        part = slice(start, start + max(1, _CELLS // (many * many)))
        t, s = truth[part], score[part]
        above = s[:, None, :] >= s[:, :, None]  # row, label, another that stands no lower
        rank = above.sum(axis=2)
        right = (above & t[:, None, :]).sum(axis=2)
        have, lack = t.sum(axis=1), (~t).sum(axis=1)
        share = np.where(t, right / rank, 0).sum(axis=1)
        out["lrap"][part] = np.where((have == 0) | (lack == 0), 1.0, share / np.maximum(have, 1))
        out["coverage_error"][part] = np.where(t, rank, 0).max(axis=1)
        wrong = (above & ~t[:, None, :] & t[:, :, None]).sum(axis=(1, 2))
        out["ranking_loss"][part] = np.where(
            (have == 0) | (lack == 0), 0.0, wrong / np.maximum(have * lack, 1)
        )
    return out
