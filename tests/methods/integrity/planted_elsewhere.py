"""Other tables of other trades, held back: nothing was set by how well the rules in them are found.

They are smaller and dirtier: values are missing by lot, numbers have decimal commas, beside the rules stand
tendencies that hold nine times in ten.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from tests.methods.integrity.planted import days, fixed, german, iso
from tests.methods.integrity.planting import CITIES, NAMES, Domain, Plant


def mostly(rng: np.random.Generator, column: Any, share: float) -> Any:
    """A column of which a share is drawn again from itself: what only tends to hold."""
    column = np.asarray(column)
    return np.where(rng.random(len(column)) < share, rng.permutation(column), column)


def holes(rng: np.random.Generator, column: Any, share: float) -> Any:
    """A column with some values missing."""
    return pd.Series(column).mask(rng.random(len(column)) < share)


def hotel(rng: np.random.Generator, n: int) -> Any:
    arrival = days(rng, n, "2022-05-01", 600)
    nights = 1 + rng.poisson(2, n)
    rate = np.round(rng.normal(110, 30, n).clip(40), 2)
    adults, children, infants = 1 + rng.binomial(2, 0.5, n), rng.poisson(0.5, n), rng.poisson(0.1, n)
    booked = arrival - rng.integers(0, 200, n)
    frame = pd.DataFrame(
        {
            "stay": rng.permutation(n) + 1,
            "booked_on": iso(booked),
            "arrival": iso(arrival),
            "departure": iso(arrival + nights),
            "nights": nights,
            "adults": adults,
            "children": children,
            "infants": infants,
            "guests": adults + children + infants,
            "has_children": np.where(children > 0, "oui", "non"),
            "room_rate": rate,
            "room_total": np.round(rate * nights, 2),
            "board": rng.choice(["BB", "HB", "FB"], n),
            "agent": mostly(rng, NAMES[rng.integers(0, 8, n)], 0.1),
        }
    )
    return frame, (
        Plant("dates", ("nights", "arrival", "departure"), "departure", 0.008, lambda f, c, r: iso(pd.to_datetime(f.departure.iloc[c]).to_numpy("M8[D]") + 40)),
        Plant("sum", ("guests", "adults", "children", "infants"), "guests", 0.02),
        Plant("derived_flag", ("has_children", "children"), "has_children", 0.03),
        Plant("product", ("room_total", "room_rate", "nights"), "room_total", 0.015),
        Plant("order", ("booked_on", "arrival"), "booked_on", 0.006, lambda f, c, r: iso(pd.to_datetime(f.arrival.iloc[c]).to_numpy("M8[D]") + r.integers(45, 99, len(c)))),
    )  # fmt: skip


def energy(rng: np.random.Generator, n: int) -> Any:
    low = np.round(rng.gamma(3, 40, n), 1)
    mean = np.round(low + rng.exponential(30, n), 1)
    peak = np.round(mean + rng.exponential(50, n), 1)
    kwh = np.round(rng.gamma(5, 60, n), 2)
    price = np.round(rng.normal(0.31, 0.05, n), 4)
    vat = rng.choice([7, 19], n)
    net = np.round(kwh * price, 2)
    tariff = rng.choice(["day", "night", "flat"], n)
    zone = rng.integers(1, 13, n)
    grid = dict(enumerate(fixed(22).choice(["north", "south", "west", "east"], 14)))
    frame = pd.DataFrame(
        {
            "meter": [f"M{k}" for k in rng.integers(1, n // 3, n)],
            "zone": zone,
            "grid": [grid[z] for z in zone],
            "tariff": tariff,
            "load_min": low,
            "load_avg": mean,
            "load_max": peak,
            "kwh": kwh,
            "unit_price": price,
            "net": net,
            "vat_percent": vat,
            "gross": np.round(net * (1 + vat / 100), 2),
            "estimated": rng.choice(["true", "false"], n, p=[0.2, 0.8]),
            "temperature": np.round(rng.normal(9, 7, n), 1),
        }
    )
    return frame, (
        Plant("order", ("load_min", "load_avg"), "load_min", 0.01, lambda f, c, r: np.round(f.load_avg.to_numpy()[c] + r.gamma(3, 10, len(c)), 1)),
        Plant("order", ("load_avg", "load_max"), "load_max", 0.01, lambda f, c, r: np.round(f.load_avg.to_numpy()[c] * r.uniform(0.2, 0.8, len(c)), 1)),
        Plant("product", ("net", "kwh", "unit_price"), "kwh", 0.01),
        Plant("product", ("gross", "net", "vat_percent"), "gross", 0.01),
        Plant("dependency", ("zone", "grid"), "grid", 0.02),
    )  # fmt: skip


def survey(rng: np.random.Generator, n: int) -> Any:
    lot = fixed(23)
    towns = CITIES
    region = dict(zip(towns, lot.choice(["A-land", "B-land", "C-land", "D-land"], 16), strict=True))
    town = rng.choice(towns, n)
    age = rng.integers(16, 90, n)
    employed = rng.random(n) < 0.6
    retired = ~employed & (age > 60)
    hours = np.where(employed, rng.integers(5, 50, n), 0)
    total = np.round(rng.gamma(6, 300, n), 0)
    rent = np.round(total * rng.uniform(0.1, 0.5, n), 0)
    frame = pd.DataFrame(
        {
            "respondent": [f"P{k:05d}" for k in rng.permutation(n) + 20_000],
            "town": town,
            "region": [region[t] for t in town],
            "home_region": mostly(rng, [region[t] for t in town], 0.12),
            "age": age,
            "can_vote": np.where(age >= 18, "Y", "N"),
            "employed": np.where(employed, "yes", "no"),
            "retired": np.where(retired, "yes", "no"),
            "hours": hours,
            "income": total,
            "rent": rent,
            "rent_share": np.round(100 * rent / total, 1),
            "mood": holes(rng, rng.integers(1, 8, n).astype(float), 0.1),
            "height": np.round(rng.normal(172, 9, n), 0),
        }
    )
    return frame, (
        Plant("dependency", ("town", "region"), "region", 0.012),
        Plant("derived_flag", ("can_vote", "age"), "can_vote", 0.004),
        Plant("condition|derived_flag", ("employed", "hours"), "hours", 0.006, lambda f, c, r: r.integers(5, 50, len(c)), lambda f: f.employed == "no"),
        Plant("product", ("rent_share", "rent", "income"), "rent_share", 0.01),
        Plant("key", ("respondent",), "respondent", 0.004, lambda f, c, r: f.respondent.to_numpy()[(c + 11) % len(f)]),
    )  # fmt: skip


def freight(rng: np.random.Generator, n: int) -> Any:
    lot = fixed(24)
    places = pd.DataFrame(
        {"code": [f"{a}{b}{c}{k}" for k, (a, b, c) in enumerate(lot.choice(list("ABCDEFGHKLMN"), (300, 3)))]}
    )
    length, width, height = (np.round(rng.uniform(0.2, 3, n), 2) for _ in range(3))
    mass = np.round(rng.gamma(3, 80, n), 1)
    service = rng.choice(["express", "standard", "bulk"], n, p=[0.2, 0.6, 0.2])
    zone = rng.choice(["Z1", "Z2", "Z3", "Z4", "Z5"], n)
    fare = {
        (s, z): float(lot.integers(9, 400))
        for s in ("express", "standard", "bulk")
        for z in ("Z1", "Z2", "Z3", "Z4", "Z5")
    }
    sent = np.datetime64("2024-02-01T00:00", "m") + rng.integers(0, 200 * 1440, n)
    hours = rng.integers(3, 90, n)
    frame = pd.DataFrame(
        {
            "parcel": rng.permutation(n) + 880_000,
            "from_place": rng.choice(places.code.to_numpy(), n),
            "length_m": length,
            "width_m": width,
            "height_m": height,
            "volume_m3": np.round(length * width * height, 4),
            "mass_kg": mass,
            "mass_lb": np.round(mass * 2.20462, 1),
            "service": service,
            "zone": zone,
            "base_fare": [fare[s, z] for s, z in zip(service, zone, strict=True)],
            "picked_up": sent.astype("datetime64[us]"),
            "delivered": (sent + hours * 60).astype("datetime64[us]"),
            "transit_hours": hours,
            "insured": rng.choice([0, 1], n, p=[0.7, 0.3]),
        }
    )
    frame.attrs["others"] = {"places": places}
    return frame, (
        Plant("product", ("volume_m3", "length_m", "width_m", "height_m"), "volume_m3", 0.01),
        Plant("linear", ("mass_kg", "mass_lb"), "mass_lb", 0.012),
        Plant("dependency", ("service", "zone", "base_fare"), "base_fare", 0.01),
        Plant("dates", ("transit_hours", "picked_up", "delivered"), "transit_hours", 0.01),
        Plant("inclusion", ("from_place",), "from_place", 0.01, lambda f, c, r: [f"QQ{k}" for k in r.integers(0, 99, len(c))]),
    )  # fmt: skip


def library(rng: np.random.Generator, n: int) -> Any:
    shelf = rng.choice(["FIC", "SCI", "ART", "LAW", "KID"], n)
    out = days(rng, n, "2023-01-01", 500)
    due = out + 28
    back = rng.random(n) < 0.85
    returned = out + rng.integers(1, 45, n)
    fine = np.round(rng.gamma(2, 1.5, n), 2)
    late = back & (returned > due)
    pages = rng.integers(40, 900, n)
    frame = pd.DataFrame(
        {
            "copy_id": [f"{s}-{k}" for s, k in zip(shelf, rng.permutation(n) + 1000, strict=True)],
            "subject": [
                {"FIC": "fiction", "SCI": "science", "ART": "art", "LAW": "law", "KID": "children"}[s]
                for s in shelf
            ],
            "title": [
                f"{NAMES[a]} in {CITIES[b]}"
                for a, b in zip(rng.integers(0, 20, n), rng.integers(0, 16, n), strict=True)
            ],
            "lent_on": german(out),
            "due_on": german(due),
            "returned_on": np.where(back, german(returned), None),
            "late": np.where(late, "ja", "nein"),
            "price": [f"{v:.2f}".replace(".", ",") for v in fine * 10],
            "handling": [f"{v:.2f}".replace(".", ",") for v in fine * 0 + 1.5],
            "pages": pages,
            "size": np.select([pages < 100, pages < 300], ["thin", "medium"], "thick"),
            "year": rng.integers(1950, 2024, n),
            "member": rng.integers(1, 4000, n),
        }
    )
    surcharge = np.round(rng.gamma(2, 0.8, n), 2)
    frame["surcharge"] = [f"{v:.2f}".replace(".", ",") for v in surcharge]
    frame["charged"] = [
        f"{a + b:.2f}".replace(".", ",") for a, b in zip(np.round(fine * 10, 2), surcharge, strict=True)
    ]
    return frame, (
        Plant("dependency", ("copy_id", "subject"), "subject", 0.012),
        Plant("derived_flag", ("late", "returned_on", "due_on"), "late", 0.015, None, lambda f: f.returned_on.notna()),
        Plant("band", ("size", "pages"), "size", 0.02),
        Plant("sum", ("charged", "price", "surcharge"), "charged", 0.01, lambda f, c, r: [f"{v:.2f}".replace(".", ",") for v in r.uniform(80, 99, len(c))]),
        Plant("order", ("lent_on", "returned_on"), "returned_on", 0.003, lambda f, c, r: german(days(r, len(c), "2021-01-01", 300)), lambda f: f.returned_on.notna() & (f.late == "nein")),
    )  # fmt: skip


def cameras(rng: np.random.Generator, n: int) -> Any:
    user = rng.integers(0, 400, n)
    mail = np.array([f"{NAMES[u % 20]}{u}@Cam.Example" for u in user], object)
    width, height = rng.choice([640, 1024, 1920, 3840], n), rng.choice([480, 768, 1080, 2160], n)
    raw = np.round(rng.lognormal(2, 0.6, n), 4)
    likes, seen = rng.poisson(20, n), rng.integers(100, 9_000, n)
    public = rng.random(n) < 0.5
    frame = pd.DataFrame(
        {
            "shot": rng.permutation(n),
            "user_mail": mail,
            "contact": [m.lower() for m in mail],
            "width": width,
            "height": height,
            "pixels": width * height,
            "score": raw,
            "score_shown": np.round(raw, 1),
            "views": seen,
            "likes": likes,
            "public": np.where(public, "T", "F"),
            "published_at": np.where(public, iso(days(rng, n, "2024-01-01", 200)), None),
            "lens": mostly(rng, NAMES[user % 5], 0.08),
        }
    )
    return frame, (
        Plant("copy", ("contact", "user_mail"), "contact", 0.02, lambda f, c, r: [m.replace("@", "+") for m in f.contact.iloc[c]]),
        Plant("product", ("pixels", "width", "height"), "pixels", 0.01),
        Plant("rounding", ("score_shown", "score"), "score_shown", 0.01),
        Plant("derived_flag|condition", ("public", "published_at"), "public", 0.02),
        Plant("key", ("shot",), "shot", 0.005, lambda f, c, r: f.shot.to_numpy()[(c + 2) % len(f)]),
    )  # fmt: skip


TABLES: tuple[tuple[Domain, int], ...] = (
    (hotel, 2_000),
    (energy, 5_000),
    (survey, 3_000),
    (freight, 6_000),
    (library, 4_000),
    (cameras, 800),
)
