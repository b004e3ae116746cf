"""What every codec promises, and what they share.

A codec stands at the edge: what it lets in is valid, so nobody inside checks again. That includes the payload, which
the router never looks into but sends on: octets that one subscriber sends must not break the others.

In memory, payload values of all formats look the same: `None`, `bool`, `int`, `float`, `str`, `bytes`, `list`, `dict`
and `datetime`. A format's own types (an extension type, a tag) appear as that format's library shows them, and
no other format can express them.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Final, get_args

import msgspec
from msgspec import UNSET, Raw

from wamp.errors import InvalidMessage, Untranscodable
from wamp.messages import CODES, ClientMessage, Error, Message
from wamp.options import Carried

REPEATED_KEY: Final = "a dictionary has a key twice"

MAX_REASON_LENGTH: Final = 120
"""In characters, of what a peer is told about its invalid message: msgspec quotes the peer's text, of any length."""

CLIENT_MESSAGES: Final[dict[int, type[Message]]] = {CODES[message]: message for message in get_args(ClientMessage)}

WITH_PAYLOAD: Final = frozenset(message for message in CLIENT_MESSAGES.values() if "args" in message.__struct_fields__)
"""The client messages that may end in Arguments and ArgumentsKw."""

HEADER_LENGTH: Final = {
    message: 1 + len([name for name in message.__struct_fields__ if name not in ("args", "kwargs")])
    for message in CLIENT_MESSAGES.values()
}
"""How many elements each client message has before its payload, the message code included."""

_ID_FIELDS: Final = frozenset({"request", "subscription", "registration"})
_ID_LISTS: Final = frozenset({"exclude", "eligible"})

_ID_PLACES: Final = {
    message: tuple(place for place, name in enumerate(message.__struct_fields__, 1) if name in _ID_FIELDS)
    for message in CLIENT_MESSAGES.values()
}
"""Where on the wire each message has its ids."""


class Codec(ABC):
    """A serializer of WAMP messages."""

    name: ClassVar[str]
    """The subprotocol is `wamp.2.<name>`."""

    is_binary: ClassVar[bool]
    """Whether its WebSocket messages are binary rather than text."""

    rawsocket_id: ClassVar[int]
    """Its number in the RawSocket handshake."""

    encode_elements: Callable[[tuple[Any, ...]], bytes]
    """Write a message from its elements, `(code, ...)`: the hot path, hence a function where others have a method.

    Details are Structs, or dictionaries of plain values that every format can express. Arguments and ArgumentsKw are
    `Raw`, in this codec's format.
    """

    @abstractmethod
    def decode(self, data: bytes) -> ClientMessage:
        """Read a message from a client; raises `InvalidMessage` and nothing else, whatever the octets.

        The `Raw` payload of the message pins `data` in memory: copy what outlives the message.
        """

    def encode(self, message: Message) -> bytes:
        """Write any message whose payload, if it has one, is in this codec's format.

        Raises `Untranscodable` if details that hold values of any type (`authextra`) hold what the format has not.
        """
        try:
            return self.encode_elements(self.expressed(elements_of(message)))
        except Untranscodable:
            raise
        except Exception as error:
            raise Untranscodable(f"{self.name} cannot express the details: {type(error).__name__}") from error

    def expressed(self, elements: tuple[Any, ...]) -> tuple[Any, ...]:
        """Rewrite what the format expresses in its own way."""
        return elements

    @abstractmethod
    def is_list(self, raw: Raw) -> bool:
        """Whether Arguments are the list that they are but for payload transparency, see `takes_octets`."""

    @abstractmethod
    def dump(self, value: Any) -> Raw:
        """Write a payload value in this format; raises `Untranscodable`."""

    @abstractmethod
    def load(self, raw: Raw) -> Any:
        """Read a payload value of this format; raises `Untranscodable`."""


def takes_octets(message: Message) -> bool:
    """Whether octets, or text, may be where Arguments would be: autobahn's payload transparency, told by `enc_algo`.

    ArgumentsKw must not follow then.
    """
    carrier = message.details if isinstance(message, Error) else getattr(message, "options", None)
    return isinstance(carrier, Carried) and carrier.enc_algo is not UNSET and message.kwargs is UNSET  # type: ignore[attr-defined]


def elements_of(message: Message) -> tuple[Any, ...]:
    """Take a message apart, without the optional elements at its end that are not there."""
    fields = msgspec.structs.astuple(message)
    while fields and fields[-1] is UNSET:
        fields = fields[:-1]
    return (CODES[type(message)], *fields)


def refusal(error: Exception) -> InvalidMessage:
    """Say why a message was not understood, in a sentence that may go to the peer that sent it."""
    if isinstance(error, InvalidMessage):
        return error
    if isinstance(error, UnicodeError):
        return InvalidMessage("text is not valid UTF-8")
    if isinstance(error, RecursionError):
        return InvalidMessage("nested too deeply")
    if isinstance(error, msgspec.DecodeError):
        return InvalidMessage(str(error)[:MAX_REASON_LENGTH])
    return InvalidMessage("malformed message")


def message_type(code: Any) -> type[Message]:
    """Give the type of the client message with this code; raises `InvalidMessage`."""
    message = CLIENT_MESSAGES.get(code) if type(code) is int else None
    if message is None:
        raise InvalidMessage("no message code that a client may send")
    return message


def build(elements: list[Any], is_absent: Callable[[Any], bool]) -> Message:
    """Make a message of its elements, forgiving what some clients do to binary formats; raises `ValidationError`.

    wampy.js writes the options that it does not set with an undefined value (`is_absent`; each format has its own),
    and ids beyond 32 bits as floats with an integral value. All else is strict.
    """
    message = message_type(elements[0])
    forgiven = [present(element, is_absent) if type(element) is dict else element for element in elements]
    for place in _ID_PLACES[message]:
        if place < len(forgiven):
            forgiven[place] = _integral(forgiven[place])
    return msgspec.convert(forgiven, message)


def present(options: dict[Any, Any], is_absent: Callable[[Any], bool]) -> dict[Any, Any]:
    """Give options, and options within options, without those that are absent; ids in them as integers."""
    there: dict[Any, Any] = {}
    for key, value in options.items():
        if is_absent(value):
            continue
        if key in _ID_LISTS and type(value) is list:
            there[key] = [_integral(element) for element in value]
        else:
            there[key] = present(value, is_absent) if type(value) is dict else value
    return there


def _integral(value: Any) -> Any:
    return int(value) if type(value) is float and value.is_integer() else value
