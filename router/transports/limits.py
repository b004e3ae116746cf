"""How much a connection may take, and how long it may take: every limit has a name, a unit and a reason."""

from dataclasses import dataclass
from typing import Final, Literal

MAX_MESSAGE_SIZE: Final = 1024 * 1024
"""Octets. WAMP messages are small; what is larger belongs elsewhere, and every subscriber would have to take it."""

MAX_EARLY_MESSAGE: Final = 64 * 1024
"""Octets of a message before the session is established. HELLO and AUTHENTICATE carry names, a signature or a token,
perhaps a certificate chain; who is still a stranger has no business sending more."""

MAX_OUTBOX: Final = 8 * 1024 * 1024
"""Octets that may wait for one peer. Some seconds of a busy topic over a poor line; a thousand such peers still fit in
the memory of a small machine."""

REPLY_HEADROOM: Final = 2
"""With the policy "drop", replies may fill the outbox up to this many times its budget: events give way first, but a
peer that does not even read its replies must go."""

KEEPALIVE_INTERVAL: Final = 25.0
"""Seconds between pings. Proxies and mobile networks cut idle connections after 30 to 60 seconds."""

KEEPALIVE_PROBES: Final = 2
"""Of TCP keepalive within the time-out, so that the loss of one packet is no death."""

KEEPALIVE_TIMEOUT: Final = 10.0
"""Seconds that a peer has for any sign of life after a ping; the slowest mobile links take about half of that."""

OPENING_DEADLINE: Final = 10.0
"""Seconds from accept to a complete handshake. A port scanner or a stalled peer must not hold a descriptor."""

CLOSE_DEADLINE: Final = 5.0
"""Seconds from our close to the peer's; then the connection is aborted. A peer that never reads does not keep it."""

MAX_HEAD: Final = 16 * 1024
"""Octets of an HTTP request's head. Browsers send up to 8 KiB of cookies; twisted.web has the same bound."""

SlowPolicy = Literal["disconnect", "drop"]
"""What happens to a peer whose outbox is full: it is disconnected, or it misses events (never replies)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one listener."""

    max_message_size: int = MAX_MESSAGE_SIZE
    """Octets of one message, from the peer. A larger one costs its sender the connection."""

    outbox: int = MAX_OUTBOX
    """Octets that may wait before the policy `slow` applies; a frame is judged before it is queued, so what waits
    never exceeds this by more than one frame."""

    slow: SlowPolicy = "disconnect"
    opening_deadline: float = OPENING_DEADLINE

    @property
    def reply_limit(self) -> int:
        """Octets that may wait before a reply ends the connection."""
        return self.outbox * REPLY_HEADROOM if self.slow == "drop" else self.outbox
