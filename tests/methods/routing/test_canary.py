"""A canary: when it goes on, waits, or is taken back."""

from __future__ import annotations

import pytest

from assay.methods.routing.canary import Limits, Seen, verdict

LIMITS = Limits(seconds=60, least=100, errors=0.05)


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (Seen(0, 0, 0), "wait"),
        (Seen(100, 0, 59), "wait"),
        (Seen(99, 0, 3600), "wait"),
        (Seen(100, 0, 60), "on"),
        (Seen(100, 5, 60), "on"),
        (Seen(100, 6, 60), "back"),
        (Seen(6, 6, 1), "back"),  # of a hundred, six too many already
        (Seen(5, 5, 1), "wait"),
        (Seen(10_000, 501, 1), "back"),
        (Seen(10_000, 500, 60), "on"),
    ],
)
def test_the_verdict(seen, said):
    assert verdict(seen, LIMITS) == said


def test_without_a_least_one_failure_of_one_is_taken_back():
    assert verdict(Seen(1, 1, 0), Limits(least=0, errors=0.0)) == "back"
    assert verdict(Seen(0, 0, 60), Limits(seconds=60, least=0)) == "on"
