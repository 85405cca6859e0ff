"""What columns mean: each meaning, and what only looks like it."""

from __future__ import annotations

import pyarrow as pa
import pytest

from assay.methods.profile import countries
from assay.methods.profile.codes import encode
from assay.methods.profile.column import describe


def meaning(values, name: str = "column", stored: str = "text") -> str:
    return describe(name, encode(pa.chunked_array([pa.array(values)])), stored)["meaning"]


@pytest.mark.parametrize(
    ("values", "name", "expected"),
    [
        (["ann@example.org", "bob@mail.example.com", "?"] * 10, "contact", "email"),
        (["https://example.org/a", "http://example.com", "www.example.net"], "link", "url"),
        (["10.0.0.1", "2001:db8::1", "192.168.1.7"], "host", "ip"),
        ([f"{i:08x}-0000-4000-8000-{i:012x}" for i in range(50)], "x", "uuid"),
        (["France", "Germany", "Peru", "Japan", "Mali", "Fiji"], "x", "country"),
        (["PRT", "GBR", "ESP", "FRA", "CN"], "country", "country"),
        (["US", "IN", "IT", "NO", "SO", "TO"], "word", "categorical"),
        (["47.3769, 8.5417", "-33.8688,151.2093"], "place", "geo point"),
        (["1.234,56", "7,5", "12,25"] * 5, "price", "number as text"),
        (["red", "blue", "green"] * 9, "colour", "categorical"),
        (["2020-01-02", "2021-03-04"] * 3, "when", "date"),
        ([f"A-{i}" for i in range(100)], "code", "id"),
        (["yes", "no"] * 4, "paid", "boolean"),
        (["same"] * 9, "x", "constant"),
    ],
)  # fmt: skip
def test_of_texts(values, name, expected):
    assert meaning(values, name) == expected


@pytest.mark.parametrize(
    ("values", "name", "stored", "expected"),
    [
        ([47.1, -33.2, 8.9], "lat", "number", "latitude"),
        ([47.1, -33.2, 8.9], "platform", "number", "fractional"),
        ([47.1, -33.2, 98.9], "latitude", "number", "fractional"),
        ([8.5, 151.2, -70.1], "longitude", "number", "longitude"),
        ([3, 3, 5], "n", "integer", "integer"),
        (list(range(40)), "order_id", "integer", "id"),
    ],
)
def test_of_numbers(values, name, stored, expected):
    assert meaning(values, name, stored) == expected


def test_the_codes_of_countries_are_those_of_the_standard():
    assert len(countries.two_letters()) == len(countries.three_letters()) == 249
    assert all(len(c) == 2 for c in countries.two_letters())
    assert all(len(c) == 3 for c in countries.three_letters())
    assert len(countries.names()) > 249
