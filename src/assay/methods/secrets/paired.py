"""Names and values that do not stand on one line, or not side by side: YAML's next line and blocks, name and value pairs, property
lists, defaults of variables, .netrc. Each is given as ``name: "value"`` at the line of the value, for the rules that read lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_WORD = rb"(?:passw|passphrase|pwd|secret|token|api[_.\-]?key|access[_.\-]?key|private[_.\-]?key|account[_.\-]?key|key-data|credential)"
_NAME = rb"(?P<name>[A-Za-z_][\w.\-/]{0,80})"
_VALUE = rb"(?P<value>[^\s\"'<>{}\[\]#&*!|>%@`,][^\s\"'<>]{3,8000})"
_SECRET = re.compile(rb"(?i)" + _WORD)
_HINTS = (b"passw", b"passphrase", b"pwd", b"secret", b"token", b"key", b"credential", b"machine", b'"auth"')

# A name, and its value below it: deeper, and alone there (a block of one line, or a text that goes on below).
_BELOW = re.compile(
    rb"(?m)^(?P<in>[ \t]{0,60}(?:-[ ]{1,4})?)[\"']?" + _NAME + rb"[\"']?[ \t]{0,8}:[ \t]{0,8}(?P<block>[|>][+\-]?\d?[+\-]?)?[ \t]{0,8}(?:#[^\n]{0,200})?\r?\n"
    rb"(?=(?P<deep>[ \t]{1,80})(?P<quote>[\"']?)" + _VALUE + rb"(?P=quote)(?:[ \t]{1,8}#[^\n]{0,200})?[ \t]{0,8}\r?$(?P<after>(?:\r?\n[ \t]{0,80}[^\s]?)?))"
)  # fmt: skip
_JSON = re.compile(rb"\"" + _NAME + rb"\"[ \t]{0,8}:[ \t]{0,8}\r?\n[ \t]{0,80}\"" + _VALUE + rb"\"")
_PAIR = re.compile(
    rb"(?i)(?<![\w.])[\"']?(?:name|key|variable|parameter_?key|env(?:_?name)?)[\"']?[ \t]{0,8}[:=][ \t]{0,8}[\"']?" + _NAME + rb"[\"']?[ \t]{0,8},?\s{1,80}"
    rb"(?:[\"']?type[\"']?[ \t]{0,8}[:=][ \t]{0,8}[\"']?\w{1,20}[\"']?,?\s{1,80})?"
    rb"[\"']?(?:parameter_?)?value[\"']?[ \t]{0,8}[:=][ \t]{0,8}(?P<quote>[\"']?)" + _VALUE + rb"(?<![,}])"
)  # fmt: skip
_ELEMENTS = re.compile(
    rb"<(?:key|name|string)>\s{0,40}" + _NAME + rb"\s{0,40}</(?:key|name|string)>\s{0,80}<(?:string|value|data)>\s{0,80}(?P<value>[^<>]{4,4000}?)\s{0,80}</(?:string|value|data)>"
)  # fmt: skip
_ELEMENT = re.compile(
    rb"<" + _NAME + rb"(?:\s[^<>\n]{0,200})?>\s{0,8}\n\s{0,80}(?P<value>[^\s<>]{4,4000})\s{1,80}</(?P=name)>"
)
_DEFAULT = re.compile(
    rb"(?m)^[ \t]{0,20}variable[ \t]{1,8}\"?" + _NAME + rb"\"?[ \t]{0,8}\{(?P<body>[^{}]{0,1500})\}"
)
_DEFAULTS = re.compile(rb"(?m)^[ \t]{0,20}default[ \t]{0,20}=[ \t]{0,8}\"(?P<value>[^\"\n$]{4,4000})\"")
_PARAMETER = re.compile(
    rb"(?m)^(?P<in>[ \t]{1,20})[\"']?" + _NAME + rb"[\"']?[ \t]{0,4}:[ \t]{0,4}\{?[ \t]{0,4}\r?\n(?:(?P=in)[ \t][^\n]{0,300}\n){0,12}?"
    rb"(?P=in)[ \t]{1,20}[\"']?(?i:default)[\"']?:[ \t]{1,8}[\"']?" + _VALUE
)  # fmt: skip
_SPACED = re.compile(rb"(?m)^[ \t]{0,20}" + _NAME + rb"[ \t]{1,20}" + _VALUE + rb"[ \t]{0,8}\r?$")
_NETRC = re.compile(
    rb"(?m)^[ \t]{0,40}(?:machine\s{1,20}(?P<name>[^\s]{1,200})|(?P<any>default))\s{1,20}login\s{1,20}(?P<user>[^\s]{1,200})\s{1,20}(?:account\s{1,20}[^\s]{1,200}\s{1,20})?"
    rb"password\s{1,20}(?P<value>[^\s]{3,400})"
)  # fmt: skip
_PROPERTIES = re.compile(r"(?i)\.properties$")
_CREDENTIALS = re.compile(r"(?:^|/)[._]netrc$")
_FORMS = (
    (_BELOW, (b":\n", b":\r\n", b"|", b">")),
    (_JSON, (b'":\n', b'": \n', b'":\r\n')),
    (_PAIR, (b"alue",)),
    (_ELEMENTS, (b"</key>", b"</name>")),
    (_ELEMENT, (b">\n", b">\r\n")),
    (_PARAMETER, (b"efault",)),
)


def paired(name: str, data: bytes) -> Iterator[tuple[int, bytes]]:
    """Give (place of the value, line that names it) of each such value in a file; each place once a form."""
    low = data.lower()
    if not any(hint in low for hint in _HINTS):
        return
    for form, signs in _FORMS:
        if any(sign in data for sign in signs):
            for found in form.finditer(data):
                if _fits(form, found):
                    line = _line(found["name"], found["value"])
                    yield found.start("value"), b'"' + line.replace(b":", b'":', 1) if form is _JSON else line
    if b"variable" in data:
        for variable in _DEFAULT.finditer(data):
            found_default = _DEFAULTS.search(data, variable.start("body"), variable.end("body"))
            if found_default is not None and _SECRET.search(variable["name"]):
                yield found_default.start("value"), _line(variable["name"], found_default["value"])
    if b"password" in data and (b"machine" in data or _CREDENTIALS.search(name)):
        for login in _NETRC.finditer(data):
            if login["any"] is None or _CREDENTIALS.search(name):
                host = login["name"] or b"any"
                yield (
                    login.start("value"),
                    b"machine " + host + b" login " + login["user"] + b" password " + login["value"],
                )
    if _PROPERTIES.search(name):
        for found in _SPACED.finditer(data):
            if _SECRET.search(found["name"]):
                yield found.start("value"), _line(found["name"], found["value"])


def _fits(form: re.Pattern[bytes], found: re.Match[bytes]) -> bool:
    name, value = found["name"], found["value"]
    if form is _JSON and name == b"auth":
        return True
    if _SECRET.search(name) is None:
        return False
    if form is _BELOW:
        dash = len(found["in"].replace(b"-", b" "))
        goes_on = found["block"] is not None and len(found["after"].strip(b"\r\n")) > dash + 1
        return (
            len(found["deep"]) > dash - (2 if b"-" in found["in"] else 0)
            and not goes_on
            and not _is_key(value)
        )
    return True


def _is_key(value: bytes) -> bool:
    """Whether a text begins another entry, rather than being a value."""
    return value.endswith(b":") or b": " in value or value.startswith((b"- ", b"//", b"-"))


def _line(name: bytes, value: bytes) -> bytes:
    return name.rpartition(b"/")[2] + b': "' + value.strip() + b'"'
