"""Literal credentials leave Python by the positions of its syntax tree, and all else stays as it was."""

import ast

import pytest

from assay.methods.secrets.chain import rewrite, shown_diff


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('boto3.client("s3", aws_access_key_id="A", aws_secret_access_key="B")\n', 'boto3.client("s3")\n'),
        ('boto3.Session(aws_access_key_id="A", region_name="eu-west-1")\n', 'boto3.Session(region_name="eu-west-1")\n'),
        ("boto3.Session(aws_access_key_id='A', aws_secret_access_key='B',)\n", "boto3.Session()\n"),
        (
            'c = boto3.client(  # the store\n    "s3",\n    aws_access_key_id="A",\n    region_name="x",  # near\n    aws_secret_access_key="B",\n)\n',
            'c = boto3.client(  # the store\n    "s3",\n    region_name="x",\n)\n',
        ),
        ('x = "ä" ; boto3.client("s3", aws_session_token="T")\n', 'x = "ä" ; boto3.client("s3")\n'),
        ('import os\nos.environ["AWS_ACCESS_KEY_ID"] = "A"\nrun()\n', "import os\nrun()\n"),
        ('if x:\n    os.environ["AWS_ACCESS_KEY_ID"] = "A"\n', "if x:\n    pass\n"),
        ('fs = s3fs.S3FileSystem(key="A", secret="B", anon=False)\n', "fs = s3fs.S3FileSystem(anon=False)\n"),
    ],
)  # fmt: skip
def test_what_is_written_becomes(before, after):
    made = rewrite(before.encode()).decode()
    assert ast.dump(ast.parse(made)) == ast.dump(ast.parse(after))
    if "near" not in before:
        assert made == after


@pytest.mark.parametrize(
    "text",
    [
        "boto3.client('s3')\n",
        "boto3.client('s3', aws_access_key_id=key)\n",
        "def (",
        "x = 1\n",
        "\0",
        "(" * 5_000,
    ],
)
def test_what_needs_nothing_or_is_no_python_is_left(text):
    assert rewrite(text.encode()) is None


def test_a_named_secret_is_read_from_the_environment_with_its_import():
    source = b'"""Doc."""\nfrom __future__ import annotations\n\nx = 1\ntoken = "SECRET"  # old\n'
    at = source.index(b"SECRET")
    made = rewrite(source, [(at, at + 6)]).decode()
    assert (
        made
        == '"""Doc."""\nfrom __future__ import annotations\nimport os\n\nx = 1\ntoken = os.environ["TOKEN"]  # old\n'
    )
    assert rewrite(source, [(0, 3)]) is None


def test_the_diff_masks_what_it_takes_out():
    before = b'boto3.client("s3", aws_secret_access_key="ABCDEFGHIJKLMNOPQRSTUVWX")\n'
    diff = shown_diff("a.py", before, rewrite(before), [b"ABCDEFGHIJKLMNOPQRSTUVWX"])
    assert "ABCDEFGH" not in diff and "ABCD…" in diff and '+boto3.client("s3")' in diff
