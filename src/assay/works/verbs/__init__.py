"""What may be asked of an office besides examining: each verb a function of a home, giving JSON; a file a noun.

Lists are ``{"schema": "assay.<noun>s/1", "<noun>s": [...]}``; an action gives the object as it now is, with ``event``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from assay.works.verbs import (
    baselines,
    captures,
    channels,
    contexts,
    data,
    endpoints,
    findings,
    importing,
    inventory,
    log,
    logs,
    models,
    monitors,
    notebooks,
    provenance,
    quarantine,
    runs,
    search,
    serving,
    tokens,
    traces,
    watching,
)

WITHOUT_HOME = frozenset(
    {
        "inventory.policy",
        "monitor.baseline",
        "log.verify_against",
        "log.verify_proof",
        "data.load",
        "model.card",
        "model.verify",
        "monitor.policy",
        "notebook.secure",
        "runs.reproduce",
    }
)
TELLING = frozenset(
    {
        "arrivals.list",
        "arrivals.show",
        "data.quarantine.list",
        "endpoint.list",
        "endpoint.show",
        "findings.list",
        "findings.show",
        "inventory.list",
        "inventory.export",
        "lineage",
        "log.holds",
        "model.list",
        "monitor.baselines",
        "model.show",
        "monitor.actions",
        "monitor.list",
        "monitor.page",
        "monitor.show",
        "context.list",
        "context.show",
        "runs.compare",
        "runs.list",
        "runs.show",
        "token.list",
    }
)  # which may be asked of the past
VERBS: Mapping[str, Callable[..., Any]] = {
    **models.VERBS,
    **inventory.VERBS,
    **runs.VERBS,
    **traces.VERBS,
    **contexts.VERBS,
    **endpoints.VERBS,
    **captures.VERBS,
    **channels.VERBS,
    **baselines.VERBS,
    **tokens.VERBS,
    **serving.VERBS,
    **monitors.VERBS,
    **notebooks.VERBS,
    **provenance.VERBS,
    **search.VERBS,
    **importing.VERBS,
    **log.VERBS,
    **logs.VERBS,
    **findings.VERBS,
    **data.VERBS,
    **quarantine.VERBS,
    **watching.VERBS,
}
