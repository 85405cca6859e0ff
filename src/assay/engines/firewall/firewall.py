"""The firewall as it is held open: a set of rules that was counted and tried, which any thread may ask."""

from __future__ import annotations

import sys
import threading
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from assay.engines.firewall import canaries
from assay.engines.firewall import rules as written_rules
from assay.engines.firewall.library import Library, library
from assay.engines.firewall.rules import Found, Rules
from assay.engines.firewall.transaction import Heard, Request, ask
from assay.kernel.errors import Refused

_EVALUATED = frozenset(
    {949110, 949111, 101004, 101005}
)  # rules that refuse; where they only detect, they say so
_ABOUT = "where a set of rules does not load, all would pass; see what `assay doctor` says of the firewall"


class Firewall:
    """Open from the moment it is made until it is closed.

    block: whether the rules end what they refuse at once; else they go on to the end and tell all that matched.
    Refused where the rules did not load, are too few, or let an attack pass; Missing where there is no library, or no rules.
    """

    def __init__(self, rules: Rules | None = None, *, block: bool = True, tried: bool = True) -> None:
        self.rules = rules or Rules()
        self.found: Found = written_rules.find(self.rules.folder)
        self._lib: Library = library()
        ffi, c = self._lib.ffi, self._lib.c
        self._told = ffi.callback("void(void *, const void *)", partial(_hear, ffi))
        self._engine: Any = c.msc_init()
        c.msc_set_connector_info(self._engine, b"assay")
        c.msc_set_log_cb(self._engine, self._told)
        self._rules: Any = c.msc_create_rules_set()
        self._open = True
        self._users, self._lock = 0, threading.Lock()
        try:
            self.count = self._load(block)
            if tried:
                self.try_out()
        except BaseException:
            self.close()
            raise

    @property
    def version(self) -> str:
        """Return who it says that it is, and which rules it goes by."""
        said = self._lib.ffi.string(self._lib.c.msc_who_am_i(self._engine)).decode()
        return f"{said.partition(' (')[0]}, Core Rule Set {self.found.version}"

    def ask(self, request: Request) -> Heard:
        """Return what the rules say of a request. Any thread may ask; Refused once it is closed."""
        with self._lock:
            if not self._open:
                raise Refused("the firewall is closed")
            self._users += 1
        try:
            return ask(self._lib, self._engine, self._rules, request, _EVALUATED)
        finally:
            self._leave()

    def try_out(self) -> None:
        """Try attacks and harmless questions; Refused where one is not answered as it must be."""
        for said, request in canaries.ATTACKS.items():
            if not self.ask(request).refused:
                raise Refused(f"the firewall lets {said} pass", where=str(self.found.folder), remedy=_ABOUT)
        for said, request in canaries.HARMLESS.items():
            heard = self.ask(request)
            if heard.refused:
                why = "; ".join(map(str, heard.matches[:3]))
                raise Refused(
                    f"the firewall refuses {said} ({why})",
                    where=str(self.found.folder),
                    remedy="lower its paranoia, or leave that rule out, in the home's firewall.yaml",
                )

    def close(self) -> None:
        """Free the rules, once no question is under way."""
        with self._lock:
            if not self._open:
                return
            self._open = False
            self._users += 1
        self._leave()

    def __enter__(self) -> Firewall:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        """Rules that were replaced are freed when the last guard that asked them is gone."""
        if not sys.is_finalizing() and getattr(self, "_open", False):
            self.close()

    def _load(self, block: bool) -> int:
        ffi, c = self._lib.ffi, self._lib.c
        error = ffi.new("const char **")
        text = written_rules.written(self.rules, self.found, block=block)
        count = int(c.msc_rules_add(self._rules, text.encode(), error))
        said = ffi.string(error[0]).decode("utf-8", "replace").strip() if error[0] != ffi.NULL else ""
        if error[0] != ffi.NULL:
            self._lib.free(ffi.cast("void *", error[0]))
        wanted = len(self.found.ids - set(self.rules.off))
        if count < max(wanted, 1):
            why = f": {said[:300]}" if said else ""
            raise Refused(
                f"the firewall loaded {max(count, 0)} of {wanted} rules{why}",
                where=str(self.found.folder),
                remedy=_ABOUT,
            )
        return count

    def _leave(self) -> None:
        """Whoever leaves last after it was closed frees it."""
        with self._lock:
            self._users -= 1
            last = self._users == 0 and self._closed()
        if last:
            self._lib.c.msc_rules_cleanup(self._rules)
            self._lib.c.msc_cleanup(self._engine)

    def _closed(self) -> bool:
        return not self._open


def _hear(ffi: Any, data: Any, line: Any) -> None:
    """Take a line of the log down for the transaction that it is about."""
    lines: list[bytes] = ffi.from_handle(data)
    if len(lines) < 200:
        lines.append(ffi.string(ffi.cast("const char *", line)))


def standing(folder: Path | None = None) -> tuple[str, str]:
    """Open it once and say how it is: ("ok", its versions and rules), or ("missing" or "failed", why)."""
    from assay.kernel.errors import AssayError, Missing

    try:
        with Firewall(Rules(folder)) as firewall:
            return "ok", f"{firewall.version}, {len(firewall.found.ids):,} rules, attacks tried"
    except Missing as error:
        return "missing", str(error)
    except AssayError as error:
        return "failed", str(error)
