"""A disk that is really full: a file system of a few megabytes, mounted where only its test sees it."""

import json
import shutil
import subprocess
import sys

import pytest

FILL = """
import json, os, sys
from pathlib import Path
from assay.kernel.errors import AssayError
from assay.office import ledger, verification
from assay.works.call import call
from assay.works.home import Home

folder, said, kept = Path(sys.argv[1]), [], 0
(folder / "ballast").write_bytes(b"x" * 500_000)
home = Home.create(folder, {"ASSAY_ACTOR": "ada"})
try:
    while True:
        with home.office.transaction() as tx:
            for n in range(20):
                tx.record("test.act", f"thing/{kept + n}", actor="ada", detail={"text": "x" * 500})
        kept += 20
except (AssayError, OSError) as error:
    said.append(f"{type(error).__name__}: {error}")
try:
    home.store.put_bytes(os.urandom(1_000_000))
except (AssayError, OSError) as error:
    said.append(f"{type(error).__name__}: {error}")
full = verification.verify(home.office)
home.close()
(folder / "ballast").unlink()
home = Home.open(folder / ".assay", {"ASSAY_ACTOR": "ada"})
again = verification.verify(home.office)
with home.office.transaction() as tx:
    seq = tx.record("test.act", "afterwards", actor="ada")
print(json.dumps({
    "said": said, "kept": kept, "full": full.ok, "again": again.ok, "size": again.size, "seq": seq,
    "last": ledger.event(home.office, kept - 1).subject, "after": verification.verify(home.office).ok,
    "left": [p.name for p in home.root.rglob(".new-*")],
}))
home.close()
"""

TRACKED = """
import json, os, sys
from pathlib import Path
import assay
from assay.office import runs, verification
from assay.works.home import Home
from assay.works.tracking.beginning import tracked

folder = Path(sys.argv[1])
home = Home.create(folder, {"ASSAY_ACTOR": "ada"})
if not os.fork():  # a process that dies with its run under way, whose report has no room
    run = tracked(home, "long")
    run.log(params={f"p{n}": "x" * 200 for n in range(2_000)})
    run.flush()
    os._exit(0)
os.wait()
home.close()
with (folder / "ballast").open("wb", buffering=0) as ballast:
    try:
        while True:
            ballast.write(b"x" * 4096)
    except OSError:
        pass
os.truncate(folder / "ballast", (folder / "ballast").stat().st_size - 150_000)
home = Home.open(folder / ".assay", {"ASSAY_ACTOR": "ada"})
full = [verification.verify(home.office).ok, runs.get(home.office, "last").outcome]
home.close()
(folder / "ballast").unlink()
home = Home.open(folder / ".assay", {"ASSAY_ACTOR": "ada"})
print(json.dumps([*full, verification.verify(home.office).ok, runs.get(home.office, "last").outcome]))
home.close()
"""


def on_a_disk_of(megabytes, folder, script):
    """Run a script with a file system of its own, which it may fill; return what it printed."""
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare here, so no small disk can be mounted")
    (folder / "disk").mkdir()
    mounted = f'mount -t tmpfs -o size={megabytes}m none "{folder}/disk"'
    inner = f'{mounted} && exec "{sys.executable}" -c "$0" "{folder}/disk"'
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", inner, script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if "unshare:" in done.stderr or "mount:" in done.stderr:
        pytest.skip("no disk can be mounted here")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_run_that_could_not_be_settled_kept_a_home_on_a_full_disk_from_being_read(tmp_path):
    assert on_a_disk_of(3, tmp_path, TRACKED) == [True, "running", True, "interrupted"]


def test_it_is_one_sentence_nothing_acknowledged_is_lost_and_work_goes_on_where_there_is_room(tmp_path):
    told = on_a_disk_of(2, tmp_path, FILL)
    assert len(told["said"]) == 2
    assert all("full" in s or "No space left" in s or "could not write" in s for s in told["said"]), told[
        "said"
    ]
    assert told["said"][0].endswith("make room, and try again")
    assert told["kept"] > 0 and told["full"] and told["again"] and told["after"]
    assert told["size"] == told["kept"] == told["seq"] and told["last"] == f"thing/{told['kept'] - 1}"
    assert not told["left"]
