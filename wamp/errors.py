"""Every error and closing URI that the router sends, and the exceptions that carry them.

There are two ways in which a peer can be wrong, and each has one exception:

- `WampError`: a request that is refused. The session lives on; the peer gets ERROR (or ABORT while it joins).
- `ProtocolViolation`: a peer that broke the rules. Its session ends with ABORT and its transport is closed.

An exception of any other type is our own mistake: it is logged whole and never shown to the peer.
"""

from typing import Any, Final

# Closing: basic profile "Close reasons", advanced profile "wamp.close.killed".
CLOSE_SYSTEM_SHUTDOWN: Final = "wamp.close.system_shutdown"
CLOSE_REALM: Final = "wamp.close.close_realm"
CLOSE_GOODBYE_AND_OUT: Final = "wamp.close.goodbye_and_out"
CLOSE_KILLED: Final = "wamp.close.killed"

# Not in the specification. Crossbar has the first; whoever gets the second needs a fresh token to come back.
CLOSE_LOGOUT: Final = "wamp.close.logout"
CLOSE_EXPIRED: Final = "wamp.close.expired"

# Basic profile, "Predefined URIs".
INVALID_URI: Final = "wamp.error.invalid_uri"
NO_SUCH_PROCEDURE: Final = "wamp.error.no_such_procedure"
PROCEDURE_ALREADY_EXISTS: Final = "wamp.error.procedure_already_exists"
NO_SUCH_REGISTRATION: Final = "wamp.error.no_such_registration"
NO_SUCH_SUBSCRIPTION: Final = "wamp.error.no_such_subscription"
INVALID_ARGUMENT: Final = "wamp.error.invalid_argument"
CANCELED: Final = "wamp.error.canceled"
PAYLOAD_SIZE_EXCEEDED: Final = "wamp.error.payload_size_exceeded"
PROTOCOL_VIOLATION: Final = "wamp.error.protocol_violation"
NOT_AUTHORIZED: Final = "wamp.error.not_authorized"
AUTHORIZATION_FAILED: Final = "wamp.error.authorization_failed"
NO_SUCH_REALM: Final = "wamp.error.no_such_realm"
NO_SUCH_ROLE: Final = "wamp.error.no_such_role"

# Advanced profile, "Predefined URIs".
NO_MATCHING_AUTH_METHOD: Final = "wamp.error.no_matching_auth_method"
NO_SUCH_PRINCIPAL: Final = "wamp.error.no_such_principal"
AUTHENTICATION_DENIED: Final = "wamp.error.authentication_denied"
AUTHENTICATION_FAILED: Final = "wamp.error.authentication_failed"
AUTHENTICATION_REQUIRED: Final = "wamp.error.authentication_required"
AUTHORIZATION_DENIED: Final = "wamp.error.authorization_denied"
AUTHORIZATION_REQUIRED: Final = "wamp.error.authorization_required"
TIMEOUT: Final = "wamp.error.timeout"
OPTION_NOT_ALLOWED: Final = "wamp.error.option_not_allowed"
DISCLOSE_ME_DISALLOWED: Final = "wamp.error.option_disallowed.disclose_me"
NETWORK_FAILURE: Final = "wamp.error.network_failure"
UNAVAILABLE: Final = "wamp.error.unavailable"
NO_AVAILABLE_CALLEE: Final = "wamp.error.no_available_callee"
FEATURE_NOT_SUPPORTED: Final = "wamp.error.feature_not_supported"
NO_SUCH_SESSION: Final = "wamp.error.no_such_session"


class WampError(Exception):
    """A request that the router refuses.

    On the wire: `[8, <request type>, <request id>, {}, uri, args]`; while joining, ABORT with `uri` as reason.
    Section "Error handling" of the basic profile.
    """

    def __init__(self, uri: str, *args: Any) -> None:
        """`uri` is one of this module's; `args` are the ERROR's Arguments, by custom one sentence for people."""
        super().__init__(uri, *args)
        self.uri = uri
        self.arguments = args


class ProtocolViolation(Exception):  # noqa: N818 - the spec's own term
    """A peer broke the protocol: ABORT `wamp.error.protocol_violation`, and nothing more of it is processed.

    The text goes to the peer as `Details.message`. Section "Protocol Violations" of the basic profile.
    """


class InvalidMessage(ProtocolViolation):
    """Octets that are no WAMP message a client may send: the one error that `Codec.decode` raises."""


class Untranscodable(Exception):  # noqa: N818 - an adjective says it all
    """A payload holds a value that the receiver's serializer cannot express, such as NaN in JSON."""
