"""The labelled set of personal data: columns and values, invented, drawn from a seed.

`looked_at` is the set that the recognisers were made with; `held_out` is another generator's, with other names, languages,
headers and seed, and was read only as two figures. Licence of this folder: Apache-2.0, as the whole.
"""

from __future__ import annotations

from labelled.make import Column, column


def looked_at(seed: int = 1, rows: int = 40) -> list[Column]:
    """Return the columns of the set that is looked at."""
    from labelled import decoys, people

    out = [
        column(seed, name, make, type, table, rows)
        for table, specs in people.TABLES.items()
        for name, type, make in specs
    ]
    for table, plain in decoys.TABLES.items():
        out += [column(seed, name, make, "", table, rows) for name, make in plain]
    return out


def held_out(seed: int = 2026, rows: int = 40) -> list[Column]:
    """Return the columns that nobody looks at."""
    from labelled import others

    return others.columns(seed, rows)
