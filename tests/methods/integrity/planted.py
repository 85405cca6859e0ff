"""Ten tables of different trades, five rules in each: made anew from a seed.

What looks things up (which city a zip lies in) is fixed for a domain, so that the same table made from another seed obeys
the same rules. Beside the columns of the rules stand others that have something to do with them, and obey nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from tests.methods.integrity.planting import CITIES, NAMES, Domain, Plant

ARITHMETIC = "sum|product|linear|rounding|dates|equal"


def fixed(seed: int) -> np.random.Generator:
    """The lot of what is fixed for a domain."""
    return np.random.default_rng([99, seed])


def days(rng: np.random.Generator, n: int, start: str, span: int) -> Any:
    """Days by lot."""
    return np.datetime64(start, "D") + rng.integers(0, span, n)


def iso(when: Any) -> Any:
    """Days as text."""
    return np.array([str(d) for d in when], object)


def german(when: Any) -> Any:
    """Days as text, as Germans write them."""
    return np.array(["{2}.{1}.{0}".format(*str(d).split("-")) for d in when], object)


def orders(rng: np.random.Generator, n: int) -> Any:
    customers = pd.DataFrame({"id": np.arange(10_001, 12_001), "name": NAMES[fixed(1).integers(0, 20, 2000)]})
    price = np.round(rng.lognormal(3, 0.8, n), 2)
    quantity = rng.integers(1, 12, n)
    discount = rng.choice([0, 0, 0, 0.05, 0.1, 0.25], n)
    frame = pd.DataFrame(
        {
            "order_id": np.arange(500_000, 500_000 + n),
            "customer_id": rng.choice(customers.id.to_numpy(), n),
            "unit_price": price,
            "quantity": quantity,
            "discount": discount,
            "total": np.round(price * quantity * (1 - discount), 2),
            "is_discounted": np.where(discount > 0, "yes", "no"),
            "weight": np.round(quantity * rng.gamma(4, 0.4, n), 2),
            "channel": rng.choice(["web", "shop", "phone"], n, p=[0.6, 0.3, 0.1]),
            "rating": rng.integers(1, 6, n),
        }
    )
    ordered = days(rng, n, "2023-01-01", 700)
    frame["order_date"] = german(ordered)
    frame["ship_date"] = german(ordered + rng.integers(0, 9, n))
    frame.attrs["others"] = {"customers": customers}
    return frame, (
        Plant("product", ("total", "unit_price", "quantity", "discount"), "total", 0.01),
        Plant("derived_flag", ("is_discounted", "discount"), "is_discounted", 0.02),
        Plant("order", ("order_date", "ship_date"), "ship_date", 0.01, lambda f, c, r: _earlier(f.order_date, c, r)),
        Plant("key", ("order_id",), "order_id", 0.003, lambda f, c, r: f.order_id.to_numpy()[(c + 5) % len(f)]),
        Plant("inclusion", ("customer_id",), "customer_id", 0.008, lambda f, c, r: r.integers(90_000, 99_999, len(c))),
    )  # fmt: skip


def _earlier(column: Any, chosen: Any, rng: np.random.Generator) -> Any:
    day = pd.to_datetime(column.iloc[chosen], format="%d.%m.%Y") - pd.to_timedelta(
        rng.integers(1, 60, len(chosen)), "D"
    )
    return day.dt.strftime("%d.%m.%Y").to_numpy(object)


def invoices(rng: np.random.Generator, n: int) -> Any:
    net = np.round(rng.lognormal(5, 1, n), 2)
    rate = rng.choice([0.07, 0.19], n, p=[0.3, 0.7])
    tax = np.round(net * rate, 2)
    country = rng.choice(["DE", "FR", "PL", "SE", "CH", "US"], n, p=[0.4, 0.2, 0.1, 0.1, 0.1, 0.1])
    currency = {"DE": "EUR", "FR": "EUR", "PL": "PLN", "SE": "SEK", "CH": "CHF", "US": "USD"}
    paid = rng.random(n) < 0.7
    frame = pd.DataFrame(
        {
            "invoice_no": [f"R-{k:06d}" for k in range(n)],
            "country": country,
            "currency": [currency[c] for c in country],
            "net": net,
            "tax_rate": rate,
            "tax": tax,
            "gross": np.round(net + tax, 2),
            "paid": np.where(paid, "ja", "nein"),
            "paid_on": np.where(paid, iso(days(rng, n, "2024-01-01", 300)), None),
            "lines": rng.integers(1, 30, n),
            "clerk": NAMES[rng.integers(0, 9, n)],
        }
    )
    return frame, (
        Plant("product", ("tax", "net", "tax_rate"), "tax_rate", 0.005, lambda f, c, r: 0.26 - f.tax_rate.to_numpy()[c]),
        Plant("sum", ("gross", "net", "tax"), "gross", 0.01),
        Plant("dependency|condition", ("country", "currency"), "currency", 0.004),
        Plant("derived_flag", ("paid", "paid_on"), "paid", 0.015),
        Plant("key", ("invoice_no",), "invoice_no", 0.002, lambda f, c, r: f.invoice_no.to_numpy()[(c + 3) % len(f)]),
    )  # fmt: skip


def employees(rng: np.random.Generator, n: int) -> Any:
    lot = fixed(3)
    posts = [f"post{k:02d}" for k in range(24)]
    family = dict(zip(posts, lot.choice(["tech", "sales", "office", "field", "lab"], 24), strict=True))
    post = rng.choice(posts, n)
    born = days(rng, n, "1960-01-01", 14_000)
    hired = days(rng, n, "2015-01-01", 3_000)
    gone = rng.random(n) < 0.3
    salary = np.round(rng.lognormal(8, 0.3, n), 0)
    frame = pd.DataFrame(
        {
            "employee_id": np.arange(1, n + 1),
            "position": post,
            "job_family": [family[p] for p in post],
            "birth_date": iso(born),
            "age": _age(born, "2024-06-30"),
            "hire_date": iso(hired),
            "termination_date": np.where(gone, iso(hired + rng.integers(1, 1500, n)), None),
            "status": np.where(gone, "left", rng.choice(["active", "leave"], n, p=[0.9, 0.1])),
            "salary": salary,
            "salary_year": salary * 12,
            "level": rng.integers(1, 8, n),
            "city": CITIES[rng.integers(0, 9, n)],
        }
    )
    return frame, (
        Plant("dependency", ("position", "job_family"), "job_family", 0.01),
        Plant("dates", ("age", "birth_date"), "age", 0.01),
        Plant("order", ("hire_date", "termination_date"), "termination_date", 0.003, _before_hire, lambda f: f.termination_date.notna()),
        Plant("linear", ("salary", "salary_year"), "salary_year", 0.01),
        Plant("condition|derived_flag", ("status", "termination_date"), "termination_date", 0.004, lambda f, c, r: iso(days(r, len(c), "2027-01-01", 90)), lambda f: f.status == "active"),
    )  # fmt: skip


def _before_hire(frame: Any, chosen: Any, rng: np.random.Generator) -> Any:
    hired = pd.to_datetime(frame.hire_date.iloc[chosen])
    return (
        (hired - pd.to_timedelta(rng.integers(5, 400, len(chosen)), "D"))
        .dt.strftime("%Y-%m-%d")
        .to_numpy(object)
    )


def _age(born: Any, on: str) -> Any:
    at = pd.Timestamp(on)
    b = pd.to_datetime(pd.Series(born))
    return (at.year - b.dt.year - ((b.dt.month * 100 + b.dt.day) > at.month * 100 + at.day)).to_numpy()


def patients(rng: np.random.Generator, n: int) -> Any:
    height = np.round(rng.normal(171, 9, n), 0)
    weight = np.round(rng.normal(75, 14, n), 1)
    temperature = np.round(rng.normal(37.1, 0.7, n), 1)
    age = rng.integers(0, 95, n)
    sex = rng.choice(["F", "M"], n)
    pregnant = (sex == "F") & (rng.random(n) < 0.12)
    diastolic = rng.normal(78, 10, n).round()
    frame = pd.DataFrame(
        {
            "patient_no": rng.permutation(np.arange(70_000, 70_000 + n)),
            "sex": sex,
            "age": age,
            "age_group": np.select([age < 18, age < 65], ["minor", "adult"], "senior"),
            "height_cm": height,
            "weight_kg": weight,
            "bmi": np.round(weight / (height / 100) ** 2, 1),
            "temp_c": temperature,
            "fever": np.where(temperature >= 38.0, 1, 0),
            "pregnant": np.where(pregnant, "Y", "N"),
            "pulse": rng.normal(72, 9, n).round().astype(int),
            "ward": rng.choice(list("ABCDE"), n),
            "diastolic": diastolic.astype(int),
            "systolic": (diastolic + rng.gamma(4, 10, n)).round().astype(int),
        }
    )
    return frame, (
        Plant("band", ("age_group", "age"), "age_group", 0.01),
        Plant("product", ("bmi", "height_cm", "weight_kg"), "bmi", 0.01),
        Plant("derived_flag", ("fever", "temp_c"), "fever", 0.008),
        Plant("condition", ("pregnant", "sex"), "pregnant", 0.0015, lambda f, c, r: ["Y"] * len(c), lambda f: f.sex == "M"),
        Plant("key", ("patient_no",), "patient_no", 0.0),
    )  # fmt: skip


def sensors(rng: np.random.Generator, n: int) -> Any:
    lot = fixed(5)
    count = 40
    site = dict(zip(range(count), lot.choice(CITIES[:8], count), strict=True))
    sensor = np.arange(n) % count
    step = np.arange(n) // count
    celsius = np.round(rng.normal(18, 8, n), 2)
    volts = np.round(rng.normal(3.3, 0.2, n), 2)
    amps = np.round(rng.gamma(3, 0.2, n), 3)
    low = np.round(celsius - rng.exponential(2, n), 2)
    frame = pd.DataFrame(
        {
            "sensor_id": [f"S{s:03d}" for s in sensor],
            "site": [site[s] for s in sensor],
            "time": (np.datetime64("2024-03-01T00:00", "m") + step * 10).astype("datetime64[us]"),
            "celsius": celsius,
            "fahrenheit": np.round(celsius * 1.8 + 32, 3),
            "volts": volts,
            "amps": amps,
            "watts": np.round(volts * amps, 4),
            "min_temp": low,
            "max_temp": np.round(low + rng.exponential(4, n), 2),
            "battery": np.round(rng.random(n) * 100, 1),
            "signal": rng.integers(-110, -50, n),
        }
    )
    return frame, (
        Plant("key", ("sensor_id", "time"), "sensor_id", 0.01, lambda f, c, r: [f"S{(int(s[1:]) + 1) % 40:03d}" for s in f.sensor_id.iloc[c]]),
        Plant("dependency", ("sensor_id", "site"), "site", 0.012),
        Plant("linear", ("celsius", "fahrenheit"), "fahrenheit", 0.02),
        Plant("product", ("watts", "volts", "amps"), "watts", 0.01),
        Plant("order", ("min_temp", "max_temp"), "max_temp", 0.008, lambda f, c, r: np.round(f.min_temp.to_numpy()[c] - r.random(len(c)) * 6 - 0.01, 2)),
    )  # fmt: skip


def flights(rng: np.random.Generator, n: int) -> Any:
    lot = fixed(6)
    airport = np.array(
        [f"{a}{b}{c}" for a, b, c in lot.choice(list("ABCDEFGHKLMNPRSTUVWXYZ"), (60, 3))], object
    )
    airport = pd.unique(airport)[:40]
    distance = {(a, b): int(lot.integers(200, 9000)) for a in airport for b in airport}
    a, b = rng.choice(airport[:20], n), rng.choice(airport[:20], n)
    due = np.datetime64("2024-01-01T06:00", "s") + rng.integers(0, 300 * 1440, n) * 60
    late = np.where(rng.random(n) < 0.5, 0, rng.integers(-20, 240, n))
    seats = rng.choice([120, 150, 180, 220, 300], n)
    taken = (seats * rng.beta(6, 2, n)).astype(int)
    frame = pd.DataFrame(
        {
            "flight": [f"X{k}" for k in rng.integers(100, 900, n)],
            "origin": a,
            "destination": b,
            "distance_km": [distance[x, y] for x, y in zip(a, b, strict=True)],
            "due": due.astype("datetime64[us]"),
            "landed": (due + late * 60).astype("datetime64[us]"),
            "delayed": late > 15,
            "seats": seats,
            "taken": taken,
            "free": seats - taken,
            "delay_min": late,
            "crew": rng.integers(4, 12, n),
            "fuel_t": np.round(rng.gamma(9, 2, n), 1),
        }
    )
    frame["load"] = np.round(frame.taken / frame.seats, 4)
    return frame, (
        Plant("dependency", ("origin", "destination", "distance_km"), "distance_km", 0.01),
        Plant("derived_flag", ("delayed", "delay_min"), "delayed", 0.02),
        Plant("sum", ("seats", "taken", "free"), "free", 0.006),
        Plant("product", ("load", "taken", "seats"), "load", 0.01),
        Plant("dates", ("delay_min", "landed", "due"), "landed", 0.005, lambda f, c, r: f.landed.to_numpy()[c] + np.timedelta64(7, "h")),
    )  # fmt: skip


def loans(rng: np.random.Generator, n: int) -> Any:
    asked = np.round(rng.lognormal(9.5, 0.6, n), -2)
    granted = np.where(rng.random(n) < 0.5, asked, np.round(asked * rng.uniform(0.3, 1, n), -2))
    months = rng.choice([12, 24, 36, 48, 60, 84], n)
    score = rng.normal(650, 80, n).round().astype(int)
    paid = np.round(granted * rng.random(n), 2)
    fee = np.round(granted * 0.015, 2)
    waived = rng.random(n) < 0.25
    frame = pd.DataFrame(
        {
            "loan": [f"L{k}" for k in rng.permutation(np.arange(10_000, 10_000 + n))],
            "asked": asked,
            "granted": granted,
            "months": months,
            "score": score,
            "grade": np.select([score < 560, score < 620, score < 680, score < 740], list("EDCB"), "A"),
            "prime": np.where(score >= 680, "TRUE", "FALSE"),
            "repaid": paid,
            "outstanding": np.round(granted - paid, 2),
            "fee_waived": np.where(waived, "Yes", "No"),
            "fee": np.where(waived, 0.0, fee),
            "purpose": rng.choice(["car", "house", "study", "other"], n),
            "income": np.round(rng.lognormal(10.3, 0.5, n), 0),
        }
    )
    return frame, (
        Plant("order", ("asked", "granted"), "granted", 0.006, lambda f, c, r: np.round(f.asked.to_numpy()[c] * r.uniform(1.1, 3, len(c)), -2)),
        Plant("band", ("grade", "score"), "grade", 0.012),
        Plant("derived_flag", ("prime", "score"), "prime", 0.015),
        Plant("sum", ("granted", "repaid", "outstanding"), "outstanding", 0.01),
        Plant("condition|derived_flag", ("fee_waived", "fee"), "fee", 0.004, lambda f, c, r: np.round(r.uniform(20, 300, len(c)), 2), lambda f: f.fee_waived == "Yes"),
    )  # fmt: skip


def inventory(rng: np.random.Generator, n: int) -> Any:
    kinds = np.array(["TO", "KI", "GA", "BO", "EL", "SP"], object)
    aisle = dict(zip(kinds, ["tools", "kitchen", "garden", "books", "electric", "sport"], strict=True))
    kind = rng.choice(kinds, n)
    opening, received = rng.integers(0, 400, n), rng.integers(0, 120, n)
    returned = rng.integers(0, 30, n)
    scrapped = rng.integers(0, 20, n)
    cost = np.round(rng.lognormal(2.5, 0.7, n), 2)
    stock = opening + received + returned + scrapped
    grams = rng.integers(50, 20_000, n)
    frame = pd.DataFrame(
        {
            "sku": [f"{k}{i:05d}" for k, i in zip(kind, rng.permutation(n) + 10_000, strict=True)],
            "category": [aisle[k] for k in kind],
            "opening": opening,
            "received": received,
            "returned": returned,
            "transfer": scrapped,
            "on_hand": stock,
            "cost": cost,
            "price": np.round(cost * rng.uniform(1.1, 2.6, n), 2),
            "reorder_level": rng.choice([20, 50, 100, 200], n),
            "weight_g": grams,
            "weight_kg": grams / 1000,
            "bin": [
                f"{a}-{b}"
                for a, b in zip(rng.choice(list("ABCDEFGH"), n), rng.integers(1, 30, n), strict=True)
            ],
        }
    )
    frame["low_stock"] = np.where(frame.on_hand < frame.reorder_level, 1, 0)
    return frame, (
        Plant("dependency", ("sku", "category"), "category", 0.01),
        Plant("sum", ("on_hand", "opening", "received", "returned", "transfer"), "transfer", 0.01),
        Plant("linear", ("weight_g", "weight_kg"), "weight_kg", 0.01),
        Plant("derived_flag", ("low_stock", "on_hand", "reorder_level"), "low_stock", 0.01),
        Plant("key", ("sku",), "sku", 0.0),
    )  # fmt: skip


def students(rng: np.random.Generator, n: int) -> Any:
    lot = fixed(9)
    courses = [f"C{k:03d}" for k in range(60)]
    credit = dict(zip(courses, lot.choice([3, 4, 5, 6, 8, 10], 60), strict=True))
    teacher = {(c, t): NAMES[lot.integers(0, 20)] for c in courses for t in range(8)}
    each = 9
    student = np.repeat(np.arange(n // each + 1), each)[:n]
    course = np.concatenate([rng.choice(courses, each, replace=False) for _ in range(n // each + 1)])[:n]
    term = rng.integers(0, 8, n)
    exam, work = rng.integers(0, 61, n), rng.integers(0, 41, n)
    points = exam + work
    email = [f"{NAMES[s % 20]}.{s}@Uni.example" for s in student]
    frame = pd.DataFrame(
        {
            "student_id": student + 3000,
            "course_id": course,
            "term": [f"20{18 + t // 2}-{t % 2 + 1}" for t in term],
            "teacher": [teacher[c, t] for c, t in zip(course, term, strict=True)],
            "credits": [credit[c] for c in course],
            "exam": exam,
            "coursework": work,
            "points": points,
            "passed": np.where(points >= 50, "passed", "failed"),
            "email": email,
            "login": [e.lower() for e in email],
            "absences": rng.poisson(3, n),
        }
    )
    return frame, (
        Plant("dependency", ("course_id", "term", "teacher"), "teacher", 0.006),
        Plant("dependency", ("course_id", "credits"), "credits", 0.01),
        Plant("sum", ("points", "exam", "coursework"), "coursework", 0.01),
        Plant("derived_flag", ("passed", "points"), "passed", 0.012),
        Plant("copy", ("login", "email"), "login", 0.004, lambda f, c, r: [e.replace(".", "_") for e in f.login.iloc[c]]),
    )  # fmt: skip


def payments(rng: np.random.Generator, n: int) -> Any:
    accounts = pd.DataFrame({"iban": [f"XX{k:010d}" for k in fixed(10).permutation(3000) * 977]})
    method = rng.choice(["card", "cash", "transfer", "cheque"], n, p=[0.5, 0.2, 0.2, 0.1])
    amount = np.round(rng.lognormal(4, 1, n), 2)
    fee = np.where(method == "cash", 0.0, np.round(amount * rng.uniform(0.005, 0.03, n) + 0.1, 2))
    refund = rng.random(n) < 0.08
    dispute = ~refund & (rng.random(n) < 0.3)
    rate = np.round(rng.normal(1.1, 0.03, n), 4)
    frame = pd.DataFrame(
        {
            "payment_id": [f"{a:08x}" for a in rng.permutation(np.arange(2**20, 2**20 + n) * 37)],
            "account": rng.choice(accounts.iban.to_numpy(), n),
            "method": method,
            "amount": amount,
            "fee": fee,
            "net": np.round(amount - fee, 2),
            "rate": rate,
            "amount_usd": np.round(amount * rate, 2),
            "refunded": refund,
            "disputed": dispute,
            "hour": rng.integers(0, 24, n),
            "terminal": rng.integers(1, 200, n),
        }
    )
    frame.attrs["others"] = {"accounts": accounts}
    return frame, (
        Plant("condition", ("method", "fee"), "method", 0.005, lambda f, c, r: ["cash"] * len(c), lambda f: f.method != "cash"),
        Plant("sum", ("amount", "fee", "net"), "net", 0.01),
        Plant("product", ("amount_usd", "amount", "rate"), "amount_usd", 0.01),
        Plant("condition", ("refunded", "disputed"), "disputed", 0.0004, lambda f, c, r: [True] * len(c), lambda f: f.refunded),
        Plant("inclusion", ("account",), "account", 0.006, lambda f, c, r: [f"XX9{k:09d}" for k in r.integers(0, 10**9, len(c))]),
    )  # fmt: skip


TABLES: tuple[tuple[Domain, int], ...] = (
    (orders, 6_000),
    (invoices, 4_000),
    (employees, 5_000),
    (patients, 3_000),
    (sensors, 20_000),
    (flights, 12_000),
    (loans, 8_000),
    (inventory, 2_500),
    (students, 9_000),
    (payments, 10_000),
)
