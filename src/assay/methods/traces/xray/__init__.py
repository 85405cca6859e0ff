"""X-Ray's segment documents: read as spans, and written from them.

Source: docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html. A trace's id ``1-5759e988-bd862e3fe1be46a994272793``
is the 32 digits without the ``1`` and the dashes, and a segment's id is a span's as it stands. X-Ray takes a trace of the last
30 days by the eight first digits, which are a second; ids that are drawn here begin with it.
"""

from __future__ import annotations

from assay.methods.traces.xray.reading import read, read_all
from assay.methods.traces.xray.writing import MOST, documents, trace_id

__all__ = ["MOST", "documents", "read", "read_all", "trace_id"]
