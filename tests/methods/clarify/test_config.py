from __future__ import annotations

import json

import pyarrow as pa
import pytest

from assay.kernel.errors import UsageError
from assay.methods.clarify.asking import asked, continuous, decided, headed, joined
from assay.methods.clarify.config import read_config
from assay.methods.question import Facet

WHOLE = {
    "version": "1.0",
    "dataset_type": "text/csv",
    "headers": ["age", "sex", "job", "y", "p"],
    "label": "y",
    "label_values_or_threshold": [1],
    "facet": [
        {"name_or_index": "sex", "value_or_threshold": ["F"]},
        {"name_or_index": 0, "value_or_threshold": [40]},
    ],
    "group_variable": "job",
    "predicted_label": 4,
    "probability_threshold": 0.7,
    "excluded_columns": ["job"],
    "methods": {
        "pre_training_bias": {"methods": ["CI", "DPL"]},
        "post_training_bias": {"methods": "all"},
        "shap": {"num_samples": 10},
        "report": {"name": "report"},
    },
    "predictor": {"model_name": "m"},
}
TABLE = pa.table(
    {
        "age": list(range(18, 68)),
        "sex": ["F", "M"] * 25,
        "job": ["a"] * 50,
        "y": [0, 1] * 25,
        "p": [0.1, 0.9] * 25,
    }
)


def _read(tmp_path, **changes):
    raw = {k: v for k, v in (WHOLE | changes).items() if v is not ...}
    (tmp_path / "analysis_config.json").write_text(json.dumps(raw))
    return read_config(tmp_path / "analysis_config.json")


def test_all_of_it(tmp_path):
    found = asked(_read(tmp_path), TABLE)
    assert (found.label, found.positive, found.predicted, found.group_variable) == ("y", ("1",), "p", "job")
    assert found.facets == (Facet("sex", ("F",)), Facet("age", (), 40.0))
    assert found.excluded == ("job",) and found.compat == "clarify" and found.probability_threshold == 0.7
    assert found.pre == ("CI", "DPL") and len(found.post) == 13
    assert ["predictor" in n or "shap, report" in n for n in found.notes] == [True, True]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"lable": "y"}, "there is no field 'lable'; did you mean 'label'"),
        ({"features": "[*]"}, "features is not read: .*JMESPath"),
        ({"image_config": {}}, "image_config is not read"),
        ({"dataset_type": "application/x-image"}, "dataset_type 'application/x-image' is not read"),
        ({"label": ...}, "label is not given"),
        ({"label": True}, "label must be the name of a column"),
        ({"facet": []}, "facet is not given"),
        ({"facet": [{"name": "sex"}]}, r"facet\[0\] must be an object with name_or_index"),
        ({"facet": [{"name_or_index": "sex", "values": [1]}]}, r"facet\[0\] has no 'values'"),
        ({"methods": {"pre_training": {}}}, "did you mean 'pre_training_bias'"),
        ({"methods": {"pre_training_bias": {"methods": ["DPPL"]}}}, "there is no metric 'DPPL'"),
        ({"methods": {"pre_training_bias": {"methods": []}}}, "or a list of metrics"),
        ({"label_values_or_threshold": [[1]]}, "a list of texts or numbers"),
        ({"headers": "a,b"}, "headers must be a list"),
        ({"probability_threshold": "0.5"}, "must be a number"),
    ],
)
def test_what_is_not_supported_is_said_and_never_passed_over(tmp_path, changes, said):
    with pytest.raises(UsageError, match=said) as told:
        _read(tmp_path, **changes)
    assert "analysis_config.json" in str(told.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"label": "why"}, "label is 'why', and the table has no such column"),
        ({"predicted_label": 9}, "predicted_label is 9"),
        ({"facet": [{"name_or_index": "age"}]}, "the facet 'age' holds an amount"),
        ({"label_values_or_threshold": ...}, "label_values_or_threshold is not given"),
    ],
)
def test_what_the_table_does_not_have(tmp_path, changes, said):
    with pytest.raises(UsageError, match=said):
        asked(_read(tmp_path, **changes), TABLE)


def test_what_is_no_json(tmp_path):
    (tmp_path / "c.json").write_text('{"label": "y",\n "facet" [}')
    with pytest.raises(UsageError, match=r"c.json:2: is not JSON"):
        read_config(tmp_path / "c.json")
    (tmp_path / "c.json").write_text("[" * 100_000)
    with pytest.raises(UsageError, match="is not JSON"):
        read_config(tmp_path / "c.json")
    (tmp_path / "c.json").write_text("[1]")
    with pytest.raises(UsageError, match="must be an object"):
        read_config(tmp_path / "c.json")


@pytest.mark.parametrize(
    ("values", "given", "said"),
    [
        ([0.5, 1.5] * 50, [1], True),
        ([0, 1] * 50, [1], False),  # two in a hundred: categories
        ([0, 1] * 10, [1], True),  # one in ten: an amount
        ([0, 1, None] * 50, [1], True),  # pandas makes fractions of them
        (list(range(100)), [3, 4], False),  # several are values
        (["1", "2"] * 10, ["1"], True),
        (["a", "b"] * 10, ["a"], False),
        ([True, False] * 10, [True], False),
    ],
)
def test_what_the_library_takes_for_an_amount(values, given, said):
    assert continuous(pa.chunked_array([pa.array(values)]), given) is said


def test_a_file_without_a_header_gets_its_first_row_back():
    """Its first row had been taken for the names of columns, and was lost."""
    read = pa.table({"39": [50, 38], "F": ["M", "F"], "1": [0, 1], "1_1": [1, 0]})
    found = headed(read, ["age", "sex", "y", "p"], "c.json")
    assert found.to_pylist()[0] == {"age": 39, "sex": "F", "y": 1, "p": 1} and found.num_rows == 3
    other = pa.table({"Alter": [50], "G": ["M"]})  # other names, and no row
    assert headed(other, ["age", "sex"], "c.json").to_pylist() == [{"age": 50, "sex": "M"}]
    assert headed(other, ["Alter", "G"], "c.json") is other
    with pytest.raises(UsageError, match="there are 1 headers, and the table has 2 columns"):
        headed(other, ["age"], "c.json")


def test_probabilities_are_cut_above_the_threshold():
    label = pa.chunked_array([pa.array([0, 1])])
    said = pa.chunked_array([pa.array([0.5, 0.7, None, 0.71])])
    assert decided(said, label, 0.7).to_pylist() == [0, 0, None, 1]
    assert decided(said, label, None).to_pylist() == [0, 1, None, 1]
    for labels in ([0.0, 1.0], [1, 0], ["a"]):
        kept = pa.chunked_array([pa.array(labels)])
        assert decided(kept, label, 0.7) is kept


@pytest.mark.parametrize(("values", "told"), [(range(40), True), (range(2), False), (range(4000), False)])
def test_a_number_that_is_a_value_and_no_threshold_is_said(tmp_path, values, told):
    """The library takes a number for a threshold where one in twenty values is different: age 40 is else 40 alone."""
    rows = [values[i % len(values)] for i in range(4000)]
    table = pa.table({"age": rows, "y": ["a", "b"] * 2000})
    given = {"label": "y", "label_values_or_threshold": ["a"]}
    given |= {"facet": [{"name_or_index": "age", "value_or_threshold": [1]}]}
    (tmp_path / "c.json").write_text(json.dumps(given))
    question = asked(read_config(tmp_path / "c.json"), table)
    assert bool(question.readings) is told and (question.facets[0].threshold is None) is (len(values) < 4000)
    assert (
        not told
        or "age is 1, and not above it: 40 different whole numbers in 4,000 rows" in question.readings[0]
    )


def _beside(tmp_path, **more):
    given = {
        "label": "y",
        "label_values_or_threshold": [1],
        "facet": [{"name_or_index": "sex"}],
        "predicted_label": "p",
    }
    given |= {"predicted_label_dataset_uri": "s3://b/p.csv", "predicted_label_headers": ["id", "p"]} | more
    (tmp_path / "c.json").write_text(json.dumps(given))
    return read_config(tmp_path / "c.json")


def test_a_file_of_predictions_is_joined_by_the_column_that_is_named_or_in_order(tmp_path):
    table = pa.table({"id": [3, 1, 2], "sex": ["f", "m", "f"], "y": [1, 0, 1]})
    other = pa.table(
        {"1": ["2"], "0": ["1"]}
    )  # a CSV without a header, whose first row had been taken for names
    config = _beside(tmp_path, joinsource_name_or_index="id")
    found = joined(config, table, {"--predicted-data": other, "--facet-data": None})
    assert found.to_pydict()["p"] == [None, "0", "1"] and found.column_names == ["id", "sex", "y", "p"]
    config = _beside(tmp_path, predicted_label_headers=["p"], facet_dataset_uri="s3://b/f.csv")
    table, told = table.drop_columns("sex"), pa.table({"p": [1, 0, 0]})
    found = joined(
        config, table, {"--predicted-data": told, "--facet-data": pa.table({"sex": ["m", "f", "m"]})}
    )
    assert found.to_pydict() == {"id": [3, 1, 2], "y": [1, 0, 1], "p": [1, 0, 0], "sex": ["m", "f", "m"]}


def test_a_file_that_does_not_fit_the_table_is_refused(tmp_path):
    table = pa.table({"id": [3, 1], "sex": ["f", "m"], "y": [1, 0]})
    by_id, in_order = _beside(tmp_path, joinsource_name_or_index="id"), _beside(tmp_path)
    of = "--predicted-data"
    for config, given, said in (
        (
            by_id,
            {of: None},
            "predicted_label_dataset_uri names a file of its own, which was not given; say --predicted",
        ),
        (by_id, {of: pa.table({"id": [1, 1], "p": [1, 0]})}, "two rows .* have the same id"),
        (
            by_id,
            {of: pa.table({"id": [1], "p": [1], "x": [0]})},
            "there are 2 headers, and the table has 3 columns",
        ),
        (
            in_order,
            {of: pa.table({"id": [1], "p": [1]})},
            "has 1 rows, and the table 2; name the column to join by",
        ),
        (
            in_order,
            {of: pa.table({"id": [1, 2], "p": [1, 0]})},
            "both the table and the file .* have a column 'id'",
        ),
        (in_order, {"--facet-data": table}, "--facet-data was given, and the config names no such file"),
    ):
        with pytest.raises(UsageError, match=said):
            joined(config, table, given)
