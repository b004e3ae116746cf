"""The realm that a random walk goes through, and what must hold between its clients after every step.

Who gets which event, which registration gets a call, in which order, and that the realm holds neither more nor less
than its sessions do. What must hold for each session by itself is in `tests/realms/walkers.py`.
"""

from collections.abc import Callable, Iterable
from random import Random
from typing import Any, Final

from realms.policies import PauseLimits, Policies
from realms.roles import Role, Rule
from tests.realms.fakes import ANYONE, EVERYTHING, Scene
from tests.realms.walk_steps import PLACES, Step
from tests.realms.walkers import CODECS, ROLES, TINY, Called, Line, Walker, matches, preference

UNAVAILABLE: Final = "wamp.error.unavailable"
GUEST: Final = Role("guest", [Rule("prefix", "com.", EVERYTHING), Rule("prefix", "wamp.", EVERYTHING)])
BIG: Final = "x" * TINY
PAUSES: Final = PauseLimits(keep_for=8.0, paused=2, buffer=3000)


class World:
    """A realm, its walkers, and what they know together."""

    def __init__(self, seed: int) -> None:
        self.scene = Scene(roles=(ANYONE, GUEST), dice=Random(seed), policies=Policies(pauses=PAUSES))
        self.realm = self.scene.realms.by_name["realm1"]
        self.places: list[Walker | None] = [None] * PLACES
        self.offers: dict[str, Any] = {}  # the router's features
        self.procedures: dict[int, str] = {}  # by the number of the call
        self.effects: dict[int, Callable[[], None]] = {}  # of the meta procedures that are being called
        self.given_up: set[int] = set()  # calls that were answered with "unavailable", or that more than one gets
        self.forwarded: set[int] = set()  # calls whose callee keeps the time
        self.calling = 0  # the number of the call that is being made
        self.expected: dict[Walker, list[tuple[int, int]]] | None = None  # events of this step
        self.shards: set[int] = set()  # subscriptions of which one shard gets the publication
        self.refusals: set[tuple[int, int]] = set()  # (callee, call) of callees that said "unavailable"
        self.retained: dict[int, dict[str, Any]] = {}  # the options of publications, by number
        self.numbers = 0

    def number(self) -> int:
        """Counts walkers, publications, calls and chunks."""
        self.numbers += 1
        return self.numbers

    def perform(self, step: Step) -> None:
        """Take one step, and check everything."""
        self.calling, self.expected = 0, None
        self.shards.clear()
        for place, walker in enumerate(self.places):
            if walker is not None and walker.line.ending is not None:  # the connection is closed: now it is lost
                walker.line.session.detach()
                self.places[place] = None
                self._check()
            elif walker is not None and walker.parked is not None and walker.parked.is_full:
                self.scene.clock.advance(0)
                self._check()
                assert self.places[place] is None, "paused, and something is lost"
        name, *rest = step
        if name == "clock":
            self._clock(*rest)
        elif name == "join":
            self._join(*rest)
        else:
            walker = self.places[rest[0]]
            is_reachable = walker is not None and not walker.is_frozen and walker.parked is None
            if walker is not None and (is_reachable or name == ("drop" if walker.parked is None else "resume")):
                ACTS[name](self, walker, *rest[1:])
        self._check()

    def _check(self) -> None:
        self._notice_who_waited_in_vain()
        walkers = [walker for walker in self.places if walker is not None]
        for walker in walkers:
            walker.events.clear()
            walker.looks()
            ending = walker.line.ending
            assert ending is None or ending.code != 1011, "internal error"
        present = [walker for walker in walkers if walker.is_in]
        assert {walker.id for walker in present} == self.realm.sessions.keys(), "sessions: others than are present"
        paused = [walker for walker in present if walker.parked is not None]
        assert self.realm.parking.taken == len(paused), "room for others than are paused"
        if all(walker.line.ending is None for walker in present):
            self._check_counts(present)
        if self.expected is not None:
            self._check_events(present)

    def _notice_who_waited_in_vain(self) -> None:
        """A paused session is over: its time is, or somebody killed it, or it could not take what it was sent."""
        for place, walker in enumerate(self.places):
            if walker is None or walker.parked is None:
                continue
            is_late = walker.until <= self.scene.clock.seconds()
            if walker.id not in self.realm.sessions:
                was_killed = self.procedures.get(self.calling, "").startswith("wamp.session.kill")
                assert is_late or was_killed or walker.parked.is_full, "a paused session ended for no reason"
                self.places[place] = None
            else:
                assert not is_late, "a session is paused for too long"

    def _check_counts(self, present: Iterable[Walker]) -> None:
        subscriptions = {id for walker in present for id in walker.subscriptions}
        there = len(self.realm.broker)
        assert there == len(subscriptions), f"subscriptions: {there}, but sessions hold {len(subscriptions)}"
        registrations = {id for walker in present for id in walker.registrations}
        there = len(self.realm.dealer)
        assert there == len(registrations), f"registrations: {there}, but sessions hold {len(registrations)}"

    def _check_events(self, present: Iterable[Walker]) -> None:
        assert self.expected is not None
        sharded: dict[int, set[str]] = {id: set() for id in self.shards}
        for walker in present:
            if walker.parked is not None and walker.parked.is_full:
                continue
            got = sorted(walker.events)
            for id, _ in got:
                if id in sharded and "nkey" in walker.subscriptions[id][2]:
                    sharded[id].add(walker.subscriptions[id][2]["nkey"])
            due = sorted(self.expected.get(walker, ()))
            if self.shards:
                got = [event for event in got if event[0] not in self.shards]
                due = [event for event in due if event[0] not in self.shards]
            assert got == due, f"events: {got}, but {due} were due to {walker.number}"
        assert all(len(shards) <= 1 for shards in sharded.values()), f"events: more than one shard got it: {sharded}"

    # --- what the walkers ask ---

    def conflicts(self, walker: Walker, match: str, uri: str, options: dict[str, Any]) -> bool:
        """Whether a registration is in the way of another."""
        kept = [
            (holder, kept) for holder in self.places if holder is not None and holder.is_in
            for kept in holder.registrations.values() if (match, uri) == kept[:2]
        ]  # fmt: skip
        if any(holder is walker for holder, _ in kept):
            return True
        if options.get("force_reregister"):
            return any(holder.authrole != walker.authrole for holder, _ in kept)
        return any(options["invoke"] == "single" or other["invoke"] != options["invoke"] for _, (_, _, other) in kept)

    def took_over(self, match: str, uri: str) -> None:
        """A registration took the place of what was there; those who announced it are told, the others find out."""
        for walker in self.places:
            for id, kept in list(walker.registrations.items()) if walker is not None else ():
                if (match, uri) == kept[:2]:
                    del walker.registrations[id]

    def invoked(self, callee: Walker, caller: int, number: int, registration: int) -> None:
        """A call arrives at a callee: the best registration, in the order of the calls."""
        match, uri, _ = callee.registrations[registration]
        if number == self.calling:
            best = max(
                preference(*kept[:2])
                for walker in self.places if walker is not None and walker.is_in
                for kept in walker.registrations.values() if matches(*kept[:2], self.procedures[number])
            )  # fmt: skip
            assert preference(match, uri) == best, f"call went to {match} {uri}, which is not the best"
        assert (callee.number, number) not in self.refusals, f"call {number} went twice to an unavailable callee"
        if number not in self.given_up:
            before = callee.last_invoked.get((caller, registration), 0)
            assert number > before, f"invocation out of order: call {number} after {before}"
            callee.last_invoked[caller, registration] = number

    def may_have(self, walker: Walker, number: int) -> bool:
        """Whether the lists of a publication that is retained let a subscriber have it."""
        return is_eligible(walker, self.retained[number])

    def call_ended(self, called: Called, message: list[Any]) -> None:
        """A call was answered."""
        effect = self.effects.pop(called.number, None)
        if effect is not None and message[0] == 50:
            effect()

    def told_to_leave(self, walker: Walker) -> None:
        """The router said GOODBYE: only if somebody asked for that."""
        assert self.procedures.get(self.calling, "").startswith("wamp.session.kill"), "killed by nobody"

    def _clock(self, seconds: float) -> None:
        self.scene.clock.advance(seconds)
        self._notice_who_waited_in_vain()
        for walker in self.places:
            if walker is not None and walker.is_in and not (walker.parked is not None and walker.parked.is_full):
                walker.looks()
                late = [
                    called.options for called in walker.calls.values()
                    if 0 < called.options.get("timeout", 0) < seconds * 1000 and called.number not in self.forwarded
                ]  # fmt: skip
                assert not late, f"timeout not kept: {late}"

    # --- sessions ---

    def _join(self, place: int, codec: str, roles: str, authrole: str, is_tiny: bool, is_resumable: bool) -> None:
        walker = self.places[place]
        if walker is not None and walker.is_frozen:  # it was half-open, and keepalive has noticed by now
            self._drop(walker)
        if self.places[place] is not None:
            return
        line = Line(self.scene.realms, CODECS[codec], TINY if is_tiny else 2**24)
        walker = Walker(self, self.number(), line, CODECS[codec], roles, authrole)
        self.places[place] = walker
        details = {"roles": ROLES[roles], "authmethods": ["trusting"], "authid": walker.authid, "authrole": authrole}
        if is_resumable:
            details["resumable"] = True
        walker.sends(1, "realm1", details)

    def _goodbye(self, walker: Walker) -> None:
        walker.said_goodbye = True
        walker.sends(6, {}, "wamp.close.normal")
        if not walker.is_leaving:
            walker.looks()
            assert not walker.is_in, "goodbye not answered"
            assert walker.line.session.state.value == "closed", "no new session after goodbye"
        self._drop(walker)

    def _abort(self, walker: Walker) -> None:
        walker.sends(3, {}, "wamp.error.some")
        assert walker.line.ending is not None, "abort is not the end"
        self._drop(walker)

    def _drop(self, walker: Walker) -> None:
        frames = len(walker.line.frames)
        is_resumable = walker.is_in and walker.ticket and walker.line.ending is None
        has_room = self.realm.parking.taken < PAUSES.paused
        walker.line.session.detach()
        assert len(walker.line.frames) == frames, f"sent to a session that is gone: {walker.line.frames[frames:]}"
        if is_resumable and has_room:
            walker.is_paused(self.scene.clock.seconds() + PAUSES.keep_for)
        else:
            self.places[self.places.index(walker)] = None

    def _resume(self, walker: Walker) -> None:
        if walker.is_in and walker.ticket:
            walker.resumes(Line(self.scene.realms, walker.codec, walker.line.max_outgoing))

    def _freeze(self, walker: Walker) -> None:
        walker.is_frozen = True

    def _violate(self, walker: Walker, message: list[Any]) -> None:
        if walker.is_leaving:
            return
        walker.may_be_aborted = True
        walker.sends(*message)
        walker.owed.clear()
        walker.looks()
        assert not walker.is_in, f"violation without ABORT: {message}"
        assert walker.line.ending is not None, f"violation is not the end: {message}"

    def _slow(self, walker: Walker, policy: str | None) -> None:
        walker.line.slow = policy

    # --- publish and subscribe ---

    def _subscribe(self, walker: Walker, uri: str, options: dict[str, Any]) -> None:
        walker.requests(32, options, uri, about=(options["match"], uri, options))

    def _unsubscribe(self, walker: Walker, nth: int) -> None:
        id = _nth(list(walker.subscriptions), nth)
        walker.requests(34, 2**53 if id is None else id, about=id)

    def _publish(self, walker: Walker, topic: str, options: dict[str, Any], is_big: bool) -> None:
        options = dict(options)
        for name in ("exclude", "eligible"):
            if name in options:
                options[name] = [self._session(place) for place in options[name]]
        number = self.number()
        if options.get("retain"):
            self.retained[number] = options
        self._expect(walker, topic, options, is_big, number)
        request, args = walker.last_request + 1, [["e", walker.number, number], BIG if is_big else ""]
        if options.get("acknowledge"):
            walker.requests(16, options, topic, args)
        else:
            walker.last_request = request
            walker.sends(16, request, options, topic, args)

    def _expect(self, publisher: Walker, topic: str, options: dict[str, Any], is_big: bool, number: int) -> None:
        """Work out who is to get an event."""
        self.expected = {}
        if publisher.is_leaving or (publisher.authrole == "guest" and not topic.startswith("com.")):
            return
        for walker in self.places:
            if walker is None or not walker.is_in or walker.line.slow or (is_big and walker.line.max_outgoing == TINY):
                continue
            if (walker is publisher and options.get("exclude_me", True)) or not is_eligible(walker, options):
                continue
            self.expected[walker] = [
                (id, number) for id, (match, uri, _) in walker.subscriptions.items() if matches(match, uri, topic)
            ]
        if "rkey" in options and "sharded_subscriptions" in self.offers:
            self.shards |= {
                id for walker in self.places if walker is not None and walker.is_in
                for id, kept in walker.subscriptions.items() if "nkey" in kept[2]
            }  # fmt: skip

    # --- calls ---

    def _register(self, walker: Walker, uri: str, options: dict[str, Any]) -> None:
        walker.requests(64, options, uri, about=(options["match"], uri, options))

    def _unregister(self, walker: Walker, nth: int) -> None:
        id = _nth(list(walker.registrations), nth)
        walker.requests(66, 2**53 if id is None else id, about=id)

    def _call(self, walker: Walker, procedure: str, options: dict[str, Any], is_big: bool) -> None:
        options = dict(options)
        if "progressive_call_invocations" not in self.offers or walker.roles == "plain" or "runmode" in options:
            options.pop("progress", None)
        self._make_call(walker, procedure, options, [BIG if is_big else ""], {})

    def _make_call(
        self, walker: Walker, procedure: str, options: dict[str, Any], args: list[Any], kwargs: dict[str, Any]
    ) -> None:
        if walker.is_leaving:
            walker.sends(48, walker.last_request + 1, options, procedure)
            return
        number = self.calling = self.number()
        self.procedures[number] = procedure
        if "runon" in options or "runmode" in options:
            self.given_up.add(number)
        walker.last_request += 1
        walker.calls[walker.last_request] = Called(number, procedure, options)
        walker.made.append(walker.last_request)
        if not procedure.startswith("wamp."):
            args = [["c", walker.number, number, number], *args]
        payload = [args, kwargs] if kwargs else [args] if args else []
        walker.sends(48, walker.last_request, options, procedure, *payload)

    def _more(self, walker: Walker, nth: int, is_last: bool) -> None:
        streams = {request: called for request, called in walker.calls.items() if called.more} | walker.cut_short
        request = _nth(list(streams), nth)
        if request is None:
            return
        called = streams[request]
        called.more = not is_last
        args = [["c", walker.number, called.number, self.number()]]
        walker.sends(48, request, {"progress": not is_last}, called.procedure, args)

    def _cancel(self, walker: Walker, nth: int, options: dict[str, Any]) -> None:
        request = _nth(walker.made[::-1], nth)
        if request is None:
            return
        walker.sends(49, request, options)
        if options.get("mode") != "kill" and not walker.is_leaving:
            walker.looks()
            assert request not in walker.calls, f"cancel not answered: {options}"

    def _answer(self, walker: Walker, nth: int, is_progress: bool) -> None:
        id = _nth(list(walker.invocations), nth)
        if id is None:
            return
        known = walker.invocations[id]
        if not is_progress:
            del walker.invocations[id]
            walker.answered.append(id)
        walker.sends(70, id, {"progress": is_progress}, [["r", walker.number, known.call, self.number()]])

    def _fail(self, walker: Walker, nth: int, uri: str) -> None:
        id = _nth(list(walker.invocations), nth)
        if id is None:
            return
        known = walker.invocations.pop(id)
        walker.answered.append(id)
        self.given_up.add(known.call)
        if uri == UNAVAILABLE:
            self.refusals.add((walker.number, known.call))
        walker.sends(8, 68, id, {}, uri, ["failed"])

    def _late(self, walker: Walker, nth: int, how: str) -> None:
        id = _nth(walker.answered[::-1], nth)
        if id is None:
            return
        if how == "fail":
            walker.sends(8, 68, id, {}, "com.error")
        else:
            walker.sends(70, id, {"progress": how == "progress"}, ["late"])

    # --- the meta API ---

    def _meta(self, walker: Walker, procedure: str, args: list[Any], kwargs: dict[str, Any]) -> None:
        if "session_meta_api" not in self.offers:
            return
        args = [self._resolved(arg) for arg in args]
        if procedure.endswith((".remove_subscriber", ".remove_callee")) and not walker.is_leaving:
            id, session = args
            self.effects[self.numbers + 1] = lambda: self._revoked(id, session)
        self._make_call(walker, procedure, {}, args, kwargs)

    def _revoked(self, id: int, session: int) -> None:
        for walker in self.places:
            if walker is not None and walker.id == session:
                walker.subscriptions.pop(id, None)
                walker.registrations.pop(id, None)

    def _resolved(self, arg: Any) -> Any:
        if not isinstance(arg, tuple):
            return arg
        what, place, *nth = arg
        if what == "session":
            return self._session(place)
        walker = self.places[place]
        held = [] if walker is None else walker.subscriptions if what == "subscription" else walker.registrations
        id = _nth(list(held), *nth)
        return 1 if id is None else id

    def _session(self, place: int) -> int:
        walker = self.places[place]
        return 1 if walker is None else walker.id

    # --- the end ---

    def settle(self) -> None:
        """Everybody answers what it owes, a long time passes: no call may be open. Then all leave: nothing is left."""
        for place in range(PLACES):
            walker = self.places[place]
            if walker is not None and (walker.is_frozen or walker.line.slow or walker.is_leaving):
                self.perform(("drop", place))
            self.perform(("resume", place))
        while any(walker is not None and walker.invocations for walker in self.places):
            for place in range(PLACES):
                self.perform(("answer", place, 0, False))
        self.perform(("clock", 10.0**6))
        for walker in self.places:
            assert walker is None or not walker.calls, (
                f"call never answered: {next(iter(walker.calls.values())).options}"
            )
        for place in range(PLACES):
            self.perform((("goodbye", "abort", "drop")[place % 3], place))
        self.perform(("clock", PAUSES.keep_for))
        assert not self.scene.clock.getDelayedCalls(), f"timers left: {self.scene.clock.getDelayedCalls()}"


ACTS: Final[dict[str, Callable[..., None]]] = {
    "goodbye": World._goodbye, "abort": World._abort, "drop": World._drop, "resume": World._resume,
    "freeze": World._freeze, "violate": World._violate, "slow": World._slow, "subscribe": World._subscribe,
    "unsubscribe": World._unsubscribe, "publish": World._publish, "register": World._register,
    "unregister": World._unregister, "call": World._call, "more": World._more, "cancel": World._cancel,
    "answer": World._answer, "fail": World._fail, "late": World._late, "meta": World._meta,
}  # fmt: skip


def _nth(ids: list[int], nth: int) -> int | None:
    return ids[nth % len(ids)] if ids else None


def is_eligible(walker: Walker, options: dict[str, Any]) -> bool:
    """Whether the lists of a publication let a subscriber have it."""
    for name, own in (("", walker.id), ("_authid", walker.authid), ("_authrole", walker.authrole)):
        if own in options.get(f"exclude{name}", ()) or own not in options.get(f"eligible{name}", (own,)):
            return False
    return True
