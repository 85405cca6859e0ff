"""Hashes, ciphers and chance that no longer hold, and temporary files that others know the name of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assay.checks.code.review._spots import spot
from assay.kernel.severity import Severity
from assay.methods.review.python.program import Program
from assay.methods.review.python.values import NOTHING
from assay.methods.review.spot import Spot, with_arguments

LANGUAGE = "python"
_SHARED = re.compile(r"(?:/tmp|/var/tmp|/dev/shm)/")
_SECRET = re.compile(
    r"(?i)(?:^|[._])(?:password|passwd|pwd|(?<!mask_)(?<!pad_)(?<!special_)(?<!next_)(?<!batch_)(?<![bec]os_)(?<!cls_)(?<!sep_)(?<!unk_)(?<!num_)token(?!_(?:ids?|type|count|len))|secret|api_?key|otp|salt|session_?id|nonce|csrf)(?:$|[._])"
)
_CIPHERS = tuple(
    f"{library}.{name}" for library in ("Crypto.Cipher", "Cryptodome.Cipher", "cryptography.hazmat.primitives.ciphers.algorithms",
                                        "cryptography.hazmat.decrepit.ciphers.algorithms")
    for name in ("DES", "ARC2", "ARC4", "DES3", "Blowfish", "TripleDES", "CAST5", "IDEA", "SEED", "XOR")
)  # fmt: skip


def rule(program: Program) -> Iterator[Spot]:
    """Name each."""
    for call in program.calls:
        hashed = call.name if call.name in ("hashlib.md5", "hashlib.sha1") else ""
        if call.name == "hashlib.new" and (call.arg(0, "name") or NOTHING).text in (
            "md4",
            "md5",
            "sha",
            "sha1",
            "MD4",
            "MD5",
            "SHA",
            "SHA1",
        ):
            hashed = f"hashlib.{str((call.arg(0, 'name') or NOTHING).text).lower()}"
        if hashed and not call.says("usedforsecurity", False):
            of = program.segment(call.node.args[-1]) if call.node.args else ""
            secret = _SECRET.search(of.replace("(", ".").replace(")", "."))
            yield spot(
                program, call.node, "weak_hash", Severity.HIGH if secret else Severity.LOW,
                f"{hashed} of a secret is guessed billions of times a second." if secret else f"{hashed} no longer tells a file from one made to match.",
                "argon2 for passwords, sha256 for files; usedforsecurity=False where it is only a name", "CWE-327",
                with_arguments(program.text, call.node, ["usedforsecurity=False"]) if not secret and hashed == call.name else (),
            )  # fmt: skip
        if call.name.startswith(_CIPHERS) or call.name.endswith(("ciphers.modes.ECB", "modes.ECB")):
            yield spot(
                program, call.node, "weak_cipher", Severity.HIGH, f"{call.name.rpartition('.')[2] if 'modes' in call.name else next((p for p in reversed(call.name.split('.')) if p[0].isupper()), 'it')} hides nothing from whoever looks.",
                "AES-GCM, or a library's own box (cryptography.fernet)", "CWE-327",
            )  # fmt: skip
        if call.name in ("builtins.open", "io.open") and call.args and _SHARED.match(call.args[0].text or ""):
            mode = call.arg(1, "mode")
            if mode is not None and set(mode.text or "") & set("wa+"):
                yield spot(
                    program, call.node, "temporary_name", Severity.LOW, "Everybody knows the name, and may have put a link there before.",
                    "tempfile.TemporaryDirectory, or NamedTemporaryFile", "CWE-377",
                )  # fmt: skip
        if call.name == "tempfile.mktemp":
            yield spot(
                program, call.node, "temporary_name", Severity.MEDIUM, "Another may make the file between the name and the opening.",
                "tempfile.mkstemp or NamedTemporaryFile", "CWE-377",
            )  # fmt: skip
    for name, value, node in program.assigned:
        if value.has("foreseen") and _SECRET.search(name):
            yield spot(
                program, node, "weak_chance", Severity.MEDIUM, f"{name} is drawn by chance that can be worked out from what was drawn before.",
                "the module secrets", "CWE-338",
            )  # fmt: skip
