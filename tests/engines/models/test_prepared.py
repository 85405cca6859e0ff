"""A model behind its preparation: whose the contributions are."""

import pyarrow as pa
import pytest

from assay.engines.models.prepared import PreparedModel
from assay.methods.preparing.preparation import Preparation

METADATA = {b"assay": b'{"unit": "log-odds"}'}


class Linear:
    """2 a + 3 b + 1, whose contributions are its terms."""

    def describe(self):
        return {"features": ["a", "b"]}

    def contributions(self, table, of=None):
        a, b = (table.column(n).to_numpy() for n in ("a", "b"))
        parts = {"a": 2.0 * a, "b": 3.0 * b, "bias": 0 * a + 1.0, "margin": 2.0 * a + 3.0 * b + 1}
        return pa.table(parts).replace_schema_metadata(METADATA)


def prepared(steps):
    return PreparedModel(
        Linear(), Preparation({"a": "number", "unread": "number", "b": "number"}, ("a", "b"), steps)
    )


def test_where_cells_stay_in_their_columns_its_contributions_are_of_the_raw_ones():
    """The registered model of the demo, which has a repair before it, was explained by sampling sixty rows."""
    rows = pa.table({"a": [1.0, 2.0], "unread": [9.0, 9.0], "b": [0.0, -1.0]})
    found = prepared(()).contributions(rows)
    assert found.to_pydict() == {
        "a": [2.0, 4.0],
        "unread": [0.0, 0.0],
        "b": [0.0, -3.0],
        "bias": [1.0, 1.0],
        "margin": [3.0, 2.0],
    }
    assert found.schema.metadata == METADATA


@pytest.mark.parametrize("treatment", ["data.pca", "data.decorrelate"])
def test_where_columns_are_mixed_it_has_none(treatment):
    assert prepared((("mix", treatment, {}),)).contributions(pa.table({"a": [1.0]})) is None
