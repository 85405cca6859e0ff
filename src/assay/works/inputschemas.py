"""The input schema that a package carries: learnt from what its model was trained on, or what people made of that."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError
from assay.kernel.verdict import Verdict
from assay.methods.inputschema.schema import FILE, MOST_BYTES, Schema, parse
from assay.methods.plainfile import read_plain

if TYPE_CHECKING:
    from assay.works.bench import Bench
    from assay.works.home import Home
    from assay.works.preparing import Prepared

FOLDER = "schemas"  # of a home: NAME.json stands before the package's own at the endpoint NAME


def learnt(
    bench: Bench,
    model: Asset,
    trained_on: Asset | None,
    verdicts: Mapping[str, Verdict],
    prepared: Prepared | None = None,
) -> Schema | None:
    """Return the schema of the rows that a model was trained on; None where they are not known or no longer there.

    prepared: what is done to rows before the model; the schema is then that of the raw rows.

    What the reports of a run say of this very model tells which columns it reads, and which one is its label.
    """
    from assay.methods.inputschema.learning import learn

    if trained_on is None:
        return None
    reads, label = features(model, verdicts), labels(verdicts)
    if prepared is not None and not prepared.preparation.blocked:
        trained_on, reads = prepared.raw, tuple(prepared.preparation.columns)
    try:
        with bench.opened(trained_on, "table") as table:
            return learn(table.arrow(limit=0).schema, table.batches(), reads=reads, label=label)
    except AssayError:  # a package without it is guarded by all else, and says so
        return None


def read(path: Path) -> Schema:
    """Read an input schema's file; UsageError where it is none."""
    return parse(read_plain(path, MOST_BYTES, "the input schema"), str(path))


def at(home: Home, endpoint: str, package_folder: Path) -> Schema | None:
    """Return what an endpoint's rows are held against: the home's own for it, else the package's; None without either.

    Refused where the home's file may be somebody else's.
    """
    from assay.works.settings import owned

    own = home.root / FOLDER / f"{endpoint}.json"
    if own.exists():
        owned(home.root, f"{FOLDER}/{endpoint}.json")
        return read(own)
    packed = package_folder / FILE
    return read(packed) if packed.exists() else None


def features(model: Asset, verdicts: Mapping[str, Verdict]) -> tuple[str, ...]:
    """Return the features that a model named of itself, in its order, where a report tells all of them."""
    for verdict in verdicts.values():
        report = verdict.report
        said = report.data.get("model")
        about = report.subject is not None and report.subject.digest == model.digest
        if about and isinstance(said, dict) and said.get("features"):
            named = tuple(str(n) for n in said["features"])
            if said.get("features_in_all", len(named)) == len(named):
                return named
    return ()


def labels(verdicts: Mapping[str, Verdict]) -> tuple[str, ...]:
    """Return what the checks of a run were told is the label."""
    said = (v.report.params.get("label") for v in verdicts.values())
    return tuple(dict.fromkeys(s for s in said if isinstance(s, str)))
