"""Tables in an object store, through s3fs against a real server that speaks S3."""

from __future__ import annotations

import gzip
import io
import urllib.request

import pandas as pd
import pytest

from assay.engines.tables import changed, open_table, pin
from assay.kernel.errors import AssayError, Missing

FRAME = pd.DataFrame({"a": [3, 1, 2], "b": ["x", None, "ü,\n"], "c": [0.5, 1.5, None]})


def put(s3, key, data):
    s3.put_object(Bucket=s3.bucket, Key=key, Body=data)
    return f"s3://{s3.bucket}/{key}"


def csv(frame=FRAME):
    return frame.to_csv(index=False).encode()


def parquet(frame=FRAME):
    out = io.BytesIO()
    frame.to_parquet(out, index=False)
    return out.getvalue()


@pytest.fixture
def opened(s3, tmp_path):
    def open_(url, **given):
        with open_table(url, scratch=tmp_path / "scratch", **given) as table:
            return table.arrow().to_pandas(), table.asset

    return open_


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("t.csv", csv()),
        ("t.csv.gz", gzip.compress(csv(), mtime=0)),
        ("t.parquet", parquet()),
        ("deep/er/t.jsonl", FRAME.to_json(orient="records", lines=True).encode()),
    ],
)
def test_each_format_is_read_and_pinned_by_its_bytes(s3, opened, tmp_path, name, data):
    url = put(s3, name, data)
    frame, _ = opened(url)
    pd.testing.assert_frame_equal(frame, FRAME, check_dtype=False)
    here = tmp_path / name.rpartition("/")[2]
    here.write_bytes(data)
    assert pin(url).digest == pin(str(here)).digest and not changed(pin(url))


def test_a_pattern_is_one_table_in_order_of_name(s3, opened):
    for part, at in (("b.csv", 1), ("a.csv", 0), ("c.csv", 2)):
        put(s3, f"parts/{part}", csv(FRAME.iloc[[at]]))
    put(s3, "parts/_SUCCESS", b"")
    put(s3, "parts/notes.md", b"# no table")
    assert opened(f"s3://{s3.bucket}/parts/*.csv")[0]["a"].tolist() == [3, 1, 2]


def test_a_folder_of_parquet(s3, opened):
    for part, at in (("two", 1), ("one", 0)):
        put(s3, f"folder/{part}.parquet", parquet(FRAME.iloc[[at]]))
    put(s3, "folder/_SUCCESS", b"")
    assert opened(f"s3://{s3.bucket}/folder/", format="parquet")[0]["a"].tolist() == [3, 1]


def test_what_changes_in_the_store_is_noticed(s3):
    url = put(s3, "t.csv", csv())
    asset = pin(url)
    assert not changed(asset)
    put(s3, "t.csv", csv().replace(b"x", b"y"))
    assert changed(asset)
    s3.delete_object(Bucket=s3.bucket, Key="t.csv")
    assert changed(asset)


def test_an_object_that_joins_a_pattern_is_noticed(s3):
    """A listing that s3fs still holds from before must not be believed."""
    put(s3, "parts/a.csv", csv())
    asset = pin(f"s3://{s3.bucket}/parts/*.csv")
    assert not changed(asset)
    put(s3, "parts/b.csv", csv())
    assert changed(asset)


@pytest.mark.parametrize(
    "url", ["s3://no-bucket-of-that-name-91/t.csv", "s3://{bucket}/no.csv", "s3://{bucket}/no/*.csv"]
)
def test_what_is_not_there_is_missing_in_one_sentence(s3, opened, url):
    with pytest.raises(Missing) as told:
        opened(url.format(bucket=s3.bucket))
    assert "\n" not in str(told.value) and "s3://" in str(told.value)
    with pytest.raises(Missing):
        pin(url.format(bucket=s3.bucket))


def test_who_may_not_is_told_so_in_one_sentence(s3, opened):
    url = put(s3, "t.csv", csv())
    calls_without_asking(s3, 0)
    try:
        with pytest.raises(AssayError) as told:
            opened(url)
    finally:
        calls_without_asking(s3, 10**8)
    assert "\n" not in str(told.value) and url in str(told.value)
    assert not isinstance(told.value, Missing)


def calls_without_asking(s3, count):
    """After so many calls the server asks who it is that calls, and nobody here is anybody."""
    place, kind = f"{s3.endpoint}/moto-api/reset-auth", {"Content-Type": "text/plain"}
    request = urllib.request.Request(place, data=str(count).encode(), headers=kind, method="POST")
    urllib.request.urlopen(request).close()


def test_an_object_that_is_no_table_is_told_with_its_place(s3, opened):
    with pytest.raises(AssayError, match="Parquet"):
        opened(put(s3, "t.parquet", b"PAR1 and no more"))
    with pytest.raises(AssayError, match="cannot be told from its name"):
        opened(put(s3, "thing", csv()))


def test_nothing_fetched_is_left_behind(s3, tmp_path):
    url = put(s3, "t.csv", csv())
    with open_table(url, scratch=tmp_path / "scratch") as table:
        assert table.rows == 3
    assert table.asset.uri == url and table.asset.format == "csv"


def test_a_prefix_is_swept(s3):
    from assay.works.checking import carry_out

    put(s3, "data/a.csv", b"email\n" + b"\n".join(b"u%d@example.org" % k for k in range(30)))
    put(s3, "data/deep/b.md", b"nothing to see")
    put(s3, "other/c.csv", b"n\n1\n")
    report = carry_out("check", "data.sweep", f"s3://{s3.bucket}/data", {}, home=None).report
    assert {n: set(i["types"]) for n, i in report.data["items"].items()} == {
        "a.csv": {"email"},
        "deep/b.md": set(),
    }
    assert report.coverage.complete
