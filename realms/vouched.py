"""A session that joins without HELLO: somebody in the router vouches for who it is, such as a signed HTTP request.

In all else it is a session like others. It is seen in its realm, what it may do is for its role to say, limits count
for it, it can be killed, and a reload that takes its role away ends it.
"""

from typing import TYPE_CHECKING

from realms.authentication import Accepted, Applicant
from realms.session import Session
from realms.states import State
from wamp.options import ClientRoles

if TYPE_CHECKING:
    from realms.realm import Realm


class Vouched(Session):
    """See above. Its transport gets WELCOME, or ABORT if there is no room for it."""

    __slots__ = ()

    def join(self, realm: "Realm", roles: ClientRoles, applicant: Applicant, identity: Accepted) -> None:
        """Join a realm as somebody who can do what `roles` say."""
        self.realm = realm
        self.id = self._realms.new_session_id()
        self.authmethod = identity.authmethod
        self._applicant = applicant
        self.announce(roles)
        self.ticket = ""
        self._enter(State.ESTABLISHING)
        self._await(lambda: identity)

    @property
    def is_there(self) -> bool:
        """Whether it is in its realm."""
        return self._state in (State.ESTABLISHED, State.HELD)
