"""The fields of a model card: those that only people know, and those that examinations fill.

Sources: Mitchell et al., Model Cards for Model Reporting (2019); Regulation (EU) 2024/1689, Article 13(3), what must be
told to those who use a high-risk system; NIST AI RMF 1.0, MAP 1.1 (context of use).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

RISKS = ("minimal", "low", "limited", "medium", "high", "unacceptable")


@dataclass(frozen=True, slots=True)
class Field:
    """A field. name: in card.yaml. title: on the card. ask: what to write there, as a question.

    required: by default. refs: what demands it. many: several values. check: which examination fills it, if people do not.
    """

    name: str
    title: str
    ask: str
    required: bool = False
    refs: tuple[str, ...] = ()
    many: bool = False
    check: str = ""


PEOPLE: tuple[Field, ...] = (
    Field(
        "title", "Title", "what is it called where people talk of it? the registered name where this is empty"
    ),
    Field("description", "What it does", "what does it answer, of what, in one or two sentences?"),
    Field("owner", "Owner", "who answers for it?", True, ("EU-AI-ACT:13(3)(a)", "NIST-AI-RMF:GOVERN-2.1")),
    Field("contact", "Contact", "where can they be reached?", True, ("EU-AI-ACT:13(3)(a)",)),
    Field("license", "Licence", "an SPDX name such as Apache-2.0, or the terms in words", True),
    Field(
        "intended_use",
        "Intended use",
        "which decision does it serve, and how?",
        True,
        ("EU-AI-ACT:13(3)(b)(i)", "NIST-AI-RMF:MAP-1.1"),
        True,
    ),
    Field("users", "Intended users", "who works with its answers?", True, ("NIST-AI-RMF:MAP-1.1",), True),
    Field(
        "affected", "People affected", "whom do its answers concern?", False, ("NIST-AI-RMF:MAP-1.1",), True
    ),
    Field(
        "out_of_scope",
        "Uses out of scope",
        "what must it not be used for?",
        True,
        ("EU-AI-ACT:13(3)(b)(iii)", "NIST-AI-RMF:MAP-1.1"),
        True,
    ),
    Field(
        "risk_tier",
        "Risk tier",
        f"one of {', '.join(RISKS)}",
        True,
        ("EU-AI-ACT:6", "NIST-AI-RMF:MAP-1.5"),
    ),
    Field("risk_reason", "Why this tier", "why is it of that tier?"),
    Field(
        "considerations",
        "Ethical considerations",
        "what may go wrong for people, and what is done about it?",
        True,
        ("EU-AI-ACT:13(3)(b)(iii)", "NIST-AI-RMF:MAP-5.1"),
        True,
    ),
    Field(
        "limits",
        "Known limits",
        "where do those who built it not trust it?",
        True,
        ("EU-AI-ACT:13(3)(b)", "NIST-AI-RMF:MAP-2.2"),
        True,
    ),
    Field(
        "human_oversight",
        "Human oversight",
        "who looks at its answers, and how can they overrule it?",
        True,
        ("EU-AI-ACT:13(3)(d)", "EU-AI-ACT:14"),
        True,
    ),
    Field(
        "maintenance",
        "Upkeep",
        "how long is it meant to last, what is watched, when is it trained again?",
        False,
        ("EU-AI-ACT:13(3)(e)",),
        True,
    ),
    Field("data_source", "Source of the data", "where do the rows come from, of which time?", many=True),
    Field("data_license", "Licence of the data", "under which terms?"),
    Field(
        "datasets",
        "Datasets by name",
        "names on the Hugging Face hub, such as scikit-learn/adult-census-income",
        many=True,
    ),
    Field("language", "Languages", "codes of the languages of its texts, such as en", many=True),
    Field("tags", "Tags", "words to find it by", many=True),
    Field("references", "References", "papers and pages about it", many=True),
    Field("business_problem", "Business problem", "what is it worth?"),
    Field("stakeholders", "Stakeholders", "who has a stake in it?", many=True),
    Field("line_of_business", "Line of business", "which part of the organisation?"),
    Field(
        "energy", "Energy of training", "how much, and how it was measured; Assay measures time and memory"
    ),
)

EXAMINED: tuple[Field, ...] = (
    Field(
        "data", "Training data", "", True, ("EU-AI-ACT:13(3)(b)(vi)", "NIST-AI-RMF:MAP-2.3"), check="train"
    ),
    Field("metrics", "How well it does", "", True, ("EU-AI-ACT:13(3)(b)(ii)",), check="model.validate"),
    Field("bias", "Groups compared", "", True, ("EU-AI-ACT:13(3)(b)(v)",), check="model.bias"),
    Field("explanation", "What it goes by", "", True, ("EU-AI-ACT:13(3)(b)(iv)",), check="model.explain"),
    Field("scan", "Safe to load", "", False, ("EU-AI-ACT:15(5)",), check="model.scan"),
    Field("slices", "Weakest subgroups", "", False, ("EU-AI-ACT:13(3)(b)(v)",), check="model.validate"),
    Field("robustness", "Data made worse", "", False, ("EU-AI-ACT:15(4)",), check="model.validate"),
)

FIELDS = {f.name: f for f in (*PEOPLE, *EXAMINED)}

_EMPTY = {
    "", "tbd", "tba", "tbc", "todo", "to do", "fixme", "xxx", "na", "none", "nil", "null", "not applicable", "unknown",
    "to be defined", "to be determined", "to be done", "to be announced", "to be confirmed", "later", "pending", "fill in",
    "fill me in", "lorem ipsum", "placeholder", "example", "test", "asdf", "foo", "not available", "not known",
}  # fmt: skip
_WORDS = re.compile(r"[^\W_]+")
_BEGINS = re.compile(r"\s*[\[(<{]?\s*(?:tbd|tba|tbc|todo|fixme|xxx)\b", re.IGNORECASE)
_BRACKETED = re.compile(r"\s*<[^<>]*>\s*|\s*\[[^\[\]]*\]\s*|\s*\{+[^{}]*\}+\s*")


@cache
def empty(text: str) -> bool:
    """Whether a text says nothing: blank, TBD, todo, n/a, a placeholder in brackets, or no letter and no digit at all."""
    words = _WORDS.findall("".join(c for c in text if c.isprintable()).lower())
    spelt = "".join(words) if all(len(w) == 1 for w in words) else " ".join(words)  # T.B.D. is TBD
    return spelt in _EMPTY or bool(_BEGINS.match(text)) or bool(_BRACKETED.fullmatch(text))
