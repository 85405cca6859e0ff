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


def test_it_is_one_sentence_nothing_acknowledged_is_lost_and_work_goes_on_where_there_is_room(tmp_path):
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare here, so no small disk can be mounted")
    (tmp_path / "disk").mkdir()
    inner = f'mount -t tmpfs -o size=2m none "{tmp_path}/disk" && exec "{sys.executable}" -c "$0" "{tmp_path}/disk"'
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", inner, FILL]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if "unshare:" in done.stderr or "mount:" in done.stderr:
        pytest.skip("no disk can be mounted here")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert len(told["said"]) == 2
    assert all("full" in s or "No space left" in s or "could not write" in s for s in told["said"]), told[
        "said"
    ]
    assert told["said"][0].endswith("make room, and try again")
    assert told["kept"] > 0 and told["full"] and told["again"] and told["after"]
    assert told["size"] == told["kept"] == told["seq"] and told["last"] == f"thing/{told['kept'] - 1}"
    assert not told["left"]
