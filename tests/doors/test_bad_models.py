"""What a model does wrong, through the command: a finding or a sentence that names it, no traceback, and no pass.

Each behaviour is an inference script; each row of the table says what every check answers to it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from assay.doors.cli import main

SCRIPT = (
    "import numpy as np, pandas as pd\ndef model_fn(folder): return 1\ndef predict_fn(x, model):\n    {}\n"
)
SCORED = "return pd.DataFrame({{'prediction': (x['x'] > 0).astype(int), 'score': {}}})"
CHECKS = {
    "model.validate": ("--label", "y"),
    "model.bias": ("--label", "y", "--positive", "1", "--facet", "g"),
    "model.explain": (),
}
# what it does, the code that the command ends with, and words that it says of it; of all checks, or of one each
SAME = {
    "raises": ("raise ArithmeticError('no such thing')", "ArithmeticError: no such thing"),
    "ends its process": ("import os; os._exit(0)", "its worker ended"),
    "leaves a row out": ("return np.zeros(len(x) - 1)", "rows for"),
    "gives one number": ("return 0.5", "one float and not an answer a row"),
    "gives one word": ("return 'yes'", "one str and not an answer a row"),
    "gives nothing": ("return None", "one NoneType and not an answer a row"),
    "gives a cube": ("return np.zeros((len(x), 2, 2))", "x 2 x 2 numbers and not a row of answers"),
    "gives records": ("return [{'a': 1}] * len(x)", "no table of plain columns"),
    "gives objects": ("return [object() for _ in range(len(x))]", "Could not convert"),
    "gives frames without predictions": ("return pd.DataFrame({'p': x['x']})", "without a column prediction"),
}
EACH = {
    "says what is no number": (
        "return np.full(len(x), np.nan)",
        {
            "model.validate": (2, "fewer than two rows have both y and a prediction"),
            "model.bias": (1, "There is no answer for 400 of the 400 rows"),
            "model.explain": (2, "what is no finite number"),
        },
    ),
    "answers otherwise each time": (
        "return np.random.default_rng().integers(0, 2, len(x))",
        {
            "model.validate": (1, "model.validate.unsteady"),
            "model.bias": (1, "model.bias.unsteady"),
            "model.explain": (1, "model.explain.unsteady"),
        },
    ),
    "has chances above 1": (
        SCORED.format("x['x'] * 9"),
        {
            "model.validate": (0, "scores are outside 0 to 1"),
            "model.bias": (None, "model.bias.no_probabilities"),
            "model.explain": (None, "model.explain.no_probabilities"),
        },
    ),
    "has some chances above 1": (
        SCORED.format("np.where(np.arange(len(x)) % 50 == 0, 1.3, 0.5)"),
        {
            "model.validate": (1, "8 of 400 scores are outside 0 to 1 (from 0.5 to 1.3)"),
            "model.bias": (None, "model.bias.no_probabilities"),
            "model.explain": (None, "model.explain.no_probabilities"),
        },
    ),
    "leaves half of the rows without an answer": (
        "return np.where(np.arange(len(x)) % 2 == 0, np.nan, 1.0)",
        {
            "model.validate": (1, "bad has no answer for 200 of the 400 rows"),
            "model.bias": (1, "There is no answer for 200 of the 400 rows"),
            "model.explain": (2, "what is no finite number"),
        },
    ),
    "gives scores of other classes": (
        "return np.tile([0.2, 0.7, 0.1], (len(x), 1))",
        {
            "model.validate": (1, "It gives 3 scores a row, and y has 2 values"),
            "model.bias": (None, "model.bias.one_outcome"),
            "model.explain": (None, "model.explain.goes_by_nothing"),
        },
    ),
    "has endless scores": (
        SCORED.format("np.inf"),
        {
            "model.validate": (2, "400 scores are missing or infinite"),
            "model.bias": (1, "All of its 400 scores are missing or infinite"),
            "model.explain": (2, "what is no finite number"),
        },
    ),
    "says the same of everybody": (
        "return np.zeros(len(x), dtype=int)",
        {
            "model.validate": (1, "no better than guessing: it gives every row the same answer"),
            "model.bias": (None, "model.bias.one_outcome"),
            "model.explain": (None, "model.explain.goes_by_nothing"),
        },
    ),
    "says yes to everybody": (
        "return np.ones(len(x), dtype=int)",
        {
            "model.validate": (1, "no better than guessing: it gives every row the same answer"),
            "model.bias": (None, "model.bias.one_outcome"),
            "model.explain": (None, "model.explain.goes_by_nothing"),
        },
    ),
    "speaks another language": (
        "return np.array(['apple', 'pear'])[np.arange(len(x)) % 2]",
        {
            "model.validate": (2, "they are pear, apple, and labels 0, 1"),
            "model.bias": (2, "they are pear, apple, and labels 0, 1"),
            "model.explain": (None, "model.explain.goes_by_nothing"),
        },
    ),
}
ALL = {name: (body, dict.fromkeys(CHECKS, (2, words))) for name, (body, words) in SAME.items()} | EACH
HANGS = "import time; time.sleep(600)"
QUICK = [("gives a cube", "model.bias"), ("answers otherwise each time", "model.bias")]


@pytest.fixture
def here(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=400).round(4), "g": rng.choice(["a", "b"], 400)})
    frame["y"] = (frame.x + rng.normal(size=400) > 0).astype(int)
    frame.to_csv(tmp_path / "t.csv", index=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capfd):
    """Carry out a command line; return its exit code and all that it said, on one line."""

    def run_(*words):
        with pytest.raises(SystemExit) as ended:
            main([str(w) for w in words])
        said = capfd.readouterr()
        return ended.value.code or 0, " ".join((said.out + said.err).split())

    return run_


def _tell(here, run, name, check):
    body, told = ALL[name]
    (here / "bad").mkdir()
    (here / "bad" / "inference.py").write_text(SCRIPT.format(body))
    code, said = run("check", check, "bad", "--data", "t.csv", *CHECKS[check])
    wanted, words = told[check]
    assert words in said and "Traceback" not in said, said
    assert code == wanted if wanted is not None else code in (0, 1), said


@pytest.mark.parametrize(("name", "check"), QUICK)
def test_what_is_wrong_is_named(here, run, name, check):
    _tell(here, run, name, check)


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", ALL)
def test_whatever_is_wrong_is_named_by_each_check(here, run, name, check):
    _tell(here, run, name, check)


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS)
def test_one_that_hangs_is_named_and_ended(here, run, monkeypatch, check):
    monkeypatch.setenv("ASSAY_ANSWER_SECONDS", "3")
    (here / "bad").mkdir()
    (here / "bad" / "inference.py").write_text(SCRIPT.format(HANGS))
    code, said = run("check", check, "bad", "--data", "t.csv", *CHECKS[check])
    assert code == 2 and "it has not answered within 3 seconds" in said and "Traceback" not in said


TABLES = {
    "no label": ({"y": None, "p": 1}, (2, "no row of y is 1"), (2, "fewer than two rows have both y")),
    "one class": ({"y": 1, "p": 1}, (0, "model.bias.one_outcome"), (1, "model.validate.one_class")),
    "no prediction": ({"p": None}, (1, "There is no answer for 400 of the 400 rows"), (2, "fewer than two rows")),
    "strange scores": ({"p": 1, "s": 7.5}, (2, "400 scores are outside 0 to 1"), (1, "400 of 400 scores are outside")),
    "half without a label": ({"y": np.where(np.arange(400) % 2, 1.0, np.nan), "p": 1}, (0, "200 rows have no y"), (1, "200 of 400 rows have no y")),
    "words as scores": ({"p": 1, "s": "high"}, (2, "numbers are wanted"), (2, "numbers are wanted")),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_bad_answers_are_named(here, run, name):
    columns, bias, validate = TABLES[name]
    frame = pd.read_csv("t.csv").assign(**columns)
    frame.to_csv("bad.csv", index=False)
    scored = ("--score", "s") if "s" in columns else ()
    for check, (wanted, words) in (("model.bias", bias), ("model.validate", validate)):
        code, said = run("check", check, "bad.csv", "--predicted", "p", *scored, *CHECKS[check])
        assert words in said and "Traceback" not in said, said
        assert code == wanted if wanted is not None else code in (0, 1), said


@pytest.mark.parametrize(
    ("label", "wanted", "words"),
    [(None, 2, "no row of y is 1"), (1, 0, "data.bias.one_outcome"), (0, 2, "no row of y is 1")],
)
def test_labels_that_tell_nothing_apart_are_named(here, run, label, wanted, words):
    pd.read_csv("t.csv").assign(y=label).to_csv("bad.csv", index=False)
    code, said = run("check", "data.bias", "bad.csv", *CHECKS["model.bias"])
    assert code == wanted and words in said and "Traceback" not in said, said
