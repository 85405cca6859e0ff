"""AWS X-Ray itself: segment documents sent to an account, and those of a period fetched. ``xray://eu-west-1`` names a region.

Credentials are those that boto3 finds: a role, or a profile; never an option. Needs ``assay[s3]``, which brings boto3.
"""

from __future__ import annotations

import datetime as dt
import importlib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from assay.engines.extras import install
from assay.kernel.errors import Broken, Missing, UsageError

SCHEME = "xray://"
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d{1,2}")
_DOCUMENTS, _BYTES = 50, 1 << 20  # of a request
_WINDOW = dt.timedelta(hours=6)  # that one question asks about
_ASKED = 5  # traces: as many as BatchGetTraces takes
MOST_TRACES = 10_000


def put(url: str, documents: Sequence[bytes]) -> tuple[int, str]:
    """Send segment documents; return how many X-Ray did not process, and why the first of them was not.

    UsageError where the URL names no region, or there are no credentials; Broken where X-Ray cannot be reached.
    """
    client = _client(url)
    rejected, why = 0, ""
    for batch in _batches(documents):
        lost = _asked(url, client.put_trace_segments, TraceSegmentDocuments=batch).get(
            "UnprocessedTraceSegments", []
        )
        rejected += len(lost)
        if lost and not why:
            why = f"{lost[0].get('ErrorCode', '')} {lost[0].get('Message', '')}".strip()[:300]
    return rejected, why


def _batches(documents: Sequence[bytes]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for document in documents:
        if batch and (len(batch) >= _DOCUMENTS or size + len(document) > _BYTES):
            yield batch
            batch, size = [], 0
        batch.append(document.decode())
        size += len(document)
    if batch:
        yield batch


def fetch(url: str, since: dt.datetime, until: dt.datetime) -> Iterator[bytes]:
    """Give the segment documents of the traces of a period; UsageError where there are more than MOST_TRACES."""
    client = _client(url)
    names: dict[str, None] = {}
    start = since
    while start < until:
        end = min(start + _WINDOW, until)
        token: dict[str, str] = {}
        while True:
            found = _asked(url, client.get_trace_summaries, StartTime=start, EndTime=end, **token)
            names |= dict.fromkeys(str(s["Id"]) for s in found.get("TraceSummaries", []))
            if len(names) > MOST_TRACES:
                raise UsageError(
                    f"there are more than {MOST_TRACES:,} traces in that time",
                    where=url,
                    remedy="ask for less: --since, --until",
                )
            if not found.get("NextToken"):
                break
            token = {"NextToken": found["NextToken"]}
        start = end
    listed = list(names)
    for at in range(0, len(listed), _ASKED):
        token = {}
        while True:
            found = _asked(url, client.batch_get_traces, TraceIds=listed[at : at + _ASKED], **token)
            for trace in found.get("Traces", []):
                yield from (
                    str(s["Document"]).encode() for s in trace.get("Segments", []) if s.get("Document")
                )
            if not found.get("NextToken"):
                break
            token = {"NextToken": found["NextToken"]}


def _client(url: str) -> Any:
    region = url.removeprefix(SCHEME).rstrip("/")
    if not _REGION.fullmatch(region):
        raise UsageError(f"{url[:80]!r} names no region", remedy="write xray://eu-west-1")
    try:
        boto3 = importlib.import_module("boto3")
    except ImportError:
        raise Missing("X-Ray is asked through boto3, which is not installed", remedy=install("s3")) from None
    config = importlib.import_module("botocore.config").Config(
        connect_timeout=10, read_timeout=30, retries={"total_max_attempts": 4, "mode": "standard"}
    )
    return boto3.client("xray", region_name=region, config=config)


def _asked(url: str, ask: Any, **what: Any) -> dict[str, Any]:
    exceptions = importlib.import_module("botocore.exceptions")
    try:
        return dict(ask(**what))
    except exceptions.NoCredentialsError:
        raise UsageError(
            "there are no credentials for AWS", where=url, remedy="take a role, or a profile: AWS_PROFILE"
        ) from None
    except exceptions.ClientError as error:
        told = error.response.get("Error", {})
        raise UsageError(
            f"X-Ray refuses: {told.get('Code', '')}: {str(told.get('Message', ''))[:200]}", where=url
        ) from None
    except exceptions.BotoCoreError as error:
        raise Broken(f"X-Ray cannot be reached: {str(error)[:200]}", where=url) from None
