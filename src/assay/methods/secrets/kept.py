"""Files that hold logins by their own form: .netrc, .pgpass, htpasswd and shadow, kubeconfig, Kubernetes' secrets, Kaggle, Jupyter."""

from __future__ import annotations

import base64
import binascii
import re

from assay.methods.secrets.plausible import entropy, is_placeholder
from assay.methods.secrets.rule import Judged, Place, Rule, follows

_WANDB = re.compile(rb"(?i)wandb")
_CHANGE = "change the password, keep the file outside of the repository, and readable by its owner alone"
_HASHES = {b"$apr1": "MD5", b"$2y$": "bcrypt", b"$2a$": "bcrypt", b"$2b$": "bcrypt", b"{SHA}": "SHA-1", b"$1$": "MD5",
           b"$5$": "SHA-256", b"$6$": "SHA-512", b"$y$": "yescrypt"}  # fmt: skip
_NAMED_PGPASS = re.compile(r"(?:^|/)\.?pgpass(?:\.conf)?$")


def _netrc(match: re.Match[bytes], place: Place) -> Judged | None:
    if is_placeholder(match["secret"]) or re.search(rb"[{}<>$\"']", match["secret"]):
        return None
    return Judged("high", f"to {match['host'].decode('latin-1')}", field=match["host"].decode("latin-1"))


def _pgpass(match: re.Match[bytes], place: Place) -> Judged | None:
    if not _NAMED_PGPASS.search(place.name) or is_placeholder(match["secret"]):
        return None
    return Judged("high", f"to {match['host'].decode('latin-1')}", field=match["host"].decode("latin-1"))


def _hash(match: re.Match[bytes], place: Place) -> Judged | None:
    kind = next((said for head, said in _HASHES.items() if match["secret"].startswith(head)), "")
    weak = kind in ("MD5", "SHA-1")
    return Judged(
        "medium" if weak else "low",
        f"of {match['user'].decode('latin-1')}, by {kind}",
        field=match["user"].decode("latin-1"),
    )


def _kube(match: re.Match[bytes], place: Place) -> Judged | None:
    try:
        data = base64.b64decode(match["secret"])
    except (binascii.Error, ValueError):
        return None
    if not data.startswith(b"-----BEGIN") or b"PRIVATE KEY" not in data[:60]:
        return None
    return Judged("critical", "a client's private key", field="client-key-data")


def _kaggle(match: re.Match[bytes], place: Place) -> Judged | None:
    text = match["secret"]
    if entropy(text) < 2.8 or is_placeholder(text) or b"username" not in place.around(200, 200):
        return None
    return Judged("high", field="key")


def _wandb(match: re.Match[bytes], place: Place) -> Judged | None:
    text = match["secret"]
    return (
        None
        if not follows(match, place, _WANDB, 80) or entropy(text) < 3.0 or is_placeholder(text)
        else Judged("high", field="key")
    )


def _jupyter(match: re.Match[bytes], place: Place) -> Judged | None:
    text = match["secret"]
    if is_placeholder(text) or b"(" in text:
        return None
    if text.startswith((b"sha1:", b"argon2:")):
        weak = text.startswith(b"sha1:")
        return Judged("medium" if weak else "low", "a password's hash", field=match["name"].decode())
    return Judged("high", field=match["name"].decode())


def _kubernetes(match: re.Match[bytes], place: Place) -> Judged | None:
    """A value under ``data:`` of a manifest of kind Secret, which is base 64 and no more."""
    before = place.blob[max(0, place.start - 1500) : place.start]
    document = before.rpartition(b"\n---")[2]
    after = place.blob[place.stop : place.stop + 600].partition(b"\n---")[0]
    if re.search(rb"(?m)^kind:\s{1,4}[\"']?Secret\b", document + b"\n" + after) is None or not re.search(
        rb"(?m)^data:", document
    ):
        return None
    try:
        data = base64.b64decode(match["secret"], validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(data) < 4 or (is_placeholder(data) and not data.startswith(b'{"auths"')):
        return None
    return Judged(
        "high", "in a Kubernetes Secret, which only encodes it", field=match["name"].decode("latin-1")
    )


RULES = (
    Rule(
        "netrc_login",
        "login in .netrc",
        "high",
        (b"machine ",),
        r"machine +[^ ]+ +login +[^ ]+ +password|machine +[^\s]+\s*$",
        re.compile(rb"\bmachine[ \t]{1,8}(?P<host>[^\s]{1,200})\s{1,20}login[ \t]{1,8}[^\s]{1,200}\s{1,20}password[ \t]{1,8}(?P<secret>[^\s]{3,400})"),
        _netrc,
        _CHANGE,
    ),
    Rule(
        "pgpass_login",
        "login in .pgpass",
        "high",
        (b":",),
        r"^[^:\s]+:(?:[0-9]+|\*):[^:\s]+:[^:\s]+:",
        re.compile(rb"(?m)^(?P<host>[^:\s#]{1,200}):(?:\d{1,5}|\*):[^:\s]{1,100}:[^:\s]{1,100}:(?P<secret>(?:[^:\s\\]|\\[^\s]){3,200})$"),
        _pgpass,
        _CHANGE,
    ),
    Rule(
        "password_hash",
        "password hash",
        "low",
        (b":$apr1$", b":$2y$", b":$2a$", b":$2b$", b":{sha}", b":$1$", b":$5$", b":$6$", b":$y$"),
        r"^[0-9A-Za-z_.@-]+:(?:\$(?:apr1|2[yab]|1|5|6|y)\$|\{SHA\})",
        re.compile(
            rb"(?m)^(?P<user>[0-9A-Za-z_.@\-]{1,64}):(?P<secret>\$apr1\$[^$\s:]{1,16}\$[./0-9A-Za-z]{22}|\$2[yab]\$\d\d\$[./0-9A-Za-z]{53}"
            rb"|\{SHA\}[0-9A-Za-z+/]{27}=|\$[156y]\$[^:\s]{20,160})(?=[:\s]|$)"
        ),
        _hash,
        "take it out, and change the password: a hash can be guessed against at leisure",
    ),
    Rule(
        "kubeconfig_key",
        "key in a kubeconfig",
        "critical",
        (b"client-key-data",),
        r"client-key-data: *[\"']?LS0t",
        re.compile(rb"client-key-data:[ \t]{1,8}[\"']?(?P<secret>LS0t[0-9A-Za-z+/]{100,8000}={0,2})"),
        _kube,
        "revoke the client certificate, and let a login plug-in give short-lived ones",
        8_200,
    ),
    Rule(
        "kubernetes_secret",
        "value of a Kubernetes Secret",
        "high",
        (b": ",),
        r"^  +[0-9A-Za-z_.-]+: +[\"']?[0-9A-Za-z+/][0-9A-Za-z+/][0-9A-Za-z+/][0-9A-Za-z+/][0-9A-Za-z+/][0-9A-Za-z+/]+={0,2}[\"']?\s*$",
        re.compile(rb"(?m)^[ ]{2,8}(?P<name>[0-9A-Za-z_.\-]{1,100}):[ ]{1,4}[\"']?(?P<secret>[0-9A-Za-z+/]{8,8000}={0,2})[\"']?[ \t\r]{0,40}$"),
        _kubernetes,
        "change it, and keep the manifest sealed (SOPS, sealed secrets, an external store)",
        8_200,
    ),
    Rule(
        "kaggle_key",
        "Kaggle API key",
        "high",
        (b'"key"', b"kaggle_key"),
        r"(?:\"key\\?\"|KAGGLE_KEY[\"'\]]*) *[:=,] *[\\\"']*[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]",
        re.compile(rb"(?:\"key\\?\"|KAGGLE_KEY[\"'\]]{0,3})\s{0,4}[:=,]\s{0,4}[\\\"']{0,2}(?P<secret>[0-9a-f]{32})(?![0-9a-f])"),
        lambda match, place: Judged("high", field="KAGGLE_KEY") if b"KAGGLE" in match[0] else _kaggle(match, place),
    ),
    Rule(
        "wandb_key",
        "Weights & Biases API key",
        "high",
        (b"wandb",),
        r"(?i)wandb.*[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]",
        re.compile(rb"(?<![0-9a-zA-Z])(?P<secret>[0-9a-f]{40})(?![0-9a-zA-Z])"),
        _wandb,
    ),
    Rule(
        "jupyter_token",
        "Jupyter token",
        "high",
        (b"app.token", b"app.password", b"identityprovider.token", b"hashed_password", b"jupyter_token"),
        r"(?i)(?:app\.(?:token|password)|IdentityProvider\.(?:token|hashed_password)|JUPYTER_TOKEN) *[=:] *[\"']?[^ ]",
        re.compile(
            rb"(?i)(?P<name>(?:(?:notebook|server|lab)app\.(?:token|password)|identityprovider\.(?:token|hashed_password)|jupyter_token))"
            rb"[ \t]{0,8}[=:][ \t]{0,8}u?[\"']?(?!--)(?P<secret>[^\s\"'#]{4,300})"
        ),
        _jupyter,
        "take it out: Jupyter draws a token at each start; set a hashed password outside of the repository if it must be fixed",
    ),
)  # fmt: skip
