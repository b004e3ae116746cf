"""Which database and realm `wamplex user` works on: those of the command line, or of the configuration."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from router.commands.configuration import DEFAULT, Refused, glance_or_refuse, say
from router.config.checking import known
from router.config.mistakes import did_you_mean
from router.config.realms import Realm
from router.principals.database import Database
from router.principals.database_file import CannotUse, is_exposed

WAIT = 5.0
"""Seconds that a command waits while another one writes."""


class Store(NamedTuple):
    """A database, open, and what the configuration says about its realm."""

    database: Database
    realm: str
    roles: tuple[str, ...]
    """Empty if they are not known."""

    listed: frozenset[str]
    """The authids that config.yaml lists, which come before those of the database."""

    def refuse_unknown_role(self, role: str) -> None:
        """Raise Refused for a role that the realm does not have."""
        if self.roles and role not in self.roles:
            near = did_you_mean(role, self.roles) or f"; the roles are {', '.join(self.roles)}"
            raise Refused(f"{self.realm} has no role {role}{near}")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let the command line say which database and realm."""
    where = parser.add_argument_group("where the principals are kept")
    where.add_argument("--config", metavar="FILE", type=Path, help=f"the configuration that says it; {DEFAULT}")
    where.add_argument("--database", metavar="FILE", type=Path, help="the database, instead of `principals_database`")
    where.add_argument("--realm", metavar="NAME", help="the realm; needed if several have a database")


@contextmanager
def opened(asked: argparse.Namespace) -> Iterator[Store]:
    """The database that was asked for; raises Refused, also for whatever goes wrong with it within."""
    file, realm, roles, listed = _found(asked)
    try:
        database = Database(file, realm, wait=WAIT, make=asked.verb == "add")
    except CannotUse as reason:
        raise Refused(str(reason)) from None
    store = Store(database, realm, roles, listed)
    if is_exposed(file):
        say(f"warning: others may read {file}; `chmod 600 {file}` keeps them out")
    try:
        yield store
    except CannotUse as reason:
        raise Refused(str(reason)) from None
    finally:
        database.close()


def _found(asked: argparse.Namespace) -> tuple[Path, str, tuple[str, ...], frozenset[str]]:
    if asked.database is not None and asked.realm is not None and asked.config is None:
        return asked.database, asked.realm, (), frozenset()
    path, config = glance_or_refuse(asked.config)
    realm = _chosen([realm for realm in config.realms if known(realm.name)], asked, path)
    file = asked.database or realm.principals_database
    if file is None or not known(file):
        raise Refused(
            f"{path}: {realm.name} has no database of principals; set the key `principals_database` of the realm, "
            "or give --database FILE"
        )
    roles = tuple(role.name for role in realm.roles)
    listed = frozenset(principal.authid for principal in realm.principals if known(principal.authid))
    return file, realm.name, roles if all(map(known, roles)) else (), listed


def _chosen(realms: list[Realm], asked: argparse.Namespace, path: Path) -> Realm:
    names = ", ".join(realm.name for realm in realms)
    if asked.realm is not None:
        for realm in realms:
            if realm.name == asked.realm:
                return realm
        raise Refused(f"{path}: there is no realm {asked.realm}; the realms are {names}")
    fitting = [realm for realm in realms if asked.database or (realm.principals_database and known(realm))]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise Refused(f"{path}: which realm? Give --realm with one of {', '.join(realm.name for realm in fitting)}")
    raise Refused(
        f"{path}: no realm has a database of principals; set the key `principals_database` of a realm, "
        "or give --database FILE and --realm NAME"
    )
