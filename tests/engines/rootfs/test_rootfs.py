"""Images laid out as roots: layers as they mean it, nothing that leads out or gives powers, and jobs that run in them."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tarfile
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engines.rootfs.layouts import ARCHITECTURE, folder, hard, layout, link, member, tar

from assay.engines.interpreters import here
from assay.engines.isolation import Grant, Limits, Root, run
from assay.engines.leftovers import living
from assay.engines.peers import crew
from assay.engines.reach import Reach
from assay.engines.rootfs import unpack
from assay.engines.rootfs.layers import Applying
from assay.kernel.errors import AssayError, BadInput, Missing, UsageError


def laid_out(tmp_path, *layers, **more):
    return unpack(layout(tmp_path / "layout", list(layers), **more), tmp_path / "cache")


def tree(root):
    return {str(p.relative_to(root)): (os.readlink(p) if p.is_symlink() else p.read_bytes() if p.is_file() else None) for p in sorted(root.rglob("*"))}  # fmt: skip


@pytest.mark.parametrize("packed", [True, False])
def test_layers_lie_over_one_another_with_their_whiteouts(tmp_path, packed):
    made = laid_out(
        tmp_path,
        [folder("etc"), member("etc/a", b"1"), member("etc/b", b"1"), folder("var/lib"), member("var/lib/x", b"1"), link("lib", "usr/lib")],
        [member("./etc/a", b"2"), member("etc/.wh.b"), member("var/lib/.wh..wh..opq"), member("var/lib/y", b"2"), member("usr/lib/z", b"2")],
        [member("lib/through", b"3"), hard("etc/c", "etc/a"), member(".wh.nothing")],
        packed=packed,
    )  # fmt: skip
    assert tree(made.path) == {
        "etc": None, "etc/a": b"2", "etc/c": b"2", "lib": "usr/lib", "usr": None, "usr/lib": None, "usr/lib/z": b"2",
        "usr/lib/through": b"3", "var": None, "var/lib": None, "var/lib/y": b"2",
    }  # fmt: skip
    assert (made.path / "etc/a").stat().st_ino == (made.path / "etc/c").stat().st_ino


def test_a_whiteout_takes_away_what_earlier_layers_brought_and_not_its_own(tmp_path):
    made = laid_out(
        tmp_path,
        [member("d/old", b"1")],
        [member("d/new", b"2"), member("d/.wh..wh..opq"), member("d/.wh.new")],
    )
    assert tree(made.path) == {"d": None, "d/new": b"2"}


@pytest.mark.parametrize(
    "members",
    [
        [member("../out", b"x")],
        [member("/etc/../../out", b"x")],
        [hard("x", "../../../etc/passwd")],
        [hard("x", "/etc/passwd")],
        [member("a/" * 80 + "deep", b"x")],
        [link("a", "/etc"), hard("x", "a/passwd")],
        [member("f", b"x"), member("f/inside", b"x")],
    ],
    ids=[
        "up",
        "up later",
        "hard link up",
        "hard link to nothing",
        "deep",
        "hard link through a link",
        "file as folder",
    ],
)
def test_a_layer_that_names_what_is_no_place_in_an_image_is_refused(tmp_path, members):
    with pytest.raises(AssayError):
        laid_out(tmp_path, members)
    assert not list((tmp_path / "cache").glob("*"))  # nothing half-made is kept


def test_links_lead_nowhere_but_into_the_root(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    made = laid_out(
        tmp_path,
        [folder(str(outside).lstrip("/")), link("a", str(outside)), link("b", "../../../../../../" + str(outside)), link("etc", "/"), link("f", str(outside / "f"))],
        [member("a/x", b"1"), member("b/y", b"1"), member("etc/passwd2", b"1"), member("f", b"1")],
    )  # fmt: skip
    assert list(outside.iterdir()) == []
    assert (made.path / "f").read_bytes() == b"1" and not (made.path / "f").is_symlink()
    assert (made.path / "passwd2").is_file()
    assert tree(made.path / str(outside).lstrip("/")) == {"x": b"1", "y": b"1"}


def test_a_layer_that_goes_through_a_link_to_nothing_is_refused(tmp_path):
    with pytest.raises(BadInput, match="leads nowhere"):
        laid_out(tmp_path, [link("a", "/not/there")], [member("a/x", b"1")])


def test_what_gives_powers_is_dropped_and_what_is_no_file_left_out(tmp_path):
    made = laid_out(
        tmp_path,
        [
            member("su", b"x", mode=0o6755), member("world", b"x", mode=0o666), member("hidden", b"x", mode=0o000),
            member("disk", kind=tarfile.BLKTYPE, devmajor=8, devminor=0), member("tty", kind=tarfile.CHRTYPE, devmajor=5),
            member("pipe", kind=tarfile.FIFOTYPE), member("owned", b"x", uid=12345, gid=12345), folder("t", 0o1777),
        ],
    )  # fmt: skip
    assert made.left_out == 3 and sorted(os.listdir(made.path)) == ["hidden", "owned", "su", "t", "world"]
    for name in ("su", "world", "hidden", "t"):
        mode = (made.path / name).lstat().st_mode
        assert not mode & (stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX | stat.S_IWOTH | stat.S_IWGRP)
    assert (made.path / "owned").stat().st_uid == os.getuid()


def test_an_image_is_unpacked_once(tmp_path):
    made = laid_out(tmp_path, [member("a", b"1")])
    (made.path / "mark").touch()
    again = unpack(tmp_path / "layout", tmp_path / "cache")
    assert again == made and (again.path / "mark").exists()


def test_what_a_killed_process_left_half_unpacked_is_removed_and_what_is_at_work_is_not(tmp_path):
    cache = tmp_path / "cache"
    for name in (".unpacking-gone", ".unpacking-living"):
        (cache / name / "made").mkdir(parents=True)
    with living(lambda: cache / ".unpacking-living"):
        made = laid_out(tmp_path, [member("a", b"1")])
        assert sorted(p.name for p in cache.iterdir()) == [".unpacking-living", made.path.parent.name]


@pytest.mark.parametrize("harm", ["cut", "no marker", "no root"])
def test_a_root_that_is_kept_and_not_whole_is_unpacked_anew(tmp_path, harm):
    """What a machine that lost its power left: it ended in a traceback, or jobs ran in what was left of it."""
    made = laid_out(tmp_path, [member("a", b"1")])
    marker = made.path.parent / "whole.json"
    if harm == "cut":
        marker.write_text("")
    elif harm == "no marker":
        marker.unlink()
        (made.path / "a").write_text("half")
    else:
        shutil.rmtree(made.path)
    again = unpack(tmp_path / "layout", tmp_path / "cache")
    assert again == made and tree(again.path) == {"a": b"1"}
    assert [p.name for p in (tmp_path / "cache").iterdir()] == [made.path.parent.name]


def test_a_layer_that_is_not_what_the_configuration_lists_is_refused(tmp_path):
    with pytest.raises(BadInput, match="not what its digests say"):
        laid_out(tmp_path, [member("a", b"1")], diffs=["sha256:" + "0" * 64])


@pytest.mark.parametrize(
    "content",
    [b"no tar at all" * 100, b"\x28\xb5\x2f\xfd" + b"x" * 1000, tar([member("a", b"x" * 5000)])[:2000]],
)
def test_a_layer_that_cannot_be_read_is_refused(tmp_path, content):
    with pytest.raises(AssayError):
        laid_out(tmp_path, content, packed=False)


def test_an_image_of_another_processor_is_refused(tmp_path):
    with pytest.raises(BadInput, match="is for linux/s390x, and this is linux/"):
        laid_out(tmp_path, [member("a", b"1")], architecture="s390x")
    with pytest.raises(Missing):
        unpack(tmp_path / "nothing", tmp_path / "cache")


def test_one_of_several_images_is_named_behind_a_sign(tmp_path):
    from tests import images

    plain = images.layer({"a": "1"})
    other = "s390x" if ARCHITECTURE != "s390x" else "amd64"
    several = images.oci_layout(
        tmp_path / "layout", [plain], platforms=(("linux", ARCHITECTURE), ("linux", other)), tag=""
    )
    made = unpack(Path(f"{several}#linux/{ARCHITECTURE}"), tmp_path / "cache")
    assert tree(made.path) == {"a": b"1"} and made.digest == unpack(several, tmp_path / "cache").digest
    with pytest.raises(BadInput, match=f"is for linux/{other}, and this is"):
        unpack(Path(f"{several}#linux/{other}"), tmp_path / "cache")
    saved = images.docker_save(tmp_path / "a.tar", [plain], tags=("shop/app:1",), architecture=ARCHITECTURE)
    assert tree(unpack(Path(f"{saved}#shop/app:1"), tmp_path / "cache").path) == {"a": b"1"}
    with pytest.raises(Missing, match="no image called 'shop/app:2'"):
        unpack(Path(f"{saved}#shop/app:2"), tmp_path / "cache")


def test_a_blob_that_lies_is_told_of_its_image_and_leaves_nothing(tmp_path):
    """It named the folder that it had been unpacked into, which was gone by then."""
    made = layout(tmp_path / "layout", [[member("a", b"1")]], packed=False)
    largest = max((made / "blobs" / "sha256").iterdir(), key=lambda path: path.stat().st_size)
    largest.write_bytes(largest.read_bytes().replace(b"1", b"2", 1))
    with pytest.raises(BadInput) as raised:
        unpack(made, tmp_path / "cache")
    assert raised.value.where == str(made) and largest.name[:12] in str(raised.value)
    assert "copy it anew" in raised.value.remedy and list((tmp_path / "cache").iterdir()) == []


def test_what_was_unpacked_is_what_its_digest_says_whatever_became_of_the_saved_image(tmp_path):
    first = laid_out(tmp_path, [member("a", b"1")])
    for blob in (tmp_path / "layout" / "blobs" / "sha256").iterdir():
        if blob.read_bytes()[:1] != b"{":
            blob.write_bytes(b"damaged")
    again = unpack(tmp_path / "layout", tmp_path / "cache")
    assert again == first and tree(again.path) == {"a": b"1"}


def test_an_image_without_python_is_named_and_with_a_way_out(tmp_path):
    made = laid_out(tmp_path, [member("a", b"1")])
    with pytest.raises(UsageError, match="has no python3") as raised:
        Reach(image=made).python(here())
    assert raised.value.where == str(tmp_path / "layout") and raised.value.remedy


@pytest.mark.parametrize("named", ["oci://r.example.org/a:1", "registry+http://r/a"])
def test_a_job_is_not_started_from_a_registry(named, tmp_path):
    with pytest.raises(UsageError, match="not started from a registry") as raised:
        unpack(tmp_path / named, tmp_path / "cache")
    assert "skopeo copy" in raised.value.remedy


def test_a_folder_that_is_no_saved_image_is_told_so(tmp_path):
    with pytest.raises(UsageError, match="no oci-layout"):
        unpack(tmp_path, tmp_path / "cache")


@pytest.mark.parametrize("saved", ["docker save", "zstd", "bzip2", "plain", "tar of a layout"])
def test_whatever_form_an_image_is_saved_in_its_root_is_the_same(tmp_path, saved):
    import bz2

    from tests import images

    plain = images.layer({"etc": None, "etc/a": "1"}, hard=[("b", "etc/a")], soft=[("c", "etc")])
    mine = (("linux", ARCHITECTURE),)
    if saved == "docker save":
        image = images.docker_save(tmp_path / "a.tar", [plain], architecture=ARCHITECTURE)
    else:
        packed = {"zstd": images.zstd, "bzip2": bz2.compress}.get(saved, lambda raw: raw)
        image = images.oci_layout(tmp_path / "layout", [plain], packed, mine)
    if saved == "tar of a layout":
        image = Path(shutil.make_archive(str(tmp_path / "b"), "tar", image))
    made = unpack(image, tmp_path / "cache")
    assert tree(made.path) == {"b": b"1", "c": "etc", "etc": None, "etc/a": b"1"}


def test_a_header_that_would_fill_the_memory_is_refused(tmp_path):
    """tarfile reads a long name whole, however long it says that it is."""
    made = tarfile.TarInfo("././@LongLink")
    made.type, made.size = tarfile.GNUTYPE_LONGNAME, 4 << 20
    raw = made.tobuf(tarfile.GNU_FORMAT) + b"a" * (4 << 20)
    with pytest.raises(BadInput, match="longer than 1 MiB"):
        laid_out(tmp_path, raw)


def test_an_index_of_any_length_is_not_read_whole(tmp_path):
    place = layout(tmp_path / "layout", [[member("a", b"1")]])
    with (place / "index.json").open("ab") as out:
        out.truncate(5 << 30)
    with pytest.raises(BadInput, match="larger than any manifest"):
        unpack(place, tmp_path / "cache")


def test_a_whiteout_for_each_of_many_files_takes_time_by_their_number(tmp_path):
    """Each was held against all that its layer had brought: 400 million comparisons here."""
    applying = Applying(tmp_path)
    applying._new = {f"d/{n}" for n in range(200_000)}
    began = time.process_time()
    for n in range(2_000):
        applying._remove(applying._root, f"e{n}", f"e{n}")
    applying.close()
    assert time.process_time() - began < 2


def test_a_whiteout_of_a_folder_that_comes_again_leaves_only_what_comes(tmp_path):
    low = [member("d/old", b"1"), member("d/e/old", b"1"), member("d/e/kept", b"1")]
    for at, high in enumerate(
        ([member(".wh.d"), member("d/e/new", b"2")], [member("d/e/new", b"2"), member(".wh.d")])
    ):
        place = tmp_path / str(at)
        place.mkdir()
        assert tree(laid_out(place, low, high).path) == {"d": None, "d/e": None, "d/e/new": b"2"}


def test_folders_that_links_take_ever_deeper_are_refused(tmp_path):
    """Each name is short, and where it lies is deeper than anything can remove."""
    deep = "/".join("abcdefgh" * 7)
    members = []
    for n in range(8):
        below = f"l{n - 1}/{deep}" if n else deep
        members += [folder(below), link(f"l{n}", below)]
    with pytest.raises(BadInput, match="more than 256 deep"):
        laid_out(tmp_path, members)
    assert not list((tmp_path / "cache").glob("*"))


def test_who_it_runs_as_is_found_in_its_own_files(tmp_path):
    files = [
        member("etc/passwd", b"root:x:0:0::/:/bin/sh\nann:x:1234:77::/:/bin/sh\n"),
        member("etc/group", b"crew:x:88:\n"),
    ]
    for at, (user, numbers) in enumerate({"": None, "ann": (1234, 77), "1234": (1234, 77), "ann:crew": (1234, 88), "5:6": (5, 6), "7": (7, 0)}.items()):  # fmt: skip
        place = tmp_path / str(at)
        place.mkdir()
        assert laid_out(place, files, config={"User": user}).numbers() == numbers
    (tmp_path / "z").mkdir()
    with pytest.raises(BadInput, match="whom its own"):
        laid_out(tmp_path / "z", files, config={"User": "nobody-there"}).numbers()


@pytest.mark.parametrize("user", ["²", "1" * 5_000, "٣:0", "ann:²", "7:nobody"])
def test_a_user_whose_number_is_none_is_refused_in_one_sentence(tmp_path, user):
    """What Unicode calls a digit, int() does not always take."""
    files = [
        member("etc/passwd", "x:x:²:٣::\nann:x:²:1::\n".encode()),
        member("etc/group", "²:x:²\n".encode()),
    ]
    with pytest.raises(BadInput, match="whom its own"):
        laid_out(tmp_path, files, config={"User": user}).numbers()


def test_an_environment_that_starts_no_program_is_refused(tmp_path):
    for at, env in enumerate((["A=b\0c"], ["A=" + "x" * (300 << 10)])):
        place = tmp_path / str(at)
        place.mkdir()
        with pytest.raises(BadInput, match="no program"):
            laid_out(place, [member("a")], config={"Env": env})
    assert laid_out(tmp_path, [member("a")], config={"Env": ["A=b=c", "=x", "y", 7]}).env == {"A": "b=c"}


def of_this_machine(*programs):
    """Return members of a layer that holds programs of this machine, and the libraries that they need."""
    needed = {}
    for program in programs:
        found = Path(shutil.which(program, path="/usr/bin:/bin")).resolve()
        needed[f"usr/bin/{program}"] = found
        said = subprocess.run(["ldd", str(found)], capture_output=True, text=True).stdout
        for word in said.split():
            if word.startswith("/") and Path(word).exists():
                needed[word.lstrip("/")] = Path(word).resolve()
    return [member(name, path.read_bytes(), mode=0o755) for name, path in sorted(needed.items())]


def test_an_images_root_may_start_no_more_processes_than_another_user(tmp_path):
    """Its number inside was taken for the machine's root, whom no such limit bounds: of an ordinary user none was left."""
    made = laid_out(tmp_path, [*of_this_machine("sh"), folder("tmp")], config={"User": "0:0"})
    grant = Grant(env=made.env, limits=Limits(seconds=30, processes=70), root=Root(made.path, made.numbers()))
    log = tmp_path / "log"
    run([made.find("sh"), "-c", "ulimit -p"], grant, log=log)
    assert log.read_text().strip() == "280"


def test_a_job_runs_in_an_image_as_its_user_and_sees_nothing_of_this_machine(tmp_path):
    made = laid_out(
        tmp_path,
        [*of_this_machine("sh", "ls", "id", "cat"), folder("etc"), member("etc/release", b"an image\n"), folder("root"), folder("tmp")],
        config={"User": "1234:5678", "Env": ["PATH=/usr/bin", "GREETING=hello"]},
    )  # fmt: skip
    out = tmp_path / "out"
    out.mkdir()
    (out / "given").write_text("granted")
    script = f"""
        cat /etc/release; echo $GREETING; id -u; id -g; cat {out}/given; echo; ls /; ls /usr
        echo made > {out}/made && echo wrote
        (echo x > /etc/x) 2>/dev/null || echo refused
        (echo x > /usr/bin/sh) 2>/dev/null || echo refused
        echo y > /tmp/y && cat /tmp/y
    """
    grant = Grant(write=(out,), env=made.env, limits=Limits(seconds=30), root=Root(made.path, made.numbers()))
    log = tmp_path / "log"
    assert made.find("sh") == "/usr/bin/sh" and made.find("python3") is None
    ended = run([made.find("sh"), "-c", textwrap.dedent(script)], grant, log=log)
    said = log.read_text().splitlines()
    assert ended.level == "full" and ended.code == 0, said
    assert said[:5] == ["an image", "hello", "1234", "5678", "granted"]
    assert said[-4:] == ["wrote", "refused", "refused", "y"]
    assert "home" not in said and "opt" not in said and str(Path(sys.prefix).name) not in said
    assert (out / "made").stat().st_uid == os.getuid()
    assert not (made.path / "tmp" / "y").exists()


@pytest.mark.slow
def test_an_image_with_a_link_where_something_is_granted_is_refused(tmp_path):
    made = laid_out(
        tmp_path, [*of_this_machine("sh"), link("tmp", "/etc"), link(str(tmp_path).split("/")[1] + "x", "/")]
    )
    place = tmp_path / "root"
    shutil.copytree(made.path, place, symlinks=True)
    top = "/" + str(tmp_path).split("/")[1]
    if top == "/tmp":
        granted = Path("/srv") if Path("/srv").is_dir() else Path("/var")
    else:
        granted = tmp_path
    (place / str(granted).split("/")[1]).symlink_to("/etc")
    grant = Grant(read=(granted,), root=Root(place), limits=Limits(seconds=20))
    with pytest.raises(AssayError, match="link"):
        run(["/usr/bin/sh", "-c", "true"], grant, log=tmp_path / "log")


@pytest.mark.parametrize("brought", ["nothing", "files", "links"])
def test_workers_find_one_another_in_an_image_whatever_it_has_where_their_names_stand(tmp_path, brought):
    """An image without /etc/hosts, as most have none, could not be begun with workers or with a way out."""
    more = {
        "nothing": [],
        "files": [member("etc/hosts", b"203.0.113.9 algo-2\n"), member("etc/nsswitch.conf", b"")],
        "links": [link("etc/hosts", "/etc/release"), link("etc/nsswitch.conf", "/nowhere")],
    }[brought]
    made = laid_out(tmp_path, [*of_this_machine("sh", "cat"), member("etc/release", b"an image\n"), *more])
    place = crew.places(2)[0]
    grant = Grant(
        peers=place.peers, env={"PATH": "/usr/bin"}, limits=Limits(seconds=30), root=Root(made.path)
    )
    begun = crew.start(
        [["/usr/bin/sh", "-c", "cat /etc/hosts /etc/release"]] * 2,
        [replace(grant, peers=one.peers) for one in crew.places(2)],
        [tmp_path / "0", tmp_path / "1"],
        cwd=[None, None],
    )
    assert [ended.code for ended in begun.wait()] == [0, 0], (tmp_path / "0").read_text()
    said = (tmp_path / "0").read_text()
    assert "an image" in said and "203.0.113.9" not in said
    assert all(f"{address} {name}" in said for name, address in place.peers.hosts.items())
    assert (made.path / "etc/release").read_text() == "an image\n"
