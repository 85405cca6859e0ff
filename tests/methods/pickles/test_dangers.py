"""What a name can do is said of that name, and not of whatever else its module holds."""

from __future__ import annotations

import pytest

from assay.methods.pickles.dangers import danger


@pytest.mark.parametrize("module", ["os", "posix", "nt"])
@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("system", "runs commands"), ("execv", "runs commands"), ("getenv", "reads or changes the environment"),
        ("environ", "reads or changes the environment"), ("unlink", "reads or writes files"),
        ("mkdir", "reads or writes files"), ("kill", "starts or controls processes"),
    ],
)  # fmt: skip
def test_a_name_of_the_system_is_told_by_what_it_does(module, name, what):
    assert danger(module, name) == what


def test_a_name_that_is_on_no_list_is_not_called_dangerous_and_a_way_through_another_module_is():
    assert danger("numpy", "zeros") == ""
    assert danger("numpy", "os.getpid")
