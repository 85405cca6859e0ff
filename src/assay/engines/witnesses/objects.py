"""A store of objects, each checkpoint an object of its own; on S3 locked against everybody where days are named.

``s3://bucket/prefix?days=400`` asks for a lock of that many days in compliance mode: nobody can delete or overwrite the
object before, not even the account's root. The bucket must have been made with object lock.
"""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs

from assay.engines.remote import filesystem
from assay.engines.witnesses.witness import MOST, Kept, Witness
from assay.kernel.errors import Broken, UsageError


class Objects(Witness):
    """Objects named by the log's size, so that their order is that of the checkpoints."""

    def __init__(self, url: str) -> None:
        self.url, _, asked = url.partition("?")
        days = parse_qs(asked).get("days", [""])[0]
        if asked and not (days.isdecimal() and 0 < int(days) < 40_000):
            raise UsageError(f"{asked!r} names no lock", remedy="write ?days=400", where=url)
        self.days = int(days) if days else 0
        self._fs, prefix = filesystem(self.url)
        self._prefix = prefix.rstrip("/")
        if self.days and "s3" not in self.url.partition("://")[0]:
            raise UsageError("only S3 locks objects", where=url, remedy="leave ?days= out")

    def keep(self, size: int, note: str) -> Kept:
        """Write the checkpoint as a new object; the same one again is not written."""
        key = f"{self._prefix}/{size:020d}.checkpoint"
        lock = {}
        if self.days:
            until = dt.datetime.now(dt.UTC) + dt.timedelta(days=self.days)
            lock = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until}
        try:
            if not (self._fs.exists(key) and self._fs.cat_file(key) == note.encode()):
                if not lock:
                    self._fs.makedirs(self._prefix, exist_ok=True)
                self._fs.pipe_file(key, note.encode(), **lock)
        except Exception as error:
            raise Broken(f"the checkpoint is not kept: {str(error)[:200]}", where=self.url) from error
        return Kept(f"{self.url.partition('://')[0]}://{key}")

    def seen(self) -> list[str]:
        """Return the latest checkpoints."""
        try:
            self._fs.invalidate_cache()
            names = sorted(n for n in self._fs.ls(self._prefix, detail=False) if n.endswith(".checkpoint"))
            return [self._fs.cat_file(n).decode("utf-8", "replace") for n in names[-MOST:]]
        except Exception as error:
            raise Broken(f"the witness cannot be asked: {str(error)[:200]}", where=self.url) from error
