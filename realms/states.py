"""The states of a session.

    CLOSED --HELLO--> ESTABLISHING --accepted--> ESTABLISHED --GOODBYE sent--> SHUTTING_DOWN --GOODBYE--> ENDED
                       |        ^                  |  ^  |
                   challenged   AUTHENTICATE       |  |  +--GOODBYE received, ABORT, violation, transport lost--> ENDED
                       v        |                  v  |
                     CHALLENGING                  PAUSED --the peer does not come back in time, killed--> ENDED

ESTABLISHING means that an authenticator is at work. It may take its time; what the peer sends meanwhile waits in the
inbox and is then acted upon in the order of arrival, by the state it finds. Most authenticators answer at once, so most
sessions pass through ESTABLISHING without ever being seen in it. ENDED ignores everything: octets of a session that
failed may still be on their way in.

HELD is ESTABLISHED to everybody but the peer: an authorizer is asked about a request, see `held`, and what comes after
that waits in the inbox, so nobody overtakes. Only YIELD, ERROR, ABORT, and CANCEL of a call that is under way are acted
upon, as whoever decides may be waiting for that. GOODBYE waits, as what was published before it is to be published.

PAUSED, too, is ESTABLISHED to everybody but the peer, which has lost its transport and may come back: see `parking`.
The session that its HELLO comes to then ENDs at once, and the one that was paused takes over the transport.

Section "Sessions" of the basic profile, with its state chart.
"""

from enum import Enum


class State(Enum):
    """Where a session is in its life; see the chart above."""

    CLOSED = "closed"
    ESTABLISHING = "establishing"
    CHALLENGING = "challenging"
    ESTABLISHED = "established"
    HELD = "held"
    PAUSED = "paused"
    SHUTTING_DOWN = "shutting down"
    ENDED = "ended"
