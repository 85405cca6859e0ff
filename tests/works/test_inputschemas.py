"""The input schema that a package carries: learnt from the model's training rows, signed with it, replaced by people."""

import base64
import hashlib
import json

import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

import assay.examples
from assay.kernel.errors import Refused, UsageError
from assay.methods.inputschema.checking import Checker
from assay.methods.inputschema.schema import FILE, parse
from assay.works import inputschemas
from assay.works.home import Home

RAW = next(iter(assay.examples.__path__)) + "/bookings/bookings.csv.gz"


@pytest.fixture(scope="module")
def package(demo):
    (folder,) = (demo.folder / ".assay" / "packages" / "bookings" / "1").glob("package")
    return folder


def test_a_run_learns_it_from_the_raw_rows_where_what_the_model_reads_was_repaired(demo, package):
    schema = parse((package / FILE).read_bytes(), FILE)
    said = demo.report("explain")["data"]["model"]["features"]
    assert [f.name for f in schema.features] == said  # what the model reads, in its order
    assert all(f.required for f in schema.features)
    assert "is_canceled" in schema.ignored and "is_canceled" not in said
    rows = pacsv.read_csv(RAW)
    assert schema.rows == rows.num_rows
    assert Checker(schema).check_table(rows) == []
    assert Checker(schema).check_table(pq.read_table(demo.output("split", "train"))) == []
    (step,) = json.loads((package / "preparation.json").read_bytes())["steps"]
    assert (step["step"], step["treatment"]) == ("clean", "data.repair")


def test_the_hallmark_signs_it(demo, package):
    mark = json.loads((package.parent / "model.sig").read_text())
    signed = base64.b64decode(mark["dsseEnvelope"]["payload"]).decode()
    assert FILE in signed and hashlib.sha256((package / FILE).read_bytes()).hexdigest() in signed


def test_raw_bookings_pass_but_for_faults(demo, package):
    table = pacsv.read_csv(RAW)
    checker = Checker(parse((package / FILE).read_bytes(), FILE))
    names = table.column_names
    rows = [list(r.values()) for r in table.to_pylist()]
    found = [checker.check(names, [row]) for row in rows[:1000]]
    assert sum(bool(f) for f in found) <= 1
    bad = dict(zip(names, rows[0], strict=True)) | {"lead_time": -5}
    assert [v.feature for v in checker.check(tuple(bad), [list(bad.values())])] == ["lead_time"]


def test_the_homes_own_stands_before_the_packages(tmp_path, package):
    home = Home.create(tmp_path, {"ASSAY_ACTOR": "ada"})
    assert inputschemas.at(home, "hotel", tmp_path) is None
    packed = inputschemas.at(home, "hotel", package)
    assert packed is not None and packed.additional
    edited = json.loads((package / FILE).read_bytes()) | {"additional": False}
    (home.folder("schemas") / "hotel.json").write_text(json.dumps(edited))
    assert not inputschemas.at(home, "hotel", package).additional
    assert inputschemas.at(home, "other", package).additional
    home.root.chmod(0o755)
    with pytest.raises(Refused, match=r"hotel\.json is not obeyed"):
        inputschemas.at(home, "hotel", package)
    home.root.chmod(0o700)
    (home.root / "schemas" / "hotel.json").write_text("{}")
    with pytest.raises(UsageError, match="no input schema"):
        inputschemas.at(home, "hotel", package)
