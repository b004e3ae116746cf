"""What must fit together in a configuration beyond the types of its values.

The checks run over what the decoder could read, so a `Hole` may stand where a mistake was noted already: its
attributes are Holes, it holds nothing, and `checking.known` tells it from a value.
"""

import ipaddress
import re
from typing import Final

from router.config.address_checks import check_address, check_addresses
from router.config.bridge_checks import check_bridges
from router.config.checking import check_unique, known
from router.config.dashboard_checks import check_dashboard
from router.config.decoding import Decoder
from router.config.door_checks import check_door
from router.config.dynamic_checks import check_dynamic
from router.config.listeners import Listener
from router.config.longpoll_checks import check_longpoll
from router.config.mistakes import did_you_mean
from router.config.model import Config, Limits
from router.config.mount_checks import check_folder, check_mounts
from router.config.realm_checks import check_realm
from router.config.realms import RealmTemplate, Resume
from router.config.tls import Tls
from router.config.tls_checks import check_methods_of_tls, check_redirect, check_tls
from router.config.token_checks import check_logins
from router.config.web import Web
from router.config.wording import quoted
from wamp.uris import is_pattern

_HOST_NAME: Final = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")


def check(config: Config, decoder: Decoder) -> None:
    """Note every mistake in what the decoder made of the file."""
    for realm in config.realms:
        check_realm(realm, decoder)
    check_unique(config.realms, "name", "realm", decoder)
    check_dynamic(config.realms, decoder)
    _check_choice_of_realm(config, decoder)
    for listener in config.listeners:
        _check_listener(listener, decoder)
    check_addresses(config.listeners, decoder)
    check_methods_of_tls(config, decoder)
    check_logins(config, decoder)
    _check_limits(config.limits, decoder)
    _check_buffers(config, decoder)
    if isinstance(config.web, Web):
        check_folder(config.web, "directory", decoder)
    check_mounts(config, decoder)
    check_bridges(config, decoder)
    check_dashboard(config, decoder)


def _check_choice_of_realm(config: Config, decoder: Decoder) -> None:
    """Realms that are named by others must be there."""
    names = [realm.name for realm in config.realms]
    if not all(map(known, names)):
        return
    template, default = config.realm_template, config.default_realm
    if isinstance(template, RealmTemplate):
        if known(template.like) and template.like not in names:
            hint = did_you_mean(template.like, names) or f"; the realms are {', '.join(names)}"
            decoder.note(decoder.place(template, "like"), f"there is no realm {quoted(template.like)}{hint}")
        if known(template.uri) and known(template.match) and not is_pattern(template.uri, template.match):
            decoder.note(decoder.place(template, "uri"), f"{quoted(template.uri)} is no {template.match} pattern")
    if known(default) and default is not None and default not in names:
        hint = did_you_mean(default, names) or f"; the realms are {', '.join(names)}"
        decoder.note(decoder.place(config, "default_realm"), f"there is no realm {quoted(default)}{hint}")


# --- listeners, limits, web -----------------------------------------------------------------------------------


def _check_listener(listener: Listener, decoder: Decoder) -> None:
    if known(listener.host) and not _is_host(listener.host):
        decoder.note(
            decoder.place(listener, "host"),
            f"{quoted(listener.host)} is neither an IP address nor a host name; the port has a key of its own",
        )
    if listener.websocket is None and listener.rawsocket is False and listener.http is False:
        decoder.note(decoder.place(listener), "nothing to speak: one of websocket, rawsocket and http must be on")
    if isinstance(listener.tls, Tls):
        check_tls(listener.tls, decoder)
    check_redirect(listener, decoder)
    check_address(listener, decoder)
    check_door(listener, decoder)
    check_longpoll(listener, decoder)


def _check_limits(limits: Limits, decoder: Decoder) -> None:
    if known(limits.outbox_size) and known(limits.max_message_size) and limits.outbox_size < limits.max_message_size:
        key = "outbox_size" if decoder.says(limits, "outbox_size") else "max_message_size"
        decoder.note(decoder.place(limits, key), "`outbox_size` must hold the largest message, `max_message_size`")
    if known(limits.ping_interval) and known(limits.ping_timeout) and 0 < limits.ping_interval < limits.ping_timeout:
        key = "ping_timeout" if decoder.says(limits, "ping_timeout") else "ping_interval"
        decoder.note(decoder.place(limits, key), "`ping_timeout` must not be longer than `ping_interval`")


def _check_buffers(config: Config, decoder: Decoder) -> None:
    """What waits for a session that is paused must fit in the outbox of the connection that it goes on with."""
    for resume in (realm.resume for realm in config.realms if isinstance(realm.resume, Resume)):
        if not decoder.says(resume, "buffer") or not known(resume.buffer) or not known(config.limits.outbox_size):
            continue
        if resume.buffer > config.limits.outbox_size:
            decoder.note(decoder.place(resume, "buffer"), "`buffer` must fit in an outbox, `limits.outbox_size`")


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # what looks like an IPv4 address must be one
        return _HOST_NAME.fullmatch(host) is not None and re.fullmatch(r"[0-9.]+", host) is None
    return True
