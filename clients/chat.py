"""A chat: this worker looks at what is said, and publishes it; that it is remembered is up to the router.

    com.example.chat.send(room, id, person, name, text)  -> "sent", or "known" if that id was sent before
    com.example.chat.room.<room>        kwargs {"id", "person", "name", "text", "time", "session"}
    com.example.chat.typing.<room>      published by the pages themselves, and by design forgotten at once

`id` is the sender's, who sends again with the same one whenever no answer came: a connection that breaks leaves open
which of the two ways was cut. `time` and `session` are stamped here. What is published is in the router's event history
(`history` in config.yaml) before the caller has its answer, and that history is what this worker knows the ids from: so
nothing is lost or said twice, whoever is killed in between. Callers must disclose themselves (`disclose_me`).

Whoever may publish to the topic can say there what it likes. So in production only this worker's role may.
"""

from argparse import Namespace
from datetime import UTC, datetime
from typing import Any

from autobahn.wamp.types import CallDetails, CallOptions, PublishOptions, RegisterOptions
from twisted.internet.defer import Deferred, DeferredLock

from clients.arguments import caller, component, invalid, strict, text
from clients.command import main

URI = "com.example.chat"
LONGEST_ID, LONGEST_NAME, LONGEST_TEXT = 40, 40, 2000
REMEMBERED = 500  # ids of each room; nobody sends again what so many others came after
MOST_ROOMS = 1000  # whose ids are known; those of another are asked for again when somebody speaks there


class Room:
    def __init__(self) -> None:
        self.ids: dict[str, None] | None = None  # in order; None until the history was asked
        self.lock = DeferredLock()  # one message after the other: so nobody sends one twice, and the order stays


class Chat:
    def __init__(self, reactor: Any, arguments: Namespace) -> None:
        self.rooms: dict[str, Room] = {}  # the one where nobody spoke for the longest time first

    async def serve(self, session: Any) -> None:
        """What was published last before a router was killed may be in its history or not: so look there again."""
        self.session = session
        self.rooms.clear()
        await session.register(strict(self.send), f"{URI}.send", RegisterOptions(details_arg="details"))

    async def send(self, room: Any, id: Any, person: Any, name: Any, said: Any, *, details: CallDetails) -> str:
        message = {
            "id": text("id", id, LONGEST_ID),
            "person": text("person", person, LONGEST_ID),
            "name": text("name", name, LONGEST_NAME).strip(),
            "text": text("text", said, LONGEST_TEXT).strip(),
            "session": caller(details),
        }
        there = self.enter(component("room", room))
        return await there.lock.run(lambda: Deferred.fromCoroutine(self.publish(room, there, message)))

    def enter(self, name: str) -> Room:
        """The room; the one that is quiet for the longest time makes room for a new one."""
        room = self.rooms.pop(name, None)
        if room is None and len(self.rooms) >= MOST_ROOMS:
            quiet = next((other for other, there in self.rooms.items() if not there.lock.locked), None)
            if quiet is None:
                raise invalid("too much is being said in too many rooms")
            del self.rooms[quiet]
        room = self.rooms[name] = room or Room()
        return room

    async def publish(self, room: str, there: Room, message: dict[str, Any]) -> str:
        if there.ids is None:
            there.ids = await self.remembered(room)
        if message["id"] in there.ids:
            return "known"
        message["time"] = datetime.now(UTC).isoformat(timespec="milliseconds")
        try:
            await self.session.publish(f"{URI}.room.{room}", **message, options=PublishOptions(acknowledge=True))
        except Exception:  # also CancelledError, when the caller is gone: whether it came through the history will tell
            there.ids = None
            raise
        there.ids[message["id"]] = None
        if len(there.ids) > REMEMBERED:
            del there.ids[next(iter(there.ids))]
        return "sent"

    async def remembered(self, room: str) -> dict[str, None]:
        """The ids of what was said last in a room, the oldest first, from the history of all rooms."""
        all_rooms = await self.session.call("wamp.subscription.lookup", f"{URI}.room.", {"match": "prefix"})
        if all_rooms is None:  # nothing is configured to be remembered
            return {}
        of_room = {"topic": f"{URI}.room.{room}", "limit": REMEMBERED, "reverse": True}
        told = await self.session.call(
            "wamp.subscription.get_events", all_rooms, **of_room, options=CallOptions(details=True)
        )
        return {event["kwargs"]["id"]: None for event in reversed(told.results) if is_message(event)}


def is_message(event: dict[str, Any]) -> bool:
    """Whether an event of the history could be from here: where anybody may publish there may be anything."""
    return isinstance(event.get("kwargs"), dict) and isinstance(event["kwargs"].get("id"), str)


if __name__ == "__main__":
    main({"chat": Chat})
