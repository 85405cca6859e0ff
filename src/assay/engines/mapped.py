"""A large file mapped into memory and not read: who cuts it short meanwhile ends no process here, where that was built.

The kernel sends SIGBUS to whoever reads a page that is gone. The compiled part of Assay (``native/guard.h``) lets such
pages be zeros; without it a process that reads them dies of it, as any other would.
"""

from __future__ import annotations

import mmap
import weakref
from io import BufferedReader

from assay.methods.pickles.compiled import built

_GUARDS: weakref.WeakKeyDictionary[mmap.mmap, int] = weakref.WeakKeyDictionary()


def mapped(handle: BufferedReader) -> mmap.mmap:
    """Return a file's bytes, mapped to be read; ValueError of an empty one."""
    data = mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ)
    module = built()
    if module is not None:
        number = module.guard(data)
        if number >= 0:
            _GUARDS[data] = number
            weakref.finalize(data, module.release, number)
    return data


def cut(data: object) -> bool:
    """Whether a mapped file is shorter by now than it was, or was so when a part was read that is gone."""
    if not isinstance(data, mmap.mmap):
        return False
    number = _GUARDS.get(data, -1)
    module = built()
    if module is not None and number >= 0 and module.cut(number):
        return True
    try:
        return data.size() < len(data)
    except OSError:  # its file has no name any more, and a network's file system forgot it
        return False
