"""What a script imports, found by reading it."""

from __future__ import annotations

from assay.methods.imported import imported


def test_modules_are_named_by_their_top_wherever_they_are_imported():
    text = "import os, numpy as np\nfrom sklearn.ensemble import X\nfrom . import mine\ndef f():\n    import xgboost.core\n"
    assert imported(text) == {"numpy", "sklearn", "xgboost"}


def test_what_is_no_python_imports_nothing():
    assert imported("import (") == imported("\0") == imported("x" * (2 << 20)) == set()
