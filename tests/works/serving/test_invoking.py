"""An endpoint asked over HTTP: what is said where there is no server."""

from __future__ import annotations

import pytest

from assay.kernel.errors import UsageError
from assay.works.serving.invoking import Asked, over_http


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "http://127.0.0.1:port", "http://127.0.0.1:1"])
def test_a_port_that_is_none_ended_in_a_traceback(url):
    with pytest.raises(UsageError, match="nothing answers at"):
        over_http(url, "e", Asked(b"[]", "application/json"), "", None, 2.0)
