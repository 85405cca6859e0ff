"""A Parquet file changed: its row groups, codecs, encodings of choice and metadata stay as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assay.engines.inplace.files import FilePlace
from assay.engines.inplace.place import Edits
from assay.engines.tables.seam import seam
from assay.kernel.errors import BadInput

_CODECS = {"UNCOMPRESSED": "none"}


class ParquetPlace(FilePlace):
    """One Parquet file."""

    def _write(self, to: Path, edits: Edits) -> None:
        import pyarrow.parquet as pq

        with seam(self.uri, "the file cannot be written"), pq.ParquetFile(self.path) as old:
            about = old.metadata
            schema = old.schema_arrow
            for name, kind in edits.adds:
                schema = schema.append(_field(name, kind))
            packed = codecs(about)
            with pq.ParquetWriter(
                to,
                schema,
                version=version(about),
                compression={n: packed.get(n, "snappy") for n in _paths(about, edits)} or "snappy",
                use_dictionary=dictionaries(about),
                store_schema=b"ARROW:schema" in (about.metadata or {}),
                write_page_index=False,
            ) as out:
                self._groups(old, out, schema, edits)

    def _groups(self, old: Any, out: Any, schema: Any, edits: Edits) -> None:
        wanted = edits.by_row()
        rows = sorted(wanted)
        first, place = 1, 0
        for number in range(old.metadata.num_row_groups):
            group = old.read_row_group(number)
            for name, kind in edits.adds:
                group = group.append_column(_field(name, kind), _filled(kind, group.num_rows))
            here: dict[str, dict[int, str | None]] = {}
            while place < len(rows) and rows[place] < first + group.num_rows:
                for column, (_, new) in wanted[rows[place]].items():
                    here.setdefault(column, {})[rows[place] - first] = new
                place += 1
            for column, cells in here.items():
                group = _patched(group, column, cells, self.uri)
            out.write_table(group.cast(schema), row_group_size=max(1, group.num_rows))
            first += group.num_rows


def _patched(group: Any, column: str, cells: dict[int, str | None], where: str) -> Any:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    place = group.schema.get_field_index(column)
    if place < 0:
        raise BadInput(f"the file's own name of {column!r} is another", where=where, remedy="rename it")
    field = group.schema.field(place)
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    mask = np.zeros(group.num_rows, bool)
    mask[list(cells)] = True
    order = sorted(cells)
    new = pa.array([cells[i] for i in order], pa.string()).cast(kind)
    plain = group.column(place).combine_chunks()
    plain = plain.cast(kind) if pa.types.is_dictionary(field.type) else plain
    if isinstance(plain, pa.ChunkedArray):
        plain = pa.concat_arrays(plain.chunks)
    fresh = pc.replace_with_mask(plain, pa.array(mask), new)
    return group.set_column(place, field, fresh.cast(field.type))


def _field(name: str, kind: str) -> Any:
    import pyarrow as pa

    return pa.field(name, pa.bool_() if kind == "boolean" else pa.string())


def _filled(kind: str, rows: int) -> Any:
    import pyarrow as pa

    return pa.array([False] * rows) if kind == "boolean" else pa.nulls(rows, pa.string())


def _columns(about: Any) -> list[Any]:
    if not about.num_row_groups:
        return []
    group = about.row_group(0)
    return [group.column(i) for i in range(group.num_columns)]


def codecs(about: Any) -> dict[str, str]:
    """Return the codec of each column, as a writer takes it."""
    return {c.path_in_schema: _CODECS.get(c.compression, c.compression.lower()) for c in _columns(about)}


def _paths(about: Any, edits: Edits) -> list[str]:
    return (
        [*(c.path_in_schema for c in _columns(about)), *(n for n, _ in edits.adds)]
        if about.num_row_groups
        else []
    )


def dictionaries(about: Any) -> Any:
    """Return the columns that are written with a dictionary, or False."""
    named = [c.path_in_schema for c in _columns(about) if any("DICTIONARY" in e for e in c.encodings)]
    return named or False


def version(about: Any) -> str:
    """Return the version of the format, as a writer takes it."""
    return str(about.format_version) if str(about.format_version) in ("1.0", "2.4", "2.6") else "2.6"
