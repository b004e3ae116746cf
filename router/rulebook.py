"""The rules of the realms: who may join, and what each may do; and their change while the router runs.

A new configuration is read as a whole, and it counts as a whole or not at all: a mistake in it is reported, and the
running rules stay. Of what it says, `LIVE` takes effect at once: new requests and new sessions are judged by it,
subscriptions and registrations that it no longer allows are revoked, sessions whose principal or role is gone end. All
else waits for a restart, and is named in the log.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from msgspec.structs import replace
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from realms.authentication import Methods
from realms.authentication.off_loop import TooBusy
from realms.authentication.principals import Found
from realms.changes import change_rules, end_if
from realms.realm import Realm
from realms.roles import Role
from router import assembly
from router.authentication import Means, methods_of, shared_of
from router.config import Config, InvalidConfig, Reading, read, realms, warnings
from router.config.dashboard_checks import open_to_strangers
from router.config.listeners import Listener
from router.config.mistakes import Mistake, Place
from router.principals.database_file import CannotUse
from router.principals.directory import Directory

LIVE: Final = ("roles", "disclosure", "authentication", "principals", "principals_file", "principals_database")
"""The keys of a realm that take effect while the router runs."""

log = Logger(namespace="router")


class Change(NamedTuple):
    """What becomes of a realm when the configuration was read again."""

    realm: Realm
    like: str
    """The realm of the configuration whose rules these are: itself, but for realms that are made from a template."""

    roles: Mapping[str, Role]
    methods: Methods


class Rulebook:
    """The realms of a running router, with what they know of their principals."""

    def __init__(self, reading: Reading, means: Means, agent: str) -> None:
        """`reading` is what the router starts with. Raises CannotUse, CannotOpen or InvalidConfig."""
        config = self._start = reading.config
        self.reading = reading
        """What the file said when it was last read without a mistake."""

        self._means = means
        self._directories = assembly.directories_of(config, means)
        self.realms = assembly.realms_of(config, self._directories, means, agent)
        self._watch()

    @property
    def config(self) -> Config:
        """The configuration whose rules count now."""
        return self.reading.config

    def find_principal(self, realm: str, authid: str) -> Found:
        """Who may join a realm of the configuration under this name now, as far as the router itself knows."""
        return self._directories[realm].find_now(authid)

    def reload(self) -> Deferred[Sequence[str]]:
        """Read the configuration again, and let the rules in it count; the result is its mistakes, as in the log."""
        again = self._means.off_loop(partial(read, self.reading.path))  # a large file takes a tenth of a second
        return again.addCallbacks(self._apply, self._refuse)

    def close(self) -> None:
        """The router stops."""
        self.realms.stop()
        assembly.stop(self._directories)

    def _refuse(self, failure: Failure) -> Sequence[str]:
        failure.trap(InvalidConfig, CannotUse, TooBusy)
        mistakes = failure.getErrorMessage().split("\n")
        for mistake in mistakes:
            log.error("{mistake}", mistake=mistake)
        log.error("the configuration stays as it was")
        return mistakes

    def _apply(self, reading: Reading) -> Sequence[str]:
        """New first, then swap, then stop the old."""
        config = reading.config
        if mistakes := self._open_to_strangers(reading):
            return self._refuse(Failure(InvalidConfig(str(reading.path), mistakes)))
        try:
            directories = assembly.directories_of(config, self._means)
        except (InvalidConfig, CannotUse):
            return self._refuse(Failure())
        try:
            changes = list(self._changes(config, directories))
            template = assembly.template_of(config, directories, self._means)
        except Exception:
            assembly.stop(directories)
            raise
        for warning in warnings(config):
            log.warn("{warning}", warning=warning)
        for difference in _waiting(self._start, config):
            log.warn("{difference}: that takes effect after a restart", difference=difference)
        before, self._directories = self._directories, directories | self._left_over(directories)
        self.reading = reading
        self._watch()
        for change in changes:
            change_rules(change.realm, change.roles, change.methods)
            self._end_sessions(change.realm, change.like)
        if template is not None:
            self.realms.replace_template(template)
        for name, directory in before.items():
            if self._directories.get(name) is not directory:
                directory.stop()
        log.info("the rules of {count} realms were read again", count=len(changes))
        return ()

    def _changes(self, config: Config, directories: Mapping[str, Directory]) -> Iterator[Change]:
        """What becomes of each realm that the configuration still has, or has one for that it is like."""
        rules = {section.name: section for section in config.realms}
        like = None if config.realm_template is None else rules[config.realm_template.like]
        for realm in self.realms.by_name.values():
            section = rules.get(realm.name) or (like if self.realms.is_made(realm) else None)
            if section is not None:
                named = replace(section, name=realm.name)
                directory = directories[section.name]
                methods = methods_of(named, directory, self._means, shared_of(section, directory, self._means))
                yield Change(realm, section.name, assembly.roles_of(named, self._means), methods)

    def _open_to_strangers(self, reading: Reading) -> list[Mistake]:
        """Rules that would be right if the dashboard and the listeners were as they will be after a restart."""
        return [
            Mistake(Place(reading.lines.of(rule, "uri") or 1, 1), f"until a restart, {sentence}")
            for rule, sentence in open_to_strangers(in_force(self._start, reading.config))
        ]

    def _left_over(self, directories: dict[str, Directory]) -> dict[str, Directory]:
        """Those of realms that the new configuration does not name, but which are there until a restart."""
        return {name: old for name, old in self._directories.items() if name not in directories}

    def _watch(self) -> None:
        for name, directory in self._directories.items():
            directory.on_change = partial(self._principals_changed, name)

    def _principals_changed(self, name: str) -> None:
        """A file or database has changed; realms of a template are as the one that they are like."""
        template = self.config.realm_template
        is_like = template is not None and template.like == name
        for realm in list(self.realms.by_name.values()):
            if realm.name == name or (is_like and self.realms.is_made(realm)):
                self._end_sessions(realm, name)

    def _end_sessions(self, realm: Realm, name: str) -> None:
        """End those whose principal is gone, or has another role now."""
        try:
            end_if(realm, self._directories[name].is_gone)
        except CannotUse as error:
            log.error("{reason}; nobody is sent away", reason=str(error))


def in_force(start: Config, file: Config) -> Config:
    """What counts in a router that was started with one configuration, and has read another one since."""
    rules = {realm.name: realm for realm in file.realms}
    doors = {listener.where: listener for listener in file.listeners}
    template = start.realm_template if file.realm_template is None else file.realm_template
    return replace(
        start,
        realms=tuple(_with_live(realm, rules.get(realm.name, realm)) for realm in start.realms),
        realm_template=template,
        listeners=tuple(_with_live_tls(one, doors.get(one.where, one)) for one in start.listeners),
    )


def _with_live(realm: realms.Realm, file: realms.Realm) -> realms.Realm:
    return replace(realm, **{key: getattr(file, key) for key in LIVE})


def _with_live_tls(listener: Listener, file: Listener) -> Listener:
    """TLS is switched on and off at a restart."""
    return listener if listener.tls is None or file.tls is None else replace(listener, tls=file.tls)


def _without_live(listener: Listener) -> tuple[Listener, bool]:
    """A listener without what is live in it: its TLS, as long as it has any."""
    return replace(listener, tls=None), listener.tls is None


def _waiting(old: Config, new: Config) -> Iterator[str]:
    """What the router was not started with and is not live, in the words of the file."""
    live = ("realms", "listeners") if new.realm_template is None else ("realms", "listeners", "realm_template")
    for key in Config.__struct_fields__:
        if key not in live and getattr(old, key) != getattr(new, key):
            yield f"`{key}` changed"
    if list(map(_without_live, old.listeners)) != list(map(_without_live, new.listeners)):
        yield "`listeners` changed"
    before = {realm.name: realm for realm in old.realms}
    for realm in new.realms:
        was = before.pop(realm.name, None)
        if was is None:
            yield f"realm {realm.name} is new"
            continue
        for key in realms.Realm.__struct_fields__:
            if key not in LIVE and getattr(was, key) != getattr(realm, key):
                yield f"`{key}` of realm {realm.name} changed"
    for name in before:
        yield f"realm {name} is gone"
