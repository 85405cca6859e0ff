"""Cards as their readers read them: huggingface_hub's ModelCardData, and the strict validator of CycloneDX's own library."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace

import pytest
from tests.cards import digest, examined
from tests.inventories import hostile, inventory

from assay.kernel.card import Card, Field, Identity, Standing, Training
from assay.kernel.inventory import Inventory
from assay.kernel.report import Metric
from assay.reports.card import render
from assay.reports.inventory import render as listed

_READ = """
import json, sys
from huggingface_hub import ModelCard, ModelCardData
data = ModelCard.load(sys.argv[1]).data
assert isinstance(data, ModelCardData)
results = [[r.task_type, r.dataset_name, r.metric_type, r.metric_value, r.metric_args] for r in data.eval_results or []]
again = ModelCard(ModelCard.load(sys.argv[1]).content).data.to_dict()
print(json.dumps({"license": data.license, "tags": data.tags, "datasets": data.datasets, "model": data.model_name, "library": data.library_name, "pipeline": data.pipeline_tag, "results": results, "same": again == data.to_dict()}))
"""

_VALID = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
for path in sys.argv[1:]:
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(path, encoding="utf-8").read())
    assert wrong is None, (path, str(wrong)[:500])
print("valid")
"""


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    made = examined(tmp_path_factory.mktemp("card"))[1]
    return made.with_(
        standing=Standing("loans", 4, "PENDING", digest("p"), "ada", "2026-01-02T00:00:00Z", hallmark=True)
    )


def _run(python, code, *args):
    done = subprocess.run([python, "-c", code, *map(str, args)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
def test_the_hub_reads_what_was_measured(environment, card, tmp_path):
    python = environment("huggingface-hub", "huggingface_hub>=0.30")
    (tmp_path / "README.md").write_text(render(card, "huggingface"), encoding="utf-8")
    read = json.loads(_run(python, _READ, tmp_path / "README.md"))
    assert (read["license"], read["model"], read["library"]) == ("apache-2.0", "loans@4", "xgboost")
    assert read["pipeline"] == "tabular-classification" and read["same"]
    first = read["results"][0]
    assert first[:4] == ["tabular-classification", "split.test", "f1", 0.9] and first[4]["low"] == 0.85
    assert len(read["results"]) == 2  # pr_auc has no value


@pytest.mark.slow
def test_the_hub_reads_hostile_names_as_names(environment, tmp_path):
    python = environment("huggingface-hub", "huggingface_hub>=0.30")
    evil = "---\nlicense: mit\n---\n# x: [y](z) <script> \u2028 \x07 'q' \"d\" {a: b}"
    fields = (Field("license", "L", "people", "said", (evil,)), Field("tags", "T", "people", "said", (evil,)))
    card = Card(Identity(evil, "", framework=evil), fields=fields)
    (tmp_path / "README.md").write_text(render(card, "huggingface"), encoding="utf-8")
    read = json.loads(_run(python, _READ, tmp_path / "README.md"))
    assert read["license"] == "other" and read["tags"][0] == evil and read["library"] == evil


@pytest.mark.slow
def test_the_bom_is_valid_to_the_letter(environment, card, tmp_path):
    python = environment("cyclonedx", "cyclonedx-python-lib[json-validation]>=8")
    fields = (
        Field("license", "L", "people", "said", ("none that SPDX knows",)),
        Field("data_license", "D", "people", "said", ("CC-BY-4.0",)),
        Field("energy", "E", "people", "said", ("2 kWh",)),
    )
    odd = Card(
        Identity("<script>", "no digest"), fields=fields, training=Training(packages={"a b": "1+x", "a_b": "?"}, hyperparameters={"": "x"})
    )  # fmt: skip
    huge = card.with_(
        evaluations=tuple(e for e in card.evaluations for _ in range(3)),
        facets=tuple(f for f in card.facets for _ in range(2)),
        tool={"name": "assay", "version": "0.1.0"},
    )
    cards = [card, odd, Card(Identity("", "")), huge, card.with_(made="")]
    for at, one in enumerate(cards):
        (tmp_path / f"{at}.json").write_text(render(one, "cyclonedx"), encoding="utf-8")
    found = inventory(hostile())
    carded = replace(found, entries=tuple(replace(e, card=card) for e in found.entries))
    for at, one in enumerate((found, carded, Inventory((), found.at))):
        (tmp_path / f"inventory{at}.json").write_text(listed(one, "cyclonedx"), encoding="utf-8")
    assert _run(python, _VALID, *sorted(tmp_path.glob("*.json"))) == "valid\n"


def test_metrics_without_a_value_are_no_results():
    from assay.kernel.card import Evaluation
    from assay.reports.card.huggingface import metadata

    nothing = Evaluation("t", "", scores=(Metric.number("f1", None, reason="undefined"),))
    assert "model-index" not in metadata(Card(Identity("m", ""), evaluations=(nothing,)))
