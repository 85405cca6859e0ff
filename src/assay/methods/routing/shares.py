"""Shares of traffic: blended while a change is rolled out, and drawn from, by chance or by a key that stays."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

Arm = Mapping[str, Any]  # name, package, digest, weight, shadow, replicas


class Clash(ValueError):
    """Two variants of one name that are not the same package."""


def blend(old: Sequence[Arm], new: Sequence[Arm], share: float) -> list[dict[str, Any]]:
    """Return the variants of both configurations, the new ones with ``share`` (0 to 1) of all traffic.

    A variant of the same name and package in both is one. Shadows of the new configuration are asked from the first step
    on, those of the old one until the last. Clash where two of one name are not the same.
    """
    out: dict[str, dict[str, Any]] = {}
    for arms, part in ((old, 1 - share), (new, share)):
        whole = sum(a["weight"] for a in arms if not a["shadow"]) or 1.0
        for arm in arms:
            weight = arm["weight"] if arm["shadow"] else arm["weight"] / whole * part
            before = out.get(arm["name"])
            if before is not None and (before["digest"], before["shadow"]) != (arm["digest"], arm["shadow"]):
                raise Clash(arm["name"])
            if before is not None and not arm["shadow"]:
                weight += before["weight"]
            replicas = max(arm["replicas"], before["replicas"] if before else 0)
            out[arm["name"]] = {**arm, "weight": round(weight, 9), "replicas": replicas}
    return list(out.values())


class Draw:
    """Who answers: drawn by weight. What carries a key is told the same variant again while the shares stay.

    A key is hashed onto the line of all shares (rendezvous of the weighted kind), so that a change of shares moves no more
    callers than it must: weighted rendezvous hashing, Schindelhauer and Schomaker 2005: the largest -w / ln(u) wins.
    """

    def __init__(self, arms: Sequence[tuple[str, float]]) -> None:
        self.arms = [(name, weight) for name, weight in arms if weight > 0]
        self.names = [name for name, _ in self.arms]
        self._upto = list(accumulate(weight for _, weight in self.arms))

    def by_chance(self, u: float) -> str:
        """Return the variant at ``u`` (0 to 1, drawn evenly) of all shares; empty where there is none."""
        if not self.names:
            return ""
        return self.names[min(bisect_right(self._upto, u * self._upto[-1]), len(self.names) - 1)]

    def by_key(self, key: bytes) -> str:
        """Return the variant that a key always gets; empty where there is none."""
        from math import log

        best, found = -1.0, ""
        for name, weight in self.arms:
            raw = hashlib.blake2b(key, digest_size=8, person=_person(name)).digest()
            u = (int.from_bytes(raw, "big") + 0.5) / 2**64
            score = -weight / log(u)
            if score > best:
                best, found = score, name
        return found


def _person(name: str) -> bytes:
    """Return 16 bytes at most that no other variant has, whatever their names have in common."""
    raw = name.encode()
    return raw if len(raw) <= hashlib.blake2b.PERSON_SIZE else hashlib.blake2b(raw, digest_size=16).digest()
