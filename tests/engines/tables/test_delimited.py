"""CSV read by DuckDB: what no other reader's tests meet."""

from __future__ import annotations

from assay.engines.tables import open_table


def test_a_file_of_a_thousand_columns_and_more_with_quotes_is_read(tmp_path):
    """Line ends within cells were counted by a sum too deep for the engine."""
    path = tmp_path / "wide.csv"
    names = [f"c{n}" for n in range(1_500)]
    path.write_text(
        ",".join(names) + "\n" + ",".join('"a\nb"' if n == 7 else "1" for n in range(1_500)) + "\n"
    )
    with open_table(str(path), scratch=tmp_path / "s") as table:
        assert (table.rows, len(table.columns), table.problems) == (1, 1_500, ())
        assert table.arrow(["c7"]).to_pydict() == {"c7": ["a\nb"]}
