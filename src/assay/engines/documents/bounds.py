"""What a document may cost: whatever it says of itself, no more is read of it than this."""

from __future__ import annotations

BYTES = 64 << 20  # of a file that is parsed
TEXT = 16 << 20  # characters that come out of one
UNPACKED = 256 << 20  # bytes that come out of its archive in all
MEMBERS = 2_000  # files in its archive, or parts of a message
PAGES = 2_000
DEPTH = 6  # messages inside messages, documents inside them
NESTING = 60  # levels of JSON
COLUMNS = 1_000
LINE = 2_000  # characters of one piece of running text
SECONDS = 20  # of one document
MEMORY = 1 << 30


class TooMuch(Exception):
    """A document asks for more than its bounds; the message says of what."""


class Room:
    """What is left of a document's bounds."""

    def __init__(self) -> None:
        self.text, self.bytes, self.members = TEXT, UNPACKED, MEMBERS

    def take_text(self, size: int) -> None:
        """Take characters of text; TooMuch when there are more than allowed."""
        self.text -= size
        if self.text < 0:
            raise TooMuch(
                f"it holds more than {TEXT >> 20} million characters of text; the rest was not read"
            )

    def take_bytes(self, size: int) -> None:
        """Take unpacked bytes; TooMuch when there are more than allowed."""
        self.bytes -= size
        if self.bytes < 0:
            raise TooMuch(f"it unpacks to more than {UNPACKED >> 20} MiB; the rest was not read")

    def take_member(self) -> None:
        """Take a member of an archive or a part of a message; TooMuch when there are more than allowed."""
        self.members -= 1
        if self.members < 0:
            raise TooMuch(f"it has more than {MEMBERS:,} parts; the rest was not read")
