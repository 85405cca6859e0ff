"""From what a person named to an opened key: one of the home, or a private file. The bench holds it; records hold its id."""

from __future__ import annotations

from collections.abc import Container, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset
from assay.kernel.errors import UsageError
from assay.kernel.handles import Key, MustExist, OfTheHome

if TYPE_CHECKING:
    from assay.works.bench import Bench
    from assay.works.home import Home
    from assay.works.signature import Param


def hold_key(source: Any, param: Param, bench: Bench, home: Home | None) -> Asset:
    """Open a key, lay it on the bench, and return it as an asset. A key of the home is made on first use.

    source: a name, a path (with a slash or a suffix), or an opened Key.
    """
    key = source if isinstance(source, Key) else _open(str(source), param, home)
    bench.held[key.asset.digest] = key
    return key.asset


def of_the_home(params: Iterable[Param], given: Container[str], home: Home | None) -> dict[str, str]:
    """Return the keys that nobody named and the home has, parameter → name."""
    return {
        param.name: limit.name
        for param in params
        if home is not None and param.kinds == ("key",) and param.name not in given
        for limit in param.limits
        if isinstance(limit, OfTheHome)
    }


def _open(text: str, param: Param, home: Home | None) -> Key:
    make = not any(isinstance(limit, MustExist) for limit in param.limits)
    return open_key(text, home, param.flag, make=make)


def open_key(text: str, home: Home | None, flag: str, *, make: bool = True) -> Key:
    """Open a key by its name in a home, or the private file it lies in. make: whether a name may be a new one."""
    from assay.engines.secretkeys import is_name, read_key

    if is_name(text) and home is not None:
        return home.secrets.open(text, make=make)
    if is_name(text) and not Path(text).is_file():
        raise UsageError(
            f"{text} names a key of a home, and there is no home here",
            where=flag,
            remedy="`assay init` makes one, or give a private file that holds a key",
        )
    return read_key(Path(text).expanduser())
