"""What is decided of: rows with scores of the good outcome, from a model with data or from a table that holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import BadInput, Missing, UsageError
from assay.kernel.handles import Model, Table, Tree
from assay.kernel.treatment import Fitted

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.methods.mitigation.grouping import Grouping
    from assay.methods.mitigation.rules import Rule

LARGEST = 16 << 20  # bytes of what was learnt
MIDDLE = 0.5  # the threshold of decisions that no treatment has touched


@dataclass(frozen=True, slots=True)
class Scored:
    """Rows, their scores of yes (NaN where there is none), and who is of which group.

    truth: which rows have the good outcome, and labelled: which have one at all; None where no label was named. said: what
    is decided of each row before. yes, no: how a decision is written. columns: what the model is given. learnt: a rule that is
    there already, and is applied.
    """

    table: pa.Table
    score: Any
    groups: Any
    grouping: Grouping
    truth: Any
    labelled: Any
    said: Any
    yes: Any
    no: Any
    model: Model | None = None
    columns: tuple[str, ...] = ()
    label: str | None = None
    learnt: Learnt | None = None

    @property
    def known(self) -> Any:
        """Return which rows can be learnt from: labelled, scored, and of a group."""
        import numpy as np

        return self.labelled & np.isfinite(self.score) & (self.groups >= 0)

    def lots(self) -> Any:
        """Return each row's lot, of all that stands in it but the label: the same person has the same one each time."""
        from assay.engines.models.composed import lots

        names = [*dict.fromkeys([*self.columns, *self.grouping.facets])] if self.model is not None else []
        return lots(self.table, names or [n for n in self.table.column_names if n != self.label])


def scored(
    name: str,
    subject: Table | Model,
    data: Table | None,
    *,
    label: str | None,
    score: str | None,
    positive: Sequence[str],
    facet: Sequence[str],
    fitted: Tree | None,
    **chosen: bool,
) -> Scored:
    """Return the rows that are decided of. UsageError where scores, a label or groups are wanting.

    fitted: what an earlier treatment of this name learnt; its groups are told, and then no label is needed. chosen: by the
    name of each option of learning whether it was given as something other than its default, which is refused then.
    """
    if fitted is None and (not facet or label is None):
        raise Missing("a rule is learnt of a label and facets", remedy="say --label COLUMN --facet COLUMN")
    learnt = Learnt.read(fitted, name) if fitted is not None else None
    import numpy as np

    from assay.methods import facets, outcomes
    from assay.methods.mitigation.applied import no_part
    from assay.methods.mitigation.grouping import Grouping

    if learnt is not None:
        no_part(learnt.grouping.facets, facet, **chosen)
    model = subject if isinstance(subject, Model) and not isinstance(subject, Table) else None
    source = data if model is not None else subject
    if not isinstance(source, Table):
        raise UsageError("a model is treated on data", remedy="name it: --data TABLE")
    table = source.arrow()
    if not table.num_rows:
        raise BadInput("there is no row to decide of", where=source.asset.name)
    grouping = learnt.grouping if learnt is not None else Grouping.learnt(table, facet)
    groups = grouping.codes(table)
    truth, labelled, yes, no = None, np.zeros(table.num_rows, dtype=bool), None, None
    column = None
    if label is not None:
        column = facets.plain(table.column(label), label)
        labelled = facets.present(column)
        held = outcomes.distinct(column)
        if not positive:
            if len(held) != 2:
                raise UsageError(
                    f"{label} has {len(held)} values; which is good?", remedy="name it: --positive VALUE"
                )
            positive = (_good(held, learnt),)
        facets.named(column, positive, label)
        truth = facets.matches(column, positive)
        if not (labelled & ~truth).any():
            raise UsageError(f"every row of {label} is {', '.join(map(str, positive))}")
        yes, no = _answers(held, column, positive)
    if model is not None:
        columns, values, said, yes, no = _asked(model, table, label, column, positive, learnt)
    else:
        if score is None:
            raise UsageError("which column holds the scores?", remedy="say --score COLUMN, or name a model")
        columns = ()
        values = outcomes.finite(table.column(score), score)
        _chances(values, score)
        said = values > MIDDLE
    if learnt is not None:
        yes, no = learnt.yes, learnt.no
    if yes is None:
        raise UsageError("which column holds the outcome?", remedy="say --label COLUMN")
    return Scored(
        table, values, groups, grouping, truth, labelled, said, yes, no, model, columns, label, learnt
    )


def _good(held: Sequence[Any], learnt: Learnt | None) -> str:
    """Return which of two values is good where none is named: what the rule says yes with, or what is usually yes."""
    from assay.methods import outcomes
    from assay.methods.values import spelled

    if learnt is not None and spelled(learnt.yes) in {spelled(v) for v in held}:
        return spelled(learnt.yes)
    return outcomes.usual_yes(held)


def _answers(held: Sequence[Any], column: Any, positive: Sequence[str]) -> tuple[Any, Any]:
    """Return how yes and no are written: as the label has them, the commonest of several."""
    import numpy as np

    from assay.methods import facets
    from assay.methods.values import spelled

    wanted = {spelled(p) for p in positive}
    counts = {spelled(v): int(np.sum(facets.matches(column, [v]))) for v in held[:100]}
    good = max((v for v in held if spelled(v) in wanted), key=lambda v: counts.get(spelled(v), 0))
    rest = max((v for v in held if spelled(v) not in wanted), key=lambda v: counts.get(spelled(v), 0))
    return _json(good), _json(rest)


def _json(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool)) else str(value)


def _chances(values: Any, name: str) -> None:
    import numpy as np

    outside = np.isfinite(values) & ((values < 0) | (values > 1))
    if outside.any():
        raise BadInput(
            f"{int(outside.sum())} scores are outside 0 to 1, so that they are no probabilities",
            where=name,
            remedy="give the column that holds the probability of the good outcome",
        )


def _asked(
    model: Model, table: Any, label: str | None, column: Any, positive: Sequence[str], learnt: Learnt | None
) -> tuple[tuple[str, ...], Any, Any, Any, Any]:
    """Return what the model is given, its scores of yes, what it decides, and how it writes yes and no."""
    import numpy as np

    from assay.methods import facets, outcomes
    from assay.methods.values import spelled

    features = model.info.features
    columns = tuple(features) or tuple(n for n in table.column_names if n != label)
    answered = model.predict(table.select(list(columns)) if not features else table)
    if "score" not in answered.column_names:
        raise UsageError(
            f"{model.asset.name} gives no scores of yes and no, and thresholds need them",
            remedy="give a model of two classes with probabilities",
        )
    prediction = facets.plain(answered.column("prediction"), "the prediction")
    values = outcomes.finite(answered.column("score"), "score")
    _chances(values, "the model's score")
    if learnt is not None:
        yes, no = learnt.yes, learnt.no
        said = facets.matches(prediction, [spelled(yes)])
    else:
        if column is None:
            raise UsageError("which column holds the outcome?", remedy="say --label COLUMN")
        said = outcomes.predicted_rows(prediction, column, positive, None)
        kinds = outcomes.distinct(prediction)
        yes, no = _own(kinds, prediction, said, column, positive)
    turned = outcomes.scores_of_yes(values, model.info.classes, [spelled(yes)])
    return columns, np.asarray(turned, dtype=np.float64), said, yes, no


def _own(
    kinds: Sequence[Any], prediction: Any, said: Any, column: Any, positive: Sequence[str]
) -> tuple[Any, Any]:
    """Return how the model itself writes yes and no; as the label has them where it only ever says one."""
    from assay.methods import facets, outcomes

    good = [v for v in kinds if (facets.matches(prediction, [v]) & said).any()]
    rest = [v for v in kinds if v not in good]
    if len(good) == 1 and len(rest) == 1:
        return _json(good[0]), _json(rest[0])
    if outcomes.numbered(prediction, column):
        return 1, 0
    return _answers(outcomes.distinct(column), column, positive)


@dataclass(frozen=True, slots=True)
class Learnt:
    """A rule with its groups and answers, as a Fitted holds it."""

    rule: Rule
    grouping: Grouping
    yes: Any
    no: Any

    def fitted(self, name: str) -> Fitted:
        """Return it to be kept."""
        learnt = {
            "grouping": self.grouping.to_json(), "rule": self.rule.to_json(), "answers": {"yes": self.yes, "no": self.no},
        }  # fmt: skip
        return Fitted(name, learnt)

    @classmethod
    def read(cls, tree: Tree, name: str) -> Learnt:
        """Read what an earlier treatment of this name learnt; BadInput where it is none."""
        from assay.methods.mitigation import rules
        from assay.methods.mitigation.grouping import Grouping

        if not tree.root.is_file():
            raise UsageError("what was fitted is one file", where=tree.asset.name)
        if tree.root.stat().st_size > LARGEST:
            raise BadInput("what was fitted is over 16 MB", where=tree.asset.name)
        try:
            found = Fitted.from_bytes(tree.root.read_bytes(), name).learnt
            grouping = Grouping.from_json(found.get("grouping"))
            said = found.get("answers")
            if not isinstance(said, dict) or not {"yes", "no"} <= set(said):
                raise ValueError("it does not say what yes is")
            rule = rules.from_json(found.get("rule"), len(grouping.names))
            return cls(rule, grouping, said["yes"], said["no"])
        except (ValueError, OverflowError, RecursionError) as error:
            raise BadInput(f"this cannot be applied: {error}", where=tree.asset.name) from None
