"""Schedules and lengths of time as people write them."""

from __future__ import annotations

import pytest

from assay.kernel.errors import UsageError
from assay.methods.schedules.cron import Cron
from assay.methods.schedules.schedule import Volume, length, read, shown


def test_a_schedule_is_a_cron_expression_or_a_number_of_requests():
    assert isinstance(read("0 * * * *"), Cron) and isinstance(read("cron(0 * ? * * *)"), Cron)
    assert read("every 1000 requests") == read("Every 1,000  requests") == Volume(1000)
    for text in ("every 0 requests", "hourly, please", "every requests", "every 99999999999 requests"):
        with pytest.raises(UsageError, match="schedule"):
            read(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("1h", 3600), ("7d", 604800), ("2w", 1209600), ("PT1H", 3600), ("-PT1H30M", 5400), ("P1DT12H", 129600)],
)  # fmt: skip
def test_lengths(text, seconds):
    assert length(text, "the window") == seconds
    assert length(shown(seconds), "the window") == seconds


@pytest.mark.parametrize("text", ["", "1", "h", "1y", "P", "PT", "-1h", "1h30m", "٣h"])
def test_what_is_no_length_is_refused(text):
    with pytest.raises(UsageError, match="the window cannot be"):
        length(text, "the window")
