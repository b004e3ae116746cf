"""What must fit together about the operator's dashboard: its realm, its path, and who may use it."""

from collections.abc import Iterator
from typing import Final

from router.config.advice import is_exposed
from router.config.checking import check_named, known
from router.config.dashboard import Dashboard
from router.config.decoding import Decoder
from router.config.listeners import Listener
from router.config.model import Config
from router.config.mount_checks import normal, taken
from router.config.realms import Permission, Realm
from router.config.web import Web
from router.config.wording import quoted

OTHERS: Final = frozenset({"wamplex.session.extend", "wamplex.authorization.purge", "wamplex.subscription.get_history"})
"""What is under `wamplex.` and not the dashboard's."""

CHOICES: Final = (
    "give this rule to a role whose clients log in, leave `anonymous` out of the `authmethods` of that listener, let "
    "it listen on 127.0.0.1, or set `dashboard: false`"
)


def check_dashboard(config: Config, decoder: Decoder) -> None:
    """Note what is wrong."""
    dashboard = config.dashboard
    if not isinstance(dashboard, Dashboard):
        return
    names = [realm.name for realm in config.realms]
    check_named(dashboard.realm, names, dashboard, "realm", "there is no realm", decoder)
    _check_path(dashboard, config, decoder)
    for rule, sentence in open_to_strangers(config):
        decoder.note(decoder.place(rule, "uri"), sentence)


def open_to_strangers(config: Config) -> Iterator[tuple[Permission, str]]:
    """The rules by which somebody from elsewhere could use the dashboard without a proof, with what to do about it."""
    dashboard = config.dashboard
    if not isinstance(dashboard, Dashboard):
        return
    exposed = [listener for listener in config.listeners if _lets_strangers_in(listener)]
    for realm in config.realms:
        for rule in _rules_of_strangers(realm) if known(realm.name) and realm.name == dashboard.realm else ():
            for where in (listener.where for listener in exposed):
                sentence = f"anonymous clients could use the dashboard, and {where} is not for this machine only"
                yield rule, f"{sentence}; {CHOICES}"


def _check_path(dashboard: Dashboard, config: Config, decoder: Decoder) -> None:
    if dashboard.path is None or not known(dashboard.path):
        return
    path, place, web = normal(dashboard.path), decoder.place(dashboard, "path"), config.web
    if not path:
        decoder.note(place, "the dashboard needs a path of its own, such as `/dashboard`")
        return
    if any(segment in (".", "..") for segment in path.split("/")) or "//" in dashboard.path:
        decoder.note(place, f"{quoted(dashboard.path)} is no path that a browser would ask for")
    if isinstance(web, Web) and known(web.path) and web.path is not None and normal(web.path) == path:
        decoder.note(place, f"{quoted(dashboard.path)} is the path of `web` already")
    for other, what in taken(config):
        if other and (f"{path}/".startswith(f"{other}/") or other.startswith(f"{path}/")):
            decoder.note(place, f"{quoted(dashboard.path)} is in the way of {what}, which is at {quoted(other)}")
    if config.listeners and all(listener.http is False for listener in config.listeners):
        decoder.note(place, "nobody could reach the page: no listener has `http`; `path: null` does without the page")


def _rules_of_strangers(realm: Realm) -> Iterator[Permission]:
    """The rules by which anonymous clients could use the dashboard."""
    anonymous = realm.authentication.anonymous
    for role in realm.roles if anonymous else ():
        if anonymous and known(role.name) and role.name == anonymous.role:
            yield from (rule for rule in role.permissions if _opens(rule))


def _opens(rule: Permission) -> bool:
    if not known(rule.uri) or not known(rule.allow) or rule.uri in OTHERS:
        return False
    return rule.uri.partition(".")[0] == "wamplex" and not rule.allow.isdisjoint(("call", "subscribe"))


def _lets_strangers_in(listener: Listener) -> bool:
    """Whether clients from elsewhere may join here without a proof."""
    where = (listener.host, listener.unix, listener.systemd, listener.trusted_proxies, listener.authmethods)
    if not all(map(known, where)) or not known(listener.redirect_to_https):
        return False  # a mistake is noted there already
    return is_exposed(listener) and (listener.authmethods is None or "anonymous" in listener.authmethods)
