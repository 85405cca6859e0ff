"""Which hyperparameters are tried next: each of a grid, drawn by lot, or by Optuna's tree of Parzen estimators.

What is proposed depends on the seed, the number of the trial and how the trials before it came out, on nothing else: a
sweep that was cut short goes on with the very trials it would have had.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assay.engines.extras import install
from assay.kernel.errors import Missing
from assay.methods.tuning import Choice, Range, Tuning, combination, drawn

_AGAIN = 50  # draws until one is new
_FIRST = 8  # trials by lot before the estimator is asked


@dataclass(frozen=True, slots=True)
class Tried:
    """A trial that has ended. value: its score, None where it failed."""

    given: Mapping[str, Any]
    value: float | None


def propose(
    tuning: Tuning, number: int, before: Sequence[Tried], seed: int, *, lower: bool
) -> dict[str, Any] | None:
    """Return the hyperparameters of trial ``number``, from 0; None where nothing new is left to try.

    before: the trials from 0 to number - 1. Missing where bayes is asked for and Optuna is not here.
    """
    if tuning.way == "grid":
        return _of_grid(tuning, number, seed)
    tried = [dict(t.given) for t in before]
    if tuning.way == "bayes":
        given = _asked(tuning, number, before, seed, lower)
        if given not in tried:
            return given
    for attempt in range(_AGAIN):
        given = drawn(tuning.space, _lot(seed, number, attempt))
        if given not in tried:
            return given
    return None


def _of_grid(tuning: Tuning, number: int, seed: int) -> dict[str, Any] | None:
    space = {name: choice for name, choice in tuning.space.items() if isinstance(choice, tuple)}
    size = math.prod(map(len, space.values()))
    if number >= min(size, tuning.trials):
        return None
    if tuning.trials >= size:
        return combination(space, number)
    lot, places = random.Random(seed), dict[int, None]()  # noqa: S311 - a choice by lot, not a secret
    while len(places) <= number:
        places.setdefault(lot.randrange(size))
    return combination(space, list(places)[number])


def _lot(seed: int, number: int, attempt: int) -> Any:
    import numpy as np

    digest = hashlib.sha256(f"{seed}/trial/{number}/{attempt}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def _asked(tuning: Tuning, number: int, before: Sequence[Tried], seed: int, lower: bool) -> dict[str, Any]:
    """Return what a fresh study, told of all trials before, suggests with a seed of this trial's own."""
    try:
        import optuna
    except ModuleNotFoundError:
        raise Missing("a search by bayes needs Optuna", remedy=install("tune")) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    spread: dict[str, Any] = {name: _spread(choice) for name, choice in tuning.space.items()}
    own = int.from_bytes(hashlib.sha256(f"{seed}/bayes/{number}".encode()).digest()[:4], "big") >> 1
    sampler = optuna.samplers.TPESampler(seed=own, n_startup_trials=_FIRST, multivariate=len(spread) > 1)
    study = optuna.create_study(sampler=sampler, direction="minimize" if lower else "maximize")
    for tried in before:
        state = optuna.trial.TrialState.COMPLETE if tried.value is not None else optuna.trial.TrialState.FAIL
        study.add_trial(
            optuna.trial.create_trial(
                state=state,
                value=tried.value,
                params={n: _place(tuning.space[n], v) for n, v in tried.given.items()},
                distributions=spread,
            )
        )
    trial = study.ask(spread)
    return {name: _value(tuning.space[name], trial.params[name]) for name in spread}


def _spread(choice: Choice) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(choice, tuple):
        return CategoricalDistribution(list(range(len(choice))))  # by place: values may be of any kind
    if choice.whole:
        return IntDistribution(int(choice.low), int(choice.high), log=choice.log, step=int(choice.step or 1))
    return FloatDistribution(choice.low, choice.high, log=choice.log, step=choice.step)


def _place(choice: Choice, value: Any) -> Any:
    return choice.index(value) if isinstance(choice, tuple) else value


def _value(choice: Choice, found: Any) -> Any:
    if isinstance(choice, Range):
        return int(found) if choice.whole else float(found)
    return choice[int(found)]
