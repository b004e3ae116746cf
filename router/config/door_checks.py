"""What must fit together in who may connect to a listener, how often, and what a role may cost."""

from typing import Final

from router.config.checking import known
from router.config.decoding import Decoder
from router.config.listeners import Listener
from router.config.mistakes import did_you_mean
from router.config.realms import Realm
from router.config.wording import quoted
from router.transports.origins import SAME_ORIGIN, InvalidOrigin, check_pattern

_BOUNDS: Final = (("subscriptions", "max_subscriptions"), ("registrations", "max_registrations"))


def check_door(listener: Listener, decoder: Decoder) -> None:
    """Check the origins and the numbers of connections."""
    place = decoder.place(listener, "allowed_origins")
    for origin in listener.allowed_origins if known(listener.allowed_origins) else ():
        if not known(origin):
            continue
        try:
            check_pattern(origin)
        except InvalidOrigin as why:
            decoder.note(place, _nearly_a_word(origin) or f"{quoted(origin)} {why}")
    _check_at_most(listener, "max_connections_per_address", listener, "max_connections", decoder)


def check_role_limits(realm: Realm, decoder: Decoder) -> None:
    """Check that no role is promised more than its realm gives."""
    for role in realm.roles:
        limits = role.limits
        if not known(limits):
            continue
        for key, bound in _BOUNDS:
            _check_at_most(limits, key, realm, bound, decoder)
        _check_at_most(limits, "calls", realm.calls, "max_pending", decoder)


def _nearly_a_word(text: str) -> str:
    if ":" in text or "." in text or "*" in text:
        return ""
    hint = did_you_mean(text, (SAME_ORIGIN, "null"))
    return f"{quoted(text)} is no origin{hint}" if hint else ""


def _check_at_most(section: object, key: str, other: object, bound: str, decoder: Decoder) -> None:
    value, most = getattr(section, key), getattr(other, bound)
    if known(value) and known(most) and value is not None and value > most:
        decoder.note(
            decoder.place(section, key), f"`{key}` is {value}, but `{bound}` is {most}, and the smaller counts"
        )
