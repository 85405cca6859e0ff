import pytest

from assay.methods.modelfiles import yamltags


@pytest.mark.parametrize(
    "text",
    [
        "_target_: os.system",
        "x: [a]\n_target_: os.system",  # a list of one took the key for a value
        "'': v\n_target_: os.system",  # so did a key that is empty
        "? [a, b]\n: c\n_target_: os.system",
        "x: {}\ny: {a: b}\n_target_: os.system",
        "x: &x os.system\n_target_: *x",
        "- &k _target_\n- {*k : os.system}",
    ],
)
def test_a_key_that_is_judged_is_seen_whatever_stands_before_it(text):
    keys = [(key, value) for key, value, _ in yamltags.read(text).keys]
    assert ("_target_", "os.system") in keys


def test_what_is_a_value_is_no_key():
    keys = yamltags.read("auto_map: _target_\nb: [_target_, os.system]").keys
    assert [(key, value) for key, value, _ in keys] == [("auto_map", "_target_")]
