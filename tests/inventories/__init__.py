"""An inventory of models that never were: one of each state, and one whose every word is hostile."""

from __future__ import annotations

from tests.cards import digest

from assay.kernel.inventory import Asked, Entry, Inventory

EVIL = '=HYPERLINK("http://x.example";"a")\n<script>alert(1)</script>\u202e'
AT = "2026-06-01T00:00:00.000Z"
ASKED = Asked("harm", "Who is harmed?", "Those refused.", "eve", "2026-02-01T00:00:00.000Z")


def entry(version, status, **more):
    """An entry with what every version has."""
    return Entry("loans", version, status, digest(str(version)), "ada", "2026-01-01T00:00:00.000Z", **more)


def approval(who):
    return {"by": who, "at": "2026-05-01T00:00:00.000Z", "reason": "seen", "statement": digest(who)}


def inventory(*more):
    """One version of each state, and further ones."""
    decided = {"decided_by": "cleo", "decided_at": "2026-05-01T00:00:00.000Z", "reason": "seen"}
    ended = {"by": "ada", "at": "2026-05-02T00:00:00.000Z", "reason": "out of date", "successor": "loans@4"}
    entries = (
        entry(1, "RETIRED", ended=ended, tier="high"),
        entry(2, "REJECTED", **decided),
        entry(3, "EXPIRED", **decided, expires="2026-05-20T00:00:00.000Z", stage="production", tier="high"),
        entry(
            4, "APPROVED", **decided, expires="2026-06-20T00:00:00.000Z", approvals=(approval("bob"), approval("cleo")),
            stage="production", aliases=("champion",), tags={"region": "eu", "seen": ""}, tier="high", owners=("Risk",),
            purpose="Sorts applications.", image={"digest": digest("image"), "platforms": ["linux/amd64"]},
            artifact=("model.bin", digest("model")), hallmark=True, complete_card=True, questions=(ASKED,), run="r1",
        ),
        entry(5, "PENDING", pending=(approval("bob"),), awaited=1, lacking=("it has no owner",),
              questions=(Asked("harm", "Who is harmed?"), Asked("data", "May it be used?", "Yes.", "eve", AT, True))),
        *more,
    )  # fmt: skip
    return Inventory(
        entries, AT, ("development", "production"), ("low", "high"), tool={"name": "assay", "version": "0"}
    )


def hostile():
    """A version whose every text is hostile."""
    said = {"by": EVIL, "at": AT, "reason": EVIL, "successor": EVIL, "statement": EVIL}
    return Entry(
        EVIL, 1, "APPROVED", EVIL, EVIL, AT, EVIL, (EVIL,), {EVIL: EVIL}, EVIL, (EVIL,), EVIL, EVIL, AT, EVIL, (said,),
        (said,), 1, AT, said, (Asked(EVIL, EVIL, EVIL, EVIL, AT),), (EVIL,), {"digest": EVIL, "platforms": [EVIL]},
        (EVIL, EVIL), run=EVIL,
    )  # fmt: skip
