"""National identity and tax numbers: which countries' rule of check digits a number, or most of a column, keeps.

Rules are python-stdnum's, and our own where it has none. A rule is asked only where the number has its shape, so that few
numbers meet few rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from typing import NamedTuple

ASKED = 60  # texts of a column that are held against the rules
FIRST = 16  # of these, how many a rule meets before it meets the others


class Rule(NamedTuple):
    """country: ISO 3166. shape: of the whole number. chance: how often a random number of that shape is valid.

    alone: whether the shape and rule together say what it is, with no word from the column's name.
    """

    country: str
    module: str
    shape: re.Pattern[str]
    chance: float
    alone: bool

    def shaped(self, text: str) -> bool:
        """Whether a text has its shape."""
        return self.shape.fullmatch(text) is not None


def _rules(text: str) -> tuple[Rule, ...]:
    out = []
    for line in text.strip().splitlines():
        module, chance, alone, shape = line.split(None, 3)
        country = module.split(".")[0].strip("_").upper()
        out.append(
            Rule(
                country,
                module,
                re.compile(shape.strip(), re.ASCII | re.IGNORECASE),
                float(chance),
                alone == "alone",
            )
        )
    return tuple(out)


# module, chance, alone or named, shape. Chances: of one check digit .1, of two .01; a date inside makes them rarer still.
RULES = _rules(r"""
br.cpf          0.01   alone  \d{3}\.\d{3}\.\d{3}-\d{2}|\d{11}
br.cnpj         0.01   alone  \d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}|\d{14}
es.dni          0.043  alone  \d{8}-?[a-z]
es.nie          0.043  alone  [xyz]-?\d{7}-?[a-z]
es.cif          0.1    named  [a-hj-np-suvw]\d{7}[0-9a-j]
it.codicefiscale 0.001 alone  [a-z]{6}[\dlmnpqrstuv]{2}[abcdehlmprst][\dlmnpqrstuv]{2}[a-z][\dlmnpqrstuv]{3}[a-z]
it.iva          0.1    named  \d{11}
pl.pesel        0.003  alone  \d{11}
pl.nip          0.09   named  \d{10}|\d{3}-\d{3}-\d{2}-\d{2}|\d{3}-\d{2}-\d{2}-\d{3}
pl.regon        0.1    named  \d{9}|\d{14}
cn.ric          0.002  alone  \d{17}[\dx]
fr.nir          0.003  alone  [12] ?\d\d ?\d\d ?[\dab]\d ?\d{3} ?\d{3} ?\d\d
fr.nif          0.01   named  [0-3]\d ?\d\d ?\d{3} ?\d{3} ?\d{3}
fr.siren        0.1    named  \d{3} ?\d{3} ?\d{3}
se.personnummer 0.003  alone  (?:\d\d)?\d{6}[-+]\d{4}
se.personnummer 0.003  named  (?:\d\d)?\d{6}\d{4}
no.fodselsnummer 0.001 alone  \d{6} ?\d{5}
dk.cpr          0.03   alone  \d{6}-\d{4}
dk.cpr          0.03   named  \d{10}
fi.hetu         0.01   alone  \d{6}[-+a-fu-y]\d{3}[\da-z]
nl.bsn          0.09   named  \d{9}|\d{3}\.\d{3}\.\d{3}
be.nn           0.005  alone  \d\d\.?\d\d\.?\d\d-?\d{3}\.?\d\d
cz.rc           0.03   alone  \d{6}/\d{3,4}
cz.rc           0.03   named  \d{9,10}
ee.ik           0.004  alone  [1-8]\d{10}
lv.pvn          0.05   named  \d{6}-?\d{5}
lt.asmens       0.004  named  [1-8]\d{10}
ro.cnp          0.003  alone  [1-9]\d{12}
bg.egn          0.03   named  \d{10}
hr.oib          0.1    named  \d{11}
si.emso         0.003  named  \d{13}
gr.amka         0.003  named  \d{11}
gr.vat          0.1    named  \d{9}
cy.vat          0.04   named  \d{8}[a-z]
tr.tckimlik     0.01   alone  [1-9]\d{10}
ru.inn          0.01   named  \d{12}|\d{10}
ua.rntrc        0.1    named  \d{10}
in_.aadhaar     0.1    alone  [2-9]\d{3}[ -]\d{4}[ -]\d{4}
in_.aadhaar     0.1    named  [2-9]\d{11}
in_.pan         0.3    alone  [a-z]{3}[abcfghjlpt][a-z]\d{4}[a-z]
jp.in_          0.1    named  \d{4}[ -]?\d{4}[ -]?\d{4}
kr.rrn          0.005  alone  \d{6}-\d{7}
kr.rrn          0.005  named  \d{13}
tw.ubn          0.1    named  \d{8}
my.nric         0.1    named  \d{6}-?\d\d-?\d{4}
th.pin          0.1    named  \d-?\d{4}-?\d{5}-?\d\d-?\d
id.nik          0.02   named  \d{16}
il.idnr         0.1    named  \d{9}
za.idnr         0.005  alone  \d{13}
ca.sin          0.1    named  \d{3}[ -]?\d{3}[ -]?\d{3}
us.itin         0.05   alone  9\d\d-\d\d-\d{4}
us.ein          0.8    named  \d\d-\d{7}
mx.curp         0.002  alone  [a-z]{4}\d{6}[hmx][a-z]{5}[\da-z]\d
mx.rfc          0.05   alone  [a-zñ&]{3,4}-?\d{6}-?[\da-z]{3}
ar.cuit         0.05   alone  (?:2[03478]|3[034])-\d{8}-\d
ar.cuit         0.05   named  (?:2[03478]|3[034])\d{9}
cl.rut          0.09   alone  \d{1,2}\.?\d{3}\.?\d{3}-[\dk]
co.nit          0.09   named  \d{3}\.?\d{3}\.?\d{3}-?\d|\d{8,10}-?\d
pe.ruc          0.09   named  (?:10|15|17|20)\d{9}
ec.ci           0.05   named  \d{10}
ve.rif          0.09   named  [vejpg]-?\d{8}-?\d
uy.rut          0.01   named  \d{12}
do.cedula       0.1    named  \d{3}-?\d{7}-?\d
au.tfn          0.09   named  \d{3} ?\d{3} ?\d{3}
nz.ird          0.09   named  \d{2,3}-?\d{3}-?\d{3}
ch.ssn          0.1    alone  756\.?\d{4}\.?\d{4}\.?\d\d
at.vnr          0.05   named  \d{4} ?\d{6}
de.idnr         0.03   named  \d\d ?\d{3} ?\d{3} ?\d{3}
de.stnr         0.5    named  \d{2,3}/?\d{3,4}/?\d{4,5}
pt.nif          0.05   named  [1-9]\d\d ?\d{3} ?\d{3}
pt.cc           0.03   named  \d{8} ?\d ?[a-z\d]{2}\d
ie.pps          0.04   alone  \d{7}[a-w][abhwtx]?
gb.utr          0.1    named  \d{10}k?
is_.kennitala   0.02   named  \d{6}-?\d{4}
hu.anum         0.1    named  \d{8}-?\d-?\d\d|\d{8}
pk.cnic         0.5    alone  \d{5}-\d{7}-\d
vn.mst          0.1    named  \d{10}(?:-\d{3})?
eg.tn           0.9    named  \d{3}-?\d{3}-?\d{3}
sg.nric         0.04   alone  [stfgm]\d{7}[a-z]
hk.id           0.09   alone  [a-z]{1,2}\d{6}\([\da]\)
kz.iin          0.005  named  \d{12}
gb.nino         0.6    alone  (?![dfiquv])[a-z](?![dfiquvo])[a-z] ?\d\d ?\d\d ?\d\d ?[a-d]
de.vsnr         0.005  alone  \d{8}[a-z]\d{3}
pl.dowod        0.1    named  [a-z]{3} ?\d{6}
""")


def _nric(text: str) -> bool:
    """Singapore: weights 2 7 6 5 4 3 2, a letter for the remainder by 11; T, G and M begin later series."""
    total = sum(int(d) * w for d, w in zip(text[1:8], (2, 7, 6, 5, 4, 3, 2), strict=True))
    head = text[0].upper()
    total += 4 if head in "TG" else 3 if head == "M" else 0
    letters = "JZIHGFEDCBA" if head in "ST" else "XWUTRQPNMLK" if head in "FG" else "KLJNPQRTUWX"
    place = total % 11
    return text[8].upper() == letters[10 - place if head == "M" else place]


def _hkid(text: str) -> bool:
    """Hong Kong: letters as 10 to 35 (none is 36), weights from 9 down, mod 11, A is 10."""
    plain = re.sub(r"[()\s]", "", text.upper()).rjust(9, " ")
    values = [36 if c == " " else int(c, 36) for c in plain[:2]] + [int(c) for c in plain[2:8]]
    check = 10 if plain[8] == "A" else int(plain[8])
    return (sum(v * w for v, w in zip(values, range(9, 1, -1), strict=True)) + check) % 11 == 0


def _iin(text: str) -> bool:
    """Kazakhstan: a date, and weights 1 to 11 mod 11, begun again at 3 where that gives 10."""
    d = [int(c) for c in text]
    if not (1 <= int(text[2:4]) <= 12 and 1 <= int(text[4:6]) <= 31 and d[6] <= 6):
        return False
    rest = sum(v * w for v, w in zip(d, range(1, 12), strict=False)) % 11
    if rest == 10:
        rest = sum(v * w for v, w in zip(d, (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2), strict=False)) % 11
    return rest == d[11]


def _vsnr(text: str) -> bool:
    """German pension insurance: digits weighted 2 1 2 5 7 1 2 1 2 1 2 1, their digit sums mod 10 (VKVV section 4)."""
    day, month = int(text[2:4]), int(text[4:6])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return False
    plain = text[:8] + f"{ord(text[8].upper()) - 64:02d}" + text[9:]
    weights = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
    total = sum(sum(divmod(int(d) * w, 10)) for d, w in zip(plain[:12], weights, strict=True))
    return total % 10 == int(plain[12])


def _dowod(text: str) -> bool:
    """Polish identity card: letters as 10 to 35, weights 7 3 1 9 7 3 1 7 3, mod 10."""
    plain = text.replace(" ", "")
    total = sum(int(c, 36) * w for c, w in zip(plain, (7, 3, 1, 9, 7, 3, 1, 7, 3), strict=True))
    return total % 10 == 0


_OURS: dict[str, Callable[[str], bool]] = {
    "sg.nric": _nric,
    "hk.id": _hkid,
    "kz.iin": _iin,
    "de.vsnr": _vsnr,
    "pl.dowod": _dowod,
    "gb.nino": lambda t: t[:2].upper() not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ"),
}


@cache
def judge(module: str) -> Callable[[str], bool]:
    """Return the rule of a module: whether a number of its shape is valid."""
    ours = _OURS.get(module)
    if ours is not None:
        return ours
    found: Callable[[str], bool] = import_module(f"stdnum.{module}").is_valid
    return found


def valid(rule: Rule, text: str) -> bool:
    """Whether a text has the rule's shape and keeps its check."""
    return rule.shaped(text) and _right(rule, text)


def _right(rule: Rule, text: str) -> bool:
    """Whether a text that has the rule's shape keeps its check, and is more than one digit over and over."""
    return len({c for c in text if "0" <= c <= "9"}) > 1 and judge(rule.module)(text)


class Kept(NamedTuple):
    """How a column keeps a rule: of the texts with its shape, and of all, the share that is valid."""

    rule: Rule
    share: float
    fit: float
    many: int


def kept(texts: Iterable[str], *, named: bool) -> list[Kept]:
    """Return the rules that at least a fifth of the texts keep, the surest first.

    named: the column's name says that it holds such numbers, so that rules of plain digits are asked too.
    """
    held = [t.strip() for t in texts][:ASKED]
    few = held[:: max(1, len(held) // FIRST)][:FIRST]
    if not any(sum(c.isdigit() for c in t) >= 5 for t in few):
        return []
    out = []
    for rule in RULES:
        if not (named or rule.alone):
            continue
        shaped = [t for t in few if rule.shaped(t)]
        if not shaped or (len(shaped) > 2 and sum(_right(rule, t) for t in shaped) * 10 < len(shaped)):
            continue
        fit = [t for t in held if rule.shaped(t)]
        if len(fit) * 5 < len(held) or not fit:
            continue
        right = sum(_right(rule, t) for t in fit)
        if right * 5 >= len(held):
            out.append(Kept(rule, right / len(held), right / len(fit), right))
    return sorted(out, key=lambda k: (-round(k.share, 1), k.rule.chance))


@cache
def anywhere() -> re.Pattern[str]:
    """Return the pattern of every shape that stands for itself, to search texts with."""
    shapes = dict.fromkeys(r.shape.pattern for r in RULES if r.alone and _marked(r))
    return re.compile(rf"(?<![\w.-])(?:{'|'.join(shapes)})(?![\w-])", re.ASCII | re.IGNORECASE)


def _marked(rule: Rule) -> bool:
    """Whether a rule may be found inside a text: the chance that it is kept is small enough there."""
    return rule.chance <= 0.05 or rule.module in ("in_.aadhaar", "gb.nino", "ch.ssn")


_ALONE_IN_TEXT = tuple(r for r in RULES if r.alone and _marked(r))
_SPACED = re.compile(r"[a-zA-Z.\-/ ]")


_DIGITS = re.compile("[0-9]+")
_LETTERS = re.compile("[A-Za-z]+")


@cache
def _with(signs: str) -> tuple[Rule, ...]:
    """Return the rules whose shape speaks of each of these signs beside digits; ``a`` stands for any letter."""
    out = []
    for rule in _ALONE_IN_TEXT:
        plain = re.sub(r"\\d|[a-z0-9]-[a-z0-9]", lambda m: "" if m[0] == r"\d" else "a", rule.shape.pattern)
        said = set(_LETTERS.sub("a", plain))
        if set(signs) <= said:
            out.append(rule)
    return tuple(out)


def found_in(text: str) -> bool:
    """Whether one piece of a text is a national number by itself; bare digits are none, whatever they check."""
    if not _SPACED.search(text):
        return False
    signs = "".join(sorted(set(_LETTERS.sub("a", _DIGITS.sub("", text)))))
    return any(valid(rule, text) for rule in _with(signs))
