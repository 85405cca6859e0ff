"""Regular expressions that RE2, PostgreSQL and Java read alike, rewritten so that nothing is left to their defaults."""

from __future__ import annotations

LONGEST = 500  # characters
MOST_TIMES = 100  # of a bounded repetition; PostgreSQL has no more than 255
_PLAIN = set(" !\"#%&',-/:;<=>@_`~")  # besides letters and digits, what means itself everywhere
_ESCAPED = set(".\\+*?()|[]{}^$-/")
_CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\f\r "}


class Otherwise(ValueError):
    """The pattern means something else, or may take for ever, on one of them."""


def alike(pattern: str, *, whole: bool, backtracks: bool) -> str:
    """Return a pattern written so that each engine matches the same texts; Otherwise where that is in doubt.

    whole: it is to match the whole text. backtracks: the engine tries one way after another, as Java does, so that a
    pattern with many ways to match is refused: on a text made for it that would not end.
    """
    if len(pattern) > LONGEST or not pattern.isascii() or not pattern.isprintable():
        raise Otherwise("the pattern is long, or has characters besides ASCII")
    reader = _Reader(pattern, whole, backtracks)
    found = reader.either(0)
    if reader.at < len(pattern):
        raise Otherwise("a bracket is closed that was not opened")
    return f"\\A(?:{found})\\Z" if whole else found


class _Reader:
    """A recursive descent over the pattern; each method returns what it read, rewritten."""

    def __init__(self, text: str, whole: bool, backtracks: bool) -> None:
        self.text, self.at, self.whole, self.backtracks = text, 0, whole, backtracks
        self.counted = 0  # counts that were read so far: an engine may write out what each repeats
        self.ways = {
            False: 0,
            True: 0,
        }  # repetitions of which the engine may try each length, and a question mark's

    def _next(self) -> str:
        return self.text[self.at : self.at + 1]

    def either(self, depth: int) -> str:
        if depth > 10:
            raise Otherwise("it is nested deep")
        parts = [self._sequence(depth)]
        while self._next() == "|":
            self.at += 1
            parts.append(self._sequence(depth))
        return "|".join(parts)

    def _sequence(self, depth: int) -> str:
        out = []
        while (c := self._next()) and c not in "|)":
            counted = self.counted
            atom, repeats = self._atom(c, depth)
            out.append(atom + (self._times(self.counted > counted, c == "(") if repeats else ""))
        if not out:
            raise Otherwise("a part of it is empty")
        return "".join(out)

    def _atom(self, c: str, depth: int) -> tuple[str, bool]:
        self.at += 1
        if c == "(":
            if self._next() == "?":
                if self.text[self.at : self.at + 2] != "?:":
                    raise Otherwise("it has a group of a special kind")
                self.at += 2
            inner = self.either(depth + 1)
            if self._next() != ")":
                raise Otherwise("a bracket is not closed")
            self.at += 1
            return f"(?:{inner})", True
        if c == "[":
            return self._class(), True
        if c == "^" and depth == 0 and self.at == 1:
            return "\\A", False
        if c == "$" and depth == 0 and self.at == len(self.text):
            return "\\Z", False
        if c == ".":
            return r"[^\n]", True
        if c == "\\":
            return self._escape(), True
        if c.isalnum() or c in _PLAIN:
            return c, True
        raise Otherwise(f"it has {c!r} where engines differ")

    def _escape(self) -> str:
        c = self._next()
        self.at += 1
        if c in _CLASSES and c:
            return f"[{_CLASSES[c]}]"
        if c and c in _ESCAPED:
            return "\\" + c
        raise Otherwise(f"it has \\{c}, which engines read differently")

    def _class(self) -> str:
        out = "["
        if self._next() == "^":
            self.at += 1
            out += "^"
        begun = len(out)
        while (c := self._next()) != "]":
            self.at += 1
            if c == "\\":
                c = self._next()
                self.at += 1
                if c in _CLASSES and c:
                    if self._next() == "-" or (out.endswith("-") and not out.endswith("\\-")):
                        raise Otherwise("it has a range from a class")
                    out += _CLASSES[c]
                elif c and c in _ESCAPED:
                    out += "\\" + c
                else:
                    raise Otherwise(f"it has \\{c}, which engines read differently")
            elif c == "-" and (len(out) == begun or self._next() == "]"):
                out += "\\-"
            elif c == "-" or c.isalnum():
                out += c
            elif c and c not in "[&~^":
                out += c if c in _PLAIN else "\\" + c
            else:
                raise Otherwise("it has a set of characters that engines read differently")
        if len(out) == begun:
            raise Otherwise("it has an empty set of characters")
        self.at += 1
        return out + "]"

    def _times(self, within: bool, group: bool) -> str:
        c = self._next()
        if not c or c not in "*+?{":
            return ""
        times = c
        self.at += 1
        if c == "{":
            end = self.text.find("}", self.at)
            low, comma, high = self.text[self.at : end].partition(",")
            if end < 0 or not low.isdigit() or (high and not high.isdigit()):
                raise Otherwise("it has a brace that is no repetition")
            if int(low) > MOST_TIMES or (high and not int(low) <= int(high) <= MOST_TIMES):
                raise Otherwise(f"it repeats more than {MOST_TIMES} times")
            times, self.at = f"{{{int(low)}{comma}{int(high) if high else ''}}}", end + 1
        if self._next() == "?":  # a lazy one matches the same texts
            self.at += 1
        if self._next() and self._next() in "*+?{":
            raise Otherwise("it repeats a repetition")
        self._bounded(c, times, within, group)
        return times

    def _bounded(self, c: str, times: str, within: bool, group: bool) -> None:
        """Refuse what the engine might work at for ever."""
        if c == "{":
            self.counted += 1
            if within or self.counted > 4:
                raise Otherwise("it writes out much by counts within counts")
        if not self.backtracks or (c == "{" and "," not in times and not group):
            return
        self.ways[c == "?"] += 1
        if group or self.ways[False] > (2 if self.whole else 1) or self.ways[True] > 4:
            raise Otherwise("it can be matched in many ways, which may take for ever there")
