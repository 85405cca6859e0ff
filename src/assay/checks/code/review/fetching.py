"""What travels unprotected: data and models over plain HTTP, certificates that are not verified."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from assay.checks.code.review._spots import keyword, replaced, spot
from assay.kernel.severity import Severity
from assay.methods.review.python.program import Program
from assay.methods.review.python.values import Call, Value
from assay.methods.review.spot import Edit, Spot, offset

LANGUAGE = "python"
_SERVES = ("PROTOCOL_TLS_SERVER", "Purpose.CLIENT_AUTH")
_PLAIN = re.compile(
    r"http://(?!localhost|127\.|\[::1\]|0\.0\.0\.0|host\.docker\.internal|169\.254\.|minio|[a-z0-9-]+(?::\d+)?(?:/|$))",
    re.IGNORECASE,
)
_READS = ("read_csv", "read_json", "read_parquet", "read_html", "read_excel", "read_table", "read_xml", "scan_csv", "scan_parquet", "load_dataset",
          "urlretrieve", "urlopen", "get_file", "download", "download_url_to_file", "load_state_dict_from_url", "retrieve")  # fmt: skip
_ASKS = ("requests.", "httpx.", "urllib3.", "aiohttp.")


def rule(program: Program) -> Iterator[Spot]:
    """Name each."""
    for call in program.calls:
        yield from _plain(program, call)
        if call.says("verify", False) or call.says("verify_ssl", False) or call.says("ssl", False):
            name = next(n for n in ("verify", "verify_ssl", "ssl") if call.says(n, False))
            node = keyword(call, name)
            if name != "ssl" or call.name.startswith("aiohttp"):
                yield spot(
                    program, call.node, "no_verification", Severity.HIGH, f"{name}=False: whoever stands in between is taken for the server.",
                    "leave it out, or name the authority's certificate", "CWE-295", replaced(program, node, "True") if node else (),
                )  # fmt: skip
        asked = call.keywords.get("cert_reqs")
        if asked is not None and any(w.text == "CERT_NONE" or w.name == "ssl.CERT_NONE" for w in asked.may()):
            node = keyword(call, "cert_reqs")
            held = program.segment(node).rpartition(".")[0] if isinstance(node, ast.Attribute) else ""
            mended = f"{held}.CERT_REQUIRED" if held else "'CERT_REQUIRED'"
            yield spot(
                program, call.node, "no_verification", Severity.HIGH, "cert_reqs: whoever stands in between is taken for the server.",
                "leave it out, or name the authority's certificate", "CWE-295", replaced(program, node, mended) if node else (),
            )  # fmt: skip
        if call.name in ("ssl._create_unverified_context", "ssl._create_default_https_context"):
            yield spot(
                program,
                call.node,
                "no_verification",
                Severity.HIGH,
                "Certificates are not verified.",
                "ssl.create_default_context()",
                "CWE-295",
            )
        if call.method == "set_missing_host_key_policy" and any(
            a.name.startswith("paramiko.") and "RejectPolicy" not in a.name for a in call.args
        ):
            yield spot(
                program, call.node, "host_key", Severity.MEDIUM, "A host that is not known is taken for the one that is meant.",
                "paramiko.RejectPolicy(), with load_host_keys", "CWE-322",
            )  # fmt: skip
    for path, value, target in program.assigned:
        if path.endswith(".verify") and any(way.literal is False for way in value.may()):
            yield spot(
                program, target, "no_verification", Severity.HIGH, "Whoever stands in between is taken for the server, by all that this session asks.",
                "leave it out, or name the authority's certificate", "CWE-295",
            )  # fmt: skip
        if path.endswith((".verify_mode", ".check_hostname")) and _lets_all_pass(program, path, value):
            yield spot(
                program, target, "no_verification", Severity.HIGH, "Whoever stands in between is taken for the server.",
                "leave it out, or name the authority's certificate: cafile=", "CWE-295",
            )  # fmt: skip
        if path.endswith("_create_default_https_context") and any(
            "unverified" in way.name for way in value.may()
        ):
            yield spot(
                program,
                target,
                "no_verification",
                Severity.HIGH,
                "Certificates are verified nowhere in this program.",
                "leave it out",
                "CWE-295",
            )


def _lets_all_pass(program: Program, path: str, value: Value) -> bool:
    """Whether a setting of a context of TLS turns verification off; that of a server asks its clients for none to begin with."""
    base, _, name = path.rpartition(".")
    off = any(
        way.name == "ssl.CERT_NONE" if name == "verify_mode" else way.literal is False for way in value.may()
    )
    made = {v.token for p, v, _ in program.assigned if p == base and v.token}
    serves = any(
        c.result.token in made and any(a.name.endswith(_SERVES) for a in (*c.args, *c.keywords.values()))
        for c in program.called("ssl.SSLContext", "ssl.create_default_context")
    )
    return off and not serves


def _plain(program: Program, call: Call) -> Iterator[Spot]:
    if not (call.method in _READS or call.name.startswith(_ASKS)) or call.method == "mount":
        return
    for node, value in zip(call.node.args, call.args, strict=False):
        if value.text is not None and _PLAIN.match(value.text):
            edits: tuple[Edit, ...] = ()
            begin = offset(program.text, node.lineno, node.col_offset)
            at = program.text.find("http://", begin, begin + 12)
            if at >= 0:
                edits = (Edit(at, at + 7, "https://"),)
            what = (
                "Training data" if call.method.startswith(("read_", "scan_", "load_")) else "What is fetched"
            )
            yield spot(
                program, call.node, "plain_http", Severity.MEDIUM, f"{what} comes over HTTP, where anybody on the way can change it.",
                "https://, and a digest that is compared", "CWE-319", edits,
            )  # fmt: skip
