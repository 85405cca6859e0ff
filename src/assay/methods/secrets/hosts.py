"""Tokens of code hosts: GitHub's with their checksum, GitLab's, Bitbucket's and Atlassian's."""

from __future__ import annotations

import re

from assay.methods.secrets.checksums import crc62
from assay.methods.secrets.plausible import entropy, is_placeholder
from assay.methods.secrets.rule import Judged, Place, Rule, token

_GITHUB = {b"p": "a person's", b"o": "an OAuth app's", b"u": "a person's, through an app", b"s": "an installation's", b"r": "a refresh token"}  # fmt: skip


def _github(match: re.Match[bytes], place: Place) -> Judged | None:
    text = match["secret"]
    kind = _GITHUB[text[2:3]]
    if crc62(text[4:-6]) == text[-6:]:
        return Judged("medium" if text[2:3] == b"s" else "critical", f"{kind}; its checksum is right")
    return None


def _drawn(match: re.Match[bytes], place: Place) -> Judged | None:
    text = match["secret"]
    return None if entropy(text[6:]) < 3.0 or is_placeholder(text) else Judged("high")


def _grave(match: re.Match[bytes], place: Place) -> Judged | None:
    found = _drawn(match, place)
    return found and Judged("critical", found.said)


def _gitlab(match: re.Match[bytes], place: Place) -> Judged | None:
    """The pattern takes all of a long run, so that it is gone through once; a token has 300 characters and its end at most."""
    return _grave(match, place) if len(match["secret"].partition(b"-")[2]) <= 313 else None


RULES = (
    Rule(
        "github_token",
        "GitHub token",
        "critical",
        (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_"),
        r"gh[pousr]_[0-9A-Za-z][0-9A-Za-z][0-9A-Za-z][0-9A-Za-z]",
        re.compile(rb"(?<![0-9A-Za-z])(?P<secret>gh[pousr]_[0-9A-Za-z]{36})(?![0-9A-Za-z_])", re.ASCII),
        _github,
    ),
    token(
        "github_token", "GitHub token", "critical", "github_pat_", r"[0-9A-Za-z]{22}_[0-9A-Za-z]{59}", judge=_grave
    ),
    Rule(
        "gitlab_token",
        "GitLab token",
        "critical",
        tuple(f"gl{k}-".encode() for k in ("pat", "dt", "rt", "rtr", "cbt", "ptt", "ft", "imt", "agent", "soat", "oas", "ffct")),
        r"gl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|oas|ffct)-[0-9A-Za-z_-][0-9A-Za-z_-][0-9A-Za-z_-]",
        re.compile(
            rb"(?<![0-9A-Za-z])(?P<secret>gl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|oas|ffct)-[0-9A-Za-z_\-]{20,}+"
            rb"(?:\.[0-9a-z]{2}\.[0-9a-z]{9})?)(?![0-9A-Za-z_\-])",
            re.ASCII,
        ),
        _gitlab,
    ),
    token("bitbucket_token", "Bitbucket token", "high", "ATBB", r"[0-9A-Za-z]{32}", judge=_drawn),
    token("atlassian_token", "Atlassian API token", "high", "ATATT3", r"[0-9A-Za-z_\-=]{180,220}", judge=_drawn),
)  # fmt: skip
