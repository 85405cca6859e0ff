"""What a caller sends ends up as a command, a query, a program, an address, a path, a template."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assay.checks.code.review._spots import spot, who
from assay.kernel.severity import Severity
from assay.methods.review.python.expressions import open_
from assay.methods.review.python.program import Program
from assay.methods.review.python.values import NOTHING, Call, Value
from assay.methods.review.spot import Spot

LANGUAGE = "python"
SHELLS = (
    "os.system",
    "os.popen",
    "os.popen2",
    "os.popen3",
    "os.popen4",
    "popen2.popen2",
    "popen2.popen3",
    "popen2.popen4",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "commands.getoutput",
    "commands.getstatusoutput",
    "asyncio.create_subprocess_shell",
)
_WORDS = re.compile(r"^(?:/usr)?(?:/bin/)?(?:env|ba|da|z|k|c|tc)?(?:sh|cmd|cmd\.exe|powershell|pwsh)$")
_SPREAD = (
    "os.exec",
    "os.spawn",
    "os.posix_spawn",
    "asyncio.create_subprocess_exec",
)  # whose words stand as arguments
STARTS = (
    "subprocess.run",
    "subprocess.call",
    "subprocess.Popen",
    "subprocess.check_call",
    "subprocess.check_output",
)
_RUNS = (
    "run",
    "call",
    "Popen",
    "check_call",
    "check_output",
    "execute",
    "run_command",
    "shell",
)  # by whatever object
_QUERIES = ("execute", "executemany", "executescript", "read_sql", "read_sql_query", "sql", "raw", "query")
_SQL = re.compile(
    r"\b(select\b.+\bfrom|insert\s+into|update\b.+\bset|delete\s+from|drop\s+table|create\s+table|alter\s+table)\b",
    re.IGNORECASE | re.DOTALL,
)
_EVALS = (
    "builtins.eval",
    "builtins.exec",
    "builtins.compile",
    "code.InteractiveInterpreter().runsource",
    "code.InteractiveInterpreter().runcode",
    "code.InteractiveConsole().push",
    "runpy.run_path",
    "runpy.run_module",
    "builtins.__import__",
    "importlib.import_module",
)
_IMPORTS = ("builtins.__import__", "importlib.import_module", "runpy.run_path", "runpy.run_module")
_FRAMES = ("eval", "query")
_ASKS = ("requests.get", "requests.post", "requests.put", "requests.head", "requests.request", "httpx.get", "httpx.post", "urllib.request.urlopen",
         "urllib.request.Request", "httpx.AsyncClient().get", "requests.Session().get", "aiohttp.ClientSession().get")  # fmt: skip
_PATHS = ("builtins.open", "os.remove", "os.unlink", "shutil.rmtree", "shutil.copy", "flask.send_file", "pandas.read_csv", "os.rename", "os.makedirs",
          "fastapi.responses.FileResponse", "starlette.responses.FileResponse", "io.open", "numpy.load", "shutil.move")  # fmt: skip
_TEMPLATES = (
    "jinja2.Template",
    "flask.render_template_string",
    "mako.template.Template",
    "jinja2.Environment().from_string",
    "string.Template",
)
_XML = ("lxml.etree.parse", "lxml.etree.fromstring", "lxml.etree.XML", "xml.sax.parse", "xml.sax.parseString", "xml.dom.pulldom.parse", "xml.dom.minidom.parseString",
        "xml.etree.ElementTree.parse", "xml.etree.ElementTree.fromstring", "pandas.read_xml")  # fmt: skip
_XML_ANY = frozenset(
    {f"xml.etree.{m}.{n}" for m in ("ElementTree", "cElementTree") for n in ("parse", "fromstring", "iterparse", "XMLParser", "XML", "fromstringlist")}
    | {f"xml.dom.{m}.{n}" for m in ("minidom", "pulldom", "expatbuilder") for n in ("parse", "parseString")}
    | {"xml.sax.parse", "xml.sax.parseString", "xml.sax.make_parser", "xml.sax.expatreader.create_parser"}
)  # fmt: skip
_XML_TEXTS = ("fromstring", "parseString", "XML")  # which are handed the document itself
_SENT = ("caller", "network", "operator")


def rule(program: Program) -> Iterator[Spot]:
    """Name each."""
    for call in program.calls:
        first = call.args[0] if call.args else call.keywords.get("args", NOTHING)
        yield from _shell(program, call, first)
        yield from _query(program, call, first)
        yield from _evaluated(program, call, first)
        if call.name in _ASKS and first.has("caller") and _leads(program, call):
            yield spot(
                program, call.node, "ssrf", Severity.HIGH, "A caller says which address is asked: the metadata service and the inner network with it.",
                "ask addresses from a list of your own", "CWE-918",
            )  # fmt: skip
        if (call.name in _PATHS or _opens(call)) and (first if call.name in _PATHS else call.receiver).has(
            "caller"
        ):
            yield spot(
                program, call.node, "path", Severity.HIGH, "A caller says which file it is, ../ and all.",
                "take os.path.basename of it, or resolve it and see that it lies in its folder", "CWE-22",
            )  # fmt: skip
        if call.name in _TEMPLATES[:4] and first.has("caller", "network"):
            yield spot(
                program, call.node, "template", Severity.HIGH, "What a caller sends is the template, which can run what it wants.",
                "keep the template, and hand in values", "CWE-1336",
            )  # fmt: skip
        yield from _xml(program, call, first)
    for call in program.called("lxml.etree.XMLParser"):
        if call.says("resolve_entities", True) or call.says("no_network", False):
            yield spot(
                program, call.node, "xml", Severity.HIGH, "The parser takes in files and addresses that the document names.",
                "resolve_entities=False, no_network=True", "CWE-611",
            )  # fmt: skip


def _xml(program: Program, call: Call, first: Value) -> Iterator[Spot]:
    """Name parsers that take a document's word. Of a document from nowhere in particular it is only said: expat 2.4.1 and later stop its growth."""
    if call.name in _XML and first.has("caller", "network", "download"):
        yield spot(
            program, call.node, "xml", Severity.MEDIUM, f"{call.name} takes {who(first, 'caller', 'network', 'download')} with entities that grow without end or name files.",
            "defusedxml", "CWE-611",
        )  # fmt: skip
    elif (
        (call.name in _XML_ANY or call.name in _XML)
        and call.name.startswith("xml.")
        and not (first.known and call.method in _XML_TEXTS)
    ):
        yield spot(
            program, call.node, "xml", Severity.INFO, f"{call.name} takes a document's entities as they come; expat before 2.4.1 lets them grow without end.",
            "defusedxml, or see that pyexpat.EXPAT_VERSION is 2.4.1 or later", "CWE-611",
        )  # fmt: skip


def _shell(program: Program, call: Call, first: Value) -> Iterator[Spot]:
    started = call.name in STARTS or call.name == "pty.spawn"
    through = (
        call.name in SHELLS
        or (started and "shell" in call.keywords and call.keywords["shell"].literal not in (False, None, 0))
        or call.name.startswith("fabric.")
        or f".{call.method}" == ".exec_command"
        or call.name in ("invoke.run",)
        or (call.method in _RUNS and call.says("shell", True))
    )
    if not through and (started or call.name.startswith(_SPREAD)):
        first, through = _handed_to_a_shell(call, first, started)
    if not through or first.known:
        return
    said = who(first, *_SENT)
    if said:
        severity = (
            Severity.MEDIUM
            if first.has("operator") and not first.has("caller", "network")
            else Severity.CRITICAL
        )
        message = f"A shell runs {said}."
    elif first.built:
        severity, message = Severity.LOW, "A shell runs a text that is put together here."
    elif call.args and open_(first) and not first.built:
        severity, message = Severity.LOW, "A shell runs a text that does not stand here."
    else:
        return
    yield spot(
        program, call.node, "shell", severity, message, "hand the words as a list, without shell=True", "CWE-78",
    )  # fmt: skip


def _handed_to_a_shell(call: Call, first: Value, started: bool) -> tuple[Value, bool]:
    """Return what a shell is told by ``sh -c TEXT``, and whether it is: written as a list, or as arguments of their own."""
    words = list((first.parts or {}).values()) if started else call.args
    for at, word in enumerate(words[:-1]):
        if word.text is not None and _WORDS.match(word.text.lower()):
            flag = next(
                (
                    i
                    for i, w in enumerate(words[at:], at)
                    if w.text is not None and re.match(r"^(?:-\w*c|/[cCkK]|-Command)$", w.text)
                ),
                -1,
            )
            if 0 <= flag < len(words) - 1:
                return words[flag + 1], True
    return first, False


def _query(program: Program, call: Call, first: Value) -> Iterator[Spot]:
    if not ((call.method in _QUERIES and "." in call.name) or call.name == "sqlalchemy.text"):
        return
    if first.known or not (first.built or first.has(*_SENT)):
        return
    text = program.segment(call.node.args[0]) if call.node.args else ""
    sent = first.has("caller", "network")
    if not sent and not (first.built and _SQL.search(text)):
        return
    yield spot(
        program, call.node, "sql", Severity.CRITICAL if sent else Severity.LOW,
        f"The query is put together with {who(first, *_SENT)}." if first.has(*_SENT) else "The query is put together as text.",
        "put ? or :name in its place, and hand the values beside", "CWE-89",
    )  # fmt: skip


def _evaluated(program: Program, call: Call, first: Value) -> Iterator[Spot]:
    frame = call.method in _FRAMES and call.name in (
        "pandas.eval",
        "pandas.DataFrame().eval",
        "pandas.DataFrame().query",
        "numexpr.evaluate",
    )
    if call.name not in _EVALS and not frame and call.name != "numexpr.evaluate":
        return
    if first.known or (call.name in _IMPORTS and not first.has("caller", "network", "download")):
        return
    said = who(first, *_SENT)
    severity = Severity.CRITICAL if first.has("caller", "network", "download") else Severity.MEDIUM
    what = call.name.removeprefix("builtins.")
    yield spot(
        program, call.node, "eval", severity, f"{what} runs {said or 'a text that is not written out here'}.",
        "ast.literal_eval for values, a table of functions for choices", "CWE-95",
    )  # fmt: skip


def _leads(program: Program, call: Call) -> bool:
    """Whether the caller's part can change the host: not where the address begins with one that is written out."""
    text = program.segment(call.node.args[0]) if call.node.args else ""
    return re.match(r"f?[\"']https?://[^/{\"']+/", text) is None


def _opens(call: Call) -> bool:
    return call.method in (
        "read_text",
        "read_bytes",
        "write_text",
        "write_bytes",
        "unlink",
        "open",
    ) and call.receiver.name.startswith("pathlib.")
