"""All the principals that the router keeps for a realm, in one place, and the news that they have changed."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol

from twisted.logger import Logger

from realms.authentication import Accepted
from realms.authentication.off_loop import OffLoop
from realms.authentication.principals import Found, Inquiry, Listed, Principal
from realms.authentication.verifiers import Cost, cost_of
from realms.clock import Clock
from realms.session import Session
from router.config.realms import Realm
from router.principals.database import Database
from router.principals.database_file import is_exposed
from router.principals.file import File
from router.principals.listed import principal_of

log = Logger(namespace="principals")

KEPT_BY_US: Final = frozenset({"static", "database"})
"""`authprovider` of principals that the router itself keeps."""

POLL: Final = 1.0
"""Seconds until a change of file or database is noticed; looking costs some ten microseconds."""


class Kept(Protocol):
    """A source that is at hand."""

    def find(self, inquiry: Inquiry) -> Found:
        """See `Principals.find`."""

    def find_now(self, authid: str) -> Found:
        """Who may join under this name now."""

    def role_now(self, authid: str) -> str | None:
        """The role of who may join under this name now."""


class Directory:
    """A `realms.authentication.principals.Principals`: the list of config.yaml, then the file, then the database.

    A principal that is removed, disabled or given another role is still in session; `on_change` is the moment to ask
    `find_now` about everybody who is.
    """

    def __init__(self, realm: Realm, clock: Clock, off_loop: OffLoop) -> None:
        """Open file and database; raises CannotUse or InvalidConfig."""
        self.on_change: Callable[[], None] | None = None
        self._clock = clock
        self._listed = Listed(principal_of(listing) for listing in realm.principals)
        roles = [role.name for role in realm.roles]
        self._file = None if realm.principals_file is None else File(realm.principals_file, roles, off_loop, self._tell)
        self._database = None if realm.principals_database is None else Database(realm.principals_database, realm.name)
        if self._database is not None and is_exposed(self._database.file):
            log.warn("others may read {file}; `chmod 600` keeps them out", file=str(self._database.file))
        kept: Iterable[Kept | None] = (self._listed, self._file, self._database)
        self._sources = tuple(source for source in kept if source is not None)
        self._timer = None
        if self._file is not None or self._database is not None:
            self._timer = clock.callLater(POLL, self._look)

    def find(self, inquiry: Inquiry) -> Found:
        """Look up; raises CannotUse if the database cannot be read."""
        for number, source in enumerate(self._sources):
            found = source.find(inquiry)
            if found is not None:
                # A key of somebody in the database is no key of somebody of the same name in the list.
                hidden = any(earlier.find_now(found.authid) for earlier in self._sources[:number])
                return None if hidden else found
        return None

    def find_now(self, authid: str) -> Found:
        """Who may join under this name now, and as what; None for nobody. Raises CannotUse."""
        for source in self._sources:
            found = source.find_now(authid)
            if found is not None:
                return found
        return None

    def listed(self) -> Iterator[Principal]:
        """Those of the list and the file, who are all at hand; the database may have any number."""
        yield from self._listed
        if self._file is not None:
            yield from self._file.listed

    def role_now(self, authid: str) -> str | None:
        """The role of who may join under this name now; None for nobody. Raises CannotUse. Cheap."""
        for source in self._sources:
            role = source.role_now(authid)
            if role is not None:
                return role
        return None

    def is_gone(self, identity: Accepted | Session) -> bool:
        """Whether somebody whom the router itself keeps is gone, or has another role now. Raises CannotUse."""
        if identity.authprovider not in KEPT_BY_US or identity.authmethod == "anonymous":
            return False
        return self.role_now(identity.authid) != identity.authrole

    def cost(self) -> Cost | None:
        """What comparing with a password costs at most; None if nobody has a password."""
        verifiers = (principal.ticket for principal in self.listed() if principal.ticket is not None)
        one_of_each = {verifier.rpartition("$")[0].rpartition("$")[0]: verifier for verifier in verifiers}
        costs = [cost_of(verifier) for verifier in one_of_each.values()]
        if self._database is not None:
            costs.append(self._database.cost())
        return max(filter(None, costs), key=lambda cost: cost.work, default=None)

    def stop(self) -> None:
        """Look for changes no more, and close the database."""
        if self._timer is not None:
            self._timer.cancel()
        if self._database is not None:
            self._database.close()

    def _look(self) -> None:
        self._timer = self._clock.callLater(POLL, self._look)
        if self._file is not None:
            self._file.look()
        if self._database is not None and self._database.has_changed():
            self._tell()

    def _tell(self) -> None:
        if self.on_change is not None:
            self.on_change()
