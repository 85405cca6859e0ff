"""How much a column's values look like people's names: shape, gazetteer, and what speaks against them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from assay.methods.recognise import gazetteer

_TITLES = frozenset(
    """mr mrs ms miss dr prof sir herr frau sr sra srta mme mlle m mag ing dipl-ing sig sigra dott dott.ssa doc mgr bc pan pani hr fr univ.prof b.sc m.sc ba ma phd md dds jr sr ii iii iv
    rev jonkheer hra rva tekn.lis med.dr ph.d msc bsc mba g shri smt kumari dhr mw mevr bay bayan""".split()  # noqa: SIM905
)
_PARTS = frozenset(
    "de da do dos das del della di du des la le lo los las van von der den ter ten zu zur zum bin ibn al el st y e i und & and et og och ve af av".split()  # noqa: SIM905
)
_FIRMS = re.compile(
    r"(?<!\w)(?:ltd|limited|inc|llc|plc|corp|corporation|company|co|gmbh|ag|kg|kgaa|ohg|ug|e\.? ?v|gbr|s\.?a|s\.?a\.?s|s\.?a\.?r\.?l|sarl|sas|s\.?l|s\.?r\.?l|srl|s\.?p\.?a|spa|s\.?n\.?c|"
    r"bv|b\.v|nv|n\.v|ab|as|a/s|aps|oy|oyj|sp|z ?o\.?o|spółka|s\.?r\.?o|a\.s|kft|zrt|bt|group|gruppe|groupe|grupo|holdings?|partners|bank|capital|industries|industrial|"
    r"international|solutions|systems|services|studios?|school|college|university|hotel|inn|festival|team|corporación|laboratorios|fundação|associação|oo|ооо|зао|оао|ип|ао|нпо|пао|фоп|тов|рао|тд|"
    r"ve ort|ltd\. şti|a\.ş|ticaret|holding|foundation|association|institute|marathon|works|sons|stiftung|verein|club|restaurant|café|cafe)(?!\w)|株式会社|有限会社|合同会社|公司|集团|有限|주식회사|유한회사|\(주\)|شركة|企业",
    re.IGNORECASE,
)
_WORD = re.compile(r"^[^\W\d_][\w'’.\-ʼ\u0900-\u097f]*$")
_CJK = re.compile(r"^[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af々]+$")
_MARKS = re.compile(r"[\"“”«»()]|\(.*\)")


@dataclass
class Look:
    """Shares of a column's distinct texts. total: how many there are.

    shape: could be a name. full: a given and a family name. half: one of the two, where it should stand. single: one word
    that is a known given or family name. place, firm: known as such. several: more words than one.
    """

    total: int = 0
    shape: float = 0.0
    full: float = 0.0
    half: float = 0.0
    given: float = 0.0
    family: float = 0.0
    place: float = 0.0
    firm: float = 0.0
    several: float = 0.0


def _words(text: str) -> list[str]:
    bare = _MARKS.sub(" ", text)
    out = []
    for word in re.split(r"[\s·・,　]+", bare):
        low = word.lower().strip(".,'’")
        if low and low not in _TITLES and word.lower() not in _TITLES and not low.endswith("-ing"):
            out.append(word.strip(".,"))
    return out


def _known(word: str, names: frozenset[str]) -> bool:
    low = unicodedata.normalize("NFC", word.lower())
    if low in names:
        return True
    if "-" in low:
        parts = [p for p in low.split("-") if p]
        return bool(parts) and all(p in names for p in parts)
    return False


def asian(text: str) -> tuple[bool, bool]:
    """Whether two to six Chinese, Japanese or Korean signs have a name's shape, and begin with a known family name."""
    plain = re.sub(r"[\s　]+", "", text)
    if not 2 <= len(plain) <= 7 or not _CJK.match(plain):
        return False, False
    family = gazetteer.family()
    for size in (3, 2, 1):
        if 1 <= len(plain) - size <= 4 and plain[:size] in family:
            return True, True
    return True, False


def look(texts: Iterable[str]) -> Look:
    """Return how a column's distinct texts look."""
    out = Look()
    given, family, places = gazetteer.given(), gazetteer.family(), gazetteer.places()
    for raw in texts:
        text = raw.strip()
        out.total += 1
        if not 1 <= len(text) <= 80 or any(c.isdigit() for c in text) or "/" in text or "@" in text:
            continue
        low = " ".join(text.lower().split())
        if _FIRMS.search(low):
            out.firm += 1
            continue
        if low in places:
            out.place += 1
        if ord(text[0]) > 0x2E80:
            shape, known = asian(text)
            out.shape += shape or (len(text) == 1 and bool(_CJK.match(text)))
            out.half += known
            plain = re.sub(r"[\s　]+", "", text)
            out.given += plain in given
            out.family += plain in family
            out.several += shape and len(plain) > 2
            out.full += known and shape and 2 <= len(plain) <= 4 and low not in places
            continue
        words = _words(text)
        core = [w for w in words if w.lower() not in _PARTS]
        if not core or len(words) > 7 or not all(_WORD.match(w) for w in core):
            continue
        out.shape += 1
        if len(core) == 1:
            out.given += _known(core[0], given)
            out.family += _known(core[0], family)
            continue
        out.several += 1
        last_first = "," in text
        firsts, lasts = (core[1:], core[:1]) if last_first else (core[:-1], core[1:])
        has_given = _known(firsts[0], given)
        has_family = any(_known(w, family) for w in lasts)
        turned = _known(core[-1], given) and _known(
            core[0], family
        )  # Hungarian and others write the family first
        capitals = all(w[0].isupper() or not w[0].islower() for w in core) or all(w.islower() for w in core)
        if low in places or not capitals:
            continue
        out.full += (has_given and has_family) or turned
        out.half += has_given or has_family or turned
    for name in ("shape", "full", "half", "given", "family", "place", "firm", "several"):
        setattr(out, name, getattr(out, name) / max(1, out.total))
    return out
