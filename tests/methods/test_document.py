from __future__ import annotations

import pytest

from assay.kernel.errors import UsageError
from assay.methods.document import read


def _read(tmp_path, text, mode="w"):
    path = tmp_path / "assay.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path, "`assay init` writes one")


def test_lines_are_where_the_name_stands(tmp_path):
    node = _read(tmp_path, "name: x\nsteps:\n  a:\n    check: data.profile\n")
    assert node.value["steps"].value["a"].value["check"].place.line == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\na: 2\n", "'a' twice"),
        ("a: &x 1\nb: *x\n", "anchor"),
        ("a: [1\n", "not YAML"),
        ("", "empty"),
        (b"\xff\xfe\x00", "UTF-8"),
        ("[" * 50 + "]" * 50, "deeper"),
        ("a: \x00", "not YAML"),
        ("a: !!timestamp 99-99", "cannot be read"),
        ("a: !!int zz", "cannot be read"),
        ("a: !!python/object/apply:os.system [id]", "has a tag"),
    ],
)
def test_a_wrong_file_gets_one_sentence_with_its_line(tmp_path, text, said):
    with pytest.raises(UsageError) as error:
        _read(tmp_path, text)
    assert said in str(error.value)
    assert "assay.yaml" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_over_the_bound_is_not_parsed(tmp_path):
    with pytest.raises(UsageError, match="larger"):
        _read(tmp_path, "a: " + "x" * (1 << 20))


def test_a_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(UsageError, match="assay init"):
        read(tmp_path / "none.yaml", "`assay init` writes one")


def test_a_date_stays_as_written(tmp_path):
    assert _read(tmp_path, "a: 2020-01-01\n").plain == {"a": "2020-01-01"}
