"""R's .rds and .RData: promises, which run when they are touched, and the code of functions and calls, by what it calls.

Fitted models of R keep the call that made them and functions of their family: that is told by what they call, not that
they are there. A promise that was not run yet stands only among a function's variables: elsewhere it is no work of R's
(CVE-2024-27322).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.checks.model.scan._names import readable
from assay.checks.model.scan._view import View
from assay.kernel.severity import Severity
from assay.methods.modelfiles.rds.source import start
from assay.methods.modelfiles.rds.walk import read

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

_DOES = {
    **dict.fromkeys(("system", "system2", "shell", "shell.exec", "pipe", "open.srcfile"), "runs commands"),
    **dict.fromkeys(("eval", "evalq", "parse", "source", "sys.source", "str2lang", "str2expression", "body<-", "assignInNamespace",
                     "makeActiveBinding", "delayedAssign", "reg.finalizer", "trace", "setHook"), "runs code that it makes or reads"),
    **dict.fromkeys(("readRDS", "load", "attach", "unserialize", "loadRDS", "dget", "library.dynam", "dyn.load", ".Call", ".C",
                     ".External", ".External2", ".Fortran", ".Internal", "install.packages"), "loads other code"),
    **dict.fromkeys(("file", "readLines", "writeLines", "unlink", "file.remove", "file.copy", "file.rename", "sink", "cat.file",
                     "readBin", "writeBin", "saveRDS", "save", "dput", "dump", "write.csv", "write.table", "read.csv", "scan",
                     "list.files", "Sys.chmod", "gzfile", "fifo"), "reads or writes files"),
    **dict.fromkeys(("url", "download.file", "socketConnection", "curl_fetch_memory", "browseURL", "serverSocket", "make.socket",
                     "GET", "POST"), "opens network connections"),
    **dict.fromkeys(("Sys.setenv", "Sys.getenv", "setwd", "q", "quit", "Sys.kill", "Sys.unsetenv"), "changes or reads its process's surroundings"),
}  # fmt: skip
# Of these, the ones that functions of R's own packages call in any fitted model.
_USUAL = frozenset(
    {
        "eval",
        "evalq",
        "parse",
        ".Call",
        ".External",
        ".External2",
        ".Internal",
        ".Fortran",
        ".C",
        "save",
        "file",
        "attach",
        "load",
        "scan",
        "trace",
        "dump",
        "GET",
        "POST",
        "q",
        "str2lang",
        "Sys.getenv",
    }
)


def sniff(view: View) -> bool:
    """The letter of the form, and a version."""
    return start(view.head) >= 0


def examine(view: View, ground: Ground) -> bool:
    """Walk it."""
    try:
        found = read(view.data)
    except (ValueError, IndexError) as error:
        return ground.lie(view, f"it is an object of R in which {ascii(str(error))[1:-1][:100]}")
    for expression, at, argument in found.promises[:20]:
        ground.find(
            "r_code", Severity.MEDIUM if argument else Severity.CRITICAL,
            f"{view.place} holds a promise, which R runs when it is touched: {readable(expression)[:200]}.", view,
            remedy="do not load it; ask for the model as PMML or ONNX", refs=("CWE-502", "CVE-2024-27322"), offset=at,
        )  # fmt: skip
    for name, (written, at) in found.calls.items():
        does = _DOES.get(name)
        if does is None:
            continue
        usual = name in _USUAL
        ground.find(
            "r_code", Severity.LOW if usual else Severity.HIGH,
            f"{view.place} holds code of R that {does} when it is called: {readable(written)[:200]}.", view,
            remedy="read what it would do before you use the object; ask for the model as PMML or ONNX" if not usual else "",
            refs=("CWE-94",), offset=at, callable=readable(name),
        )  # fmt: skip
    if found.kinds.get("pointers"):
        ground.find(
            "r_code",
            Severity.LOW,
            f"{view.place} holds pointers to memory of the process that saved it, which are void.",
            view,
        )
    if found.end < view.size and bytes(view.data[found.end :]).strip(b"\0"):
        return ground.not_understood(
            view, f"{view.size - found.end:,} bytes follow its object", offset=found.end
        )
    return True
