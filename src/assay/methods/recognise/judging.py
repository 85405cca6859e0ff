"""A column's kind from all that is known of it: its name, the forms of its values, their checks, lists, and its neighbours."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property

from assay.methods.recognise import (
    credentials,
    dates,
    devices,
    digits,
    identities,
    medical,
    people,
    phones,
    special,
    vehicles,
    wallets,
)
from assay.methods.recognise.evidence import Candidate, chance_weight
from assay.methods.recognise.headers import Said

SAMPLE = 400  # distinct texts that are held against forms which say little by themselves
FEW = 32  # of them, those that are looked at first: a form that most have, one of these has
NAMES = 1_000  # distinct texts that are held against the gazetteer
CATEGORIES = 100  # distinct values beyond which a column of no telling name holds no categories
HINT = {2: 3.5, 1: 1.5, 0: 0.0}
# What a whole column of a form weighs; a form that other things have too weighs less.
FORM_WEIGHT = {
    "email": 6.0,
    "iban": 7.0,
    "ssn": 4.5,
    "national_id": 4.0,
    "ip": 4.5,
    "mac": 5.0,
    "phone": 4.5,
    "address": 4.5,
    "crypto": 6.0,
    "credential": 6.0,
}
_BY_CODE = frozenset({"ip", "phone", "ssn", "national_id", "card", "bank_account", "vehicle", "device_id"})


def _share(pattern: str, flags: int = re.IGNORECASE) -> Callable[[list[str]], float]:
    compiled = re.compile(rf"(?:{pattern})\Z", flags)

    def share(texts: list[str]) -> float:
        if not any(map(compiled.match, spread(texts, FEW))):
            return 0.0
        return sum(map(bool, map(compiled.match, texts))) / max(1, len(texts))

    return share


def spread(texts: list[str], many: int) -> list[str]:
    """Return so many of the texts, drawn from all along."""
    return texts[:: max(1, len(texts) // many)][:many]


_CODE = r"(?=.*\d)[A-Z0-9][A-Z0-9 .\-/]{3,24}"
# Kinds whose form says too little: the column's name must say it, and the form must not deny it. kind, form, least share.
_NAMED: tuple[tuple[str, Callable[[list[str]], float], float], ...] = (
    (
        "postal_code",
        _share(
            r"\d{4,6}|\d{3}[ -]?\d{2}|\d{5}-\d{3,4}|\d{2}-\d{3}|〒?\d{3}-\d{4}|[A-Z]\d[A-Z] ?\d[A-Z]\d|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|\d{4} ?[A-Z]{2}|[A-Z]{1,2}-?\d{4,5}"
        ),
        0.6,
    ),
    ("passport", _share(r"(?=.*\d{2})[A-Z0-9]{6,12}|[A-Z]{1,3}[ -]?\d{5,9}|\d{2} ?\d{2} ?\d{6}"), 0.6),
    ("licence", _share(r"(?=.*\d)[A-Z0-9][A-Z0-9 *\-/]{4,19}"), 0.6),
    ("medical_id", _share(_CODE), 0.6),
    (
        "bank_account",
        _share(r"(?=.*\d{2})[A-Z0-9][A-Z0-9 \-/]{3,33}|[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?|\*{2,}\d{2,6}"),
        0.6,
    ),
    ("vehicle", _share(r"(?=.*\d)[^\W_][\w .·\-]{2,16}"), 0.6),
    ("device_id", _share(r"(?=.*\d)[A-F0-9][A-Z0-9:\-]{7,63}"), 0.6),
    ("username", _share(r"@?[^\W_][\w.\-+@]{1,63}"), 0.7),
    ("crypto", _share(r"[A-Za-z0-9]{25,110}"), 0.6),
    (
        "biometric",
        _share(r"\S{8,}|.*\d.*", re.DOTALL),
        0.5,
    ),
    ("genetic", _share(r".{1,400}", re.DOTALL), 0.5),
)
_ICD = _share(r"[A-TV-Z]\d\d(?:\.\d{1,4})?|\d{3}\.\d{1,2}|[VE]\d{2,3}\.\d")
_URL = _share(r"<?(?:https?|ftp)://[^\s/]{1,253}(?:/\S*)?>?|www\.[\w\-]+\.[\w.\-]+(?:/\S*)?")
_PAIR = _share(
    r"[(\[]?[-+]?(?:[0-8]?\d|90)\.\d{3,}[°]?[NS]?\s{0,2}[,;/ ]\s{0,2}[-+]?(?:1?\d?\d)\.\d{3,}[°]?[EWO]?[)\]]?|(?:SRID=\d+;)?POINT ?\(-?\d+(?:\.\d+)? -?\d+(?:\.\d+)?\)"
)
_PLACE = _share(r"-?\d{1,3}(?:[.,]\d+)?[°]?.{0,12}[NSEWO]?")
_LOW = _share(r"\d{1,2}(?:\.\d{1,2}){3}")
_WORDY = _share(r"(?=.*[^\W\d_]{2}).{2,200}", re.DOTALL)
_STREETY = _share(r"(?=.*[^\W\d_])(?=.*(?:\d|\s|[\u3040-\u9fff])).{4,250}", re.DOTALL)
_NINE = _share(r"\d{9}|\d{3}[ -]\d{2}[ -]\d{4}")
_BARE = _share(r"(?=(?:\D*\d){4})[A-Z0-9][A-Z0-9 .\-/]{4,24}")
_SHORT = _share(r".{1,60}", re.DOTALL)


class Judge:
    """One column before the bench. texts: its distinct values, some thousands; kind: its type in Assay's words."""

    def __init__(self, said: Said, kind: str, texts: list[str]) -> None:
        self.said, self.kind = said, kind
        self.all = [s for t in texts if (s := t.strip()) and s.lower() not in _MISSING]
        self.texts = self.all[:SAMPLE]

    @cached_property
    def look(self) -> people.Look:
        """Return how its values look beside names."""
        held = self.all[:NAMES]
        few = people.look(spread(held, 2 * FEW))
        return few if few.shape < 0.2 or len(held) <= 2 * FEW else people.look(held)

    @cached_property
    def _folded(self) -> list[str]:
        return [special.fold_value(t) for t in self.texts]

    def candidates(self) -> list[Candidate]:
        """Return what it may be beyond the forms that speak for themselves."""
        if not self.texts:
            return []
        found: list[Candidate | None] = [self._birth(), self._identity(), self._coordinates()]
        found += [self._named(*n) for n in _NAMED]
        if self.kind == "text":
            found += [self._name(), self._address(), self._url(), self._vin(), self._credential()]
            found += [self._special(kind) for kind in special.SURE]
        elif self.said.hints("union") == 2 or self.said.hints("health") == 2:
            found += [self._flag(k) for k in ("union", "health") if self.said.hints(k) == 2]
        found += [self._routing(), self._plain_ssn()]
        return [c for c in found if c is not None]

    def _hinted(self, kind: str, share: float) -> Candidate:
        hint = self.said.hints(kind)
        one = Candidate(kind, share, hint)
        one.add("column name", "says so" if hint == 2 else "may say so", HINT[hint])
        if self.said.code and kind in _BY_CODE:
            one.add("column name", "speaks of a code of another thing", -2.0 if hint == 2 else -4.0)
        return one

    def form(self, kind: str, share: float, right: int) -> Candidate:
        """Return a kind whose form speaks for itself. share: of rows; right: how many distinct values have it."""
        one = self._hinted(kind, share)
        weight = chance_weight(right, 0.035, 7.0) if kind == "card" else FORM_WEIGHT.get(kind, 4.0)
        if kind == "crypto" and sum(map(wallets.unchecked, self.texts)) * 2 > len(self.texts):
            return one.add(
                "format", "of one size of letters, which hold no check", 4.0 * min(1.0, share / 0.75)
            )
        of = "checksum" if kind in ("card", "iban", "crypto", "national_id") else "format"
        one.add(of, f"{share:.2f} of values", weight * min(1.0, share / 0.75))
        if kind == "ip" and not one.hint and len(self.texts) >= 8 and _LOW(self.texts) > 0.95:
            one.add("format", "no part of any is above 99, as in version numbers", -2.0)
        return self._planned(one) if kind == "phone" else one

    def _planned(self, one: Candidate) -> Candidate:
        """Hold a sample of telephone numbers against the plans of countries."""
        share, where = phones.plan(self.texts)
        plan = f"the numbering plan of {where}" if where else "a country's numbering plan"
        if share < 0.2 and not one.hint:
            return one.add("checksum", "hardly one is in any country's numbering plan", -1.0)
        return one.add("checksum", f"{share:.2f} are in {plan}", 1.5 * share)

    def _named(self, kind: str, form: Callable[[list[str]], float], least: float) -> Candidate | None:
        if self.said.hints(kind) < 2 or (self.said.thing and kind in ("username", "licence")):
            return None
        share = form(self.texts)
        if share < least:
            return None
        one = self._hinted(kind, share).add("format", f"{share:.2f} of values could be", 1.5 * share)
        if kind == "device_id":
            few, right = devices.shares(self.texts)
            one.add("format", f"{few:.2f} have fewer digits than numbers of devices", -1.5 * few)
            one.add(
                "checksum", f"{right:.2f} keep the check of IMEI or ICCID", 2 * right if right > 0.5 else 0
            )
        if kind == "medical_id":
            right = medical.share(self.texts)
            one.add("checksum", f"{right:.2f} keep a rule of such numbers", 3 * right if right > 0.5 else 0)
        return one

    def _name(self) -> Candidate | None:
        hint, seen = self.said.hints("name"), self.look
        if self.said.about or (self.said.thing and hint < 2) or seen.shape < 0.5 or seen.total < 3:
            return None
        if hint < 2 and (seen.total < 5 or (hint == 0 and seen.total < 8)):
            return None
        share = max(seen.full, seen.half, seen.given, seen.family)
        one = self._hinted("name", share)
        one.add(
            "dictionary",
            f"{seen.full:.2f} are a given and a family name",
            4.2 * min(1.0, seen.full / 0.5) if seen.full > 0.2 or hint else 0.0,
        )
        one.add("dictionary", f"{seen.half:.2f} begin or end as names do", 1.5 * seen.half)
        single = max(seen.given, seen.family)
        if hint:
            one.add("dictionary", f"{single:.2f} are a single known name", 2.5 * single)
        elif seen.given >= 0.8 and seen.total >= 20:
            one.add("dictionary", f"{seen.given:.2f} are a given name", 3.6)
        one.add("format", f"{seen.shape:.2f} have the shape of a name", 0.8 * seen.shape if hint == 2 else 0)
        one.add("dictionary", f"{seen.place:.2f} are places", -4.0 * seen.place if hint < 2 else 0)
        one.add("dictionary", f"{seen.firm:.2f} are firms", -6.0 * seen.firm)
        return one

    def _address(self) -> Candidate | None:
        if self.said.hints("address") < 2 or self.said.hints("email") == 2 or self.said.hints("ip") == 2:
            return None
        share = _STREETY(self.texts)
        if share < 0.6:
            return None
        return self._hinted("address", share).add("format", f"{share:.2f} of values could be", share)

    def _birth(self) -> Candidate | None:
        if self.said.hints("birth_date") < 2:
            return None
        share = dates.share(self.texts)
        if share < 0.5:
            return None
        return self._hinted("birth_date", share).add("format", f"{share:.2f} are dates or years", 2 * share)

    def _identity(self) -> Candidate | None:
        hint = self.said.hints("national_id")
        if self.kind == "number" or (self.kind == "integer" and not hint) or self.said.about:
            return None
        kept = identities.kept(self.texts, named=hint > 0)
        if kept and (hint or kept[0].fit >= 0.9) and kept[0].share >= (0.2 if hint == 2 else 0.5):
            best = kept[0]
            one = self._hinted("national_id", best.share)
            weight = chance_weight(best.many, best.rule.chance) * (best.share if hint < 2 else best.fit)
            return one.add("checksum", f"{best.share:.2f} keep the rule of {best.rule.module}", weight)
        share = _BARE(self.texts)
        if hint == 2 and share >= 0.7:
            one = self._hinted("national_id", share)
            return one.add("format", f"{share:.2f} could be, by no known rule", 0.5 * share)
        return None

    def _coordinates(self) -> Candidate | None:
        hint = self.said.hints("coordinates")
        pairs = _PAIR(self.texts) if self.kind == "text" else 0.0
        if pairs >= 0.5:
            return self._hinted("coordinates", pairs).add("format", f"{pairs:.2f} are pairs", 4.5 * pairs)
        if hint < 2 or self.said.about:
            return None
        share = _PLACE(self.texts)
        try:
            numbers = [abs(float(t.replace(",", "."))) for t in self.texts]
            split = sum(n != int(n) for n in numbers) / len(numbers)
            share = min(sum(n <= 180 for n in numbers) / len(numbers), 1.0) if split > 0.5 else 0.0
        except (ValueError, OverflowError):
            pass
        if share < 0.8:
            return None
        return self._hinted("coordinates", share).add("format", "degrees within range", 1.5)

    def _url(self) -> Candidate | None:
        share = _URL(self.texts)
        if share < 0.5:
            return None
        return self._hinted("url", share).add("format", f"{share:.2f} are web addresses", 5 * share)

    def _vin(self) -> Candidate | None:
        shaped, right = vehicles.shares(self.texts)
        if shaped < 0.8 or (right < 0.6 and self.said.hints("vehicle") < 1):
            return None
        one = self._hinted("vehicle", shaped)
        return one.add("checksum", f"{right:.2f} have their check digit", 2 + 3 * right)

    def _credential(self) -> Candidate | None:
        if self.said.hints("credential") < 2 or self.said.thing:
            return None
        share = sum(credentials.could_be(t) for t in self.texts) / len(self.texts)
        if share < 0.6:
            return None
        return self._hinted("credential", share).add("format", f"{share:.2f} could be", share)

    def _special(self, kind: str) -> Candidate | None:
        hint = self.said.hints(kind)
        if self.said.about or len(self.texts) < 2:
            return None
        if not hint and len(self.all) > CATEGORIES:
            return None
        sure, both = special.shares(kind, self._folded)
        codes = _ICD(self.texts) if kind == "health" and hint == 2 else 0.0
        if hint == 2 and (sure or both >= 0.3 or codes > 0.5 or self._speaks(kind)):
            one = self._hinted(kind, max(both, codes))
            return one.add("dictionary", f"{both:.2f} are words of it", 1 + 2 * max(both, codes))
        if hint == 1 and (sure >= 0.2 or (both >= 0.5 and kind in ("politics", "ethnicity", "religion"))):
            one = self._hinted(kind, both)
            return one.add("dictionary", f"{both:.2f} are words of it", 3 * max(both, sure))
        some = sure >= 0.3 and both >= 0.9 and sure * len(self.texts) >= 3
        if hint == 0 and (sure >= 0.7 or some) and len(self.texts) >= 3 and not self.said.thing:
            return Candidate(kind, sure).add("dictionary", f"{both:.2f} are words of it", 4.5 * both)
        return None

    def _speaks(self, kind: str) -> bool:
        """Whether values that no list knows may be believed, the column's name being what it is."""
        if kind == "ethnicity":  # "race" is also run
            return False
        if kind == "union":
            return _SHORT(self.texts) > 0.9
        return _WORDY(self.texts) >= 0.5 and _SHORT(self.texts) > 0.5

    def _flag(self, kind: str) -> Candidate | None:
        if not set(self.all) <= {"0", "1", "0.0", "1.0", "true", "false", "True", "False"}:
            return None
        return self._hinted(kind, 1.0).add("format", "yes or no", 0.5)

    def _routing(self) -> Candidate | None:
        """ABA routing numbers: nine digits, weights 3 7 1, beginning 00 to 12, 21 to 32, 61 to 72 or 80."""
        if self.kind == "number" or len(self.texts) < 10 or not all(len(t) == 9 for t in self.texts):
            return None
        right = sum(digits.aba(t) for t in self.texts)
        if right < 0.95 * len(self.texts):
            return None
        one = self._hinted("bank_account", right / len(self.texts))
        return one.add(
            "checksum", "they keep the check of ABA routing numbers", chance_weight(right, 0.04, 4.5)
        )

    def _plain_ssn(self) -> Candidate | None:
        if self.said.hints("ssn") < 2:
            return None
        share = _NINE(self.texts)
        if share < 0.6:
            return None
        return self._hinted("ssn", share).add("format", f"{share:.2f} have nine digits", 1.5 * share)


_MISSING = frozenset({"", "-", "n/a", "na", "null", "none", "nan", "?", "unknown", "nil", "(null)", "--"})
