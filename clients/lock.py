"""An editing lock: of all who read a document one may write, until they are done, gone, or silent for too long.

    com.example.lock.get(document)                                -> state
    com.example.lock.acquire(document, name, token=None, take_over=False) -> {"token", "lease", "state"}
    com.example.lock.renew(document, token), .release(document, token)
    com.example.lock.save(document, token, text)                  -> version
    com.example.lock.document.<document>    kwargs: state, whenever it changes
    com.example.lock.again                  this worker was away, or is another one: ask for the state

    state  {"text", "version", "saved": {"name", "time"} or null, "holder": {"session", "name", "since"} or null}

The lock is a lease: it ends `lease` seconds after it was acquired or renewed, or when its holder's session leaves the
realm, or when somebody takes it over. Each time it is acquired the holder gets a token that is larger than all before.
So who lost the lock and does not know it yet cannot save any more: com.example.lock.error.lost. With its last token a
holder that had to reconnect goes on. Callers must disclose themselves (`disclose_me`). Texts are kept in memory.
"""

from argparse import Namespace
from datetime import UTC, datetime
from itertools import count
from typing import Any

from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import CallDetails, RegisterOptions

from clients.arguments import caller, component, invalid, strict, text
from clients.command import main

URI = "com.example.lock"
LEASE = 15.0  # seconds; pages renew it three times as often
MOST_DOCUMENTS, LONGEST_TEXT, LONGEST_NAME = 100, 20_000, 40


class Document:
    def __init__(self) -> None:
        self.text = ""
        self.version = 0
        self.saved: dict[str, str] | None = None
        self.holder: dict[str, Any] | None = None
        self.token = 0  # of the holder, or of the last one
        self.end: Any = None  # of the lease: a timer

    def state(self) -> dict[str, Any]:
        return {"text": self.text, "version": self.version, "saved": self.saved, "holder": self.holder}


class Lock:
    def __init__(self, reactor: Any, arguments: Namespace) -> None:
        self.reactor = reactor
        self.documents: dict[str, Document] = {}
        self.tokens = count(int(reactor.seconds() * 1000) + 1)  # beyond those that were given before a restart

    async def serve(self, session: Any) -> None:
        """Who lost the connection along with this worker has the rest of its lease to come back."""
        self.session = session
        await session.subscribe(self.gone, "wamp.session.on_leave")
        for procedure in (self.get, self.acquire, self.renew, self.save, self.release):
            options = RegisterOptions(details_arg="details")
            await session.register(strict(procedure), f"{URI}.{procedure.__name__}", options)
        session.publish(f"{URI}.again")

    def get(self, document: Any, *, details: CallDetails) -> dict[str, Any]:
        known = self.documents.get(component("document", document))
        return (known or Document()).state()

    def acquire(
        self, document: Any, name: Any, token: Any = None, take_over: Any = False, *, details: CallDetails
    ) -> dict[str, Any]:
        one, name = self.document(document), text("name", name, LONGEST_NAME).strip()
        if one.holder and token != one.token and take_over is not True:
            raise ApplicationError(f"{URI}.error.held", one.holder["name"])
        one.holder = {"session": caller(details), "name": name, "since": now()}
        one.token = next(self.tokens)
        self.lease(document, one)
        self.tell(document, one)
        return {"token": one.token, "lease": LEASE, "state": one.state()}

    def renew(self, document: Any, token: Any, *, details: CallDetails) -> None:
        self.lease(document, self.held(document, token, details))

    def save(self, document: Any, token: Any, text_: Any, *, details: CallDetails) -> int:
        one = self.held(document, token, details)
        one.text = text("text", text_, LONGEST_TEXT, empty=True)
        one.version += 1
        one.saved = {"name": one.holder["name"], "time": now()}
        self.lease(document, one)
        self.tell(document, one)
        return one.version

    def release(self, document: Any, token: Any, *, details: CallDetails) -> None:
        self.free(document, self.held(document, token, details))

    def gone(self, session: int, *_: Any, **__: Any) -> None:
        """The router says so of every session that leaves the realm."""
        for name, one in self.documents.items():
            if one.holder and one.holder["session"] == session:
                self.free(name, one)

    def document(self, name: Any) -> Document:
        """The document, or a new one; those that nobody has written or is writing make room."""
        if component("document", name) not in self.documents and len(self.documents) >= MOST_DOCUMENTS:
            self.documents = {name: one for name, one in self.documents.items() if one.version or one.holder}
            if len(self.documents) >= MOST_DOCUMENTS:
                raise invalid(f"there are {MOST_DOCUMENTS} documents, and no room for another")
        return self.documents.setdefault(name, Document())

    def held(self, name: Any, token: Any, details: CallDetails) -> Document:
        """The document, if it is the caller who may write it now."""
        one = self.documents.get(component("document", name))
        if one is None or one.holder is None or one.token != token or one.holder["session"] != caller(details):
            raise ApplicationError(f"{URI}.error.lost", "the lock is not yours any more")
        return one

    def lease(self, name: str, one: Document) -> None:
        """From now on, for as long as a lease is."""
        if one.end is not None:
            one.end.cancel()
        one.end = self.reactor.callLater(LEASE, self.ended, name, one)

    def ended(self, name: str, one: Document) -> None:
        one.end = None
        self.free(name, one)

    def free(self, name: str, one: Document) -> None:
        if one.end is not None:
            one.end.cancel()
        one.end = one.holder = None
        self.tell(name, one)

    def tell(self, name: str, one: Document) -> None:
        if self.session.is_attached():  # or else it is told with `again`, or when it is asked for
            self.session.publish(f"{URI}.document.{name}", **one.state())


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


if __name__ == "__main__":
    main({"lock": Lock})
