"""Ids: integers from 1 to 2**53, the largest range that JSON numbers carry exactly in a browser.

Section "Identifiers" of the basic profile knows three scopes:

- global (session, publication): drawn at random over the whole range, see `random_id`
- router (subscription, registration): chosen freely by the router
- session (request ids): 1, 2, 3 ... per direction, see `following`
"""

from random import Random
from typing import Annotated

from msgspec import Meta

MAX_ID = 2**53

Id = Annotated[int, Meta(ge=1, le=MAX_ID)]


def random_id(random: Random) -> int:
    """Draw an id of global scope, uniformly from 1..2**53."""
    return random.getrandbits(53) + 1


def following(id: int) -> int:
    """The id of session scope after `id`: 1, 2, 3 ..., and after 2**53 again 1; begin with 0."""
    return id % MAX_ID + 1
