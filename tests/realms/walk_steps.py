"""What may happen in a random walk: every step is a tuple of plain values, so a walk can be kept, cut and replayed.

A step names its walker by a place (0 .. PLACES-1) and everything else by number: "the second of your subscriptions".
What is not there makes the step do nothing, hence any part of a walk is a walk as well.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final

Step = tuple[Any, ...]

PLACES: Final = 7
URIS: Final = ("com.a", "com.a", "com.b", "com.a.b", "com.c.b", "org.a")
PATTERNS: Final = (
    ("com.a", "exact"), ("com.a", "exact"), ("com.b", "exact"), ("com.a.b", "exact"), ("org.a", "exact"),
    ("com.", "prefix"), ("com.a", "prefix"), ("", "prefix"),
    ("com.", "wildcard"), (".a", "wildcard"), ("com..b", "wildcard"), ("..", "wildcard"), (".a.b", "wildcard"),
)  # fmt: skip
WATCHED: Final = (
    ("wamp.", "prefix"), ("wamp.session.on_join", "exact"), ("wamp.session.on_leave", "exact"),
    ("wamp.subscription.", "prefix"), ("wamp.registration..", "wildcard"),
)  # fmt: skip
POLICIES: Final = ("single", *["roundrobin"] * 4, "random", "first", "last")
MODES: Final = ("skip", "kill", "killnowait")
NOTHING_OF_THE_KIND: Final[tuple[list[Any], ...]] = (
    [1, "realm1", {"roles": {"caller": {}}}], [2, 1, {}], [5, "signature", {}], [8, 48, 1, {}, "com.error"],
    [16, 2**40, {}, "com.a"], [48, 1, {"timeout": -1}, "com.a"], [70, 2**40, {}], [8, 68, 2**40, {}, "com.error"],
    [32, 1, {"match": "regex"}, "com.a"], [36, 1, 1, {}], [49, 1, {"mode": "softly"}], [48], [], [255],
)  # fmt: skip
"""Messages that end a session, whatever its state."""


class Steps:
    """An endless random walk, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._dice = Random(seed)
        self._kinds = list(WEIGHTS)
        total, self._weights = 0, []
        for weight in WEIGHTS.values():
            total += weight
            self._weights.append(total)

    def __iter__(self) -> Iterator[Step]:
        dice = self._dice
        for place in range(PLACES):
            yield self.join(place)
        while True:
            (kind,) = dice.choices(self._kinds, cum_weights=self._weights)
            yield kind(self, int(dice.random() * PLACES))

    def _maybe(self, chance: float) -> bool:
        return self._dice.random() < chance

    def _options(self, *chances: tuple[str, float, Callable[[Random], Any]]) -> dict[str, Any]:
        return {name: value(self._dice) for name, chance, value in chances if self._dice.random() < chance}

    def _nth(self) -> int:
        return self._dice.randrange(12)

    # --- sessions ---

    def join(self, place: int) -> Step:
        dice = self._dice
        codec = dice.choice(("json", "json", "msgpack", "cbor"))
        roles = dice.choice(("capable", "capable", "plain"))
        authrole, is_tiny, is_resumable = "guest" if self._maybe(0.2) else "anyone", self._maybe(0.1), self._maybe(0.4)
        return ("join", place, codec, roles, authrole, is_tiny, is_resumable)

    def goodbye(self, place: int) -> Step:
        return ("goodbye", place)

    def abort(self, place: int) -> Step:
        return ("abort", place)

    def drop(self, place: int) -> Step:
        return ("drop", place)

    def resume(self, place: int) -> Step:
        return ("resume", place)

    def freeze(self, place: int) -> Step:
        return ("freeze", place)

    def violate(self, place: int) -> Step:
        return ("violate", place, self._dice.choice(NOTHING_OF_THE_KIND))

    def slow(self, place: int) -> Step:
        return ("slow", place, self._dice.choice((None, None, "drop", "cut")))

    def clock(self, place: int) -> Step:
        return ("clock", self._dice.choice((0.01, 0.1, 0.4, 1.0, 6.0)))

    # --- publish and subscribe ---

    def subscribe(self, place: int) -> Step:
        uri, match = self._dice.choice(WATCHED if self._maybe(0.1) else PATTERNS)
        options = self._options(
            ("get_retained", 0.3, _true), ("nkey", 0.3, lambda dice: dice.choice(("n1", "n2", "n3")))
        )
        return ("subscribe", place, uri, {"match": match, **options})

    def unsubscribe(self, place: int) -> Step:
        return ("unsubscribe", place, self._nth())

    def publish(self, place: int) -> Step:
        options = self._options(
            ("acknowledge", 0.4, _true), ("exclude_me", 0.4, _false), ("retain", 0.1, _true),
            ("disclose_me", 0.1, _true), ("rkey", 0.15, lambda dice: dice.choice(("r1", "r2"))),
        )  # fmt: skip
        if self._maybe(0.2):
            options |= self._options(
                ("exclude", 0.3, _places), ("eligible", 0.3, _places),
                ("exclude_authid", 0.2, _authids), ("eligible_authid", 0.2, _authids),
                ("exclude_authrole", 0.2, _authroles), ("eligible_authrole", 0.2, _authroles),
            )  # fmt: skip
        return ("publish", place, self._dice.choice(URIS), options, self._maybe(0.03))

    # --- calls ---

    def register(self, place: int) -> Step:
        uri, match = self._dice.choice(PATTERNS)
        options = self._options(
            ("disclose_caller", 0.1, _true), ("forward_timeout", 0.1, _true), ("force_reregister", 0.05, _true),
            ("concurrency", 0.2, lambda dice: dice.randint(1, 2)), ("nkey", 0.1, lambda dice: f"n{dice.randint(1, 3)}"),
        )  # fmt: skip
        return ("register", place, uri, {"match": match, "invoke": self._dice.choice(POLICIES), **options})

    def unregister(self, place: int) -> Step:
        return ("unregister", place, self._nth())

    def call(self, place: int) -> Step:
        options = self._options(
            ("timeout", 0.3, lambda dice: dice.choice((0, 50, 500, 5000))), ("receive_progress", 0.4, _true),
            ("progress", 0.15, _true), ("disclose_me", 0.1, _true),
        )  # fmt: skip
        if self._maybe(0.1):
            options |= {"runon": self._dice.choice(("all", "any", "partition")), "rkey": "r1"}
            options |= self._options(("runmode", 0.5, lambda dice: dice.choice(("gather", "progressive"))))
        elif self._maybe(0.03):
            options |= {"runmode": "partition", **self._options(("rkey", 0.9, lambda dice: f"r{dice.randint(1, 9)}"))}
        return ("call", place, self._dice.choice(URIS), options, self._maybe(0.03))

    def more(self, place: int) -> Step:
        return ("more", place, self._nth(), self._maybe(0.3))

    def cancel(self, place: int) -> Step:
        return ("cancel", place, self._dice.randrange(4), self._options(("mode", 0.9, lambda dice: dice.choice(MODES))))

    def answer(self, place: int) -> Step:
        return ("answer", place, self._nth(), self._maybe(0.4))

    def fail(self, place: int) -> Step:
        uri = self._dice.choice(("com.error", "wamp.error.unavailable", "wamp.error.unavailable", "no uri at all"))
        return ("fail", place, self._nth(), uri)

    def late(self, place: int) -> Step:
        return ("late", place, self._nth(), self._dice.choice(("answer", "progress", "fail")))

    # --- the meta API ---

    def meta(self, place: int) -> Step:
        dice = self._dice
        session, other = ("session", dice.randrange(PLACES)), dice.randrange(PLACES)
        subscription, registration = ("subscription", other, self._nth()), ("registration", other, self._nth())
        uri, match = dice.choice(PATTERNS)
        args: list[Any]
        what, args, kwargs = dice.choice((
            ("session.count", [], {}), ("session.list", [["anyone"]], {}), ("session.get", [session], {}),
            ("session.add_testament", [dice.choice(URIS), ["testament"], {}], {}),
            ("session.add_testament", [dice.choice(URIS), ["testament"], {}],
             {"scope": "detached", "publish_options": {"exclude_authid": ["user1"]}}),
            ("session.flush_testaments", [], {}), ("session.kill", [session], {"reason": "com.enough"}),
            ("session.kill", [session], {"message": "out"}), ("session.kill", ["somebody"], {}),
            ("session.kill_by_authid", [f"user{dice.randrange(3)}"], {}) if self._maybe(0.3) else ("nothing", [], {}),
            ("session.kill_by_authrole", ["guest"], {}), ("subscription.list", [], {}),
            ("session.kill_all", [], {}) if self._maybe(0.1) else ("registration.list", [], {}),
            ("subscription.lookup", [uri, {"match": match}], {}), ("subscription.match", ["com.a"], {}),
            ("subscription.get", [subscription], {}), ("subscription.list_subscribers", [subscription], {}),
            ("subscription.count_subscribers", [subscription], {}), ("subscription.get_events", [subscription], {}),
            ("subscription.remove_subscriber", [subscription, ("session", other)], {"reason": "com.enough"}),
            ("registration.lookup", [uri, {"match": match}], {}), ("registration.match", ["com.a"], {}),
            ("registration.get", [registration], {}), ("registration.list_callees", [registration], {}),
            ("registration.count_callees", [registration], {}),
            ("registration.remove_callee", [registration, ("session", other)], {"reason": "com.enough"}),
        ))  # fmt: skip
        return ("meta", place, f"wamp.{what}", args, kwargs)


def _true(dice: Random) -> bool:
    return True


def _false(dice: Random) -> bool:
    return False


def _places(dice: Random) -> list[int]:
    return dice.sample(range(PLACES), dice.randint(0, 4))


def _authids(dice: Random) -> list[str]:
    return dice.sample(["user0", "user1", "user2", "nobody"], dice.randint(0, 3))


def _authroles(dice: Random) -> list[str]:
    return dice.sample(["anyone", "guest", "nobody"], dice.randint(0, 2))


WEIGHTS: Final[dict[Callable[[Steps, int], Step], int]] = {
    Steps.join: 100, Steps.goodbye: 4, Steps.abort: 3, Steps.drop: 14, Steps.resume: 20, Steps.freeze: 3,
    Steps.violate: 3, Steps.slow: 8, Steps.clock: 20, Steps.subscribe: 60, Steps.unsubscribe: 20, Steps.publish: 130,
    Steps.register: 100, Steps.unregister: 15, Steps.call: 200, Steps.more: 40, Steps.cancel: 40, Steps.answer: 170,
    Steps.fail: 40, Steps.late: 20, Steps.meta: 50,
}  # fmt: skip
