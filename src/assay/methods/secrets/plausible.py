"""Whether a text is likely a secret at all: entropy, and what stands in a secret's place without being one."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from functools import lru_cache

_WORDS = re.compile(
    rb"""(?ix) example|sample|dummy|placeholder|change[-_ ]?(?:me|this|it)|replace[-_ ]?(?:me|this|with)|your[-_ ]?
    |insert[-_ ]|fill[-_ ]?in|redact|mask(?:ed)?\b|hidden|fake|mock|not[-_ ]?(?:a[-_ ])?(?:real|secret)|xxxx|todo|fixme
    |<[^>]{1,60}>|\{\{|\}\}|\$\{|\$\(|%\(|%s|%\{|\#\{|\.\.\.|\xe2\x80\xa6|\*{3}|\bnull\b|\bnone\b|undefined|foo_?bar|lorem|deadbeef
    |0123456|1234567890|abcdef(?:g|01)|qwertyu|^test(?:ing)?[-_]?(?:key|token|secret|pass\w{0,4}|value|\d{0,3})?$|^(?:my|some|the|a)[-_]
    |^env[:.(]|os\.(?:environ|getenv)|process\.env|getenv|secrets?\.|vault:|^arn:aws|^ssm:|^projects/|^ref\+|ENC\[|!vault
    |keyring|^\$[A-Z_]|^file:|^/run/secrets|\[\[|^-+$"""
)
_COMMON = frozenset(
    b"""password passwd pass secret token key apikey api_key api-key admin root user guest string text value
    default true false required optional boolean object bytes number integer undefined empty unset invalid wrong correct
    username email hidden submit basic bearer digest plain none null login logout passphrase credentials credential
    public private unknown disabled enabled auto automatic manual prompt ask env environment file keyring""".split()
)
_HEX = re.compile(rb"[0-9a-fA-F]+")
_UUID = re.compile(rb"(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_WORDY = re.compile(rb"[A-Za-z]?[a-z]{2,}(?:[-_. /:]?(?:[A-Z]?[a-z]{2,}|[0-9]{1,3}|v\d))*")
_UPPER = re.compile(rb"[A-Z]{2,}(?:[-_. ][A-Z0-9]{1,})*")
_PATHS = re.compile(
    r"(?i)(?:^|[/_.-])(?:tests?|testing|testdata|specs?|fixtures?|examples?|samples?|mocks?|demos?|docs?|cassettes)(?:[/_.-]|$)"
)
_LOCKS = re.compile(
    r"(?i)(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|poetry\.lock|pdm\.lock|uv\.lock|"
    r"Pipfile\.lock|pixi\.lock|conda-lock\.yml|Cargo\.lock|Gemfile\.lock|composer\.lock|go\.sum|\.terraform\.lock\.hcl|"
    r"flake\.lock|\.assay-secrets|[^/]*\.min\.(?:js|css)|[^/]*\.(?:map|svg|po|pot|lock|sum|sha256|md5|asc))$"
)


def entropy(text: bytes) -> float:
    """Return Shannon's entropy of the bytes of a text, in bits a byte: 0 for none or one that repeats."""
    size = len(text)
    return -sum(n / size * math.log2(n / size) for n in Counter(text).values()) if size else 0.0


@lru_cache(maxsize=4_096)
def is_placeholder(text: bytes) -> bool:
    """Whether a text stands where a secret is to be filled in, names one that lies elsewhere, or is a plain word."""
    return (
        text.lower().strip(b"\"' ") in _COMMON
        or len(set(text)) < 4
        or _WORDS.search(text) is not None
        or _runs(text)
    )


def _runs(text: bytes) -> bool:
    """Whether one byte, or a run of bytes that count up, makes more than half of a text."""
    near = sum(abs(b - a) <= 1 for a, b in itertools.pairwise(text))
    return len(text) > 6 and near > len(text) * 0.6


def is_printable(text: bytes) -> bool:
    """Whether a text is UTF-8 that can be printed; what stands in a program or a database mostly is not."""
    try:
        return text.decode().isprintable()
    except UnicodeDecodeError:
        return False


def is_uuid(text: bytes) -> bool:
    """Whether a text is a UUID and nothing else."""
    return _UUID.fullmatch(text) is not None


def is_hex(text: bytes) -> bool:
    """Whether a text is hexadecimal digits and nothing else."""
    return _HEX.fullmatch(text) is not None


def is_wordy(text: bytes) -> bool:
    """Whether a text is made of words, as names, labels and paths are, rather than drawn at random."""
    return _WORDY.fullmatch(text) is not None or _UPPER.fullmatch(text) is not None


def looks_random(text: bytes, least: float = 3.0) -> bool:
    """Whether a text could have been drawn at random: long enough, not of words, its entropy near what its alphabet gives."""
    if len(text) < 12:
        return False
    kinds = sum(bool(re.search(p, text)) for p in (rb"[a-z]", rb"[A-Z]", rb"[0-9]"))
    if kinds < 2 or is_wordy(text) or is_placeholder(text):
        return False
    return entropy(text) >= (min(least, 2.8) if is_hex(text) else least)


@lru_cache(256)
def is_aside(name: str) -> bool:
    """Whether a file's name says that it holds tests, examples or documentation."""
    return _PATHS.search(name) is not None


@lru_cache(256)
def is_locked(name: str) -> bool:
    """Whether a file is one that machines fill with hashes: lock files, source maps, catalogues."""
    return _LOCKS.search(name) is not None
