"""X-Ray as moto serves it, asked by the real client."""

from __future__ import annotations

import datetime as dt
import time

import pytest

from assay.engines import xrayservice
from assay.kernel.errors import UsageError
from assay.kernel.span import Scope, Span
from assay.methods.traces import xray
from assay.works.call import call
from assay.works.home import Home

URL = "xray://eu-west-1"


@pytest.mark.parametrize(
    "url", ["xray://", "xray://eu", "xray://eu-west-1.evil.example", "xray://me@eu-west-1"]
)
def test_what_names_no_region_is_refused(url):
    with pytest.raises(UsageError, match="names no region"):
        xrayservice.put(url, [b"{}"])


def test_documents_go_in_batches_of_bounded_number_and_size():
    many = list(xrayservice._batches([b"x"] * 120))
    assert [len(b) for b in many] == [50, 50, 20]
    assert [len(b) for b in xrayservice._batches([b"x" * 400_000] * 5)] == [2, 2, 1]


@pytest.mark.slow
def test_spans_go_to_an_account_and_come_back(tmp_path, monkeypatch):
    moto = pytest.importorskip("moto")
    for name, value in (("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")):
        monkeypatch.setenv(name, value)
    now = time.time_ns()
    spans = [
        Span(
            f"{int(time.time()):08x}{n:024x}",
            f"{n + 1:016x}",
            "work",
            now - 5 * 10**9,
            now,
            kind="server",
            scope=Scope({"service.name": "shop"}),
        )
        for n in range(60)
    ]
    with moto.mock_aws():
        assert xrayservice.put(URL, xray.documents(spans)) == (0, "")
        rejected, why = xrayservice.put(URL, [b'{"name": "x"}'])
        assert rejected == 1 and why
        home = Home.create(tmp_path, {"ASSAY_ACTOR": "ada"})
        done = call("traces.import", {"places": [URL], "since": "1h"}, home=home)
        assert (done["spans"], done["traces"], done["rejected"]) == (60, 60, 0)
        sent = call("traces.export", {"trace": spans[3].trace, "to": URL, "format": "xray"}, home=home)
        assert (sent["documents"], sent["rejected"]) == (1, 0)
        home.close()


@pytest.mark.slow
def test_without_credentials_it_is_one_sentence(monkeypatch):
    pytest.importorskip("boto3")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    now = dt.datetime.now(dt.UTC)
    with pytest.raises(UsageError, match="no credentials"):
        list(xrayservice.fetch(URL, now - dt.timedelta(hours=1), now))
