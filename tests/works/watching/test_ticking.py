"""What a server starts beside its endpoints: a watch where advisories have changed, in a process of its own."""

import pytest
from tests.images import docker_save, layer, mirror
from tests.works.watching.conftest import FILES
from tests.works.watching.test_arriving import ZLIB, watched
from tests.works.watching.test_rescanning import SECOND, states

from assay.kernel.errors import UsageError
from assay.works.watching.ticking import Ticker


@pytest.fixture
def ticker():
    made = Ticker()
    yield made
    made.stop()


@pytest.mark.slow
def test_a_server_has_images_judged_again_when_advisories_have_changed_and_lie_still(home, tmp_path, ticker):
    box, osv = tmp_path / "box", tmp_path / "osv"
    box.mkdir()
    docker_save(box / "saved.tar", [layer(FILES)])
    mirror(osv, ZLIB)
    assert not ticker.tick(home, 0.0)  # no watch.yaml: nothing is looked for
    (home.root / "watch.yaml").write_text(f"advisories: {osv}\n")
    watched(home, box)
    assert not ticker.tick(home, 40.0) and not ticker.tick(home, 80.0)  # nothing has changed
    mirror(osv, SECOND)
    assert not ticker.tick(home, 90.0)  # too early for another look
    assert not ticker.tick(home, 120.0)  # it may still be written
    assert ticker.tick(home, 160.0)
    assert ticker.process.wait(60) == 1  # they are high
    assert states(home) == {"CVE-2026-1000": "open", "CVE-2026-2000": "open"}
    assert not ticker.tick(home, 200.0) and not ticker.tick(home, 240.0)


def test_a_watch_file_that_cannot_be_read_was_told_to_nobody(home, ticker):
    (home.root / "watch.yaml").write_text("advisories: {kev: kev.json}\n")
    with pytest.raises(UsageError, match="mirror"):  # the server says it, and looks again
        ticker.tick(home, 0.0)
    assert not ticker.tick(home, 10.0)
