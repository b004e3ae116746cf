"""Progressive call invocations, as the caller numbers them: several CALLs under one request id.

A CALL whose id is not the next one continues a call that is under way, or comes too late for one that is over; anything
else is a violation. What is too late is dropped in silence, as the answer is on its way. Section "Verification of CALL
Request IDs" of "Progressive Call Invocations".
"""

from typing import TYPE_CHECKING, Final

from realms import passthru

if TYPE_CHECKING:
    from realms.session import Session
    from wamp.messages import Call

MAX_REMEMBERED: Final = 1_000
"""Progressive calls of a session that chunks may be late for; the spec's grace period, counted in calls instead of
seconds: it bounds the memory, and a slow network cannot outlast it without a thousand uploads meanwhile."""


def remember(session: "Session", request: int, procedure: str) -> None:
    """Note a progressive call that began, was refused, or ended: what comes for it later is dropped."""
    streams = session.streams
    streams.pop(request, None)
    streams[request] = procedure
    if len(streams) > MAX_REMEMBERED:
        del streams[next(iter(streams))]


def continues(session: "Session", message: "Call") -> bool:
    """Act upon a CALL whose id is not the next one; False if it is no continuation, early or late, of anything."""
    call = session.calls.get(message.request)
    if call is not None:
        call.proceed(passthru.admitted(session, session.caller, message))
        return True
    return session.streams.get(message.request) == message.procedure
