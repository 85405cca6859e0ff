"""Resources of a cloud as templates declare them: CloudFormation in YAML or JSON, and Terraform.

What a template works out elsewhere (a reference, a variable, a function) is OPEN: neither right nor wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

MOST = 1 << 20
MOST_NODES = 200_000
DEEP = 40


_Token = tuple[str, str, int]


class _Open:
    def __repr__(self) -> str:
        return "OPEN"


OPEN: Final = _Open()


class Written(str):
    """A text of a document. line: where its first line stands."""

    __slots__ = ("line",)
    line: int


@dataclass(frozen=True, slots=True)
class Resource:
    """kind: ``AWS::SageMaker::Model``, or Terraform's own name of it. settings: nested mappings and lists of plain values. lines: setting → line."""

    kind: str
    name: str
    line: int
    settings: Mapping[str, Any]
    lines: Mapping[str, int] = field(default_factory=dict)
    elsewhere: bool = False  # whether all of its settings are worked out elsewhere

    def get(self, *path: str) -> Any:
        """Return a setting by its path, None where it is not there; of a list its first."""
        found: Any = OPEN if self.elsewhere else self.settings
        for name in path:
            if isinstance(found, list):
                found = found[0] if found else None
            if found is OPEN or not isinstance(found, Mapping):
                return found if found is OPEN else None
            found = found.get(name)
        return found


def document(text: str) -> Any:
    """Return a YAML or JSON document as plain values with the lines of a mapping's keys under ``__lines__``; ValueError where it is none.

    Tags other than YAML's own are OPEN. Nothing of it is made into objects.
    """
    found = documents(text)
    if len(found) > 1:
        raise ValueError("it holds several documents")
    return found[0] if found else None


def documents(text: str) -> list[Any]:
    """Return each document of a YAML file, as ``document`` does."""
    if len(text) > MOST:
        raise ValueError("it is longer than 1 MB")
    if text.lstrip()[:1] in ("{", "["):
        text = text.replace(
            "\t", " "
        )  # JSON may be set in by them and YAML may not; in a text of JSON there are none
    try:
        roots = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ValueError(f"it is no YAML that can be read ({type(error).__name__})") from None
    count = [0]
    return [_plain(root, 0, count) for root in roots if root is not None]


def cloudformation(raw: Any) -> Iterator[Resource]:
    """Give the resources of a template; of a document that is none nothing."""
    listed = raw.get("Resources") if isinstance(raw, dict) else None
    if not isinstance(listed, dict):
        return
    for name, one in listed.items():
        if isinstance(one, dict) and isinstance(one.get("Type"), str):
            settings = one.get("Properties")
            elsewhere = settings is OPEN
            settings = settings if isinstance(settings, dict) else {}
            line = _lines(listed).get(name, 1)
            yield Resource(one["Type"], str(name), line, settings, _lines(settings), elsewhere)


def _lines(settings: Mapping[str, Any]) -> dict[str, int]:
    found = settings.get("__lines__")
    return dict(found) if isinstance(found, dict) else {}


def _plain(node: Any, depth: int, count: list[int]) -> Any:
    count[0] += 1
    if depth > DEEP or count[0] > MOST_NODES:  # an alias that holds itself, or thousands of them, ends here
        raise ValueError("it is nested too deep, or too large")
    if not str(node.tag).startswith("tag:yaml.org,2002:"):
        return OPEN
    if isinstance(node, yaml.MappingNode):
        out: dict[str, Any] = {"__lines__": {}}
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value.startswith("Fn::") or key.value == "Ref":
                    return OPEN
                out[key.value] = _plain(value, depth + 1, count)
                out["__lines__"][key.value] = key.start_mark.line + 1
        return out
    if isinstance(node, yaml.SequenceNode):
        return [_plain(one, depth + 1, count) for one in node.value]
    text = node.value
    if node.tag.endswith(":bool"):
        return text.lower() in ("true", "yes", "on")
    if node.tag.endswith(":null"):
        return None
    if node.tag.endswith(":int") and re.fullmatch(r"-?\d{1,18}", text):
        return int(text)
    found = Written(text)
    found.line = node.start_mark.line + (2 if node.style in ("|", ">") else 1)
    return found


_TOKEN = re.compile(
    r"(?P<skip>[ \t\r]+|\#[^\n]*|//[^\n]*|/\*.*?\*/)|(?P<here><<-?(?P<word>\w+)\n.*?\n[ \t]*(?P=word)\b)|(?P<text>\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<name>[A-Za-z_][\w.*-]*)|(?P<number>\d[\w.]*)|(?P<mark>[{}\[\]=,:()?!<>&|+/%*.-])|(?P<line>\n)",
    re.DOTALL,
)


_OPENS = re.compile(r"/\*|<<-?\w+\n")  # what begins a comment or a document that nothing ends


def terraform_json(raw: Any) -> Iterator[Resource]:
    """Give the resources of Terraform's JSON form; of a document that is none nothing."""
    listed = raw.get("resource") if isinstance(raw, dict) else None
    for every in listed if isinstance(listed, list) else [listed]:
        for kind, named in every.items() if isinstance(every, dict) else ():
            for each in named if isinstance(named, list) else [named]:
                for name, one in each.items() if isinstance(each, dict) and kind != "__lines__" else ():
                    for settings in one if isinstance(one, list) else [one]:
                        if isinstance(settings, dict) and name != "__lines__":
                            opened = _opened(settings)
                            yield Resource(
                                kind, str(name), _lines(each).get(name, 1), opened, _lines(settings)
                            )


def _opened(value: Any) -> Any:
    """Return settings in which what Terraform works out is OPEN, and policies that are written as a text are read."""
    if isinstance(value, str):
        if "${" in value:
            return OPEN
        return _policy(value)
    if isinstance(value, dict):
        return {k: v if k == "__lines__" else _opened(v) for k, v in value.items()}
    return [_opened(v) for v in value] if isinstance(value, list) else value


def _policy(text: str) -> Any:
    """Return a policy that stands in a text as JSON; the text itself where it is none."""
    if not text.lstrip().startswith("{") or '"Statement"' not in text:
        return text
    try:
        return _opened(document(text))
    except ValueError:
        return text


def terraform(text: str) -> Iterator[Resource]:
    """Give the resources of a Terraform file; ValueError where it cannot be read."""
    if len(text) > MOST:
        raise ValueError("it is longer than 1 MB")
    tokens: list[_Token] = []
    at, line = 0, 1
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or len(tokens) > MOST_NODES or (found["mark"] and _OPENS.match(text, at)):
            raise ValueError(f"line {line} is no Terraform that can be read")
        kind = found.lastgroup or ""
        kind = "here" if kind == "word" else kind
        if kind != "skip":
            tokens.append((kind, found.group(), line))
        line += found.group().count("\n")
        at = found.end()
    body, _ = _block(tokens, 0, 0)
    for kind_, labels, begun, inner in body.get("__blocks__", []):
        if kind_ == "resource" and len(labels) == 2:
            yield Resource(labels[0], labels[1], begun, inner, _lines(inner))


def _block(tokens: list[_Token], at: int, depth: int) -> tuple[dict[str, Any], int]:
    """Read attributes and blocks until the brace that closes them."""
    if depth > DEEP:
        raise ValueError("it is nested too deep")
    out: dict[str, Any] = {"__blocks__": [], "__lines__": {}}
    while at < len(tokens):
        kind, text, line = tokens[at]
        if kind == "line" or text == ",":
            at += 1
        elif text == "}":
            return out, at + 1
        elif kind in ("name", "text") and at + 1 < len(tokens) and tokens[at + 1][1] in ("=", ":"):
            value, at = _value(tokens, at + 2, depth + 1)
            name = text.strip('"')
            out[name] = value
            out["__lines__"][name] = line
        elif kind == "name":
            labels, at = [], at + 1
            while at < len(tokens) and tokens[at][0] in ("text", "name"):
                labels.append(tokens[at][1].strip('"'))
                at += 1
            if at < len(tokens) and tokens[at][1] == "{":
                inner, at = _block(tokens, at + 1, depth + 1)
                out["__blocks__"].append((text, labels, line, inner))
                if not labels:
                    out.setdefault(text, []).append(inner) if isinstance(out.get(text, []), list) else None
                    out["__lines__"].setdefault(text, line)
        else:
            at += 1
    return out, at


def _value(tokens: list[_Token], at: int, depth: int) -> tuple[Any, int]:
    """Read an expression to the end of its line; what is more than a literal is OPEN."""
    if depth > DEEP:
        raise ValueError("it is nested too deep")
    while at < len(tokens) and tokens[at][0] == "line":
        at += 1
    if at >= len(tokens):
        return None, at
    kind, text, _ = tokens[at]
    if text == "{":
        found: Any
        found, at = _block(tokens, at + 1, depth + 1)
    elif text == "[":
        found, at = [], at + 1
        while at < len(tokens) and tokens[at][1] != "]":
            if tokens[at][0] == "line" or tokens[at][1] == ",":
                at += 1
                continue
            one, at = _value(tokens, at, depth + 1)
            found.append(one)
        at += 1
    elif kind in ("text", "here"):
        inner = text[1:-1] if kind == "text" else text.partition("\n")[2].rpartition("\n")[0]
        found, at = (OPEN if "${" in inner else _policy(inner) if kind == "here" else inner), at + 1
    elif kind == "name" and text in ("true", "false", "null"):
        found, at = {"true": True, "false": False, "null": None}[text], at + 1
    elif kind == "number":
        found, at = (int(text) if text.isdigit() and len(text) < 19 else text), at + 1
    elif text == "jsonencode" or (kind == "name" and at + 1 < len(tokens) and tokens[at + 1][1] == "("):
        if text == "jsonencode":
            found, at = _value(tokens, at + 2, depth + 1)
            at += 1
        else:
            found, at = OPEN, _after(tokens, at + 1)
    else:
        found, at = OPEN, at + 1
    if at < len(tokens) and tokens[at][0] != "line" and tokens[at][1] not in (",", "]", "}", ")"):
        found = OPEN
        while at < len(tokens) and tokens[at][0] != "line" and tokens[at][1] not in (",", "]", "}"):
            at = _after(tokens, at) if tokens[at][1] in ("(", "[", "{") else at + 1
    return found, at


def _after(tokens: list[_Token], at: int) -> int:
    """Return the place behind the bracket that closes the one that stands here."""
    deep = 0
    while at < len(tokens):
        deep += (tokens[at][1] in ("(", "[", "{")) - (tokens[at][1] in (")", "]", "}"))
        at += 1
        if deep == 0:
            break
    return at
