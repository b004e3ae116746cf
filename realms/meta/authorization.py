"""What the router remembers of the decisions of authorizers. Not in the specification.

Whoever decides may have it forgotten, as soon as it would decide otherwise: see `realms.authorization`.
"""

from typing import TYPE_CHECKING

from realms.authorization import AskingRole
from realms.meta.procedure import Result, procedure

if TYPE_CHECKING:
    from realms.realm import Realm
    from realms.session import Session


@procedure("wamplex.authorization.purge")
def purge(realm: "Realm", caller: "Session", authrole: str | None = None, authid: str | None = None) -> Result:
    """Forget what was decided, for all or for one authrole, one authid; answers with the number of decisions.

    What was allowed and done stays: subscriptions and registrations are not taken back.
    """
    roles = [role for name, role in realm.roles.items() if authrole in (None, name)]
    return Result([sum(role.forget(authid) for role in roles if isinstance(role, AskingRole))])


PROCEDURES = (purge,)
