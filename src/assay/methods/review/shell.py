"""A shell script as the commands it runs: words as the shell parts them, lines continued, pipes known."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MOST_LINES = 100_000
_PARTS = frozenset({";", "&&", "||", "|", "|&", "&", ";;", "(", ")", "{", "}"})
_BEFORE = frozenset({"sudo", "then", "do", "else", "if", "while", "time", "exec", "nohup", "!", "env"})


@dataclass(frozen=True, slots=True)
class Command:
    """words: as the shell parts them, quotes gone; variables set before it are in ``sets``. into: the words of the command that its output is piped into. line: from 1. text: its line."""

    words: tuple[str, ...]
    line: int
    text: str
    into: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return the program's name, without its folder."""
        return self.words[0].rpartition("/")[2] if self.words else ""


def commands(text: str) -> Iterator[Command]:
    """Give the commands of a script; here-documents are read over."""
    yield from of_lines(enumerate(text.splitlines()[:MOST_LINES], 1))


def of_lines(lines: Iterable[tuple[int, str]]) -> Iterator[Command]:
    """Give the commands of numbered lines."""
    held, begun, end = "", 0, ""
    for number, line in lines:
        if end:
            end = "" if line.strip() == end else end
            continue
        begun = begun or number
        held += line.rstrip("\n")
        if held.endswith("\\") and len(held) < 100_000:
            held = held[:-1] + " "
            continue
        end = _document(held)
        yield from _parted(held, begun)
        held, begun = "", 0
    if held:
        yield from _parted(held, begun)


def _document(line: str) -> str:
    """Return the word that ends a here-document which begins on this line."""
    at = line.find("<<")
    if at < 0 or line[at : at + 3] == "<<<":
        return ""
    word = line[at + 2 :].lstrip("-~ ").split(" ", 1)[0].strip("'\";|&")
    return word if word.isidentifier() else ""


def _parted(line: str, number: int) -> Iterator[Command]:
    if not line.strip() or line.lstrip().startswith("#") or len(line) > 100_000:
        return
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|()")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        tokens = list(lexer)
    except ValueError:  # a quote that ends on another line
        tokens = line.split()
    parts: list[tuple[list[str], str]] = [([], "")]
    for token in tokens:
        if token.startswith("#") and not parts[-1][0]:
            break
        if token in _PARTS:
            parts[-1] = (parts[-1][0], token)
            parts.append(([], ""))
        else:
            parts[-1][0].append(token)
    plain = [(_stripped(words), by) for words, by in parts]
    for place, ((sets, words), by) in enumerate(plain):
        if words or sets:
            into = plain[place + 1][0][1] if by in ("|", "|&") and place + 1 < len(plain) else []
            yield Command(tuple(words), number, line.strip()[:200], tuple(into), tuple(sets))


def _stripped(words: list[str]) -> tuple[list[str], list[str]]:
    """Take what only leads to a command off it: sudo, then, settings of its environment."""
    at, sets = 0, []
    while at < len(words):
        word = words[at]
        name, equals, _ = word.partition("=")
        if equals and name.isidentifier():
            sets.append(word)
        elif word not in _BEFORE:
            break
        at += 1
    return sets, words[at:]
