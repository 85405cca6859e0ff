import pytest

from assay.methods.recognise.credentials import hidden


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no model password=hunter2!", "no model [password said hidden]"),
        ("to postgres://ada:s3cret@db/x failed", "to [password in url hidden]/x failed"),
        (
            "key AKIA" + "Q" * 16 + " and AKIA" + "Z" * 16,
            "key [aws access key hidden] and [aws access key hidden]",
        ),
        ("KeyError: 'age'", "KeyError: 'age'"),
        ("", ""),
    ],
)
def test_what_foreign_code_prints_is_shown_without_its_credentials(text, shown):
    assert hidden(text) == shown
