from __future__ import annotations

import json

import pytest
from tests.methods.mxnet import encoder

from assay.methods.mxnet.symbol import Symbol


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"nodes": "x"}, "no symbol"),
        ({"heads": []}, "0 outputs"),
        ({"heads": [[9, 0, 0]]}, "not there"),
        ({"nodes": [{"op": "null", "name": "a", "inputs": [[0, 0, 0]]}]}, "comes after"),
    ],
)
def test_a_symbol_that_is_none_is_told(changed, said):
    with pytest.raises(ValueError, match=said):
        Symbol(json.dumps(encoder.symbol(**changed)).encode())


def test_an_operator_that_is_not_known_is_named():
    with pytest.raises(ValueError, match="'CTCLoss', which is not known"):
        Symbol(json.dumps(encoder.symbol("CTCLoss")).encode())
