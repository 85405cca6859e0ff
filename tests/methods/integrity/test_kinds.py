"""Each kind of rule by itself: found with its slips where it holds, and not where something only looks like it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from assay.methods.expressions import parse
from assay.methods.integrity.column import Sampled
from assay.methods.integrity.discover import discover
from assay.methods.integrity.verify import hold

N = 1_500
SLIPS = [3, 50, 700, 701, 1400]


def rng(seed=0):
    return np.random.default_rng([77, seed])


def column(name, values):
    array = pa.array(values, from_pandas=True)
    kind = (
        "integer"
        if pa.types.is_integer(array.type)
        else "number"
        if pa.types.is_floating(array.type)
        else "boolean"
        if pa.types.is_boolean(array.type)
        else "date"
        if pa.types.is_date(array.type)
        else "timestamp"
        if pa.types.is_timestamp(array.type)
        else "text"
    )
    return Sampled(name, kind, array)


def found(**columns):
    """The rules of a table; each that is an expression breaks in all rows just where it did in the sample."""
    rules = discover([column(k, v) for k, v in columns.items()], np.random.default_rng(1)).rules
    batch = pa.table({k: pa.array(v, from_pandas=True) for k, v in columns.items()}).to_batches()
    for rule in rules:
        if rule.holds:
            (tally,) = hold([(parse(rule.holds), parse(rule.when) if rule.when else None)], batch)
            assert (tally.broken, rule.shown) == (rule.violations, rule.shown)
            assert tally.support == rule.support
    return [(r.kind, r.shown, r.violations) for r in rules]


def slipped(values, by=7):
    out = np.array(values)
    out[SLIPS] = out[SLIPS] + by
    return out


def cents(r, scale=100.0):
    return np.round(r.gamma(2, scale, N), 2)


@pytest.mark.parametrize("terms", [2, 3, 4, 5])
def test_a_sum_of_so_many_terms(terms):
    r = rng(terms)
    parts = {f"p{k}": cents(r) for k in range(terms)}
    total = slipped(np.round(sum(parts.values()), 2))
    shown = "total = " + " + ".join(parts)
    assert found(**parts, total=total, other=cents(r)) == [("sum", shown, 5)]


def test_a_sum_that_others_make_is_not_told_twice():
    r = rng()
    a, b, c = cents(r), cents(r), cents(r)
    net = np.round(a + b, 2)
    kinds = found(a=a, b=b, net=net, c=c, gross=slipped(np.round(net + c, 2)))
    assert kinds == [("sum", "net = a + b", 0), ("sum", "gross = net + c", 5)]


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        (lambda a, n, d, t: a * n, "y = a × n"),
        (lambda a, n, d, t: a * n * (1 - d), "y = a × n × (1 − d)"),
        (lambda a, n, d, t: a * n * (1 + t / 100), "y = a × n × (1 + t / 100)"),
        (lambda a, n, d, t: a * n * (1 - d) * (1 + t / 100), "y = a × n × (1 − d) × (1 + t / 100)"),
        (lambda a, n, d, t: a * (1 + t / 100), "y = a × (1 + t / 100)"),
        (lambda a, n, d, t: a / n, "y = a / n"),
        (lambda a, n, d, t: 100 * n / a, "y = 100 × n / a"),
        (lambda a, n, d, t: 10_000 * n / (a * a), "y = 10000 × n / a²"),
    ],
)
def test_a_product(formula, shown):
    r = rng(3)
    a, n = np.round(r.uniform(20, 400, N), 2), r.integers(2, 40, N)
    d, t = r.choice([0.0, 0.05, 0.1, 0.2], N), r.choice([7, 19], N)
    y = slipped(np.round(formula(a, n, d, t), 3))
    assert found(a=a, n=n, d=d, t=t, y=y, other=cents(r)) == [("product", shown, 5)]


def test_products_with_noise_are_none():
    r = rng(4)
    a, n = np.round(r.uniform(20, 400, N), 2), r.integers(2, 40, N)
    assert found(a=a, n=n, y=np.round(a * n * r.normal(1, 0.001, N), 2)) == []


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        (lambda x: np.round(2.20462 * x, 1), ("linear", "y = 2.20462 × x", 5)),
        (lambda x: np.round(1.8 * x + 32, 2), ("linear", "y = 1.8 × x + 32", 5)),
        (lambda x: 1000 * x, ("linear", "y = 1000 × x", 5)),
        (lambda x: np.round(x, 1), ("rounding", "y = x, rounded to 1 decimals", 5)),
        (lambda x: np.floor(x), ("rounding", "y = x, rounded down", 5)),
        (lambda x: x, ("equal", "y = x", 5)),
    ],
)
def test_the_same_in_other_units(formula, told):
    r = rng(5)
    x = np.round(r.normal(60, 15, N), 2)
    assert found(x=x, y=slipped(formula(x)), other=cents(r))[:1] == [told]


def test_a_linear_tendency_is_none():
    x = np.round(rng(6).normal(60, 15, N), 2)
    assert found(x=x, y=np.round(2 * x + rng(7).normal(0, 0.05, N), 2)) == []


def test_counts_between_dates():
    r = rng(8)
    start = np.datetime64("2020-01-01") + r.integers(0, 900, N)
    nights = r.integers(1, 30, N)
    kinds = found(start=start, end=start + nights, nights=slipped(nights))
    assert ("dates", "nights = the days from start to end", 5) in kinds
    assert ("dates", "spell = the days from start to end, both counted", 5) in found(
        start=start, end=start + nights, spell=slipped(nights + 1)
    )
    assert ("dates", "y = the year of start", 5) in found(
        start=start, y=slipped(start.astype("M8[Y]").astype(int) + 1970, 3)
    )


def test_an_age_on_a_day_that_is_found_too():
    r = rng(9)
    born = np.datetime64("1950-01-01") + r.integers(0, 20_000, N)
    years = [2023 - b.year - ((10, 17) < (b.month, b.day)) for b in born.tolist()]
    assert found(born=born, age=slipped(years)) == [
        ("dates", "age = the age on 2023-10-17 of who was born on born", 5)
    ]


def test_a_flag_by_any_bound_and_by_a_comparison():
    r = rng(10)
    x, y = r.normal(50, 20, N).round(1), r.normal(50, 20, N).round(1)
    over, more = x >= 65, x > y
    over[SLIPS], more[SLIPS] = ~over[SLIPS], ~more[SLIPS]
    kinds = found(x=x, y=y, senior=np.where(over, "ja", "nein"), more=more)
    assert kinds == [
        ("derived_flag", "more says whether x > y", 5),
        ("derived_flag", "senior says whether x >= 65", 5),
    ]


def test_a_flag_that_only_tends_to_follow_a_bound_is_none():
    r = rng(11)
    x = r.normal(50, 20, N).round(1)
    assert found(x=x, likely=(x + r.normal(0, 1.5, N)) > 60) == []


def test_bands_and_bands_that_overlap():
    r = rng(12)
    x = r.uniform(0, 100, N).round(1)
    grade = np.select([x < 50, x < 75, x < 90], list("DCB"), "A").astype(object)
    grade[SLIPS] = ["A", "A", "A", "D", "D"]
    kinds = [k for k in found(x=x, grade=grade) if k[0] == "band"]
    assert len(kinds) == 1
    assert kinds[0][1] == "grade is a band of x: 'D' below 50, 'C' below 75, 'B' below 90, 'A' above"
    blurred = x + r.normal(0, 4, N)
    assert found(x=x, grade=np.select([blurred < 50, blurred < 75], ["low", "middle"], "high")) == []


def test_two_columns_determine_a_third_and_neither_alone():
    r = rng(13)
    a, b = r.integers(0, 8, N), r.integers(0, 9, N)
    price = r.integers(0, 30, 72)[a * 9 + b] * 5
    price[SLIPS] = price[SLIPS] + 5
    assert found(a=a, b=b, price=price, c=r.integers(0, 8, N)) == [
        ("dependency", "a and b determine price", 5)
    ]


def test_a_habit_of_one_group_is_no_dependency():
    r = rng(14)
    town = r.integers(0, 20, N)
    land = (town % 4).astype(object)
    land[(town == 3) & (r.random(N) < 0.3)] = 9
    assert found(town=town, land=land.astype(int)) == []


def test_conditions_on_values_and_on_what_is_missing():
    r = rng(15)
    state = r.choice(["open", "closed", "void"], N)
    fee = np.where(state == "void", 0.0, cents(r))
    fee[np.flatnonzero(state == "void")[[1, 40, 200]]] = 9.5
    end = np.where(state == "open", None, "2024-01-0" + (r.integers(1, 9, N)).astype(str).astype(object))
    end[np.flatnonzero(state == "open")[[7, 90, 300]]] = "2024-03-03"
    kinds = found(state=state, fee=fee, end=end)
    assert sorted(k for k in kinds if k[2]) == [
        ("condition", "end is missing wherever state is 'open'", 3),
        ("condition", "fee is 0.0 wherever state is 'void'", 3),
    ]


def test_an_implication_of_two_flags_is_told_once():
    r = rng(16)
    vip = r.random(N) < 0.4
    paid = vip | (r.random(N) < 0.4)
    paid[np.flatnonzero(vip)[[5, 77, 200]]] = False
    assert found(vip=vip, paid=paid) == [("condition", "paid is True wherever vip is True", 3)]


def test_keys_of_two_columns_and_none_by_chance():
    r = rng(17)
    order, line = np.repeat(np.arange(N // 3), 3), np.tile([1, 2, 3], N // 3)
    line[[10, 400]] = line[[11, 401]]
    assert found(order_id=order, line_no=line, qty=r.integers(1, 9, N)) == [
        ("key", "order_id and line_no together are different in every row", 2)
    ]
    assert found(a_id=r.integers(0, 10**6, N) // 7, b_no=r.integers(0, 10**6, N) // 3) == []


def test_copies_in_other_letters_and_beginnings():
    r = rng(18)
    mail = np.array([f"N{k}@Ex.Example" for k in r.integers(0, 300, N)], object)
    low = np.array([m.lower() for m in mail], object)
    low[SLIPS] = "x@y"
    code = np.array(
        [
            f"{a}{b}-{k}"
            for a, b, k in zip(
                r.choice(list("PQRS"), N), r.choice(list("PQRS"), N), r.integers(10**5, 10**6, N), strict=True
            )
        ],
        object,
    )
    head = np.array([c[:2] for c in code], object)
    head[[9, 99, 999]] = "ZZ"
    kinds = found(mail=mail, login=low, code=code, group=head)
    assert ("copy", "login is mail in small letters", 5) in kinds
    assert ("copy", "group is the first 2 letters of code", 3) in kinds


def test_order_that_no_name_tells_and_chance_that_looks_like_it():
    r = rng(19)
    a = cents(r)
    b = np.round(a * r.uniform(0.2, 1, N), 2)
    b[SLIPS] = a[SLIPS] * 1.5
    assert found(claimed=a, settled=b.round(2)) == [("order", "settled is never above claimed", 5)]
    assert found(x=r.normal(50, 5, N).round(2), y=r.normal(68, 5, N).round(2)) == []


def test_forty_tables_of_columns_that_hang_together_obey_next_to_nothing():
    """Columns made from four hidden things, in all types: where no rule is, at most one table in five tells of one."""
    told = []
    for seed in range(40):
        r = np.random.default_rng([5, seed])
        n, k = int(r.choice([300, 1000, 4000])), 12
        hidden = r.normal(size=(n, 4)) @ r.normal(size=(4, k)) + r.normal(size=(n, k)) * r.uniform(
            0.05, 1.5, k
        )
        rules = found_in({f"v{j}": _made(hidden[:, j], r) for j in range(k)})
        assert len([v for v in rules if v]) <= 1, seed
        told += [seed] * bool(rules)
    assert len(told) <= 8, told


def found_in(columns):
    rules = discover([column(k, v) for k, v in columns.items()], np.random.default_rng(1)).rules
    return [r.violations for r in rules]


def _made(x, r):
    return (
        lambda: np.round(x * 10, 1),
        lambda: np.exp(x).round(2),
        lambda: np.floor(np.clip(np.exp(x / 2), 0, 40)).astype(int),
        lambda: np.where(x > r.normal(), "yes", "no"),
        lambda: np.array(list("abcdefgh"))[np.digitize(x, np.sort(r.normal(size=6) * 2))],
        lambda: np.where(x < r.normal(), 0, np.exp(x)).round(2),
        lambda: np.datetime64("2020-01-01") + (x * 100).astype(int),
        lambda: np.where(x > -1.5, x.round(1), np.nan),
    )[r.integers(0, 8)]()


def test_a_whole_and_its_parts_are_one_rule():
    """That a full name determines the first one follows, and was told beside it."""
    r = rng(31)
    first, last = (r.choice([f"{w}{k}" for k in range(12)], N).astype(object) for w in ("Ada", "Lane"))
    full = first + " " + last
    full[[10, 77, 900]] = "Some One"
    assert found(full=full, first=first, last=last) == [
        ("copy", "full is first, ' ' and last put together", 3)
    ]
