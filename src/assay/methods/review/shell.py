"""A shell script as the commands it runs: words as the shell parts them, lines continued, pipes known."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MOST_LINES = 100_000
LONGEST = 100_000  # characters of a command
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh"})
_PARTS = frozenset({";", "&&", "||", "|", "|&", "&", ";;", "(", ")", "{", "}"})
_PIPES = ("|", "|&")
_BEFORE = frozenset({"sudo", "then", "do", "else", "if", "while", "time", "exec", "nohup", "!", "env"})


@dataclass(frozen=True, slots=True)
class Command:
    """words: as the shell parts them, quotes gone; variables set before it are in ``sets``. into: the words of the command that its output is piped into; beyond: of those
    further down the pipe. line: from 1. text: its line.
    """

    words: tuple[str, ...]
    line: int
    text: str
    into: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    beyond: tuple[tuple[str, ...], ...] = ()

    @property
    def name(self) -> str:
        """Return the program's name, without its folder."""
        return self.words[0].rpartition("/")[2] if self.words else ""


_EXPANDS = frozenset(
    {"tar", "chown", "chmod", "rsync"}
)  # programs of which an option runs another, or takes a file as a pattern


def wild(command: Command) -> bool:
    """Whether a bare ``*`` gives such a program names that it may take for options: not behind ``--``, nor as ``./*``."""
    words = command.words
    if command.name not in _EXPANDS or "*" not in words:
        return False
    return "--" not in words[: words.index("*")]


def commands(text: str) -> Iterator[Command]:
    """Give the commands of a script; here-documents are read over, but for those that a shell is given. ValueError of too long ones."""
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        raise ValueError(f"it has more than {MOST_LINES:,} lines")
    yield from of_lines(enumerate(lines, 1))


def of_lines(lines: Iterable[tuple[int, str]]) -> Iterator[Command]:
    """Give the commands of numbered lines."""
    held, begun, end = "", 0, ""
    for number, line in lines:
        if end:
            end = "" if line.strip() == end else end
            continue
        begun = begun or number
        held += line.rstrip("\n")
        if held.endswith("\\") and len(held) < LONGEST:
            held = held[:-1]
            continue
        if len(held) > LONGEST:
            raise ValueError(f"line {begun} is longer than {LONGEST:,} characters")
        found = list(_parted(held, begun))
        end = _document(held)
        if end and any(c.name in _SHELLS for c in found):  # whose lines are commands
            end = ""
        yield from found
        held, begun = "", 0
    if held:
        yield from _parted(held, begun)


def _document(line: str) -> str:
    """Return the word that ends a here-document which begins on this line; a ``<<`` in quotes begins none."""
    quote = ""
    for at, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote and line[at - 1 : at] != "\\" else quote
        elif letter in "\"'":
            quote = letter
        elif (
            letter == "<"
            and line.startswith("<<", at)
            and line[at : at + 3] != "<<<"
            and line[at - 1 : at] != "<"
        ):
            word = line[at + 2 :].lstrip("-~ ").split(" ", 1)[0].strip("'\";|&")
            return word if word.isidentifier() else ""
    return ""


def _parted(line: str, number: int) -> Iterator[Command]:
    if not line.strip() or line.lstrip().startswith("#"):
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
            into = plain[place + 1][0][1] if by in _PIPES and place + 1 < len(plain) else []
            further: list[tuple[str, ...]] = []
            at = place + 1
            while (
                at < min(len(plain) - 1, place + 8) and plain[place][1] in _PIPES and plain[at][1] in _PIPES
            ):
                at += 1
                further.append(tuple(plain[at][0][1]))
            yield Command(tuple(words), number, line.strip()[:200], tuple(into), tuple(sets), tuple(further))


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
