"""Keys that a program hands to the cloud itself, instead of leaving them to the default credential chain."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from assay.checks.code.review._spots import spot
from assay.kernel.severity import Severity
from assay.methods.review.python.program import Program
from assay.methods.review.python.values import Call
from assay.methods.review.spot import Spot

LANGUAGE = "python"
_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
_OTHERS = {
    "s3fs.S3FileSystem": ("key", "secret", "token"), "adlfs.AzureBlobFileSystem": ("account_key", "sas_token"),
    "azure.storage.blob.BlobServiceClient": ("credential",), "snowflake.connector.connect": ("password",), "psycopg2.connect": ("password",),
    "psycopg.connect": ("password",), "pymysql.connect": ("password", "passwd"), "redis.Redis": ("password",), "openai.OpenAI": ("api_key",),
}  # fmt: skip


def rule(program: Program) -> Iterator[Spot]:
    """Name each."""
    for call in program.calls:
        if call.name.startswith(("boto3.", "aiobotocore.", "botocore.")):
            given = [n for n in _KEYS if n in call.keywords and call.keywords[n].literal is not None]
            written = [n for n in given if call.keywords[n].text]
            if written:
                yield _spot(
                    program, call, given, "boto3_keys", Severity.HIGH, f"{' and '.join(written)} stand{'s' * (len(written) == 1)} in the program.",
                    "leave them out: boto3 finds the role, the environment or the profile; and change the key", "CWE-798",
                )  # fmt: skip
            elif given:
                yield _spot(
                    program, call, given, "boto3_keys", Severity.LOW, "boto3 is handed a key instead of finding the role's own, which ends by itself.",
                    "leave the keys out", "CWE-522",
                )  # fmt: skip
            continue
        for name in _OTHERS.get(call.name, ()):
            if name in call.keywords and call.keywords[name].text:
                yield _spot(
                    program, call, [name], "written_secret", Severity.HIGH, f"{name} stands in the program.",
                    "read it from a store of secrets when it is needed; and change it", "CWE-798",
                )  # fmt: skip


def _spot(
    program: Program, call: Call, names: list[str], rule: str, severity: Severity, message: str, remedy: str, cwe: str
) -> Spot:  # fmt: skip
    """Say that a rule names a call, which is shown without what it is given by these names."""
    keywords = [
        k if k.arg and k.arg not in names else ast.keyword(k.arg, ast.Constant(...))
        for k in call.node.keywords
    ]
    shown = ast.unparse(ast.Call(call.node.func, call.node.args, keywords))
    found = spot(program, call.node, rule, severity, message, remedy, cwe)
    return replace(found, code=shown if len(shown) <= 120 else shown[:117] + "…")
