"""What a model, or a table's columns, say of each row: predictions, which of them are good, and how sure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import Model, Table

if TYPE_CHECKING:
    from assay.checks.model.bias._judged import Judged
    from assay.methods.cells import Cells
    from assay.methods.question import Outcome, Question


@dataclass(frozen=True, slots=True)
class Answers:
    """What is judged. cells: labels, predictions, facets and strata, counted; prediction: its column of them.

    table: the rows, None where they were counted where they lie. scores: of each row, of a table the good outcome's, of a
    model its own. names: the table's columns. weights: what each row counts for, None where each counts for one.
    """

    cells: Cells
    prediction: Any
    table: Any
    scores: Any
    names: tuple[str, ...]
    model: Model | None = None
    column: str | None = None
    weights: Any = None
    said: Any = None


class _Held:
    """A table that is in memory already, for whoever asks it for itself."""

    def __init__(self, table: Any) -> None:
        self.table = table

    def arrow(self) -> Any:
        """Return it."""
        return self.table


def of_clarify(
    subject: Any, data: Any, config: Path | None, predicted: Table | None, facet: Table | None
) -> tuple[Question | None, Any]:
    """Return what an analysis config asks, and the table under its headers; nothing where there is none."""
    source = data if data is not None else subject
    if config is None and (predicted is not None or facet is not None):
        said = "--predicted-data and --facet-data are files that an analysis config names"
        raise UsageError(said, remedy="say --config FILE")
    if config is None or isinstance(source, Model):
        return None, None
    from assay.methods.clarify import asking
    from assay.methods.clarify.config import read_config

    read = read_config(config)
    others = {"--predicted-data": predicted, "--facet-data": facet}
    held = {option: None if other is None else other.arrow() for option, other in others.items()}
    whole = asking.joined(read, asking.headed(source.arrow(), read.headers, read.file), held)
    return asking.asked(read, whole), whole


def gathered(
    subject: Any, data: Any, asked: Question, score: str | None, weights: str | None, whole: Any = None
) -> Answers:
    """Return what is said of each row. whole: the table, where it was read already."""
    from assay.methods import cells, facets
    from assay.methods.predictions import gather
    from assay.methods.question import weights as weighed

    model = subject if isinstance(subject, Model) and not isinstance(subject, Table) else None
    if model is None and whole is None and _counts_do(asked, score, weights):
        names = asked.columns
        found = subject.counts(names, cells.MOST)
        if found is not None:
            held = cells.of_counts(found, names)
            whole_names = tuple(c.name for c in subject.columns)
            return Answers(held, held.table.column(asked.predicted), None, None, whole_names)
    held_whole = data if whole is None else _Held(whole)
    source = subject if model is not None or whole is None else held_whole
    table, prediction, scores = gather(source, held_whole, asked.predicted, score, asked.label)
    if whole is not None:
        from assay.methods.clarify.asking import decided

        prediction = decided(prediction, table.column(asked.label), asked.probability_threshold)
    name = asked.predicted or "prediction"
    while model is not None and name in table.column_names:
        name += "_"
    columns = {n: facets.plain(table.column(n), n) for n in asked.columns}
    columns[name] = facets.plain(prediction, asked.predicted or "the prediction")
    heavy = weighed(table, weights)
    counted = cells.of_rows(columns, heavy)
    own, every = counted.table.column(name), tuple(table.column_names)
    return Answers(counted, own, table, scores, every, model, score, heavy, prediction)


def _counts_do(asked: Question, score: str | None, weights: str | None) -> bool:
    """Whether counts alone tell what is asked, so that no row need be read."""
    rows = ("FT", "consistency")
    return asked.predicted is not None and not (asked.clarify or score or weights or asked.wants(*rows))


def outcomes_of(
    asked: Question, classes: list[Any], truth: Any, answers: Answers, judged: Judged
) -> Iterator[Outcome]:
    """Give the good outcome, or each class in turn."""
    from assay.methods import outcomes
    from assay.methods import question as questions
    from assay.methods.values import spelled

    said = answers.prediction
    if asked.label_threshold is None:
        times = answers.cells.times
        judged.unheard(asked.label, outcomes.unheard(said, truth, two=not classes, times=times))
    if not classes:
        observed = questions.observed_in(asked, truth, asked.positive)
        told = outcomes.predicted_rows(said, truth, asked.positive, asked.label_threshold)
        yield questions.Outcome(observed, told)
    for name in classes:
        one = spelled(name)
        yield questions.Outcome(
            outcomes.positive_rows(truth, [one], None),
            outcomes.positive_rows(said, [one], None),
            str(name),
            {"class": str(name)},
        )


def positive_of(asked: Question, outcome: Outcome) -> tuple[str, ...]:
    """Return the values that are yes for an outcome."""
    return (outcome.name,) if outcome.of else asked.positive


def says(asked: Question, truth: Any, answers: Answers, outcome: Outcome) -> Callable[[Any], Any]:
    """Return what asks the model which rows of a table are told the outcome."""
    from assay.methods import facets, outcomes

    def ask(table: Any) -> Any:
        assert answers.model is not None
        unnamed = not answers.model.info.features and asked.label in table.column_names
        given = table.drop_columns(asked.label) if unnamed else table
        said = facets.plain(answers.model.predict(given).column("prediction"), "the prediction")
        return outcomes.predicted_rows(said, truth, positive_of(asked, outcome), asked.label_threshold)

    return ask


def chances(asked: Question, truth: Any, answers: Answers, outcome: Outcome) -> tuple[Any, str]:
    """Return each row's probability of the outcome, NaN where there is none; or None, and why there are none.

    BadInput where a table's column holds what is no probability.
    """
    import numpy as np

    from assay.methods import outcomes

    if answers.scores is None:
        return None, "there are no scores" if answers.model else "no column of scores was named"
    names = answers.scores.column_names
    if outcome.of:
        own = f"score_{outcome.name}"
        if own not in names:
            return None, f"there are no scores of {outcome.name}"
        found = outcomes.finite(answers.scores.column(own), own)
    elif "score" in names:
        found = outcomes.finite(answers.scores.column("score"), answers.column or "score")
    else:
        return None, "the scores are of several classes"
    known = np.isfinite(found)
    outside = known & ((found < 0) | (found > 1))
    if outside.any():
        if answers.model is None:
            raise BadInput(
                f"{int(outside.sum())} scores are outside 0 to 1, so that they are no probabilities",
                where=answers.column or "score",
                remedy="give the column that holds probabilities, or leave --score out",
            )
        return None, "the model's scores are no probabilities"
    if answers.model is not None and not outcome.of and not _last_is_good(asked, truth, answers):
        found = 1 - found
    return found, ""


def _last_is_good(asked: Question, truth: Any, answers: Answers) -> bool:
    """Whether the last class, whose probability a binary model tells, is the good one."""
    import pyarrow as pa

    from assay.methods import outcomes

    assert answers.model is not None
    classes = answers.model.info.classes
    last = str(classes[-1]) if classes else "1"
    one = pa.chunked_array([pa.array([last])])
    held = answers.prediction if not classes else pa.chunked_array([pa.array([str(c) for c in classes])])
    numbered = outcomes.numbered(held, truth)
    return (
        numbered
        if last == "1" and numbered
        else bool(outcomes.positive_rows(one, asked.positive, None).any())
    )
