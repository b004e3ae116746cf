"""What config.yaml may say about long-poll, for browsers without WebSocket."""

from typing import Annotated

from msgspec import Meta

from router.config.section import Section, UrlPath


class LongPoll(Section, frozen=True, kw_only=True):
    """HTTP long-poll on this listener, for browsers whose network lets no WebSocket through."""

    path: Annotated[UrlPath, Meta(description="Below it are `/open` and the transports that it makes.")] = "/lp"
    idle: Annotated[
        float,
        Meta(
            description="Seconds until a client that asks for messages is told that there are none; autobahn.js waits "
            "for 12.",
            ge=1,
            le=60,
        ),
    ] = 10
    silence: Annotated[
        float,
        Meta(description="Seconds without a client asking for messages after which it is gone.", ge=1, le=3600),
    ] = 30
