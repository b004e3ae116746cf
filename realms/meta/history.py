"""Event history over WAMP. Section "Event History" of the advanced profile.

What is stored, and what a session may see of it, is the matter of `realms.history`.
"""

from typing import TYPE_CHECKING, Any

from realms.history import Filters
from realms.meta.procedure import Result, procedure
from realms.meta.subscriptions import known
from wamp.errors import INVALID_ARGUMENT, WampError

if TYPE_CHECKING:
    from realms.realm import Realm
    from realms.session import Session

FILTERS = frozenset(Filters.__struct_fields__)


@procedure("wamp.subscription.get_events")
def get_events(realm: "Realm", caller: "Session", /, subscription: int, **filters: Any) -> Result:
    """The stored events of a subscription that the caller may subscribe to, in order; the events are the Arguments.

    Where none are stored, `{"recorded": false}` as ArgumentsKw tells so; where a publication that a filter names is not
    stored, or not any more, `{"found": false}`.
    """
    if unknown := filters.keys() - FILTERS:
        raise WampError(INVALID_ARGUMENT, f"wamp.subscription.get_events has no argument {min(unknown)[:100]!r}")
    one = known(realm, subscription)
    given = {name: value for name, value in filters.items() if value is not None}
    events = realm.broker.history.events(one, caller, **given)
    if events is None:
        return Result([], {"found": False})
    return Result(events, None if realm.broker.history.has(one) else {"recorded": False})


@procedure("wamplex.subscription.get_history")
def get_history(realm: "Realm", caller: "Session", /, subscription: int) -> Result:
    """Where the history of a subscription stands: `{recorded, epoch, last, forgotten}`.

    `last` is the last publication that the caller may see, null if there is none yet; with it as `after_publication`
    `get_events` gives what came since. `epoch` is a text that is another one when events were lost meanwhile, as with a
    history in memory when the router restarts: then nobody can say what was missed. `forgotten` is whether events have
    made room for others since the epoch: if not, `get_events` without `after_publication` gives all that ever came.
    """
    one = known(realm, subscription)
    state = realm.broker.history.state(one, caller)
    epoch, last, forgotten = state or (None, None, False)
    return Result([{"recorded": state is not None, "epoch": epoch, "last": last, "forgotten": forgotten}])


PROCEDURES = (get_events, get_history)
