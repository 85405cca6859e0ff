"""Which metrics a card has room for, and which are better the lower they are."""

from __future__ import annotations

# Of a facet, what other systems' cards have room for
OF_FACETS = (
    "DPL",
    "DPPL",
    "DI",
    "AD",
    "RD",
    "impact_ratio",
    "equalized_odds_difference",
    "demographic_parity_difference",
)
LOWER_IS_BETTER = ("rmse", "mae", "mase", "pinball", "cost", "log_loss", "brier")
