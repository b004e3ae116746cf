"""What a request in a realm comes to."""

from typing import NamedTuple

import msgspec
from msgspec import UNSET, Raw, UnsetType
from twisted.internet.defer import Deferred

Payload = Raw | UnsetType


class Answer(NamedTuple):
    """What a request came to: the id of a publication, subscription or registration; or the payload of a RESULT."""

    id: int = 0
    args: Payload = UNSET
    kwargs: Payload = UNSET


Asked = Deferred[Answer]


class Failed(Exception):  # noqa: N818 - it reads as what it says
    """A request was refused, or failed: the URI, and the payload as JSON."""

    def __init__(self, uri: str, args: Payload = UNSET, kwargs: Payload = UNSET) -> None:
        super().__init__(uri)
        self.uri = uri
        self.arguments = args
        self.keywords = kwargs

    @classmethod
    def saying(cls, uri: str, sentence: str) -> "Failed":
        """With one sentence for people."""
        return cls(uri, Raw(msgspec.json.encode([sentence])))


class TooFast(Exception):  # noqa: N818 - it reads as what it says
    """The role may not send that much in a second; gives the seconds to wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds
