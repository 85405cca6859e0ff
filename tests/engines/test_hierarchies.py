from __future__ import annotations

import pytest

from assay.engines.hierarchies import parse, read
from assay.kernel.errors import BadInput, Missing, UsageError


def test_values_and_their_groups(tmp_path):
    (tmp_path / "city.csv").write_text("Paris;France;Europe\nLyon;France;Europe\nOslo;Norway;Europe\n")
    (tmp_path / "job.csv").write_text('"cook, chief",kitchen\nclerk,office\n\n')
    found = read(tmp_path, ["city", "job", "age"])
    assert found["city"]["Lyon"] == ("France", "Europe")
    assert found["job"] == {"cook, chief": ("kitchen", "*"), "clerk": ("office", "*")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a;x\nb;x;y\n", "line 2"),
        ("a;x;r\na;y;r\n", "second time"),
        ("a;x;r\nb;x;s\n", "part of both"),
        ("\n", "empty"),
        ("a\n", "line 1"),
    ],
)
def test_what_is_no_tree_is_refused(tmp_path, text, said):
    path = tmp_path / "c.csv"
    path.write_text(text)
    with pytest.raises(BadInput, match=said):
        parse(path)


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(Missing):
        read(tmp_path / "no", ["a"])
    with pytest.raises(UsageError, match="called as a column"):
        read(tmp_path, ["../a"])
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe;x\n")
    with pytest.raises(BadInput, match="UTF-8"):
        read(tmp_path, ["b"])
