"""Texts that are dates of a day in a person's life: by number in the usual orders, with a month's name, or a year alone."""

from __future__ import annotations

import re

_Y = r"(?:18[89]\d|19\d\d|20[0-4]\d)"
_M = r"(?:0?[1-9]|1[0-2])"
_D = r"(?:0?[1-9]|[12]\d|3[01])"
_TIME = r"(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?"
_DATE = re.compile(
    rf"(?:{_Y}[-/.]{_M}[-/.]{_D}|(?:{_D}[-/. ]{_M}|{_M}[-/. ]{_D})[-/. ](?:{_Y}|\d\d)|{_Y}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    rf"|{_D}\.? ?(?:of |de )?[^\W\d_]{{3,12}}\.?,? ?(?:de )?{_Y}|[^\W\d_]{{3,12}}\.? {_D}(?:st|nd|rd|th)?,? {_Y}|{_Y}年{_M}月{_D}日|{_Y}){_TIME}"
)


def share(texts: list[str]) -> float:
    """Return the share of texts that are dates or years."""
    return sum(_DATE.fullmatch(t.removesuffix(".0")) is not None for t in texts) / max(1, len(texts))
