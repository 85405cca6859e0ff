"""Functions that are not to be called at all, or not so: old TLS, short keys, protocols in clear text, files for everybody, hidden text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from assay.checks.code.review._spots import spot
from assay.kernel.severity import Severity
from assay.methods.review.python.expressions import open_
from assay.methods.review.python.program import Program
from assay.methods.review.python.values import Call
from assay.methods.review.spot import Spot

LANGUAGE = "python"
_OLD_TLS = re.compile(r"(?:PROTOCOL_|SSL\.|^)(?:SSLv2|SSLv3|SSLv23|TLSv1|TLSv1_1)(?:_METHOD)?$")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_CURVES = re.compile(
    r"\.(?:SECP192R1|SECT163[KR][12]|SECT193R[12]|SECP1[126]0[RK]1|BrainpoolP1\w+)(?:\(\))?$"
)  # of less than 224 bits
_SALTS = {"crypt.METHOD_CRYPT": "DES", "crypt.METHOD_MD5": "MD5", "crypt.METHOD_BLOWFISH": "Blowfish"}
_KEYS = {"rsa": 2048, "dsa": 2048, "RSA": 2048, "DSA": 2048}
_CLEAR = {
    "telnetlib.Telnet": "Telnet",
    "ftplib.FTP": "FTP",
    "nntplib.NNTP": "NNTP",
    "poplib.POP3": "POP3",
    "imaplib.IMAP4": "IMAP",
}
_MARKED = (
    "markupsafe.Markup",
    "flask.Markup",
    "django.utils.safestring.mark_safe",
    "django.utils.safestring.SafeText",
    "django.utils.safestring.SafeString",
    "django.utils.safestring.SafeUnicode",
    "django.utils.safestring.SafeBytes",
)
_DIGESTS = re.compile(
    r"^(?:Crypto|Cryptodome)\.Hash\.(MD2|MD4|MD5|SHA|SHA1)\.new$|^cryptography\.hazmat\.primitives\.hashes\.(MD5|SHA1)$|^crypt\.(crypt)$"
)


def rule(program: Program) -> Iterator[Spot]:
    """Name each."""
    for call in program.calls:
        for part in (_tls, _key, _protocol, _modes, _markup, _listening, _digest):
            yield from part(program, call)
    yield from _defaults(program)
    if found := _BIDI.search(program.text):
        line = program.text.count("\n", 0, found.start()) + 1
        yield Spot(
            "hidden_text", Severity.HIGH, "Signs that turn the direction of writing show another program than the one that runs.", line,
            "take them out, or write them as escapes", "CWE-1007",
        )  # fmt: skip


def _protocol(program: Program, call: Call) -> Iterator[Spot]:
    if call.name in _CLEAR:
        yield spot(
            program, call.node, "clear_text", Severity.MEDIUM, f"{_CLEAR[call.name]} sends what is said, passwords too, in clear text.",
            "the same over TLS, or SSH", "CWE-319",
        )  # fmt: skip


def _modes(program: Program, call: Call) -> Iterator[Spot]:
    plain = call.name == "os.chmod"
    if not plain and not (call.method == "chmod" and call.receiver.name.startswith("pathlib.")):
        return
    mode = call.arg(1 if plain else 0, "mode")
    if mode is not None and isinstance(mode.literal, int) and mode.literal & 0o002:
        yield spot(
            program, call.node, "world_writable", Severity.MEDIUM, f"Everybody may change it (mode {mode.literal:o}).",
            "0o600, or 0o640", "CWE-732",
        )  # fmt: skip


def _markup(program: Program, call: Call) -> Iterator[Spot]:
    if call.name not in _MARKED or not call.args or call.args[0].known:
        return
    text = call.args[0]
    sent = text.has("caller", "network")
    if text.built or sent or open_(text):
        what = "is put together here" if sent or text.built else "does not stand here"
        yield spot(
            program, call.node, "no_escaping", Severity.HIGH if sent else Severity.LOW, f"A text that {what} is taken for markup that is safe.",
            "escape its parts, and mark what is written out", "CWE-79",
        )  # fmt: skip


def _listening(program: Program, call: Call) -> Iterator[Spot]:
    if call.name == "logging.config.listen":
        yield spot(
            program, call.node, "eval", Severity.MEDIUM, "Whoever reaches the port sends a configuration, which can name what is run.",
            "a configuration from a file", "CWE-94",
        )  # fmt: skip
    elif (
        call.method in ("bind", "create_server")
        and call.args
        and isinstance(call.args[0].literal, list)
        and call.args[0].literal[:1] in (["0.0.0.0"], [""])  # noqa: S104 - what is looked for
    ):
        yield spot(
            program, call.node, "every_address", Severity.LOW, "It listens on every address of the machine.",
            "127.0.0.1, and a proxy before it", "CWE-668",
        )  # fmt: skip


def _digest(program: Program, call: Call) -> Iterator[Spot]:
    if found := _DIGESTS.match(call.name):
        name = next(g for g in found.groups() if g)
        yield spot(
            program, call.node, "weak_hash", Severity.LOW, f"{name} no longer tells a thing from one made to match.",
            "SHA-256; argon2 for passwords", "CWE-327",
        )  # fmt: skip


def _tls(program: Program, call: Call) -> Iterator[Spot]:
    given = [
        call.keywords.get("ssl_version"),
        call.keywords.get("method"),
        *(call.args[:1] if call.method in ("SSLContext", "Context") else []),
    ]
    old = next(
        (
            v.name.rpartition(".")[2]
            for v in given
            if v is not None and _OLD_TLS.search(v.name.rpartition(".")[2])
        ),
        "",
    )
    if old and old not in ("PROTOCOL_SSLv23", "SSLv23_METHOD"):
        yield spot(
            program,
            call.node,
            "old_tls",
            Severity.HIGH,
            f"{old} is broken.",
            "ssl.create_default_context()",
            "CWE-327",
        )
    elif call.name == "ssl.wrap_socket":
        yield spot(
            program,
            call.node,
            "old_tls",
            Severity.MEDIUM,
            "ssl.wrap_socket verifies nothing.",
            "ssl.create_default_context().wrap_socket",
            "CWE-295",
        )


def _defaults(program: Program) -> Iterator[Spot]:
    """Name functions that take an old version of TLS where they are told none."""
    for function in program.of(ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda):
        for default in (*function.args.defaults, *filter(None, function.args.kw_defaults)):
            name = default.attr if isinstance(default, ast.Attribute) else ""
            if _OLD_TLS.search(name) and name not in ("PROTOCOL_SSLv23", "SSLv23_METHOD"):
                yield spot(
                    program, default, "old_tls", Severity.MEDIUM, f"{name} is broken, and is taken where nothing else is said.",
                    "ssl.create_default_context()", "CWE-327",
                )  # fmt: skip


def _key(program: Program, call: Call) -> Iterator[Spot]:
    curve = call.arg(0, "curve")
    if call.method == "generate_private_key" and curve is not None and _CURVES.search(curve.name):
        yield spot(
            program, call.node, "weak_key", Severity.HIGH, f"A key on {curve.name.removesuffix('()').rpartition('.')[2]} is within reach.",
            "SECP256R1, or ed25519", "CWE-326",
        )  # fmt: skip
    if call.name == "crypt.mksalt" and call.args and call.args[0].name in _SALTS:
        yield spot(
            program, call.node, "weak_hash", Severity.LOW, f"A password under {_SALTS[call.args[0].name]} is found by trying.",
            "argon2", "CWE-327",
        )  # fmt: skip
    parts = call.name.split(".")
    kind = next((k for k in _KEYS if k in parts), "")
    if (
        not kind
        or call.method not in ("generate_private_key", "generate")
        or not parts[0].startswith(("cryptography", "Crypto"))
    ):
        return
    size = call.arg(1 if kind == "rsa" else 0, "key_size") or call.keywords.get("bits")
    if size is not None and isinstance(size.literal, int) and 0 < size.literal < _KEYS[kind]:
        yield spot(
            program,
            call.node,
            "weak_key",
            Severity.HIGH,
            f"A key of {size.literal} bits is within reach.",
            f"{_KEYS[kind]} bits at least, or ed25519",
            "CWE-326",
        )
