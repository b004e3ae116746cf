"""Following a text file that other programs write, rotate and truncate. No clock here: `read` is called now and then.

    Lines    octets in, whole lines out, whatever the octets are
    Tail     a path in, the lines that were added since the last look out

The file may be absent; one that appears later is read from its first octet. A file that exists at the first look is
read from its end. Rotation (another file under the same name) is noticed once the old file is read to its end;
truncation, when the file is shorter than what was read of it.
"""

import os
from pathlib import Path
from typing import BinaryIO

LONGEST_LINE = 4096  # octets; the rest of a longer line is cut off, so that junk without newlines cannot fill memory
READ_AT_ONCE = 64 * 1024  # octets per look, so that a flood leaves time for other work
LARGEST_BACKLOG = 1024 * 1024  # octets; who is further behind skips to the newest and says so
CUT = " …"


class Lines:
    """Turns octets, cut anywhere, into lines of text."""

    def __init__(self) -> None:
        self.partial = bytearray()
        self.cutting = False  # the line in `partial` is too long already; what follows of it is dropped

    def feed(self, octets: bytes) -> list[str]:
        """The lines that are complete with these octets."""
        *complete, rest = octets.split(b"\n")
        lines = []
        for piece in complete:
            self._extend(piece)
            lines.append(self._take())
        self._extend(rest)
        return lines

    def end(self) -> list[str]:
        """No more octets will come: the partial line, if there is one, is complete as it is."""
        return [self._take()] if self.partial else []

    def _extend(self, piece: bytes) -> None:
        room = LONGEST_LINE - len(self.partial)
        self.cutting = self.cutting or len(piece) > room
        self.partial += piece[:room]

    def _take(self) -> str:
        octets, cut = bytes(self.partial), self.cutting
        self.partial.clear()
        self.cutting = False
        # A cut may fall inside a character; its first octets are dropped instead of shown as damage.
        text = octets.decode("utf-8", "ignore") if cut else octets.decode("utf-8", "replace").removesuffix("\r")
        return text + CUT if cut else text


class Tail:
    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.lines = Lines()
        self.file: BinaryIO | None = None
        self._open()
        if self.file is not None:
            self.file.seek(0, os.SEEK_END)

    def past(self, octets: int) -> list[str]:
        """The last whole lines of what the file held before, not more than so many octets of it. Call it first."""
        if self.file is None:
            return []
        end = self.file.tell()
        start = self.file.seek(max(0, end - octets))
        lines = self.lines.feed(self.file.read(end - start))
        return lines[1:] if start else lines  # the first one may be cut

    def read(self) -> list[str]:
        """The lines added since the last call, at most READ_AT_ONCE octets of them."""
        if self.file is None:
            self._open()
            if self.file is None:
                return []
        skipped = self._skip(self.file)
        octets = self.file.read(READ_AT_ONCE)
        if octets:
            return skipped + self.lines.feed(octets)
        return skipped + self._at_end(self.file)

    def close(self) -> None:
        if self.file is not None:
            self.file.close()
            self.file = None

    def _open(self) -> None:
        try:
            self.file = self.path.open("rb", buffering=0)
        except OSError:
            self.file = None  # absent or not readable; the next look may find it

    def _skip(self, file: BinaryIO) -> list[str]:
        behind = os.fstat(file.fileno()).st_size - file.tell()
        if behind <= LARGEST_BACKLOG:
            return []
        lines = self.lines.end()
        file.seek(behind - READ_AT_ONCE, os.SEEK_CUR)
        return [*lines, f"… {behind - READ_AT_ONCE} octets skipped …"]

    def _at_end(self, file: BinaryIO) -> list[str]:
        """Everything is read: is this still the file of that name, and does it still hold what was read?"""
        if os.fstat(file.fileno()).st_size < file.tell():
            file.seek(0)
            self.lines = Lines()
            return []
        try:
            now = self.path.stat()
        except OSError:
            return []  # between two files of a rotation; the writer may still hold the old one
        if os.path.samestat(now, os.fstat(file.fileno())):
            return []
        if octets := file.read(READ_AT_ONCE):  # written while we looked
            return self.lines.feed(octets)
        lines = self.lines.end()
        self.close()
        return lines
