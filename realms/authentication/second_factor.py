"""The second factor: after whatever proved the first, a code from the principal's phone (TOTP, RFC 6238).

A second round of challenge and answer, as chapter "Authentication" allows: `[4, "totp", {}]` is answered with
`[5, "492039", {}]`. The code follows from a key that phone and router share, and from the time: six digits, HMAC-SHA-1,
a new one every 30 seconds, which is what all authenticator apps have.

Methods do not know of it. They ask `SecondFactor.admit` what becomes of somebody who has proved to be a principal.
"""

from collections.abc import Callable
from hmac import compare_digest
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from realms.authentication import Answer, Challenged, Denied
from realms.authentication.principals import Principal, admitted
from wamp.errors import AUTHENTICATION_FAILED

DIGITS: Final = 6
STEP: Final = 30
"""Seconds that a code is shown."""

TOLERANCE: Final = 1
"""Steps that a phone's clock may be off, either way; the code that was just replaced also gets in by this."""

MAX_REMEMBERED: Final = 100_000
"""Principals whose last code is remembered, which is for a minute and a half; if so many come, the next one waits."""

BUSY: Final = Denied(AUTHENTICATION_FAILED, "too many clients are joining; try again later")


class SecondFactor:
    """Asks for a code where a principal has a key for it. One for all realms: a code is good once, wherever."""

    def __init__(self, now: Callable[[], float], most: int = MAX_REMEMBERED) -> None:
        """`now` gives seconds since 1970; `most` bounds what is remembered."""
        self._now = now
        self._most = most
        self._used: dict[bytes, int] = {}
        """By key: the step of the last code that was accepted. The latest use is the last."""

    def admit(self, principal: Principal, authmethod: str) -> Answer:
        """Admit somebody who has proved the first factor, by this method; or ask for the second."""
        key = principal.totp
        if key is None:
            return admitted(principal, authmethod)

        def judge(code: str) -> Answer:
            refused = self._refusal(key, code)
            return admitted(principal, authmethod) if refused is None else refused

        return Challenged("totp", {}, lambda answer: judge(answer.signature))

    def _refusal(self, key: bytes, code: str) -> Denied | None:
        """Why a code is not good; None if it is, and then it was good for the last time."""
        present = int(self._now()) // STEP
        self._forget(present - TOLERANCE)
        step = _step_of(key, code, present)
        if step is None or step <= self._used.get(key, -1):
            return Denied()
        self._used.pop(key, None)
        if len(self._used) >= self._most:
            return BUSY
        self._used[key] = step
        return None

    def _forget(self, oldest: int) -> None:
        """Forget codes that are too old to be good."""
        while self._used:
            key, step = next(iter(self._used.items()))
            if step >= oldest:
                break
            del self._used[key]


def _step_of(key: bytes, code: str, present: int) -> int | None:
    """The step in which a code is shown, about the present; None if it is in none of them."""
    sha1 = hashes.SHA1()  # noqa: S303 - in an HMAC it is sound, and apps have no other
    codes = TOTP(key, DIGITS, sha1, STEP, enforce_key_length=False)  # the key was checked where it came in
    steps = range(present - TOLERANCE, present + TOLERANCE + 1)
    matches = [step for step in steps if compare_digest(codes.generate(step * STEP), code.encode())]
    return matches[-1] if matches else None
