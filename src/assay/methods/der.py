"""DER (X.690) read and written, as much as RFC 3161 needs: definite lengths, nothing left over."""

from __future__ import annotations

from dataclasses import dataclass

INTEGER, OCTETS, NULL, OID, SEQUENCE, SET, BOOLEAN, TIME = 0x02, 0x04, 0x05, 0x06, 0x30, 0x31, 0x01, 0x18


@dataclass(frozen=True, slots=True)
class Node:
    """A value: its tag, its content, and the bytes it was read from."""

    tag: int
    content: bytes
    whole: bytes

    def parts(self) -> list[Node]:
        """Return the values within; ValueError where the content is none."""
        out, rest = [], self.content
        while rest:
            node, rest = _one(rest)
            out.append(node)
        return out

    def number(self) -> int:
        """Return an INTEGER's value."""
        if self.tag != INTEGER or not self.content:
            raise ValueError("this is no INTEGER")
        return int.from_bytes(self.content, "big", signed=True)

    def oid(self) -> str:
        """Return an OBJECT IDENTIFIER with dots."""
        if self.tag != OID or not self.content:
            raise ValueError("this is no OBJECT IDENTIFIER")
        values, value = [], 0
        for byte in self.content:
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                values.append(value)
                value = 0
        first = min(values[0] // 40, 2)
        return ".".join(map(str, [first, values[0] - 40 * first, *values[1:]]))


def read(data: bytes) -> Node:
    """Read one value; ValueError where it is none, or where something follows it."""
    node, rest = _one(data)
    if rest:
        raise ValueError("something follows the value")
    return node


def _one(data: bytes) -> tuple[Node, bytes]:
    if len(data) < 2 or data[0] & 0x1F == 0x1F:
        raise ValueError("the value is cut short")
    length, start = data[1], 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4 or len(data) < 2 + count:
            raise ValueError("the length is none that DER has")
        length, start = int.from_bytes(data[2 : 2 + count], "big"), 2 + count
    end = start + length
    if end > len(data):
        raise ValueError("the value is cut short")
    return Node(data[0], data[start:end], data[:end]), data[end:]


def write(tag: int, *parts: bytes) -> bytes:
    """Return a value of these parts."""
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def integer(value: int) -> bytes:
    """Return an INTEGER that is not negative."""
    return write(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    """Return an OBJECT IDENTIFIER."""
    first, second, *rest = map(int, dotted.split("."))
    out = bytearray()
    for value in (40 * first + second, *rest):
        group = [value & 0x7F]
        while value := value >> 7:
            group.append(value & 0x7F | 0x80)
        out += bytes(reversed(group))
    return write(OID, bytes(out))
