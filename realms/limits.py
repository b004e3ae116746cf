"""What each session of a role may cost, where that is less than for the rest of its realm."""

from dataclasses import dataclass
from typing import Final, NamedTuple

UNLIMITED: Final = 2**53
"""More than anybody can have."""


class RoleLimits(NamedTuple):
    """The limits of a role; of a realm's limits and these the smaller ones count."""

    sessions_per_principal: int = UNLIMITED
    """Sessions of the role that may have one authid, those that are paused included; more are refused at join."""

    subscriptions: int = UNLIMITED
    registrations: int = UNLIMITED
    calls: int = UNLIMITED
    """Calls that a session may wait for."""

    message_rate: int | None = None
    """Messages per second, on average; None for any number. The transport sees to it."""

    octet_rate: int | None = None
    """Octets per second of these messages."""


NO_LIMITS: Final = RoleLimits()


@dataclass(slots=True)
class Overruns:
    """How often sessions of a role asked for more than the limits allow: numbers that only grow."""

    sessions: int = 0
    subscriptions: int = 0
    registrations: int = 0
    calls: int = 0
