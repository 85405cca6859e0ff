"""Trying again: a few times with growing pauses, for as long as it makes sense."""

from __future__ import annotations

import http.client
import random
import ssl
import time
from collections.abc import Callable

from assay.engines.alerting.alert import Delivered, Undelivered
from assay.kernel.printable import printable

TRIES = 4
AGAIN = (408, 425, 429, 500, 502, 503, 504)
_FIRST, _LONGEST, _ALTOGETHER = 0.5, 20.0, 60.0  # seconds: the first pause, the longest one, and all of them
Send = Callable[[], tuple[int, str, str]]


def delivered(
    send: Send,
    what: str,
    *,
    good: Callable[[int, str], bool] = lambda status, _said: 200 <= status < 300,
    pause: Callable[[float], None] = time.sleep,
) -> Delivered:
    """Send until it is taken; Undelivered, which says why, where it never is.

    send: returns an HTTP status, what was answered, and the answer's Retry-After. what: how the receiver is called, no secret.
    """
    end, problem = time.monotonic() + _ALTOGETHER, ""
    for attempt in range(1, TRIES + 1):
        wait = min(_FIRST * 2 ** (attempt - 1), _LONGEST) * (0.5 + random.random() / 2)  # noqa: S311 - no secret
        try:
            status, said, after = send()
        except ssl.SSLCertVerificationError as error:
            raise Undelivered(
                f"the certificate of {what} is not trusted: {error.verify_message}", again=False
            ) from None
        except (OSError, http.client.HTTPException) as error:
            problem = f"{what} cannot be reached: {str(error)[:200] or type(error).__name__}"
        else:
            if good(status, said):
                return Delivered(attempt, printable(said[:200]))
            problem = f"{what} answers with status {status}: {printable(said[:200])}"
            if status not in AGAIN:
                raise Undelivered(problem, again=False)
            wait = max(wait, min(float(after), _LONGEST)) if after.isdecimal() and len(after) < 6 else wait
        if attempt == TRIES or time.monotonic() + wait > end:
            break
        pause(wait)
    raise Undelivered(problem)
