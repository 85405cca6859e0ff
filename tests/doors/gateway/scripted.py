"""Approved versions of one inference script, which tells them apart by a number in its folder."""

from assay.office import registry
from assay.works.call import call
from assay.works.home import Home
from assay.works.marking import strike


def approve(home, script, number):
    """Register a script as s@NUMBER, struck and approved."""
    files = {
        "inference.py": home.store.put_bytes(script),
        "number.txt": home.store.put_bytes(b"%d" % number),
    }
    with home.office.transaction() as tx:
        record = registry.enter(
            tx, home.office, "s", digest=f"sha256:{number:064x}", files=files, reports={}, run="", actor="ada",
            metadata={"artifact": "inference.py"},
        )  # fmt: skip
        tx.record("model.register", record.urn, actor="ada")
    strike(home, record, "ada", "full")
    call("model.approve", {"name": record.title, "reason": "seen"}, home=home)


def lay_out(folder, script):
    """Make a home with s@1 to s@4 in a folder, and return the folder."""
    home = Home.create(folder, {"ASSAY_ACTOR": "ada"})
    for number in range(1, 5):
        approve(home, script, number)
    home.close()
    return folder
