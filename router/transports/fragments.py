"""Messages that arrive in several frames, put together: RFC 6455, section 5.4. No I/O.

The opcode is on the first frame (TEXT or BINARY), the others are CONTINUATION, the last has FIN. Control frames may
come between and do not belong here.
"""

from codecs import getincrementaldecoder

from realms.endings import VIOLATION, Ending
from router.transports.frames import CONTINUATION, TEXT

INVALID_TEXT = Ending(1007, "a text message is not UTF-8")
TOO_BIG = Ending(1009, "a message is larger than this router takes")
UNEXPECTED_CONTINUATION = Ending(VIOLATION.code, "a continuation frame without a message to continue")
UNFINISHED_MESSAGE = Ending(VIOLATION.code, "a new message before the last one was finished")

_utf8 = getincrementaldecoder("utf-8")


class Malformed(Exception):  # noqa: N818 - it names what the frames are
    """The frames are no message: the connection must end so."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.reason)
        self.ending = ending


def is_utf8(octets: bytes) -> bool:
    """Whether `octets` are UTF-8."""
    if octets.isascii():
        return True
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


class Fragments:
    """The message that is arriving, if any."""

    __slots__ = ("limit", "octets", "opcode", "text")

    def __init__(self, limit: int) -> None:
        """`limit` is the largest message, in octets."""
        self.limit = limit
        self.opcode = CONTINUATION
        self.octets = bytearray()  # no list of parts: fragments may be empty, and then nothing bounds their number
        self.text = _utf8()

    def add(self, opcode: int, is_last: bool, payload: bytes) -> tuple[int, bytes] | None:
        """Take a data frame; return `(TEXT or BINARY, message)` when it completes one. Raises Malformed."""
        self._check(opcode, is_last, payload)
        if opcode != CONTINUATION:
            self.opcode = opcode
        self.octets += payload
        if not is_last:
            return None
        message = self.opcode, bytes(self.octets)
        self.opcode, self.octets = CONTINUATION, bytearray()
        return message

    def _check(self, opcode: int, is_last: bool, payload: bytes) -> None:
        is_open = self.opcode != CONTINUATION
        if opcode == CONTINUATION and not is_open:
            raise Malformed(UNEXPECTED_CONTINUATION)
        if opcode != CONTINUATION and is_open:
            raise Malformed(UNFINISHED_MESSAGE)
        if len(self.octets) + len(payload) > self.limit:
            raise Malformed(TOO_BIG)
        if (self.opcode if is_open else opcode) == TEXT:
            # Checked frame by frame: a peer learns early, and no octet is looked at twice.
            try:
                self.text.decode(payload, final=is_last)
            except UnicodeDecodeError:
                raise Malformed(INVALID_TEXT) from None
