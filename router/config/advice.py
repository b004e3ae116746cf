"""What a configuration may say and still should not: strangers that may do everything, tickets that travel in clear."""

import ipaddress
from collections.abc import Iterator

from router.config.authentication_advice import authentication_warnings
from router.config.listeners import Listener
from router.config.model import Config
from router.config.realms import Realm
from router.config.tls_checks import methods_that_bind, without_tls


def warnings(config: Config) -> Iterator[str]:
    """Name what is dangerous, a sentence each; nothing on loopback is."""
    exposed = [listener for listener in config.listeners if is_exposed(listener)]
    clear = [listener for listener in exposed if listener.tls is None and not listener.trusted_proxies]
    in_clear = [_host_of(listener) for listener in clear]
    readable = [_host_of(listener) for listener in clear if listener.http]
    if readable and config.web is not None and config.web.login is not None:
        where = ", ".join(readable)
        yield f"passwords of logins can be read on their way to {where}, where tls is off; cookies are not sent there"
    redirecting = [listener.where for listener in config.listeners if listener.redirect_to_https is not None]
    if redirecting and all(listener.tls is None for listener in config.listeners):
        yield f"whoever comes to {', '.join(redirecting)} is sent on to https, which no listener speaks: does a proxy?"
    for realm in config.realms:
        if exposed and _strangers_may_do_everything(realm):
            where = ", ".join(_host_of(listener) for listener in exposed)
            yield f"whoever reaches {where} may do everything in {realm.name}, without authentication"
        if in_clear and realm.authentication.ticket is not None:
            yield f"tickets for {realm.name} can be read on their way to {', '.join(in_clear)}, where tls is off"
        yield from authentication_warnings(realm)
        for method in methods_that_bind(realm):
            for where in without_tls(config.listeners, method):
                yield f"nobody can join {realm.name} by {method} on {where}: it requires a channel binding, hence tls"


def _strangers_may_do_everything(realm: Realm) -> bool:
    anonymous = realm.authentication.anonymous
    return anonymous is not None and any(
        (rule.uri, rule.match) == ("", "prefix") and "register" in rule.allow
        for role in realm.roles
        if role.name == anonymous.role
        for rule in role.permissions
    )


def is_exposed(listener: Listener) -> bool:
    """Whether others than this machine's users reach it. What systemd listens on is for its unit to say."""
    if listener.redirect_to_https is not None:
        return False  # nobody can do anything there
    if listener.trusted_proxies or listener.systemd is not None:
        return True
    return listener.unix is None and not _is_loopback(listener.host)


def _host_of(listener: Listener) -> str:
    return listener.where if listener.unix is not None or listener.systemd is not None else listener.host


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
