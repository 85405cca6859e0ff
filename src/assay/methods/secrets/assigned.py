"""What is assigned to a name that says it is secret, in whatever language: judged by the name, the value and the file it is in.

A value counts where it is a literal (in quotes, or bare in files of settings), is no place to fill in, no name of another
variable, no hash, label or path, and looks drawn at random; a password also where a person might have chosen it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from assay.methods.secrets.plausible import (
    entropy,
    is_aside,
    is_hex,
    is_locked,
    is_placeholder,
    is_printable,
    is_uuid,
    is_wordy,
    looks_random,
)
from assay.methods.secrets.rule import Judged, Place, Rule, Severity

_WORD = (
    r"passw(?:or)?d|passwort|pass_?phrase|pwd|contrase(?:n|ñ)a|senha|mot_?de_?passe|secret|token|api[_.-]?key|access[_.-]?key|"
    r"auth[_.-]?key|private[_.-]?key|encryption[_.-]?key|signing[_.-]?key|account[_.-]?key|master[_.-]?key|shared[_.-]?key|"
    r"client[_.-]?key|license[_.-]?key|service[_.-]?key|credentials?|hmac[_.-]?key|salt|webhook"
)
_PASSWORD = re.compile(rb"(?i)passw|passphrase|pass_phrase|pwd|contrase|senha|passe$|passwort")
_BEFORE = re.compile(rb"[0-9A-Za-z_.\-]{1,60}$")
# What follows such a word in the name of something that is itself no secret.
_NOT = re.compile(
    rb"""(?ix)(?:name|mgr\w*|_?id|ids|url|uri|path|file|filename|dir|folder|type|field|label|header|prefix|suffix|length|len|size|count|limit|max|min
    |expir\w{0,6}|ttl|hint|regex|pattern|policy|format|algorithm|alg|env|envvar|var|variable|arn|index|idx|column|class|placeholder|message|msg
    |error|text|title|description|rule|rules|validator|strength|reset|change|changed|update|required|enabled|disabled|manager|provider
    |endpoint|scope|scopes|version|hash|hashed|digest|sha\d*|md5|checksum|fingerprint|public|pub|ref|refs|reference|key_?ref|store|backend|source
    |mode|method|kind|template|selector|input|usage|uses?|count|counts|rate|budget|cost|costs|window|ids?|map|list|set|dict|vocab|embedding|embeddings
    |iz\w{0,10}|parser|engine|plugin|service_?name|valid|check|position|start|end|offset|line|range|role|status|code_?name|page|screen|view|button)s?$"""
)
_NEVER = re.compile(
    rb"""(?ix)public|pub_?key|max_?(?:new_?)?token|num_?token|n_?token|min_?token|total_?token|prompt_?token|completion_?token|per_?token|(?:pad|bos|eos|unk|cls|sep|mask|special|
    added|start|end|begin|stop|first|last|next|next_?page|continuation|page|pagination|sync|cursor|image|audio|bot|eot|query|text|csrf|xsrf|cancel\w{0,8}|request)[_-]?token|token_?type|token_?iz|
    tokens_|_tokens$|^tokens$|publishable|sitekey|site_key|partition_?key|primary_?key|foreign_?key|sort_?key|hash|checksum|digest|desalt|salt(?:y|ed|iness)|saltillo|basalt|secretary"""
)
_CODE = re.compile(
    r"(?i)\.(?:py|pyi|pyx|ipynb|js|jsx|ts|tsx|mjs|cjs|java|kt|kts|scala|go|rs|rb|php|c|cc|cpp|h|hpp|cs|swift|m|mm|r|jl|lua|pl|pm|dart|vue|svelte|ex|exs|erl|clj|hs|ml|sql|html?|css|scss|less|md|rst|tex|xsd|xsl|proto|graphql|ps1)$"
)
_SETTINGS = re.compile(
    r"(?i)(?:^|/)(?:\.?env(?:\.[\w.-]+)?|[^/]*\.(?:env|ini|cfg|conf|config|properties|toml|ya?ml|json|tfvars|tfstate|sh|bash|zsh|envrc|log|out|txt|service|netrc|plist|xml|tf|hcl|credentials|cnf|secrets?|dockerfile)|dockerfile[^/]*|credentials|config|\.\w*rc|\.pypirc|secrets?)$"
)
_EXPRESSION = re.compile(rb"[(){}\[\]<>|;]|&&|^[\$#]|^%|^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$")
_OURS = re.compile(rb'"field":\s*"[^"\r\n]{1,200}",\s*"$')  # before a fingerprint in a report of code.secrets
_HASHLIKE = (32, 40, 56, 64, 96, 128)
_TAKE = "take it from the environment, a secret manager, or a file outside of the repository, and change it where it is used"

_PATTERN = re.compile(
    rb"(?i)(?P<word>" + _WORD.encode() + rb")(?P<rest>(?-i:[0-9A-Za-z_.\-]{0,40}+))"
    rb"(?:\\?[\"'\]`)]{0,3}[ \t]{0,12}(?::[ \t]{0,4}[a-z_][\w.\[\]|, ]{0,40}?)?[ \t]{0,12}(?:=>|:=|={1,3}|:|,|>)[ \t]{0,12}|[ \t]{1,4})"
    rb"(?:[fbru]{0,2}(?P<quote>\\?(?:\"{3}|'{3}|[\"'`]))(?P<quoted>[^\"'`\r\n\\]{4,500}(?:\\[^\"'`rn\n][^\"'`\r\n\\]{0,200}){0,8})(?:\\?[\"'`])|(?P<bare>[^\s\"'`,\\]{4,500}))",
    re.ASCII,
)  # fmt: skip


def _judge(match: re.Match[bytes], place: Place) -> Judged | None:
    before = _BEFORE.search(place.blob, max(0, match.start() - 60), match.start())
    name = (before[0] if before else b"") + match["word"] + match["rest"]
    group = "quoted" if match["quoted"] is not None else "bare"
    value = match[group]
    start, stop = match.span(group)
    if group == "bare" and b"</" in value:  # of an element
        value = value[: value.index(b"</")]
        stop = start + len(value)
    if (
        group == "bare" and b"&" in value and place.blob[match.start() - 1 : match.start()] in (b"?", b"&")
    ):  # of a query
        value = value[: value.index(b"&")]
        stop = start + len(value)
    if _unfit(name, match, place, group, value):
        return None
    if not is_printable(value):
        return None
    password = _PASSWORD.search(match["word"]) is not None
    found = _password(value, place) if password else _drawn(name, value)
    if found is None:
        return None
    grave: Severity = "low" if is_aside(place.name) else found
    return Judged(
        grave, f"assigned to {name.decode('latin-1')[:60]}", start, stop, name.decode("latin-1")[:80]
    )


@lru_cache(4096)
def _says_not(rest: bytes) -> bool:
    return _NOT.search(rest) is not None


@lru_cache(4096)
def _is_never(name: bytes) -> bool:
    return _NEVER.search(name) is not None


@lru_cache(64)
def _kind_of(name: str) -> tuple[bool, bool]:
    """Whether a file's name is one of code, and whether it is one of settings."""
    return _CODE.search(name) is not None, _SETTINGS.search(name) is not None


def _unfit(name: bytes, match: re.Match[bytes], place: Place, group: str, value: bytes) -> bool:
    """Whether the name says something else than a secret, or the value is no literal here."""
    rest = match["rest"].rstrip(b"-._")
    first = match.end("rest") - len(name)
    if first and place.blob[first - 1 : first] in (b"/", b"\\"):
        return True  # a path
    if first and place.blob[first - 1 : first] == b"$" and not _is_set(match, place, group):
        return True  # a variable's value
    if (
        name == b"secret"
        and len(value) == 16
        and is_hex(value)
        and _OURS.search(place.blob, max(0, first - 300), first)
    ):
        return True
    if (rest and _says_not(rest)) or _is_never(name) or is_locked(place.name):
        return True
    if match["word"].lower() in (b"salt", b"webhook", b"credential", b"credentials") and group == "bare":
        return True
    glue = place.blob[match.end("rest") : match.start(group)].strip(b" \t\"'`\\")
    if glue == b"" and not name.startswith(
        b"--"
    ):  # `--password value`, and nothing else, goes without a sign between
        return True
    if glue.endswith(b",") and (
        group == "bare"
        or not re.match(rb"\\?[\"'`]", place.blob[match.end("rest") :][:2])
        or place.blob[max(0, first - 1) : first] not in (b'"', b"'", b"`")
    ):
        return True  # in a list the name is a text of its own, and not the end of a sentence
    if (
        glue.endswith(b">")
        and not glue.endswith(b"=>")
        and not (group == "bare" and len(value) < len(match["bare"]))
    ):
        return True  # a place to fill in, or a comparison
    if glue.startswith((b"==", b"!=")):
        return True  # a comparison
    return group == "bare" and _bare(name, match, place, value)


def _is_set(match: re.Match[bytes], place: Place, group: str) -> bool:
    """Whether a variable is given a text here, as in PHP, Perl and PowerShell: ``$password = "…"``."""
    glue = place.blob[match.end("rest") : match.start(group)].strip(b" \t\"'`\\")
    return group == "quoted" and glue == b"="


def _bare(name: bytes, match: re.Match[bytes], place: Place, value: bytes) -> bool:
    """Whether a value without quotes is no literal: an expression of a language, a word of prose."""
    code, settings = _kind_of(place.name)
    if code or _EXPRESSION.search(value.rstrip(b";")):
        return True
    before = place.line[: match.start() - place.start].strip()[-80:]  # what could match is shorter than that
    alone = re.search(rb"(?:^|[\s\"'{,?&;<])[\w.\-]{0,60}$", before) is not None
    if settings and alone:
        return False
    return not (name.isupper() or name.startswith(b"--") or looks_random(value, 3.5))


def _password(value: bytes, place: Place) -> Severity | None:
    """A password may be chosen by a person: some kinds of characters, no sentence, no label."""
    if len(value) < 5 or len(value) > 128 or is_placeholder(value) or value.count(b" ") > 1:
        return None
    kinds = sum(bool(re.search(p, value)) for p in (rb"[a-z]", rb"[A-Z]", rb"[0-9]", rb"[^0-9A-Za-z\s]"))
    if re.search(rb"\{[\w.\[\]]{1,60}\}", value):
        return None  # put together from other values
    if value.startswith((b"/", b"./", b"http", b"--")) or kinds < 2 or value.endswith(b":"):
        return None
    if is_wordy(value.rstrip(b"?")) and not re.search(rb"[0-9]", value):
        return None  # passwordField, new-password, "Forgot password?"
    if value.startswith(
        (b"$2", b"$argon2", b"pbkdf2", b"$6$", b"$5$", b"{SHA", b"scrypt:", b"sha1:", b"argon2:")
    ):
        return "low"  # its hash
    return "high" if kinds >= 3 or looks_random(value) else "medium"


def _drawn(name: bytes, value: bytes) -> Severity | None:
    """A key or token is drawn at random."""
    if (
        value.count(b" ")
        or re.search(rb"[<>{}()\[\]|$*]", value)
        or re.match(rb"(?i)https?://|/|\./|[a-z]:\\", value)
    ):
        return None
    if is_placeholder(value) or (is_uuid(value) and not re.search(rb"(?i)secret|api_?key|password", name)):
        return None
    if (
        is_hex(value)
        and len(value) in _HASHLIKE
        and re.search(rb"(?i)hash|sha|md5|digest|commit|rev|etag", name)
    ):
        return None
    if not looks_random(value):
        return None
    return "high" if entropy(value) >= (3.0 if is_hex(value) else 3.5) and len(value) >= 16 else "medium"


_LETTERS = r"[^\"'\x60\s,]"
RULES = (
    Rule(
        "assigned",
        "secret in plain text",
        "high",
        (b"pass", b"pwd", b"contrase", b"senha", b"secret", b"token", b"key", b"credential", b"salt", b"webhook"),
        # A word, what may stand between, and at least five characters that are not a call or a name alone.
        r"(?i)(?:" + _WORD.replace("(?:n|ñ)", "[^ ]+") + r")[0-9a-z_.-]*[\\\"'\]\x60)]*(?:\s*:\s*[a-z_][\w.\[\]|, ]*)?\s*(?:=>|:=|=|:|,|>|\s)\s*"
        r"(?:[fbru]*\\?(?:\"{3}|'{3}|[\"'\x60])" + _LETTERS * 4 + r"|[^\s\"'\x60,(){}\[\]<>;]*[0-9][^\s\"'\x60,(){}\[\]<>]*(?:[\s\"';<]|$))",
        _PATTERN,
        _judge,
        _TAKE,
        2_600,
    ),
)  # fmt: skip
