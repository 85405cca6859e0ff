"""What the regions of a picture bring to the answer: each is blurred, or made the picture's mean, alone and with others."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

from assay.checks.model.explain._asking import Asking
from assay.checks.model.explain._parts import Parts, least, of_row, rows_told, together, valued
from assay.checks.model.explain._values import Values
from assay.checks.model.explain._way import Limits, Way
from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import Tree, Work
from assay.kernel.report import Chart, Metric, Skipped

Fill = Literal["blur", "mean"]
_PICTURES = 8  # explained where no row is named
_EACH = 2_000  # times that the model is asked about one picture
_HELD = 64 << 20  # bytes of pictures that are made at a time
_SIDE = 320  # pixels of a picture in a report
_TOLD = 10
_CERTAIN = 1.96
_ACROSS, _DOWN = ("left", "middle", "right"), ("top", "centre", "bottom")


@dataclass(frozen=True)
class Seen:
    """A row's picture, the region of each pixel, and what regions bring. row: from 0."""

    row: int
    picture: Any
    labels: Any
    parts: Parts


def way(
    table: Any,
    image: str,
    images: Tree | None,
    asking: Asking,
    limits: Limits,
    regions: int,
    fill: Fill,
    work: Work,
) -> Way:
    """Return the values of regions of the pictures named, or of a few. UsageError where one that was named cannot be read."""
    import numpy as np
    import pyarrow as pa

    from assay.engines import pixels

    rows = rows_told(table.num_rows, limits.row, min(limits.samples, _PICTURES), work.rng("pictures"))
    cells = _cells(table.column(image), rows, images, work)
    skipped = []
    for number, cell in zip(rows, cells, strict=True):
        if isinstance(cell, str):
            if limits.row:
                raise UsageError(f"row {number + 1} cannot be explained: {cell}", where=image)
            skipped.append(Skipped(f"row {number + 1}", cell))
    good = [(n, c) for n, c in zip(rows, cells, strict=True) if isinstance(c, bytes)]
    if not good:
        raise BadInput(f"no picture can be explained: {skipped[0].why}", where=image)
    field, column = pixels.column(image, [c for _, c in good])
    at = table.column_names.index(image)
    own = table.take(pa.array([n for n, _ in good])).set_column(at, field, column)
    found = []
    for place, (number, cell) in enumerate(good):
        work.progress(place, len(good), "looking at pictures")
        spare = min(limits.budget // len(good), _EACH)
        found.append(
            _one(own, place, number, image, pixels.unpacked(cell), asking, regions, fill, spare, work)
        )
    values = _values(found, asking, fill)
    error = float(np.concatenate([s.parts.error for s in found]).mean())

    def drawn(n: int) -> tuple[Chart, list[Metric]]:
        return _drawn(found[n], values, n)

    return Way(values, table, drawn, _kept(found), [], tuple(skipped), error, own)


def _cells(column: Any, rows: list[int], images: Tree | None, work: Work) -> list[bytes | str]:
    """Return each row's picture, or why it cannot be had. Names are of files inside ``images``, and of nothing else."""
    import pyarrow as pa

    from assay.engines import images as reader

    known = dict(images.files()) if images is not None else {}
    out: list[bytes | str] = []
    raw: list[bytes] = []
    for number in rows:
        said = column[number].as_py()
        if isinstance(said, bytes):
            raw.append(said)
            out.append(b"")
        elif not said:
            out.append("it names no picture")
        elif images is None:
            kind = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
            raise UsageError(
                f"the column holds {'names of files' if kind else column.type}",
                remedy="name the folder that they lie in: --images FOLDER",
            )
        else:
            path = known.get(PurePosixPath(str(said)).as_posix()) or (
                images.root if images.root.is_file() and images.root.name == said else None
            )
            if path is None:
                out.append(f"there is no {str(said)[:80]} among the images")
            elif path.stat().st_size > reader.BYTES:
                out.append(f"{str(said)[:80]} has more than {reader.BYTES >> 20} MiB")
            else:
                raw.append(path.read_bytes())
                out.append(b"")
    read = iter(reader.read(raw, work.scratch, span=work.span))
    return [next(read) if cell == b"" else cell for cell in out]


def _one(
    own: Any, place: int, number: int, image: str, picture: Any, asking: Asking, regions: int, fill: Fill,
    spare: int, work: Work,
) -> Seen:  # fmt: skip
    import numpy as np
    import pyarrow as pa

    from assay.engines import pixels
    from assay.methods.superpixels import slic

    labels = slic(picture, regions)
    count = int(labels.max()) + 1
    if least(count) > spare:
        raise UsageError(
            f"{count} regions need {least(count):,} answers a picture, and there are {spare:,}",
            remedy="raise --budget, or ask for fewer --regions",
        )
    behind = _filled(picture, fill, regions)
    margin, of = of_row(own, place, asking)
    whole = own.slice(place, 1)
    at = own.column_names.index(image)
    at_once = max(1, _HELD // max(1, picture.nbytes))

    def ask(masks: Any) -> Any:
        parts = []
        for start in range(0, len(masks), at_once):
            some = masks[start : start + at_once]
            cells: list[bytes | None] = [
                pixels.packed(np.where(m[labels][..., None], picture, behind)) for m in some
            ]
            field, column = pixels.column(image, cells)
            rows = whole.take(pa.array(np.zeros(len(some), dtype=int))).set_column(at, field, column)
            parts.append(asking.answers(rows)[:, of])
        return np.concatenate(parts)

    return Seen(
        number, picture, labels, valued([0] * count, ask, spare, work.rng(f"regions {number}"), margin)
    )


def _filled(picture: Any, fill: Fill, regions: int) -> Any:
    """Return the picture with nothing to be seen in it: blurred as wide as a region, or of its mean colour."""
    import numpy as np
    from scipy import ndimage

    if fill == "mean":
        return np.broadcast_to(np.rint(picture.mean(axis=(0, 1))).astype(np.uint8), picture.shape)
    wide = float(np.sqrt(picture.shape[0] * picture.shape[1] / regions))
    return np.rint(ndimage.gaussian_filter(picture.astype(np.float32), (wide, wide, 0))).astype(np.uint8)


def _zones(labels: Any) -> Any:
    """Return regions × 9: which share of each region lies in each ninth of the picture."""
    import numpy as np

    height, width = labels.shape
    ninth = (np.arange(height) * 3 // height)[:, None] * 3 + (np.arange(width) * 3 // width)[None, :]
    out = np.zeros((int(labels.max()) + 1, 9))
    np.add.at(out, (labels.ravel(), ninth.ravel()), 1)
    return out / out.sum(axis=1, keepdims=True)


def _values(found: list[Seen], asking: Asking, fill: Fill) -> Values:
    """Return rows × the nine parts of a picture: regions are each picture's own, and where they lie can be compared."""
    import numpy as np

    shares = [_zones(s.labels) for s in found]
    values = np.array([s.parts.values @ share for s, share in zip(found, shares, strict=True)])
    square = np.array([s.parts.error**2 @ share**2 for s, share in zip(found, shares, strict=True)])
    return together(
        [s.row for s in found],
        [s.parts for s in found],
        [f"{down} {across}" for down in _DOWN for across in _ACROSS],
        values,
        square,
        asking,
        of=f"regions in {len(found)} {'picture' if len(found) == 1 else 'pictures'}",
        space="regions of the picture (SLIC), added up where they lie; the base is the answer to it without any",
        masked_by=fill,
    )


def _drawn(seen: Seen, all_: Values, at: int) -> tuple[Chart, list[Metric]]:
    """Return the picture beside itself with its regions shaded, and the greatest regions in numbers."""
    import numpy as np

    from assay.methods import png

    values, error = seen.parts.values, seen.parts.error
    order = np.argsort(-np.abs(values), kind="stable")
    height, width = seen.labels.shape
    step = max(1, -(-max(height, width) // _SIDE))
    small, labels = seen.picture[::step, ::step], seen.labels[::step, ::step]
    rows: list[dict[str, Any]] = []
    for rank, region in enumerate(order.tolist()):
        down, across = np.nonzero(seen.labels == region)
        y, x = float(down.mean()) / height, float(across.mean()) / width
        where = f"{_DOWN[min(2, int(3 * y))]} {_ACROSS[min(2, int(3 * x))]}"
        rows.append({"region": rank + 1, "where": where, "x": x, "y": y, "share": len(down) / labels.size / step**2,
                     "value": float(values[region]), "error": float(error[region])})  # fmt: skip
    head = {
        "width": small.shape[1],
        "height": small.shape[0],
        "picture": base64.b64encode(png.written(small)).decode(),
        "shaded": base64.b64encode(png.written(_shaded(small, labels, values))).decode(),
    }
    first = rows[0]
    alt = (
        f"From {seen.parts.base:.4g} with nothing to be seen to {seen.parts.margin:.4g} ({all_.unit_of(at)}): a region at "
        f"the {first['where']} {'raises' if first['value'] >= 0 else 'lowers'} it most, by {abs(first['value']):.3g}."
        f"{all_.says(at)}"
    )
    unit = all_.unit
    metrics = [Metric.number("base", seen.parts.base, of={"row": seen.row + 1}, unit=unit)]
    metrics += [
        Metric.number(
            "shap",
            r["value"],
            of={"row": seen.row + 1, "region": r["region"], "where": r["where"]},
            interval=(r["value"] - _CERTAIN * r["error"], r["value"] + _CERTAIN * r["error"])
            if r["error"]
            else None,
            unit=unit,
        )
        for r in rows[:_TOLD]
    ]
    return Chart(
        f"Row {seen.row + 1}, by region", "image", (head, *rows), "region", "value", alt=alt
    ), metrics


def _shaded(picture: Any, labels: Any, values: Any) -> Any:
    """Return the picture in grey, regions that raise the answer orange and those that lower it blue, with their borders."""
    import numpy as np

    grey = picture.mean(axis=2, keepdims=True).repeat(3, axis=2)
    most = float(np.abs(values).max()) or 1.0
    found = values[labels] / most
    shade = np.where(found[..., None] > 0, (209, 121, 59), (58, 122, 165))
    strength = 0.75 * np.abs(found)[..., None]
    out = grey * (1 - strength) + shade * strength
    border = np.zeros(labels.shape, dtype=bool)
    border[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    border[1:] |= labels[1:] != labels[:-1]
    out[border] = 0.6 * out[border] + 0.4 * 255
    return np.rint(out).astype(np.uint8)


def _kept(found: list[Seen]) -> Any:
    """Return every region of every picture explained as a table: row and region, its size and middle, value and error."""
    import numpy as np
    import pyarrow as pa

    parts = []
    for seen in found:
        count = len(seen.parts.values)
        middle = [np.argwhere(seen.labels == k) for k in range(count)]
        parts.append(
            pa.table(
                {
                    "row": np.full(count, seen.row + 1),
                    "region": np.arange(1, count + 1),
                    "pixels": np.array([len(m) for m in middle]),
                    "y": np.array([m[:, 0].mean() for m in middle]),
                    "x": np.array([m[:, 1].mean() for m in middle]),
                    "value": seen.parts.values,
                    "error": seen.parts.error,
                }
            )
        )
    return pa.concat_tables(parts)
