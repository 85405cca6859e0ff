"""All rules, the more exact first: where two lie over one another, the first tells of it."""

from __future__ import annotations

from functools import cache

from assay.methods.secrets import (
    addresses,
    amazon,
    assigned,
    azure,
    bearers,
    google,
    hosts,
    issuers,
    kept,
    packages,
    privatekeys,
)
from assay.methods.secrets.rule import Rule

RULES: tuple[Rule, ...] = (
    *amazon.RULES,
    *google.RULES,
    *azure.RULES,
    *hosts.RULES,
    *packages.RULES,
    *issuers.RULES,
    *privatekeys.RULES,
    *kept.RULES,
    *bearers.RULES,
    *addresses.RULES,
    *assigned.RULES,
)


@cache
def by_name() -> dict[str, Rule]:
    """Return the first rule of each name."""
    return {rule.name: rule for rule in reversed(RULES)}


@cache
def sieve() -> str:
    """Return one RE2 expression that every line with a secret matches."""
    return "|".join(f"(?:{text})" for text in dict.fromkeys(rule.sieve for rule in RULES))
