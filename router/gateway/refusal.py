"""What becomes of an error: the status of the answer, and what it says.

| status | errors |
|---|---|
| 400 | invalid_argument, invalid_uri, and what the request itself gets wrong |
| 401 | the credentials, or that there are none |
| 403 | not_authorized, disclose_me and other options that are not allowed; pages of others |
| 404 | no_such_procedure |
| 413 | payload_size_exceeded |
| 422 | every error of the application's own |
| 429 | the role's rate, the address's rate, a lockout |
| 503 | canceled, unavailable, no_available_callee, authorization_failed, network_failure |
| 504 | timeout |
"""

from typing import Final

from wamp import errors

OF_APPLICATIONS: Final = 422

STATUSES: Final[dict[str, int]] = {
    errors.INVALID_ARGUMENT: 400,
    errors.INVALID_URI: 400,
    errors.PROTOCOL_VIOLATION: 400,
    errors.AUTHENTICATION_REQUIRED: 401,
    errors.AUTHENTICATION_DENIED: 401,
    errors.NOT_AUTHORIZED: 403,
    errors.AUTHORIZATION_DENIED: 403,
    errors.AUTHORIZATION_REQUIRED: 403,
    errors.OPTION_NOT_ALLOWED: 403,
    errors.DISCLOSE_ME_DISALLOWED: 403,
    errors.NO_SUCH_PROCEDURE: 404,
    errors.PAYLOAD_SIZE_EXCEEDED: 413,
    errors.FEATURE_NOT_SUPPORTED: 501,
    errors.CANCELED: 503,
    errors.UNAVAILABLE: 503,
    errors.NO_AVAILABLE_CALLEE: 503,
    errors.NETWORK_FAILURE: 503,
    errors.NO_SUCH_REALM: 503,
    errors.AUTHORIZATION_FAILED: 503,
    errors.AUTHENTICATION_FAILED: 503,
    errors.TIMEOUT: 504,
}

_URIS: Final[dict[int, str]] = {
    401: errors.AUTHENTICATION_DENIED,
    403: errors.NOT_AUTHORIZED,
    404: errors.INVALID_URI,
    413: errors.PAYLOAD_SIZE_EXCEEDED,
    429: errors.UNAVAILABLE,
    500: "wamplex.error.internal",
    503: errors.UNAVAILABLE,
}

RETRY_AFTER: Final = 5.0
"""Seconds that a sender is asked to wait where nobody knows it better."""


class Refusal(Exception):  # noqa: N818 - it reads as what it says
    """A request that is answered with an error, and the header fields that this takes."""

    def __init__(self, status: int, uri: str, sentence: str, **fields: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.uri = uri
        self.fields = {name.replace("_", "-"): value for name, value in fields.items()}

    @classmethod
    def because(cls, status: int, sentence: str, **fields: str) -> "Refusal":
        """Of what the bridge itself has to say."""
        return cls(status, _URIS.get(status, errors.INVALID_ARGUMENT), sentence, **fields)


def status_of(uri: str) -> int:
    """The status for an error of WAMP."""
    return STATUSES.get(uri, 503 if uri.startswith("wamp.close.") else OF_APPLICATIONS)


def retry_after(seconds: float) -> str:
    """The field Retry-After: whole seconds, at least one."""
    return str(max(1, -int(-seconds // 1)))
