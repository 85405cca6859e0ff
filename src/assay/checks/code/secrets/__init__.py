"""Credentials in files, notebooks and the history of a repository: keys, tokens, passwords, found and verified by their structure.

Cloud keys, tokens of over a hundred kinds, private keys, passwords in addresses and settings, and what is assigned to a name
that says it is secret. Structure is verified where there is one: checksums, macaroons, base 64 of keys, claims of tokens; the
account inside an AWS key id is read out. A secret is never shown whole.

Example: assay check code.secrets .
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.handles import Key, OfTheHome, Tree, Work
from assay.kernel.report import Metric, Report


def check(
    tree: Tree,
    *,
    exclude: Annotated[
        tuple[str, ...], Doc("files to leave out, as a glob such as vendor/** or *.ipynb; told in the report")
    ] = (),
    history: Annotated[
        bool,
        Doc(
            "search the history of repositories too: every object once, those that no branch leads to included"
        ),
    ] = True,
    expand: Annotated[
        int, Interval(ge=0, le=1 << 40), Doc("how many bytes may come out of archives and images in all")
    ] = 8 << 30,
    baseline: Annotated[
        Tree | None,
        Doc("the file of accepted secrets  [default: .assay-secrets in the tree, where there is one]"),
    ] = None,
    key: Annotated[
        Key | None,
        OfTheHome("secrets"),
        Doc("the key that fingerprints are made with  [default: the home's, secrets]"),
    ] = None,
    work: Work,
) -> Report:
    """Search every file of ``tree``; coverage counts files and objects of git."""
    from assay.checks.code.secrets._accepted import accepted_in, mac_of
    from assay.checks.code.secrets._past import search_histories
    from assay.checks.code.secrets._search import search_files
    from assay.checks.code.secrets._tally import Tally
    from assay.engines.githistory import repositories
    from assay.engines.unfolding import Room

    accepted = accepted_in(tree, baseline, key)
    tally = Tally(mac_of(accepted, key), accepted)
    found = list(repositories(Path(tree.root)))
    left = search_files(tree, found, tally, exclude, Room(size=expand), work)
    past = search_histories(tree, found, tally, exclude, work) if history else []
    tally.settle()
    return Report.make(
        coverage=tally.coverage(),
        findings=tally.findings(),
        outputs=[work.put("default-chain", "".join(tally.diffs).encode(), "diff")] if tally.diffs else [],
        metrics=[
            Metric.number("secrets", tally.secrets, unit="secrets"),
            Metric.number("files", tally.examined, unit="files"),
            Metric.number("objects", sum(r["objects"] for r in past), unit="objects"),
            Metric.number("bytes", tally.size, unit="bytes"),
        ],
        data={"excluded": left, "repositories": past, "accepted": tally.accepted_ones},
    )
