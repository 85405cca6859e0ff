from __future__ import annotations

from assay.methods import headline


def test_the_headline_follows_the_context():
    assert (
        headline.binary(0.05, costs=False).name == "f1" and "5%" in headline.binary(0.05, costs=False).reason
    )
    assert headline.binary(0.5, costs=False).name == "f1"
    assert headline.binary(0.9, costs=False).name == "macro_f1"
    assert headline.binary(0.9, costs=True).name == "cost"
    assert headline.multiclass().name == "macro_f1"
    assert headline.regression(None, 0.1).name == "rmse"
    assert headline.regression(None, 0.8).name == "mae"
    assert headline.regression(0.9, 0.8).name == "pinball"
