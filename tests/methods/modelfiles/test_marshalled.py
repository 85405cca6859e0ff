"""Code of this Python, and of others kept as the bytes that they wrote, is read without marshal."""

from __future__ import annotations

import base64
import marshal
import random

import pytest

from assay.methods.modelfiles import bytecode, marshalled


def read(code):
    return marshalled.read(marshal.dumps(code))


def test_the_names_and_calls_of_a_lambda_are_told():
    code = read((lambda x: (__import__("os").system("id"), open("/tmp/x", "w").write("a"), x)[2]).__code__)
    assert bytecode.names(code) == ["__import__", "system", "open", "write"]
    assert bytecode.calls(code) == [
        "__import__('os')", "__import__('os').system('id')", "open('/tmp/x', 'w')", "open('/tmp/x', 'w').write('a')",
    ]  # fmt: skip


def test_what_is_imported_or_kept_in_a_variable_is_followed():
    def inner():
        import subprocess as s
        from os import popen

        run = s.run
        run("a")
        return lambda: popen("b").read()

    said = bytecode.calls(read(inner.__code__))
    assert "__import__('subprocess').run('a')" in said and "__import__('os').popen" not in said[0]
    assert any("popen" in c for c in said)


# ``lambda x: (__import__('os').getpid(), x)[1]`` as each version of Python wrote it.
WRITTEN: dict[str, str] = {
    "2.7": "YwEAAAABAAAAAgAAAEMAAABzGgAAAHQAAGQBAIMBAGoBAIMAAHwAAGYCAGQCABlTKAMAAABOdAIAAABvc2kBAAAAKAIAAAB0CgAAAF9faW1wb3J0X190BgAAAGdldHBpZCgBAAAAdAEAAAB4KAAAAAAoAAAAAHMIAAAAPHN0cmluZz50CAAAADxsYW1iZGE+AgAAAHQAAAAA",
    "3.6": "4wEAAAAAAAAAAQAAAAIAAABDAAAAcxQAAAB0AGQBgwFqAYMAfABmAmQCGQBTACkDTtoCb3PpAQAAACkC2gpfX2ltcG9ydF9f2gZnZXRwaWQpAdoBeKkAcgYAAADaCDxzdHJpbmc+2gg8bGFtYmRhPgIAAABzAAAAAA==",
    "3.7": "4wEAAAAAAAAAAQAAAAIAAABDAAAAcxQAAAB0AGQBgwGgAaEAfABmAmQCGQBTACkDTtoCb3PpAQAAACkC2gpfX2ltcG9ydF9f2gZnZXRwaWQpAdoBeKkAcgYAAADaCDxzdHJpbmc+2gg8bGFtYmRhPgIAAADzAAAAAA==",
    "3.8": "4wEAAAAAAAAAAAAAAAEAAAACAAAAQwAAAHMUAAAAdABkAYMBoAGhAHwAZgJkAhkAUwApA07aAm9z6QEAAAApAtoKX19pbXBvcnRfX9oGZ2V0cGlkKQHaAXipAHIGAAAA2gg8c3RyaW5nPtoIPGxhbWJkYT4CAAAA8wAAAAA=",
    "3.9": "4wEAAAAAAAAAAAAAAAEAAAACAAAAQwAAAHMUAAAAdABkAYMBoAGhAHwAZgJkAhkAUwApA07aAm9z6QEAAAApAtoKX19pbXBvcnRfX9oGZ2V0cGlkKQHaAXipAHIGAAAA2gg8c3RyaW5nPtoIPGxhbWJkYT4CAAAA8wAAAAA=",
    "3.10": "4wEAAAAAAAAAAAAAAAEAAAACAAAAQwAAAHMUAAAAdABkAYMBoAGhAHwAZgJkAhkAUwApA07aAm9z6QEAAAApAtoKX19pbXBvcnRfX9oGZ2V0cGlkKQHaAXipAHIGAAAA2gg8c3RyaW5nPtoIPGxhbWJkYT4CAAAAcwIAAAAUAA==",
    "3.11": "4wEAAAAAAAAAAAAAAAMAAAADAAAA81QAAACXAHQBAAAAAAAAAAAAAGQBpgEAAKsBAAAAAAAAAACgAQAAAAAAAAAAAAAAAAAAAAAAAAAApgAAAKsAAAAAAAAAAAB8AGYCZAIZAAAAAAAAAAAAUwApA07aAm9z6QEAAAApAtoKX19pbXBvcnRfX9oGZ2V0cGlkKQHaAXhzAQAAACD6CDxzdHJpbmc++gg8bGFtYmRhPnIIAAAAAgAAAHMkAAAAgAC1GrhE0TFB1DFB1zFI0jFI0TFK1DFKyEHQME7IcdQwUYAA8wAAAAA=",
    "3.12": "4wEAAAAAAAAAAAAAAAMAAAADAAAA8z4AAACXAHQBAAAAAAAAAABkAasBAAAAAAAAagMAAAAAAAAAAAAAAAAAAAAAAACrAAAAAAAAAHwAZgJkAhkAAABTACkDTtoCb3PpAQAAACkC2gpfX2ltcG9ydF9f2gZnZXRwaWQpAdoBeHMBAAAAIPoIPHN0cmluZz76CDxsYW1iZGE+cggAAAACAAAAcx4AAACAALQauETTMUHXMUjRMUjTMUrIQdAwTshx0TBRgADzAAAAAA==",
    "3.13": "4wEAAAAAAAAAAAAAAAMAAAADAAAA8z4AAACVAFsBAAAAAAAAAABTATUBAAAAAAAAUgMAAAAAAAAAAAAAAAAAAAAAAAA1AAAAAAAAAFUANAJTAgUAAAAkACkDTtoCb3PpAQAAACkC2gpfX2ltcG9ydF9f2gZnZXRwaWQpAdoBeHMBAAAAINoIPHN0cmluZz7aCDxsYW1iZGE+cggAAAACAAAAcxwAAACAALQauETTMUHXMUjRMUjTMUrIQdAwTshx0jBR8wAAAAA=",
}


@pytest.mark.parametrize("version", WRITTEN)
def test_code_of_other_pythons_is_read(version):
    code = marshalled.read(base64.b64decode(WRITTEN[version]))
    assert bytecode.names(code) == ["__import__", "getpid"]
    if version != "2.7":
        assert bytecode.calls(code) == ["__import__('os')", "__import__('os').getpid()"]


@pytest.mark.parametrize(
    "value", [None, True, 7, -(2**70), 1.5, 2j, "é", b"x", (1, ("a",)), [1], {"a": 1}, {1}, ...]
)
def test_values_are_read_as_they_were_or_as_tuples(value):
    got = marshalled.read(marshal.dumps(value))
    if isinstance(value, (list, set)):
        value = tuple(value)
    elif isinstance(value, dict):
        value = tuple(value.items())
    assert got == value


def test_bytes_changed_anywhere_raise_nothing_but_value_error():
    whole = marshal.dumps(read.__code__)
    rng = random.Random(5)
    for _ in range(1500):
        changed = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        try:
            value = marshalled.read(bytes(changed))
        except ValueError:
            continue
        if isinstance(value, marshalled.Code):
            bytecode.calls(value)


def test_nesting_without_end_is_refused():
    with pytest.raises(ValueError, match="deep"):
        marshalled.read(b"(\x01\0\0\0" * 5000)
