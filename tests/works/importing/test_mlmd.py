"""ML Metadata's store: mlmd.sql is the dump of one that ml-metadata 1.17.1 wrote; others are made hostile of it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from assay.kernel.errors import BadInput
from assay.office import contexts, runs, verification
from assay.works.call import call
from assay.works.home import Home
from assay.works.importing import mlmd
from assay.works.importing.keeping import import_
from assay.works.sidebyside import row

WRITTEN = (Path(__file__).parent / "mlmd.sql").read_text()


@pytest.fixture
def home(tmp_path):
    found = Home.create(tmp_path / "home", {})
    yield found
    found.close()


@pytest.fixture
def store(tmp_path):
    """Lay a store out as the writer left it, and change it by some SQL."""

    def lay_out(*more):
        path = tmp_path / "mlmd.db"
        path.unlink(missing_ok=True)
        con = sqlite3.connect(path)
        con.executescript(WRITTEN)
        for sql in more:
            con.execute(sql)
        con.commit()
        con.close()
        return path

    return lay_out


def test_executions_are_runs_with_properties_metrics_lineage_and_contexts(home, store):
    done = import_(home, str(store()), "ada")
    assert {n: done[n] for n in ("system", "runs", "new", "edges", "contexts")} == {
        "system": "mlmd", "runs": 2, "new": 2, "edges": 2, "contexts": 3,
    }  # fmt: skip
    failed, trained = sorted(runs.listing(home.office, 10), key=lambda r: r.outcome)
    assert (failed.outcome, trained.outcome) == ("fail", "pass")
    assert (trained.pipeline, trained.experiment, failed.experiment) == ("hotel", "winter", "hotel")
    told = row(home, trained)
    assert told["params"] == {"steps": 1000, "rate": 0.1, "who": "ada"} and told["metrics"] == {"f1": 0.83}
    (model,) = [a for a in runs.steps_of(home.office, trained.id)[0].outputs.values() if a.kind == "model"]
    (edge,) = call("lineage", {"urn": model.uri}, home=home)["edges"]
    assert (edge["from_name"], edge["source"]) == ("hotel rows", "sha256:" + "a" * 64)
    assert [c.key for c in contexts.listing(home.office)] == [
        "Experiment/winter", "pipeline/hotel", "pipeline_run/hotel.2026-11-01",
    ]  # fmt: skip
    members = {m["member"] for m in contexts.members(home.office, "pipeline_run/hotel.2026-11-01")}
    assert members == {f"run/{trained.id}", f"run/{failed.id}", model.uri}
    assert [
        r["id"] for r in call("search", {"query": "runs params.steps >= 1000"}, home=home)["results"]
    ] == [trained.id]
    assert verification.verify(home.office).ok


def test_a_second_time_nothing_is_new_and_what_changed_is_taken(home, store):
    import_(home, str(store()), "ada")
    again = import_(home, str(store()), "ada")
    assert (again["new"], again["changed"], again["unchanged"], again["events"]) == (0, 0, 2, [])
    changed = import_(
        home, str(store("UPDATE Execution SET last_known_state = 6 WHERE last_known_state = 4")), "ada"
    )
    assert (changed["new"], changed["changed"]) == (0, 1)


def test_an_execution_that_is_under_way_stays_so_when_the_home_is_opened_again(home, store):
    import_(home, str(store("UPDATE Execution SET last_known_state = 2")), "ada")
    home.close()
    again = Home.open(home.root, {})
    assert {r.outcome for r in runs.listing(again.office, 10)} == {"running"}
    again.close()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE Artifact SET name = printf('%.*c', 100000, 'x'), uri = printf('%.*c', 100000, 'u')",
        "UPDATE ExecutionProperty SET string_value = printf('%.*c', 1000000, 'x'), int_value = NULL, double_value = NULL",
        "UPDATE ExecutionProperty SET double_value = 9e999, int_value = NULL",
        "UPDATE Execution SET create_time_since_epoch = 9223372036854775807",
        "UPDATE Context SET name = char(27) || '[2J' || name",
        "UPDATE Type SET name = char(10) || '/../' || name",
        "UPDATE Type SET name = CAST(x'ff00fe' AS TEXT) || name",
        "UPDATE Event SET artifact_id = 999999 + id",
        "UPDATE Event SET type = 77",
        "UPDATE Execution SET type_id = 999",
        "DELETE FROM Type",
        "DROP TABLE Attribution",
        "ALTER TABLE Execution DROP COLUMN last_update_time_since_epoch",
    ],
)
def test_what_makes_no_sense_is_borne_and_bounded(home, store, sql):
    import_(home, str(store(sql)), "ada")
    for record in runs.listing(home.office, 10):
        assert len(str(row(home, record))) < 20_000
        assert record.pipeline.isprintable()
    assert all(c.key.isprintable() for c in contexts.listing(home.office))
    assert verification.verify(home.office).ok


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE Event SET artifact_id = 'x' || id",
        "UPDATE Execution SET last_known_state = 'done'",
        "ALTER TABLE Event DROP COLUMN milliseconds_since_epoch",
        "ALTER TABLE Execution RENAME COLUMN type_id TO kind",
    ],
)
def test_what_cannot_be_read_is_one_sentence_or_borne(home, store, sql):
    try:
        import_(home, str(store(sql)), "ada")
    except BadInput as error:
        assert "is it ML Metadata's database, whole?" in str(error)
        assert not runs.listing(home.office, 10)
    else:
        assert verification.verify(home.office).ok


def test_a_view_in_a_tables_place_is_never_asked(store):
    endless = "CREATE VIEW Execution AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id, 1 AS type_id, 3 AS last_known_state FROM n"
    assert not mlmd.is_store(store("DROP TABLE Execution", endless))


def test_a_file_cut_short_is_one_sentence(home, store):
    path = store()
    path.write_bytes(path.read_bytes()[:9_000])
    with pytest.raises(BadInput, match="the store cannot be read"):
        import_(home, str(path), "ada")


def test_an_execution_of_very_many_artifacts_is_bounded(home, store):
    many = (
        "INSERT INTO Event (artifact_id, execution_id, type) WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n"
        " WHERE i < 5100) SELECT i, 1, 3 FROM n"
    )
    things = "INSERT INTO Artifact (id, type_id, uri) SELECT artifact_id, 10, 'u' FROM Event WHERE artifact_id >= 100"
    (first, _) = list(mlmd.read(store(many, things)))
    assert len(first.inputs) == mlmd.MOST_THINGS


def test_a_type_is_what_its_parents_are_and_a_context_tells_what_it_lies_in(home, store):
    path = store(
        "UPDATE Type SET name = 'Forest' WHERE id = 11",
        "UPDATE Type SET name = 'Scores' WHERE id = 12",
        "INSERT INTO ParentType VALUES (11, 2), (12, 3), (2, 11)",  # a ring, too
        "INSERT INTO ParentContext VALUES (2, 1), (2, 3)",
    )
    import_(home, str(path), "ada")
    trained = next(r for r in runs.listing(home.office, 10) if r.outcome == "pass")
    assert row(home, trained)["metrics"] == {"f1": 0.83}
    assert [a.kind for a in runs.steps_of(home.office, trained.id)[0].outputs.values()].count("model") == 1
    about = contexts.get(home.office, "pipeline_run/hotel.2026-11-01").about
    assert about["parents"] == ["pipeline/hotel", "Experiment/winter"]
    found = call("search", {"query": "contexts about.parents = pipeline/hotel"}, home=home)["results"]
    assert [r["key"] for r in found] == ["pipeline_run/hotel.2026-11-01"]
