"""What one caller asks over time: ways to read a model off are told, real rows are not."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pytest

import assay.examples
from assay.kernel.serving import Rows
from assay.methods.inputschema.learning import learn
from assay.methods.inputschema.schema import Feature, Schema
from assay.methods.shields import callers
from assay.methods.shields.callers import Callers

EXAMPLES = Path(next(iter(assay.examples.__path__)))


def real(name):
    if name == "bookings":
        return pacsv.read_csv(EXAMPLES / "bookings/bookings.csv.gz")
    if name == "adult":
        return pacsv.read_csv(EXAMPLES / "income/adult.csv.gz").slice(0, 4000)
    from sklearn import datasets

    return pa.Table.from_pandas(getattr(datasets, f"load_{name}")(as_frame=True).frame)


def watched(watch, names, rows, caller="eve"):
    """Return each pattern that is told of rows, and after how many."""
    out = {}
    for number, row in enumerate(rows, 1):
        for pattern in watch.watch(caller, Rows(tuple(names), [[float(x) for x in row]])):
            out.setdefault(pattern, number)
    return out


def numbers(table):
    """Return its schema, its numeric columns' names, and their values."""
    schema = learn(table.schema, table.to_batches())
    names = [f.name for f in schema.features if f.type in ("integer", "number")]
    values = np.column_stack([np.nan_to_num(table.column(n).to_pandas().to_numpy(float)) for n in names])
    return schema, names, values


def walks(values, draw):
    """Give ways to read a model off, each a name and rows."""
    low, high = values.min(0), values.max(0)
    width, span = values.shape[1], values.max(0) - values.min(0)
    one = values[3]
    yield "spread", (draw.uniform(low, high) for _ in range(300))
    yield "grid", (low + span * draw.integers(0, 5, width) / 4 for _ in range(300))

    def lines():
        for at in range(width):
            for step in np.linspace(low[at], high[at], 25):
                row = one.copy()
                row[at] = step
                yield row

    def halving():
        for _ in range(20):
            a, b = values[draw.integers(len(values))], values[draw.integers(len(values))]
            for _ in range(15):
                middle = (a + b) / 2
                yield middle
                a, b = (middle, b) if draw.random() < 0.5 else (a, middle)

    yield "lines", lines()
    yield "lines", halving()
    yield "probes", (one + draw.normal(size=width) * span * 0.01 for _ in range(300))
    yield "probes", (one + draw.choice([-1, 1], width) * span * 0.02 for _ in range(300))
    yield (
        "probes",
        (
            values[draw.integers(len(values))] if i % 3 == 0 else one + draw.normal(size=width) * span * 0.01
            for i in range(300)
        ),
    )


@pytest.mark.parametrize("name", ["wine"])
def test_walks_and_probes_are_told_within_two_hundred_rows(name):
    schema, names, values = numbers(real(name))
    for pattern, rows in walks(values, np.random.default_rng(5)):
        assert watched(Callers(schema), names, rows).get(pattern, 999) <= 200, pattern


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bookings", "adult", "iris", "wine", "breast_cancer", "diabetes", "digits"])
def test_walks_and_probes_are_told_in_every_set(name):
    schema, names, values = numbers(real(name))
    for seed in range(3):
        for pattern, rows in walks(values, np.random.default_rng(seed)):
            assert watched(Callers(schema), names, rows).get(pattern, 999) <= 200, pattern


@pytest.mark.parametrize("name", ["bookings", "diabetes"])
def test_real_rows_in_their_own_order_are_none(name):
    schema, names, values = numbers(real(name))
    assert watched(Callers(schema), names, values[:200]) == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bookings", "adult", "iris", "wine", "breast_cancer", "diabetes", "digits"])
def test_all_real_rows_in_any_order_are_none(name):
    schema, names, values = numbers(real(name))
    assert watched(Callers(schema), names, values) == {}
    for seed in range(3):
        assert watched(Callers(schema), names, np.random.default_rng(seed).permutation(values)) == {}


def test_the_same_row_again_and_again_is_a_retry():
    schema, names, values = numbers(real("wine"))
    assert watched(Callers(schema), names, [values[0]] * 300) == {}


def test_each_caller_is_judged_alone():
    schema, names, values = numbers(real("wine"))
    watch, draw = Callers(schema), np.random.default_rng(1)
    for row in values:
        noisy = values[0] + draw.normal(size=len(names)) * values.std(0) * 0.01
        assert watch.watch("ada", Rows(tuple(names), [list(map(float, row))])) == {}
        told = watch.watch("eve", Rows(tuple(names), [list(map(float, noisy))]))
    assert "probes" in told and "nearly repeat" in told["probes"]


def test_memory_of_callers_is_bounded():
    schema, names, values = numbers(real("wine"))
    watch = Callers(schema)
    for number in range(callers.MOST_CALLERS + 100):
        watch.watch(f"c{number}", Rows(tuple(names), [list(map(float, values[0]))]))
    assert len(watch._callers) == callers.MOST_CALLERS
    assert "c0" not in watch._callers and f"c{callers.MOST_CALLERS + 99}" in watch._callers


def test_whatever_rows_hold_is_taken():
    schema = Schema(tuple(Feature(f"f{i}", "number", minimum=0.0, maximum=1.0) for i in range(5)))
    watch = Callers(schema)
    odd = [[None, "x", float("nan"), float("inf"), 10**400], [], [True], [[1], {}, -1e308, 1e308, 0]]
    for _ in range(200):
        assert isinstance(watch.watch("a", Rows((), odd)), dict)
    assert watch.watch("a", Rows(("other",), [[1]])) is not None
    table = pa.table({"f0": [1.0, None], "f1": ["x", "y"]})
    assert isinstance(watch.watch("b", Rows((), None, table)), dict)
    assert Callers(Schema(())).watch("a", Rows((), [[1]])) == {}
    wide = Callers(Schema(tuple(Feature(f"f{i}", "number", minimum=0.0, maximum=1.0) for i in range(6000))))
    assert wide.watch("a", Rows((), [[0.5] * 6000] * 100)) == {}


def test_five_hundred_callers_of_rows_of_a_hundred_thousand_numbers_were_remembered():
    wide, slim = (Schema(tuple(Feature(f"f{i}", "number") for i in range(n))) for n in (100_000, 10))
    assert Callers(wide).most == 20 and Callers(slim).most == callers.MOST_CALLERS
