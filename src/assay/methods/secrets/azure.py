"""Keys of Azure: storage accounts, shared access signatures, client secrets, services' connection strings."""

from __future__ import annotations

import base64
import re
from urllib.parse import unquote_to_bytes

from assay.methods.secrets.plausible import entropy, is_placeholder
from assay.methods.secrets.rule import Judged, Place, Rule

_ACCOUNT = re.compile(rb"(?i)(?:AccountName=|//)([a-z0-9]{3,24})[.;]")
_EXPIRY = re.compile(rb"(?:\?|&|&amp;)se=([0-9T:%A-Za-z-]{10,40})")
# The key of the storage emulator is the same everywhere, and no secret.
_EMULATOR = b"Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq"
_ROTATE = "rotate the account's keys, and let a managed identity sign in (DefaultAzureCredential)"


def _storage(match: re.Match[bytes], place: Place) -> Judged | None:
    text = match["secret"]
    if text.startswith(_EMULATOR) or len(base64.b64decode(text)) != 64 or entropy(text) < 4.5:
        return None
    account = _ACCOUNT.search(place.line)
    return Judged("critical", f"of the account {account[1].decode()}" if account else "", field="AccountKey")


def _signature(match: re.Match[bytes], place: Place) -> Judged | None:
    text = unquote_to_bytes(match["secret"])
    if len(text) != 44 or is_placeholder(text) or b"sv=" not in place.line:
        return None
    found = _EXPIRY.search(place.line)
    until = unquote_to_bytes(found[1]).decode("latin-1") if found else ""
    if until and place.now and until[:10] < place.now[:10]:
        return Judged("low", f"expired on {until[:10]}", field="sig")
    return Judged("high", f"valid until {until[:10]}" if until else "", field="sig")


def _client(match: re.Match[bytes], place: Place) -> Judged | None:
    return None if entropy(match["secret"]) < 3.5 or is_placeholder(match["secret"]) else Judged("critical")


def _service(match: re.Match[bytes], place: Place) -> Judged | None:
    text = match["secret"]
    return (
        None if entropy(text) < 4.0 or is_placeholder(text) else Judged("critical", field="SharedAccessKey")
    )


RULES = (
    Rule(
        "azure_storage_key",
        "key of an Azure storage account",
        "critical",
        (b"==",),
        r"[0-9A-Za-z+/][AQgw]==",
        re.compile(rb"(?<![0-9A-Za-z+/-])(?P<secret>[0-9A-Za-z+/]{85}[AQgw]==)(?![=0-9A-Za-z])", re.ASCII),
        _storage,
        _ROTATE,
    ),
    Rule(
        "azure_sas",
        "Azure shared access signature",
        "high",
        (b"sig=",),
        r"[?&;]sig=[0-9A-Za-z%+/]",
        re.compile(rb"(?:[?&;])sig=(?P<secret>[0-9A-Za-z%+/]{40,80}(?:%3[dD]|=))", re.ASCII),
        _signature,
        "revoke its stored access policy or rotate the account key that signed it",
    ),
    Rule(
        "azure_client_secret",
        "client secret of an Entra application",
        "critical",
        (b"8q~", b"7q~", b"9q~"),
        r"[0-9A-Za-z_.~-][789]Q~[0-9A-Za-z_.~-]",
        re.compile(
            rb"(?<![0-9A-Za-z_~.\-])(?P<secret>[0-9A-Za-z_~.\-]{3}[789]Q~[0-9A-Za-z_~.\-]{31,34})(?![0-9A-Za-z_~\-])"
        ),
        _client,
        _ROTATE,
    ),
    Rule(
        "azure_service_key",
        "shared access key of an Azure service",
        "critical",
        (b"sharedaccesskey=",),
        r"(?i)SharedAccessKey=[0-9a-z+/]",
        re.compile(rb"(?i)SharedAccessKey=(?P<secret>[0-9a-z+/]{43}=)", re.ASCII),
        _service,
        _ROTATE,
    ),
)
