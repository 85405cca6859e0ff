from __future__ import annotations

import gzip
import io
import lzma
import os
import tarfile
import tracemalloc

import pytest

from assay.engines.archives import Bounds, pack, unpack
from assay.engines.folders import sweep
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


def _headers(path, header, times, tail=b""):
    with gzip.open(path, "wb", compresslevel=1) as out:
        for _ in range(times // 1000):
            out.write(header * 1000)
        out.write(tail)
    return path


def _header(name, kind, size):
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    return info.tobuf(tarfile.USTAR_FORMAT)


def test_a_bomb_of_folders_is_found_promptly_and_holds_no_memory(tmp_path):
    path = _headers(tmp_path / "m.tar.gz", _header("d", tarfile.DIRTYPE, 0), 12_000)
    tracemalloc.start()
    try:
        with pytest.raises(BadInput, match="more than 10000 members"):
            unpack(path, tmp_path / "out", Bounds(members=10_000))
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_header_that_claims_gigabytes_is_not_read(tmp_path, kind):
    path = tmp_path / "m.tar.gz"
    with gzip.open(path, "wb", compresslevel=1) as out:
        out.write(_header("x", kind, 7 << 30))
        out.write(bytes(10 << 20))
    tracemalloc.start()
    try:
        with pytest.raises(BadInput, match="longer than 1 MiB"):
            unpack(path, tmp_path / "out")
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_a_size_that_only_claims_is_found_before_it_is_written(tmp_path):
    path = tmp_path / "m.tar.gz"
    with gzip.open(path, "wb") as out:
        out.write(_header("x", tarfile.REGTYPE, 7 << 30) + bytes(512))
    with pytest.raises(BadInput, match="bomb"):
        unpack(path, tmp_path / "out")
    assert not any((tmp_path / "out").iterdir())


@pytest.mark.parametrize("form", ["", "gz", "bz2", "xz"])
def test_every_packing_is_read_in_one_go(tmp_path, form):
    members = [(f"f{i}", os.urandom(1 << 18), tarfile.REGTYPE) for i in range(6)]
    path = tmp_path / "m.tar"
    with tarfile.open(path, f"w:{form}") as out:
        for name, content, _ in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            out.addfile(info, io.BytesIO(content))
    made = unpack(path, tmp_path / "out")
    assert [p.read_bytes() for p in made] == [c for _, c, _ in members]


def test_a_dictionary_larger_than_memory_is_refused(tmp_path):
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 30}]
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as out:
        out.addfile(tarfile.TarInfo("x"))
    (tmp_path / "m.tar.xz").write_bytes(lzma.compress(plain.getvalue()[:2048], filters=filters))
    with pytest.raises(BadInput, match="[Mm]emory"):
        unpack(tmp_path / "m.tar.xz", tmp_path / "out")


def test_a_file_where_a_folder_is_to_be_is_one_sentence(tmp_path):
    path = _tar(tmp_path / "m.tar.gz", ("a", b"1", tarfile.REGTYPE), ("a/b", b"2", tarfile.REGTYPE))
    with pytest.raises(BadInput, match="cannot be unpacked"):
        unpack(path, tmp_path / "out")


def test_members_hidden_in_a_folders_content_are_not_unpacked(tmp_path):
    """A reader that takes the content for members would see them; one that skips it would not."""
    hidden = _header("hidden", tarfile.REGTYPE, 1) + b"x".ljust(512, b"\0")
    path = tmp_path / "m.tar"
    path.write_bytes(_header("d/", tarfile.DIRTYPE, len(hidden)) + hidden + bytes(1024))
    with pytest.raises(BadInput, match="content"):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize("deep", [200, 1100])
def test_folders_too_deep_to_pack_are_one_sentence(tmp_path, deep):
    folder = tmp_path / "in"
    folder.mkdir()
    before = os.getcwd()
    try:
        os.chdir(folder)
        for _ in range(deep):
            os.mkdir("d")
            os.chdir("d")
    finally:
        os.chdir(before)
    with pytest.raises(BadInput, match="deeper"):
        pack(folder, tmp_path / "m.tar.gz")
    sweep(folder)


def test_a_file_of_holes_larger_than_the_limit_is_not_packed(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for n in range(3):
        (folder / str(n)).touch()
        os.truncate(folder / str(n), 1 << 40)
    with pytest.raises(BadInput, match="more than its limit"):
        pack(folder, tmp_path / "m.tar.gz")


def test_a_pipe_or_socket_left_by_a_job_is_not_opened(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    os.mkfifo(folder / "p")
    with pytest.raises(BadInput, match="device"):
        pack(folder, tmp_path / "m.tar.gz")
