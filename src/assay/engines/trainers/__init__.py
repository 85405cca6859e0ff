"""Ways of training that a check can ask for: a script, the configuration of a fitted model, or the caller's own code."""

from __future__ import annotations
