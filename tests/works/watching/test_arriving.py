"""Things put into a folder: examined once they have landed, known by their digest, whoever restarts."""

import json
import os
import pickle
import threading
import time

import pytest
from tests.images import docker_save, layer, mirror, oci_layout, record
from tests.works.watching.conftest import FILES

from assay.kernel.errors import UsageError
from assay.office import arrivals, findings, inventories
from assay.works.call import call
from assay.works.home import Home
from assay.works.watching import arriving

ZLIB = record("CVE-2026-1000", "Debian:12", "zlib", ("introduced", "0"), ("fixed", "1.2.14"))


class Evil:
    def __reduce__(self):
        return (os.getpid, ())


def watched(home, *folders, **given):
    return call(
        "watch", {"folders": [str(f) for f in folders], "once": True, "settle": 0.0, **given}, home=home
    )


@pytest.fixture
def box(tmp_path):
    folder = tmp_path / "incoming"
    folder.mkdir()
    (folder / "bad.pkl").write_bytes(pickle.dumps(Evil()))
    (folder / "good.pkl").write_bytes(pickle.dumps([1, 2, 3]))
    return folder


def until(seen, number):
    """Return what ends a watch, as a person would, once so many things were told of."""

    def tell(found):
        seen.append(found)
        if len(seen) >= number:
            raise KeyboardInterrupt

    return tell


def test_what_lies_there_is_examined_once_and_known_after_a_restart(home, box):
    first = watched(home, box)
    assert {a["what"].rpartition("/")[2]: a["outcome"] for a in first["arrivals"]} == {
        "bad.pkl": "fail",
        "good.pkl": "pass",
    }
    assert not first["passed"] and first["scanned"] == 2
    assert [f.rule.partition(".")[0] for f in findings.listing(home.office)] == ["model"]
    again = Home.open(home.root, {})  # another process, later
    second = watched(again, box)
    assert (second["scanned"], second["known"], second["uncleared"]) == (0, 2, 1) and not second["passed"]
    (box / "copy-under-another-name.bin").write_bytes((box / "good.pkl").read_bytes())
    assert watched(again, box)["scanned"] == 0
    again.close()
    assert {a.state for a in arrivals.listing(home.office)} == {"scanned"}
    assert call("log.verify", {}, home=home)["problems"] == []


def test_what_changes_is_examined_again(home, box):
    watched(home, box)
    (box / "good.pkl").write_bytes(pickle.dumps(Evil(), 2))
    found = watched(home, box)
    assert [a["outcome"] for a in found["arrivals"]] == ["fail"]


def test_what_cannot_be_examined_is_told_once_and_never_passes(home, tmp_path):
    box = tmp_path / "box"
    box.mkdir()
    (box / "link").symlink_to("/etc/passwd")
    os.mkfifo(box / "pipe")
    found = watched(home, box)
    assert {a["state"] for a in found["arrivals"]} == {"failed"} and not found["passed"]
    again = watched(home, box)
    assert again["scanned"] == 0 and again["uncleared"] == 2 and not again["passed"]


def test_a_scan_that_ends_its_process_three_times_is_given_up(home, tmp_path):
    from assay.works.watching import scanning

    box = tmp_path / "box"
    box.mkdir()
    (box / "m.pkl").write_bytes(pickle.dumps({"a": 1}))
    from assay.engines.digests import digest_file

    scanning._marker(home, digest_file(box / "m.pkl")).write_text("3")
    (found,) = watched(home, box)["arrivals"]
    assert found["state"] == "failed" and "cut short 3 times" in found["why"]


@pytest.mark.slow
def test_code_and_images_are_examined_by_what_fits_them(home, tmp_path):
    box = tmp_path / "box"
    (box / "app").mkdir(parents=True)
    (box / "app" / "run.py").write_text("import subprocess, sys\nsubprocess.run(sys.argv[1], shell=True)\n")
    docker_save(box / "saved.tar", [layer(FILES)])
    oci_layout(box / "layout", [layer(FILES)], tag="other:2")
    mirror(tmp_path / "osv", ZLIB)
    found = watched(home, box, advisories={"mirror": str(tmp_path / "osv")})
    checks = {a["what"].rpartition("/")[2]: a["checks"] for a in found["arrivals"]}
    assert checks["app"] == ["code.secrets", "code.review"]
    assert checks["saved.tar"] == ["image.vulnerabilities", "code.secrets"] == checks["layout"]
    assert {r.name for r in inventories.listing(home.office)} == {"app:1", "other:2"}
    assert {f.asset for f in findings.listing(home.office, check="image.vulnerabilities")} == {
        "app:1",
        "other:2",
    }


def test_what_lies_beside_an_image_in_its_tar_is_scanned_too(home, tmp_path):
    """Else a model that bears an image's papers would be looked into as an image alone."""
    box = tmp_path / "box"
    box.mkdir()
    docker_save(box / "a.tar", [layer(FILES)])
    raw = (box / "a.tar").read_bytes()[:-1024].rstrip(b"\0")
    raw += bytes(-len(raw) % 512) + layer({"weights.pkl": pickle.dumps(Evil())})
    (box / "a.tar").write_bytes(raw)
    (found,) = watched(home, box)["arrivals"]
    assert set(found["checks"]) == {"image.sbom", "model.scan"} and found["outcome"] == "fail"


def test_a_layout_that_is_watched_gives_each_image_as_it_is_named(home, tmp_path):
    root = oci_layout(tmp_path / "layout", [layer(FILES)])
    first = watched(home, root)
    assert [a["kind"] for a in first["arrivals"]] == ["image"] and first["passed"]
    second = watched(home, root)
    assert second["scanned"] == 0 and second["known"] == 1


def test_a_layout_without_an_index_ends_with_a_sentence(home, tmp_path, monkeypatch):
    """It was waited for a minute, and said to be still being written, each time."""
    root = oci_layout(tmp_path / "layout", [layer(FILES)])
    index = (root / "index.json").read_bytes()
    (root / "index.json").unlink()
    assert watched(home, root, once=False, seconds=0.2)["moving"] == 1
    monkeypatch.setattr(arriving, "_STILL", 0.0)
    first = watched(home, root)
    assert [a["why"] for a in first["arrivals"]] == [arriving._NO_INDEX] and not first["passed"]
    again = watched(home, root)
    assert again["scanned"] == 0 and again["uncleared"] == 1 and not again["passed"]
    (root / "index.json").write_bytes(index)
    assert watched(home, root)["passed"]


def test_a_layout_whose_index_names_what_is_not_there_ends_with_a_sentence(home, tmp_path, monkeypatch):
    root = oci_layout(tmp_path / "layout", [layer(FILES)])
    (named,) = json.loads((root / "index.json").read_text())["manifests"]
    (root / "blobs" / "sha256" / named["digest"][7:]).unlink()
    monkeypatch.setattr(arriving, "_STILL", 0.0)
    (found,) = watched(home, root)["arrivals"]
    assert f"names {named['digest'][:19]}, which is not there" in found["why"] and found["outcome"] == "error"
    again = watched(home, root)
    assert (again["scanned"], again["moving"], again["uncleared"]) == (0, 0, 1)


def test_what_lands_while_it_watches_is_examined_when_it_is_whole(home, tmp_path):
    box = tmp_path / "box"
    box.mkdir()
    seen = []

    def write():
        raw = pickle.dumps({"a": list(range(2_000))})
        with (box / "slow.pkl").open("wb") as out:
            for at in range(0, len(raw), 1 + len(raw) // 4):
                out.write(raw[at : at + 1 + len(raw) // 4])
                out.flush()
                time.sleep(0.1)

    writer = threading.Thread(target=write)
    writer.start()
    given = {"folders": [str(box)], "settle": 0.4, "every": 0.05, "seconds": 60.0, "tell": until(seen, 1)}
    outcome = call("watch", given, home=home)
    writer.join()
    assert [s.arrival.outcome for s in seen] == ["pass"] and outcome["scanned"] == 1


def test_two_watches_do_not_look_after_one_folder(home, box):
    from assay.office.leases import leased

    with leased(home.office, f"watch/{box.resolve()}"[-200:]) as lease:
        assert lease is not None
        with pytest.raises(UsageError, match="another watch"):
            watched(home, box)


def test_with_nothing_to_watch_it_says_so(home):
    with pytest.raises(UsageError, match="nothing to watch"):
        call("watch", {}, home=home)


def test_what_goes_wrong_with_one_thing_is_told_and_the_others_go_on(home, box, tmp_path):
    """A folder that went, and a mirror that is not there, ended the watch of all else."""
    gone = tmp_path / "gone"
    gone.mkdir()
    seen, warned = [], []

    def warn(said):
        warned.append(said)
        if len(warned) == 2:
            raise KeyboardInterrupt

    given = {
        "folders": [str(gone), str(box)],
        "settle": 0.0,
        "every": 0.05,
        "seconds": 60.0,
        "tell": seen.append,
    }
    given |= {
        "warn": warn,
        "ready": lambda url: gone.rmdir(),
        "advisories": {"mirror": str(tmp_path / "none")},
    }
    done = call("watch", given, home=home)
    assert len([s for s in seen if s.arrival.what.endswith(".pkl")]) == 2 and not done["passed"]
    assert "cannot be looked into" in warned[0] and "no mirror" in warned[1]


def test_what_could_not_be_recorded_is_looked_at_again(home, box, monkeypatch):
    from assay.kernel.errors import Broken
    from assay.works.watching import scanning

    record, failed = scanning.record, []

    def once(*given):
        if not failed:
            failed.append(1)
            raise Broken("the office could not write")
        return record(*given)

    monkeypatch.setattr(scanning, "record", once)
    seen = []
    given = {"folders": [str(box)], "settle": 0.0, "every": 0.05, "seconds": 60.0, "tell": until(seen, 2)}
    call("watch", given, home=home)
    assert sorted(s.arrival.what.rpartition("/")[2] for s in seen) == ["bad.pkl", "good.pkl"]
