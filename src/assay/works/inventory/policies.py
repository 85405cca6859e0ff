"""The policy of a home's registry, as it stands in its ``registry.yaml``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from assay.methods.inventory.policy import FILE, Policy, Rules, read

if TYPE_CHECKING:
    from assay.office.registry import PackageRecord
    from assay.works.home import Home


def policy_of(home: Home) -> Policy:
    """Return the policy of a home; the plain one where it has none. Refused where its file may be somebody else's."""
    from assay.works.settings import owned

    path = home.root / FILE
    if not path.exists():
        return Policy()
    owned(home.root, FILE)
    return read(path)


def rules_of(home: Home, record: PackageRecord) -> tuple[Policy, Rules]:
    """Return the policy, and its rules for a package; with ``four_eyes`` whoever registered it may not decide."""
    policy = policy_of(home)
    rules = policy.of(record.tier)
    if home.settings.four_eyes and "registered" not in rules.apart:
        rules = replace(rules, apart=("registered", *rules.apart))
    return policy, rules
