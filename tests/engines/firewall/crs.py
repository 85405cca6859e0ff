"""The Core Rule Set's own regression cases: how they are kept here, and how one is played through the firewall.

Each case is a request and what the rules' log must, or must not, name. As its README asks, they are played at paranoia 4
with the rules only detecting.
"""

from __future__ import annotations

import base64
import json
import lzma
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from assay.engines.firewall import Firewall, Request, Rules

KEPT = Path(__file__).parents[2] / "data" / "crs-3.3.4" / "cases.b85"
# What the suite's README has its users set, in the rules' own language.
ASKED = """
SecAction "id:101020,phase:1,nolog,pass,t:none,ctl:ruleRemoveById=910000,\\
setvar:tx.crs_validate_utf8_encoding=1,setvar:tx.arg_name_length=100,setvar:tx.arg_length=400"
"""
RULES = Rules(paranoia=4, off=(), types=(), setting=ASKED)


@dataclass(frozen=True)
class Case:
    """One stage. wants: ids of which the log must name one; bars: ids that it must not name. status: what a server answers."""

    name: str
    input: dict[str, Any]
    wants: str = ""
    bars: str = ""
    status: tuple[int, ...] = ()
    error: bool = False

    @property
    def positive(self) -> bool:
        """Whether a rule must match."""
        return bool(self.wants)

    @property
    def applies(self) -> str:
        """Return why it is not for the firewall to decide, nothing where it is."""
        if self.error or (self.status and not self.wants and not self.bars):
            return "it asks how a web server answers a request that is no HTTP; the rules are not asked"
        return ""


def load() -> list[Case]:
    """Return the cases that are kept."""
    raw = json.loads(lzma.decompress(base64.b85decode(KEPT.read_bytes().replace(b"\n", b""))))
    return [Case(**{**one, "status": tuple(one.get("status", ()))}) for one in raw]


def keep(folder: Path) -> bytes:
    """Return the cases of a checkout's tests/regression/tests as they are kept: packed, so that no scanner takes them for attacks."""
    import yaml

    cases = []
    for path in sorted(folder.rglob("*.yaml")):
        whole = yaml.safe_load(path.read_text())
        if not whole["meta"].get("enabled", True):
            continue
        for test in whole["tests"]:
            for at, stage in enumerate(test["stages"]):
                given, out = stage["stage"]["input"], stage["stage"]["output"]
                status = out.get("status", [])
                case = {
                    "name": f"{test['test_title']}{f'.{at}' if at else ''}",
                    "input": {k: v for k, v in given.items() if k not in ("dest_addr", "port", "protocol")},
                    "wants": out.get("log_contains", ""),
                    "bars": out.get("no_log_contains", ""),
                    "status": status if isinstance(status, list) else [status],
                    "error": bool(out.get("expect_error")),
                }
                cases.append({k: v for k, v in case.items() if v not in ("", [], False)})
    packed = base64.b85encode(lzma.compress(json.dumps(cases, separators=(",", ":")).encode(), preset=9))
    return b"\n".join(packed[i : i + 110] for i in range(0, len(packed), 110)) + b"\n"


def request(given: dict[str, Any]) -> Request:
    """Return the request of a case as its own client would send it."""
    raw = given.get("raw_request") or ""
    if given.get("encoded_request"):
        return _taken_apart(base64.b64decode(given["encoded_request"]))
    if raw:
        return _taken_apart(raw.encode("utf-8", "surrogateescape"))
    headers = {str(k): str(v) for k, v in (given.get("headers") or {}).items()}
    data = given.get("data", "")
    data = "\r\n".join(map(str, data)) if isinstance(data, list) else str(data)
    if data and not given.get("stop_magic"):
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        if headers["Content-Type"] == "application/x-www-form-urlencoded" and unquote(data) == data:
            pairs = parse_qsl(data)
            data = urlencode(pairs) if pairs else data
        headers.setdefault("Content-Length", str(len(data)))
    version = str(given.get("version", "HTTP/1.1"))
    return Request(
        method=str(given.get("method", "GET")).encode(),
        target=str(given.get("uri", "/")).encode(),
        version=version.removeprefix("HTTP/").encode(),
        headers=[(k.encode(), v.encode()) for k, v in headers.items()],
        body=data.encode(),
    )


def _taken_apart(raw: bytes) -> Request:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    method, _, rest = first.partition(b" ")
    target, _, version = rest.rpartition(b" ")
    headers = [(n.strip(), v.strip()) for n, _, v in (line.partition(b":") for line in lines)]
    return Request(method, target, version.removeprefix(b"HTTP/"), headers, body)


def fails(firewall: Firewall, case: Case) -> str:
    """Return how a case does not come out as it must, nothing where it does."""
    heard = firewall.ask(request(case.input))
    told = " ".join(f'[id "{m.rule}"]' for m in heard.matches)
    if case.wants and not re.search(case.wants, told):
        return f"not matched; matched: {told[:200] or 'nothing'}"
    if case.bars and re.search(case.bars, told):
        return "matched"
    return ""
