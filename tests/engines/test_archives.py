from __future__ import annotations

import io
import tarfile

import pytest

from assay.engines.archives import Bounds, pack, unpack
from assay.kernel.errors import BadInput


def _tar(path, *members):
    with tarfile.open(path, "w:gz") as out:
        for name, content, kind in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            info.size = len(content)
            info.linkname = "/etc/passwd" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
            out.addfile(info, io.BytesIO(content))
    return path


def test_what_is_packed_comes_out_and_packs_the_same_again(tmp_path):
    folder = tmp_path / "in"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "x").write_text("1")
    (folder / "y").write_text("2")
    pack(folder, tmp_path / "one.tar.gz")
    (folder / "y").touch()
    pack(folder, tmp_path / "two.tar.gz")
    assert (tmp_path / "one.tar.gz").read_bytes() == (tmp_path / "two.tar.gz").read_bytes()
    unpack(tmp_path / "one.tar.gz", tmp_path / "out")
    assert (tmp_path / "out" / "a" / "x").read_text() == "1"


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ([("../x", b"1", tarfile.REGTYPE)], "outside"),
        ([("/x", b"1", tarfile.REGTYPE)], "outside"),
        ([("a/../../x", b"1", tarfile.REGTYPE)], "outside"),
        ([("x", b"", tarfile.SYMTYPE)], "link"),
        ([("x", b"", tarfile.LNKTYPE)], "link"),
        ([("x", b"", tarfile.FIFOTYPE)], "link or a device"),
        ([("x", b"", tarfile.CHRTYPE)], "link or a device"),
        ([("x", b"1", tarfile.REGTYPE), ("x", b"2", tarfile.REGTYPE)], "twice"),
        ([("n" * 2000, b"1", tarfile.REGTYPE)], "name"),
    ],
)
def test_a_hostile_member_is_named_and_nothing_leaves_the_folder(tmp_path, members, said):
    with pytest.raises(BadInput, match=said):
        unpack(_tar(tmp_path / "m.tar.gz", *members), tmp_path / "out")
    assert not (tmp_path / "x").exists()


def test_a_bomb_is_found_before_it_is_unpacked(tmp_path):
    path = _tar(tmp_path / "m.tar.gz", ("zeros", bytes(80 << 20), tarfile.REGTYPE))
    with pytest.raises(BadInput, match="bomb"):
        unpack(path, tmp_path / "out")
    small = _tar(tmp_path / "s.tar.gz", *[(str(i), b"", tarfile.REGTYPE) for i in range(20)])
    with pytest.raises(BadInput, match="more than 10 members"):
        unpack(small, tmp_path / "o2", Bounds(members=10))


def test_an_archive_cut_short_is_one_sentence(tmp_path):
    path = _tar(tmp_path / "m.tar.gz", ("x", b"1" * 10_000, tarfile.REGTYPE))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(BadInput, match="cannot be unpacked"):
        unpack(path, tmp_path / "out")


def test_a_link_left_by_a_job_is_not_packed(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "l").symlink_to("/etc/passwd")
    with pytest.raises(BadInput, match="link"):
        pack(folder, tmp_path / "m.tar.gz")
