"""Columns whose values stand in a key, and those that only lie in its range."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from assay.methods.integrity.column import Sampled
from assay.methods.integrity.inclusion import Referred, akin, find, inside, own

RNG = np.random.default_rng(3)
N = 2_000


def column(name, values, kind="integer"):
    return Sampled(name, kind, pa.array(values))


def key(table, name, values, kind="integer"):
    return Referred(table, name, kind, pa.array(values))


def found(columns, *keys):
    return [(r.target, r.inside, r.violations) for r in find(columns, keys)]


def test_a_named_reference_to_a_dense_key():
    ids = RNG.integers(1, 501, N)
    ids[:7] = 999
    customers = key("customers", "id", np.arange(1, 501))
    assert found([column("customer_id", ids)], customers) == [("customer_id", ("customers", "id"), 7)]


def test_small_numbers_lie_in_a_dense_key_by_chance_and_are_silent():
    columns = [column("quantity", RNG.integers(1, 12, N)), column("age", RNG.integers(18, 90, N))]
    assert found(columns, key("customers", "id", np.arange(1, 501))) == []


def test_a_sparse_key_needs_no_name():
    codes = np.sort(RNG.choice(10**9, 400, replace=False))
    values = RNG.choice(codes, N)
    values[3] = 5
    assert found([column("payer", values)], key("people", "id", codes)) == [("payer", ("people", "id"), 1)]


def test_text_that_holds_few_values_by_chance_is_silent():
    columns = [column("size", RNG.choice(["S", "M", "L"], N), "text")]
    assert found(columns, key("letters", "letter", list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), "text")) == []


def test_half_of_the_values_missing_is_no_inclusion():
    ids = RNG.integers(1, 1_001, N)
    assert found([column("customer_id", ids)], key("customers", "id", np.arange(1, 501))) == []


def test_a_whole_number_and_its_digits_are_alike():
    customers = key("customers", "id", [str(k) for k in range(100, 600)], "text")
    assert found([column("customer_id", RNG.integers(100, 600, N))], customers) == [
        ("customer_id", ("customers", "id"), 0)
    ]
    assert inside(pa.array([100, None, 7]), customers).to_pylist() == [True, None, False]


def test_a_manager_is_an_employee():
    staff = np.arange(1, N + 1)
    boss = RNG.integers(1, 60, N)
    boss[5] = N + 7
    columns = [
        column("employee_id", staff),
        column("manager_id", boss),
        column("floor", RNG.integers(1, 9, N)),
    ]
    assert own(columns) == ["employee_id"]
    assert found(columns, key("", "employee_id", staff)) == [("manager_id", ("", "employee_id"), 1)]


@pytest.mark.parametrize(
    ("name", "table", "of", "yes"),
    [
        ("customer_id", "customers", "id", True),
        ("CustomerId", "customer", "customer_id", True),
        ("customer", "customers", "customer_no", True),
        ("category_id", "categories", "id", True),
        ("order_id", "customers", "id", False),
        ("id", "customers", "id", False),
        ("quantity", "customers", "id", False),
    ],
)
def test_names_that_agree(name, table, of, yes):
    assert akin(name, key(table, of, [1])) is yes


def test_numbers_beyond_a_signed_word_stand_in_a_key():
    """The values were read as signed numbers, and the whole check failed on a column of 64-bit digests."""
    ids = [2**64 - 1 - k for k in range(N)]
    digests = Sampled("id", "integer", pa.array(ids, pa.uint64()))
    parents = Sampled("parent_id", "integer", pa.array(ids[:50] * (N // 50), pa.uint64()))
    assert own([digests, parents]) == ["id"]
    assert found([parents], Referred("", "id", "integer", digests.array)) == [("parent_id", ("", "id"), 0)]
