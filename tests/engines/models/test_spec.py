"""assay.json: what stands in a network's tensor, and what its answers are."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import expit, softmax

from assay.engines import pixels
from assay.engines.models.spec import Spec, probabilities, resized

TABLE = pa.table({"city": ["Bern", None, "Oslo"], "age": [30, 40, None], "spare": [1, 2, 3]})


def test_columns_are_scaled_and_coded_in_the_order_said():
    spec = Spec(["age", "city"], {"city": ["Graz", "Bern"]}, True, {"age": 40}, {"age": 5})
    found = spec.tensor(TABLE)
    assert (
        found[:2].tolist() == [[-2, 0, 1], [0, 0, 0]] and np.isnan(found[2, 0]) and found.dtype == np.float32
    )
    assert spec.group() == [0, 1, 1] and spec.smooth
    codes = Spec(["city"], {"city": ["Graz", "Bern"]})
    assert codes.tensor(TABLE)[:, 0].tolist() == [1, -1, -1] and not codes.smooth


def test_nothing_is_guessed():
    with pytest.raises(ValueError, match="does not say which columns"):
        Spec().tensor(TABLE)
    with pytest.raises(ValueError, match="city holds no numbers"):
        Spec(["city"]).tensor(TABLE)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("[", "no JSON"),
        ("[]", "no object"),
        ({"features": "a"}, "features is a str"),
        ({"features": ["a"], "mean": {"b": 1}}, "'b' is none of its features"),
        ({"classes": [0, 1]}, "logits"),
        ({"output": "odds"}, "output is one of"),
        ({"input": "sound"}, "input is"),
        ({"input": "image", "size": [1 << 20, 1]}, "up to 4096"),
    ],
)
def test_what_is_wrong_with_it_is_said(said, why):
    with pytest.raises(ValueError, match=why):
        Spec.parsed(said if isinstance(said, str) else json.dumps(said))


def test_outputs_become_scores():
    raw = np.random.default_rng(0).normal(size=(5, 3)) * 4
    assert probabilities(raw) == pytest.approx(softmax(raw, axis=1))
    assert probabilities(raw[:, :1]) == pytest.approx(expit(raw[:, :1]))
    told = Spec(classes=["no", "yes"], output="logits").told(raw[:, 0])
    assert told["score"].to_numpy() == pytest.approx(expit(raw[:, 0]))
    assert told["prediction"].to_pylist() == ["yes" if v > 0 else "no" for v in raw[:, 0]]
    three = Spec(classes=[1, 2, 3], output="logits").told(raw)
    assert three.column_names == ["prediction", "score_1", "score_2", "score_3"]
    with pytest.raises(ValueError, match="3 outputs for 2 classes"):
        Spec(classes=[0, 1], output="logits").told(raw)
    assert Spec(output="number").told(raw[:, :1])["prediction"].to_numpy() == pytest.approx(raw[:, 0])


def test_pictures_are_laid_out_as_networks_want_them():
    picture = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    field, cells = pixels.column("photo", [pixels.packed(picture)] * 2)
    table = pa.table([cells, pa.array([1, 2])], schema=pa.schema([field, ("id", pa.int64())]))
    found = Spec(input="image", divide=1).tensor(table)
    assert found.shape == (2, 3, 2, 4) and found[1, 2, 1, 3] == picture[1, 3, 2]
    assert Spec(input="image", size=[4, 4], channels_last=True).tensor(table).shape == (2, 4, 4, 3)


def test_a_picture_keeps_its_mean_when_it_is_resized():
    picture = np.random.default_rng(0).integers(0, 255, (8, 8, 1)).astype(np.uint8)
    assert resized(picture, [4, 4]).mean() == pytest.approx(picture.mean(), rel=0.02)
    ramp = np.tile(np.arange(8.0)[:, None, None], (1, 8, 1))
    assert resized(ramp, [16, 8])[1:-1, 0, 0] == pytest.approx(np.linspace(0.25, 6.75, 14))
