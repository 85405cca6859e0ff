"""What can go wrong, as one sentence a person can act on.

AssayError
├── UsageError        exit 2: the user's mistake
│   ├── BadInput      exit 2: the data or file given cannot be examined at all
│   │   └── TrainingFailed  exit 2: a model could not be trained on the rows given
│   └── Missing       exit 2: a name, file or extra that is not there
├── Refused           exit 1: a rule of the office forbids it
└── Broken            exit 3: ours
    └── InDoubt       exit 3: whether it was done cannot be told yet
"""

from __future__ import annotations

import errno


class AssayError(Exception):
    """A failure told as what went wrong, where, and what to do about it.

    kept: what a log that is never rewritten keeps of ``what``, where that names values of rows. recorded: whether the log
    tells of it already.
    """

    exit_code = 3
    recorded = False

    def __init__(self, what: str, *, where: str = "", remedy: str = "", kept: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.remedy = what, where, remedy
        self._kept = kept

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        pause = " " if self.what.endswith("?") else "; "
        advice = f"{pause}{self.remedy}" if self.remedy else ""
        return f"{place}{self.what}{advice}"

    def for_the_log(self) -> str:
        """Return the sentence without values of rows."""
        return str(type(self)(self._kept, where=self.where, remedy=self.remedy)) if self._kept else str(self)


def interrupted(error: BaseException | None) -> bool:
    """Tell whether a wish to stop lies beneath an error: DuckDB answers Ctrl-C with a RuntimeError of its own."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, KeyboardInterrupt):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


class UsageError(AssayError, ValueError):
    """The user's mistake: a wrong option, name or file."""

    exit_code = 2


class BadInput(UsageError):
    """What was given cannot be examined at all: empty, cut short, not of the named format."""


class TrainingFailed(BadInput):
    """A way of training that gave no model on the rows it was handed: it failed, hung, or left what cannot be loaded."""


class Missing(UsageError, LookupError):
    """Something named does not exist: a check, a column, a file, an extra."""


class Refused(AssayError):
    """A rule of the office forbids the act."""

    exit_code = 1


class Broken(AssayError):
    """Assay's own fault, or the machine's."""


class InDoubt(Broken):
    """A change was being committed when whoever does it was lost: it happened, or it did not."""


_MACHINE = {
    errno.ENOSPC: ("no space is left there", "make room, and run it again"),
    errno.EDQUOT: ("the quota is used up", "make room, and run it again"),
    errno.EROFS: ("it can be read and not written", "work in a copy that may be written"),
    errno.EACCES: ("permission is denied", "ask its owner, or run it as a user who may"),
    errno.EPERM: ("it is not permitted", "ask its owner, or run it as a user who may"),
    errno.EMFILE: ("too many files are open", "raise the limit: ulimit -n"),
    errno.EIO: ("the device fails to read or write", "look at the disk, and restore from a backup"),
}


def of_the_machine(error: OSError) -> Broken | None:
    """Return what the machine refused as a sentence; None for an error that is no such thing."""
    if error.errno not in _MACHINE:
        return None
    what, remedy = _MACHINE[error.errno]
    return Broken(what, where=str(error.filename or "the output"), remedy=remedy)
