"""Who is here: rooms that sessions enter, and have left when they say so or their connection is gone.

    com.example.presence.enter(room, state)   -> [{"member", "state", "since"}, ...], all who are in the room now
    com.example.presence.update(room, state)
    com.example.presence.leave(room)
    com.example.presence.room.<room>             args ["enter", member], ["update", member] or ["leave", id]
    com.example.presence.again                   nobody is known here any more, so everybody enters again

A member is a session, and `state` what it says of itself: a name, a status. The router tells who is gone
(`wamp.session.on_leave`): at once when a tab closes, and when pings remain unanswered (`limits` in config.yaml) where
a cable was pulled. Callers must disclose themselves (`disclose_me`). The browser's side is web/js/presence.js.
"""

import json
from argparse import Namespace
from datetime import UTC, datetime
from typing import Any

from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import CallDetails, RegisterOptions

from clients.arguments import caller, component, invalid, plain, strict
from clients.command import main

URI = "com.example.presence"
MOST_ROOMS = 1000
MOST_MEMBERS = 200  # of one room: each who comes or goes is told to all of them
MOST_ROOMS_OF_ONE = 20
LARGEST_STATE = 2000  # characters, as JSON

Member = dict[str, Any]


class Presence:
    def __init__(self, reactor: Any, arguments: Namespace) -> None:
        self.rooms: dict[str, dict[int, Member]] = {}
        self.entered: dict[int, set[str]] = {}  # the rooms of each session

    async def serve(self, session: Any) -> None:
        """Who left while this worker was away is unknown, so it begins anew."""
        self.session = session
        self.rooms.clear()
        self.entered.clear()
        await session.subscribe(self.gone, "wamp.session.on_leave")
        for procedure in (self.enter, self.update, self.leave):
            options = RegisterOptions(details_arg="details")
            await session.register(strict(procedure), f"{URI}.{procedure.__name__}", options)
        session.publish(f"{URI}.again")

    def enter(self, room: Any, state: Any = None, *, details: CallDetails) -> list[Member]:
        """Who is there already has a new state, and is there for as long as before."""
        id, members = caller(details), self.rooms.get(component("room", room), {})
        rooms = self.entered.get(id, set())
        since = members[id]["since"] if id in members else datetime.now(UTC).isoformat(timespec="seconds")
        member = {"member": id, "state": bounded(state), "since": since}
        if id not in members and (len(members) >= MOST_MEMBERS or len(rooms) >= MOST_ROOMS_OF_ONE):
            raise ApplicationError(f"{URI}.error.full", f"{room} is full, or you are in too many rooms")
        if room not in self.rooms and len(self.rooms) >= MOST_ROOMS:
            raise ApplicationError(f"{URI}.error.full", "there are too many rooms")
        self.rooms.setdefault(room, members)[id] = member
        self.entered.setdefault(id, rooms).add(room)
        self.session.publish(f"{URI}.room.{room}", "enter", member)
        return list(members.values())

    def update(self, room: Any, state: Any, *, details: CallDetails) -> None:
        member = self.rooms.get(component("room", room), {}).get(caller(details))
        if member is None:
            raise ApplicationError(f"{URI}.error.not_entered", f"you are not in {room}")
        member["state"] = bounded(state)
        self.session.publish(f"{URI}.room.{room}", "update", member)

    def leave(self, room: Any, *, details: CallDetails) -> None:
        id = caller(details)
        if id in self.rooms.get(component("room", room), {}):
            self.forget(id, room)

    def gone(self, id: int, *_: Any, **__: Any) -> None:
        """The router says so of every session that leaves the realm."""
        for room in sorted(self.entered.get(id, ())):
            self.forget(id, room)

    def forget(self, id: int, room: str) -> None:
        del self.rooms[room][id]
        if not self.rooms[room]:
            del self.rooms[room]
        self.entered[id].remove(room)
        if not self.entered[id]:
            del self.entered[id]
        self.session.publish(f"{URI}.room.{room}", "leave", id)


def bounded(state: Any) -> Any:
    """The state, if it can be told to everybody: one that cannot would keep others out of the room, and it is small."""
    if plain(state) and len(json.dumps(state)) <= LARGEST_STATE:
        return state
    raise invalid(f"state must be at most {LARGEST_STATE} characters as JSON")


if __name__ == "__main__":
    main({"presence": Presence})
