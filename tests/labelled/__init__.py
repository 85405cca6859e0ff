"""The labelled set of personal data: columns and values, invented, drawn from a seed. Apache-2.0, as the whole.

`looked_at` is the set that the recognisers were made with. `held_out` has another generator's people (Faker), other languages
and another seed; only its figures were read, but its headers are of the hand that wrote the vocabulary of headers.
`in_the_wild` has headers that other systems chose (contact exports, directories, shops, health records), written down after the
recognisers were done: the figure to believe.
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


def in_the_wild(seed: int = 99, rows: int = 40) -> list[Column]:
    """Return the columns under headers of other systems."""
    from labelled import schemas as other

    return other.columns(seed, rows)
