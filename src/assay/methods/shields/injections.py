"""Texts that are written to be obeyed: by a template engine, or by a language model that reads them as its instructions.

A text is first brought into one form (compatibility forms of letters, no invisible characters, single blanks), as a writer who
hides a phrase does it by these. Prompts are families of phrases, in five languages; what is measured on prose is told in
docs/explanation/firewall.md.
"""

from __future__ import annotations

import re
import unicodedata

MOST = 20_000  # characters of one text that are looked at
_INVISIBLE = re.compile(
    "[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f]"
)
_BLANKS = re.compile(r"\s+")
_MARKS = ("{{", "{%", "${", "#{", "<%", "*{", "@(")
_TEMPLATES = tuple(
    (said, re.compile(pattern, re.IGNORECASE))
    for said, pattern in (
        (
            "a lookup of Log4j",
            r"\$\{(?:jndi|[^{}]{0,20}\$\{[^{}]{0,20}(?:lower|upper|env|sys|date|::?-)[^{}]{0,40})",
        ),
        (
            "an expression of a template",
            r"(?:\{\{|\$\{|#\{|\*\{|<%=?|@\()\s{0,20}-?\s{0,20}(?:\d{1,12}\s{0,5}[*+/-]\s{0,5}['\"]?\d{1,12}|['\"]?\s{0,5}['\"]?\s{0,5}\.\s{0,5}__"
            r"|[\w.\[\]'\"() ]{0,60}(?:__\w{1,30}__|\bconfig\b|\bself\b|\brequest\b|\bcycler\b|\blipsum\b|\bjoiner\b"
            r"|\bnamespace\b|\bgetClass\b|\bRuntime\b|\bProcessBuilder\b|\bjava\.lang\b|\bT\(|\bsystem\b|\bexec\b"
            r"|\bpopen\b|\bsubprocess\b|\bos\.|\bconstructor\b|\bprocess\.|\brequire\b|\b_self\b|\benv\b|\bfile\b))",
        ),
        (
            "a statement of a template",
            r"\{%-?\s{0,20}(?:for|if|set|import|include|extends|macro|call|with|block|raw)\b.{0,200}%\}",
        ),
    )
)
_BEFORE = r"(?:(?:all|any|every|each|the|your|of|these|those|my|our|its) ){0,4}"
_WHICH = r"(?:previous|prior|above|earlier|preceding|foregoing|former|existing|original|initial|system)"
_WHAT = r"(?:instructions?|prompts?|directions?|commands?|guidelines|directives?|rules|programming|context|training|constraints?)"
_PROMPTS = tuple(
    (said, re.compile(pattern, re.IGNORECASE))
    for said, pattern in (
        (
            "a wish that instructions be left aside",
            rf"\b(?:ignore|disregard|forget|override|bypass|discard|dismiss|neglect|skip|violate) {_BEFORE}{_WHICH} "
            rf"(?:(?:and|or) \w+ )?(?:\w+ )?{_WHAT}\b"
            rf"|\b(?:ignore|disregard|forget|override) (?:all|everything|anything) (?:(?:of )?(?:your|the|these|those) )?"
            rf"(?:{_WHAT}\b|(?:you|that) (?:were|was|have been) (?:told|instructed|given)|(?:said|written|stated) (?:above|before)|above\b|before this)"
            rf"|\b(?:ignore|disregard|forget) (?:your|the) (?:system |safety |content )?{_WHAT} and\b"
            r"|\b(?:ignorez?|oubliez?|ignorer) (?:toutes? )?(?:les |vos |tes )?(?:instructions?|consignes|directives) (?:pr[ée]c[ée]dentes|ant[ée]rieures|ci-dessus)"
            r"|\b(?:ignoriere|ignorieren sie|vergiss|missachte) (?:bitte )?(?:alle )?(?:die |deine |ihre )?(?:vorherigen|bisherigen|vorigen|obigen|fr[üu]heren) (?:anweisungen|instruktionen|befehle|regeln)"
            r"|\b(?:ignora|ignore|olvida|descarta) (?:todas )?(?:las |tus |sus )?(?:instrucciones|indicaciones|[óo]rdenes|reglas) (?:anteriores|previas|de arriba)"
            r"|\b(?:ignora|ignorate|dimentica) (?:tutte )?(?:le |tue )?(?:istruzioni|indicazioni) (?:precedenti|sopra)",
        ),
        (
            "a question for the model's own instructions",
            r"\b(?:reveal|print|show|repeat|output|display|leak|expose|disclose|tell me|give me|what (?:is|are|was|were)) (?:me )?"
            r"(?:(?:the|your|all|of|verbatim|exact|full|entire|hidden|secret|complete) ){1,5}"
            r"(?:system prompt|initial prompt|hidden prompt|system message|initial instructions|system instructions|original instructions|secret instructions|hidden instructions|developer message)\b"
            r"|\brepeat (?:all |everything |the (?:words|text|content) )(?:of )?(?:above|before this)(?: verbatim)?\b.{0,40}\b(?:starting with|verbatim|word for word)\b",
        ),
        (
            "a part that the model is to play against its rules",
            r"\byou are (?:now )?(?:dan|in developer mode|in god mode|jailbroken|an? (?:unrestricted|unfiltered|uncensored|jailbroken) (?:ai|model|assistant|chatbot|llm))\b"
            r"|\b(?:act|pretend|respond|behave|answer|roleplay) (?:as if|as though|like|as) (?:you (?:have|had) no (?:restrictions|rules|guidelines|limits|filters)|(?:an? )?(?:unrestricted|unfiltered|uncensored|jailbroken|evil) (?:ai|model|assistant|chatbot|llm))\b"
            r"|\bdo anything now\b.{0,80}\b(?:dan|restrictions|rules|ai)\b|\b(?:enable|enter|activate|switch to) (?:developer|dan|jailbreak|god|sudo) mode\b",
        ),
        (
            "marks of a conversation",
            r"<\|(?:im_start|im_end|system|user|assistant|endoftext|start_header_id|eot_id|begin_of_text)\|>|\[/?INST\]|<</?SYS>>"
            r"|(?:^|\s)#{2,4} ?(?:system|instruction|response|human|assistant) ?(?:prompt|message)?:"
            r"|<(?:system|assistant)>.{0,400}</(?:system|assistant)>"
            r"|\[(?:system|assistant)\] ?(?:\(#\w+\)|override|message:)|\bnew (?:system )?instructions?:\s",
        ),
    )
)
_HINT = re.compile(
    r"ignor|disregard|forget|overrid|bypass|discard|dismiss|neglect|skip|violat|oubli|vergiss|missacht|olvid|descart|dimentic|prompt|instruction|you are|"
    r"act |pretend|respond|behave|roleplay|anything now|developer|jailbreak|dan mode|god mode|sudo mode|<\||\[/?inst|<</?sys|##|<system|<assistant|\[system|\[assistant|answer|repeat",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """Return a text in one form: compatibility letters composed, invisible characters gone, blanks single."""
    text = text[:MOST]
    if text.isascii():
        return _BLANKS.sub(" ", text)
    return _BLANKS.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)))


def template(text: str) -> str:
    """Return what of a template a text holds, as a sentence goes on; nothing where it holds none."""
    form = plain(text)
    if not any(mark in form for mark in _MARKS):
        return ""
    return next((said for said, pattern in _TEMPLATES if pattern.search(form)), "")


def prompt(text: str) -> str:
    """Return which family of prompt injection a text belongs to, as a sentence goes on; nothing where to none."""
    if len(text) < 8:
        return ""
    form = plain(text)
    if not _HINT.search(form):
        return ""
    return next((said for said, pattern in _PROMPTS if pattern.search(form)), "")
