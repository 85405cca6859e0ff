"""What the words of a text bring to the answer: each row's text is asked about with words left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assay.checks.model.explain._asking import Asking
from assay.checks.model.explain._parts import Parts, least, of_row, rows_told, together, valued
from assay.checks.model.explain._values import Values
from assay.checks.model.explain._way import Limits, Way
from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import Model, Work
from assay.kernel.report import Chart, Metric, Skipped
from assay.methods.pieces import Piece, kept, pieces, sentences

_MOST = 1_000  # pieces of one text that are told apart
_TOLD = 25  # pieces of a row told as metrics
_NAMED = 3
_CERTAIN = 1.96
_LONGEST = 1 << 20  # letters of a text that is cut into pieces


@dataclass(frozen=True)
class Told:
    """A row's text in pieces, and what they bring. row: from 0."""

    row: int
    pieces: list[Piece]
    parts: Parts


def narrowed(model: Model, table: Any, text: str) -> Any:
    """Return the columns that the model is asked about: the text alone where it takes one text and names no column."""
    import pyarrow as pa

    kind = table.schema.field(text).type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        raise UsageError(f"{text} holds {kind} and no text", remedy="name a column of texts: --text COLUMN")
    wanted = model.info.features
    if wanted and text not in wanted:
        some = ", ".join(wanted[:5]) + (" …" if len(wanted) > 5 else "")
        raise UsageError(
            f"the model does not go by the column {text}",
            where=model.asset.name,
            remedy=f"it takes {some}",
        )
    only = not wanted and (model.info.detail or {}).get("takes") == "text"
    return table.select([text]) if only else table


def way(
    model: Model, whole: Any, text: str, asking: Asking, limits: Limits, mask: str | None, work: Work
) -> Way:
    """Return the values of words over the rows explained: those named, or a sample where none is.

    UsageError where a row that was named cannot be explained; of a sample such rows are told as skipped.
    """
    import numpy as np

    table = narrowed(model, whole, text)
    rng = work.rng("words")
    rows = rows_told(table.num_rows, limits.row, limits.samples, rng)
    token = mask if mask is not None else _mask_of(asking.model)
    spare = limits.budget // len(rows)
    found: list[Told] = []
    skipped: list[Skipped] = []
    for number in rows:
        told = _one(table, text, number, asking, token, spare, rng)
        if isinstance(told, Told):
            found.append(told)
        elif limits.row:
            raise UsageError(f"row {number + 1} cannot be explained: {told}", where=text)
        else:
            skipped.append(Skipped(f"row {number + 1}", told))
    if not found:
        why = skipped[0].why if skipped else "there is no row"
        raise BadInput(f"no text can be explained: {why}", where=text)
    values = _values(found, asking, token)
    errors = np.concatenate([t.parts.error for t in found])
    error = float(errors.mean()) if np.isfinite(errors).all() else None

    def drawn(at: int) -> tuple[Chart, list[Metric]]:
        return _drawn(found[at], values, at)

    return Way(values, table, drawn, _kept(found), [], tuple(skipped), error)


def _mask_of(model: Model) -> str | None:
    """Return the token that the model takes for a word unknown to it, where it says so."""
    said = (model.info.detail or {}).get("mask_token")
    return said[:40] if isinstance(said, str) and said else None


def _one(
    table: Any, text: str, number: int, asking: Asking, token: str | None, spare: int, rng: Any
) -> Told | str:
    """Return what a row's words bring, or why that cannot be told."""
    import numpy as np
    import pyarrow as pa

    said = table.column(text)[number].as_py()
    if not said:
        return "its text is empty"
    if len(said) > _LONGEST:
        return f"its text has {len(said):,} letters, and {_LONGEST:,} are read"
    cut = pieces(said)
    if not cut:
        return "its text holds no word"
    if len(cut) > _MOST or least(len(cut)) > spare:
        cut = sentences(cut)
        if len(cut) > _MOST or least(len(cut)) > spare:
            return f"its {len(cut):,} sentences need a budget of {least(len(cut)):,} rows asked, and it has {spare:,}"
    margin, of = of_row(table, number, asking)
    whole = table.slice(number, 1)
    at = table.column_names.index(text)

    def ask(masks: Any) -> Any:
        rows = whole.take(pa.array(np.zeros(len(masks), dtype=int)))
        texts = pa.array([kept(cut, mask, token) for mask in masks], pa.string())
        return asking.answers(rows.set_column(at, text, texts))[:, of]

    return Told(number, cut, valued([p.sentence for p in cut], ask, spare, rng, margin))


def _values(found: list[Told], asking: Asking, token: str | None) -> Values:
    """Return rows × the words that they hold, a word that comes twice in a row being one."""
    import numpy as np

    names: dict[str, int] = {}
    for told in found:
        for piece in told.pieces:
            names.setdefault(piece.word.lower(), len(names))
    values, square = np.zeros((len(found), len(names))), np.zeros((len(found), len(names)))
    for i, told in enumerate(found):
        places = [names[p.word.lower()] for p in told.pieces]
        np.add.at(values[i], places, told.parts.values)
        np.add.at(square[i], places, told.parts.error**2)
    return together(
        [t.row for t in found],
        [t.parts for t in found],
        list(names),
        values,
        square,
        asking,
        of=f"words in {len(found)} {'text' if len(found) == 1 else 'texts'}",
        space="words of the text; the base is the answer without any of them",
        masked_by="leaving out" if token is None else f"the token {token}",
    )


def _drawn(told: Told, all_: Values, at: int) -> tuple[Chart, list[Metric]]:
    """Return a row's text with what each word brings, and the greatest of them in numbers."""
    import numpy as np

    values, error = told.parts.values, told.parts.error
    order = np.argsort(-np.abs(values), kind="stable")
    data = tuple(
        {"word": p.word, "text": p.whole, "value": float(v), "error": float(e) if np.isfinite(e) else None}
        for p, v, e in zip(told.pieces, values, error, strict=True)
    )
    up = [told.pieces[i].word for i in order[:8] if values[i] > 0][:_NAMED]
    down = [told.pieces[i].word for i in order[:8] if values[i] < 0][:_NAMED]
    parts = [
        f"raised most by {', '.join(up)}" if up else "",
        f"lowered most by {', '.join(down)}" if down else "",
    ]
    moved = " and ".join(p for p in parts if p) or "moved by no word"
    unit = all_.unit
    alt = (
        f"From {told.parts.base:.4g} without a word to {told.parts.margin:.4g} ({all_.unit_of(at)}): {moved}."
        f"{all_.says(at)}"
    )
    metrics = [Metric.number("base", told.parts.base, of={"row": told.row + 1}, unit=unit)]
    metrics += [
        Metric.number(
            "shap",
            float(values[i]),
            of={"row": told.row + 1, "word": told.pieces[i].word, "place": int(i) + 1},
            interval=_interval(float(values[i]), float(error[i])),
            unit=unit,
        )
        for i in order[:_TOLD]
    ]
    return Chart(f"Row {told.row + 1}, by word", "text", data, "word", "value", alt=alt), metrics


def _interval(value: float, error: float) -> tuple[float, float] | None:
    import math

    return (value - _CERTAIN * error, value + _CERTAIN * error) if error and math.isfinite(error) else None


def _kept(found: list[Told]) -> Any:
    """Return every piece of every row explained as a table: row and place from 1, sentence, word, value, error."""
    import numpy as np
    import pyarrow as pa

    def each(of: Any) -> list[Any]:
        return [of(t, i, p) for t in found for i, p in enumerate(t.pieces)]

    return pa.table(
        {
            "row": pa.array(each(lambda t, i, p: t.row + 1), pa.int64()),
            "place": pa.array(each(lambda t, i, p: i + 1), pa.int64()),
            "sentence": pa.array(each(lambda t, i, p: p.sentence + 1), pa.int64()),
            "word": pa.array(each(lambda t, i, p: p.word), pa.string()),
            "value": np.concatenate([t.parts.values for t in found]),
            "error": np.concatenate([t.parts.error for t in found]),
        }
    )
