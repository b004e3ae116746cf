"""Every procedure of the router, by URI."""

from typing import Final

from realms.meta import (
    authorization,
    expiry,
    history,
    interfaces,
    reflection,
    registrations,
    sessions,
    subscriptions,
    testaments,
)
from realms.meta.procedure import Procedure

PROCEDURES: Final[dict[str, Procedure]] = {
    procedure.uri: procedure
    for module in (
        sessions,
        expiry,
        authorization,
        registrations,
        subscriptions,
        history,
        testaments,
        reflection,
        interfaces,
    )
    for procedure in module.PROCEDURES
}
