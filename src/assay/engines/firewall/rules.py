"""Which rules the firewall goes by: the Core Rule Set where Debian puts it or where it is said to be, and what is set around it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assay.engines.firewall.library import DEBIAN
from assay.kernel.errors import Missing, UsageError

FOLDERS = ("/usr/share/modsecurity-crs", "/usr/local/share/modsecurity-crs", "/etc/modsecurity-crs")
SETUPS = ("crs-setup.conf", "/etc/modsecurity/crs/crs-setup.conf", "crs-setup.conf.example")
LEVELS = (1, 2, 3, 4)
# Callers of an endpoint are programs: they name it by address, and send neither User-Agent nor Accept; and several rows have
# a text of the same name each.
USUAL = (920300, 920320, 920330, 920350, 921170, 921180)
TYPES = (
    "application/json",
    "application/jsonlines",
    "application/x-jsonlines",
    "application/jsonl",
    "application/x-ndjson",
    "application/ndjson",
    "application/csv",
    "application/x-parquet",
    "application/parquet",
    "application/vnd.apache.parquet",
    "application/x-arrow",
    "application/arrow",
    "application/vnd.apache.arrow.stream",
    "application/octet-stream",
    "application/x-npy",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/csv",
    "text/json",
    "text/plain",
    "image/png",
    "image/jpeg",
)
BODY = 4 << 20  # bytes that the rules look at; of more all is refused
SCORED = 101_900  # our own rule, which says that something has scored
PLAIN = "X-Assay-Texts"  # says that the body is texts as a form's, whatever its type
_ID = re.compile(r"\bid\s*:\s*'?(\d+)")
_VERSION = re.compile(r"OWASP[ _](?:ModSecurity )?(?:CRS|Core Rule Set)[ /]*(?:ver\.)?(\d+\.\d+\.\d+)")
_MOST = 4 << 20  # bytes of one file of rules


@dataclass(frozen=True, slots=True)
class Rules:
    """What is asked of the firewall.

    folder: of the Core Rule Set, found where none is said. paranoia: 1 to 4, more rules and more false alarms each.
    threshold: anomaly score from which on a question is refused (one critical rule scores 5). off: rules that are left
    out. types: content types that may come, besides. setting: further lines of the rules' own language, for tests.
    """

    folder: Path | None = None
    paranoia: int = 1
    threshold: int = 5
    off: Sequence[int] = USUAL
    types: Sequence[str] = TYPES
    setting: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.paranoia not in LEVELS:
            raise UsageError(f"paranoia is {self.paranoia}; it takes 1, 2, 3 or 4")
        if not 1 <= self.threshold <= 10_000:
            raise UsageError(f"threshold is {self.threshold}; it takes from 1 to 10,000")


@dataclass(frozen=True, slots=True)
class Found:
    """The Core Rule Set on this machine. ids: of its rules and those of its setup, counted from the files themselves."""

    folder: Path
    setup: Path
    files: tuple[Path, ...]
    version: str
    ids: frozenset[int]


def read_from(folder: Path | None) -> list[Path]:
    """Return the files that the rules in ``folder``, or where distributions put them, consist of; nothing where there are none.

    The setup is the first; then the rules, and the lists of words that they refer to.
    """
    for place in [folder] if folder is not None else [Path(p) for p in FOLDERS]:
        files = sorted((place / "rules").glob("*.conf"))
        setup = next((s for s in (place / name for name in SETUPS) if s.is_file()), None)
        if files and setup is not None:
            return [setup, *files, *sorted((place / "rules").glob("*.data"))]
    return []


def find(folder: Path | None) -> Found:
    """Return the rules in ``folder`` or where distributions put them; Missing says what to install."""
    known = read_from(folder)
    if known:
        setup, files = known[0], tuple(f for f in known[1:] if f.suffix == ".conf")
        texts = [_read(path) for path in (setup, *files)]
        version = next((m[1] for m in map(_VERSION.search, texts) if m), "unknown")
        ids = frozenset(int(i) for text in texts for i in _ID.findall(_said(text)))
        return Found(files[0].parent.parent, setup, files, version, ids)
    where = str(folder) if folder is not None else ", ".join(FOLDERS)
    raise Missing(
        "there is no OWASP Core Rule Set (rules/*.conf beside crs-setup.conf)", where=where, remedy=DEBIAN
    )


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_MOST).decode("utf-8", "replace")


def _said(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))


def written(rules: Rules, found: Found, *, block: bool) -> str:
    """Return the whole configuration in the rules' own language."""
    types = " ".join(f"|{t}|" for t in rules.types)
    off = "".join(f"SecRuleRemoveById {number}\n" for number in sorted(set(rules.off)))
    allowed = f",setvar:'tx.allowed_request_content_type={types}'" if types else ""
    included = "\n".join(f"Include {path}" for path in found.files)
    return f"""
SecRuleEngine {"On" if block else "DetectionOnly"}
SecRequestBodyAccess On
SecResponseBodyAccess Off
SecRequestBodyLimit {BODY}
SecRequestBodyNoFilesLimit {BODY}
SecRequestBodyLimitAction Reject
SecAuditEngine Off
SecDebugLogLevel 0
SecArgumentSeparator &
SecCookieFormat 0
SecRule REQUEST_HEADERS:{PLAIN} "@streq 1" \
 "id:101001,phase:1,pass,nolog,t:none,ctl:requestBodyProcessor=URLENCODED,skipAfter:ASSAY-PLAIN"
SecRule REQUEST_HEADERS:Content-Type "@rx ^(?:application(?:/soap\\+|/)|text/)xml" \
 "id:101002,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=XML"
SecRule REQUEST_HEADERS:Content-Type "@rx ^application/(?:[a-z0-9.-]+\\+)?json" \
 "id:101003,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"
SecMarker ASSAY-PLAIN
SecRule REQBODY_PROCESSOR "@rx ^(?:XML|JSON|MULTIPART)$" \
 "id:101006,phase:2,t:none,pass,nolog,ctl:ruleRemoveTargetByTag=OWASP_CRS;REQUEST_BODY"
SecRule REQBODY_ERROR "!@eq 0" \
 "id:101004,phase:2,t:none,log,deny,status:400,msg:'The body cannot be read',severity:2"
SecRule MULTIPART_STRICT_ERROR "!@eq 0" \
 "id:101005,phase:2,t:none,log,deny,status:400,msg:'The multipart body is not well formed',severity:2"
Include {found.setup}
SecAction "id:101010,phase:1,nolog,pass,t:none,\
setvar:tx.paranoia_level={rules.paranoia},setvar:tx.executing_paranoia_level={rules.paranoia},\
setvar:tx.inbound_anomaly_score_threshold={rules.threshold}{allowed}"
{rules.setting}
{included}
SecRule TX:ANOMALY_SCORE "@gt 0" "id:{SCORED},phase:2,pass,log,t:none,msg:'Something scored'"
{off}"""
