"""autobahn-python, on Twisted or asyncio: `autobahn_python.py CONFIG...`, each the JSON of one way to go.

It prints what it saw, one JSON object a line. The scenario and what must be seen is in `scenario.py`.
"""

import asyncio
import importlib
import json
import sys
from typing import Any

import txaio
from autobahn.wamp import message
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import CallOptions, CallResult, PublishOptions, RegisterOptions, SubscribeOptions

PATIENCE = 5.0
"""Seconds to wait for what must come."""


def saw(what: str, value: Any) -> None:
    sys.stdout.write(json.dumps({"saw": what, "value": value}) + "\n")
    sys.stdout.flush()


class Awaited:
    """Something that must happen: `await it` gives what `it(value)` was called with."""

    def __init__(self, what: str) -> None:
        self.future = txaio.create_future()
        self.alarm = txaio.call_later(PATIENCE, self.fail, TimeoutError(what))

    def __call__(self, *value: Any) -> None:
        if not txaio.is_called(self.future):
            self.alarm.cancel()
            txaio.resolve(self.future, value)

    def fail(self, error: Exception) -> None:
        if not txaio.is_called(self.future):
            txaio.reject(self.future, error)

    def __await__(self) -> Any:
        return self.future.__await__()


class Client:
    def __init__(self, config: dict[str, Any], loop: Any) -> None:
        self.config = config
        self.loop = loop
        self.components: list[Any] = []

    def component(self, **settings: Any) -> Any:
        module = importlib.import_module(f"autobahn.{self.config['framework']}.component")
        transport: dict[str, Any] = {"url": self.config["url"], "initial_retry_delay": 0.2, "max_retry_delay": 0.5}
        if self.config["transport"] == "rawsocket":
            transport |= {"type": "rawsocket", "serializer": self.config["serializer"]}
        else:
            transport |= {"type": "websocket", "serializers": [self.config["serializer"]]}
        if "ticket" in settings:
            ticket = {"authid": self.config["authid"], "ticket": settings.pop("ticket")}
            settings["authentication"] = {"ticket": ticket}
        self.components.append(module.Component(transports=[transport], realm=self.config["realm"], **settings))
        return self.components[-1]

    async def join(self, **settings: Any) -> tuple[Any, Any]:
        component = self.component(is_fatal=lambda _: True, **settings)
        joined = Awaited("WELCOME")
        component.on_join(joined)
        component.on_connectfailure(lambda _, error: joined.fail(error))
        txaio.add_callbacks(component.start(self.loop), None, lambda _: None)
        return await joined

    # --- the scenario ---

    async def converse(self) -> None:
        one, details = await self.join()
        saw("welcome", details.authrole)
        other, _ = await self.join()
        await self.calls(one, other)
        await self.cancellations(one, other)
        await self.shared(one, other)
        await self.events(one, other)
        await self.publications(one, other)
        left = Awaited("GOODBYE")
        one.on("leave", lambda _, details: left(details.reason))
        one.leave()
        saw("goodbye", (await left)[0])

    async def calls(self, one: Any, other: Any) -> None:
        prefix = self.config["prefix"]

        def answer(*args: Any, **kwargs: Any) -> CallResult:
            return CallResult(*args, **kwargs)

        def fail() -> None:
            raise ApplicationError("com.example.error.broken", "why", how="badly")

        def count(to: int, details: Any) -> str:
            for number in range(to):
                details.progress(number)
            return "done"

        await other.register(answer, f"{prefix}.answer")
        await other.register(fail, f"{prefix}.fail")
        await other.register(count, f"{prefix}.count", RegisterOptions(details_arg="details"))
        result = await one.call(f"{prefix}.answer", 1, "zwei", "три", four=4.5, none=None)
        saw("call", [list(result.results), result.kwresults])
        saw("call without arguments", await one.call(f"{prefix}.answer"))
        result = await one.call(f"{prefix}.answer", b"\x00\x01\xfe\xff")
        saw("binary", [isinstance(result, bytes), result.hex()])
        many = [one.call(f"{prefix}.answer", number, "x" * (number % 5 * 5000)) for number in range(50)]
        saw("many calls at once", [(await call).results[0] for call in many] == list(range(50)))
        try:
            await one.call(f"{prefix}.fail")
        except ApplicationError as error:
            saw("error", [error.error, list(error.args), error.kwargs])
        try:
            await one.call(f"{prefix}.nothing")
        except ApplicationError as error:
            saw("no such procedure", error.error)
        progress: list[int] = []
        result = await one.call(f"{prefix}.count", 3, options=CallOptions(on_progress=progress.append))
        saw("progressive results", [progress, result])

    async def cancellations(self, one: Any, other: Any) -> None:
        prefix = self.config["prefix"]
        interrupted: list[Any] = []
        invoked: list[Any] = []

        def sleep() -> Any:
            invoked.pop()()
            return txaio.create_future(canceller=lambda _: interrupted.pop()())

        await other.register(sleep, f"{prefix}.sleep")
        for mode in "kill", "killnowait":
            invoked.append(invocation := Awaited("INVOCATION"))
            interrupted.append(interruption := Awaited("INTERRUPT"))
            call = one.call(f"{prefix}.sleep")
            await invocation
            # autobahn-python has no way to say the mode
            one._transport.send(message.Cancel(max(one._call_reqs), mode=mode))
            try:
                await call
            except ApplicationError as error:
                saw(f"cancel, {mode}", error.error)
            await interruption
            saw(f"interrupted by {mode}", True)
        invoked.append(Awaited("INVOCATION"))
        interrupted.append(Awaited("INTERRUPT"))
        try:
            await one.call(f"{prefix}.sleep", options=CallOptions(timeout=100))  # milliseconds, as the spec has it
        except ApplicationError as error:
            saw("timeout", error.error)

    async def shared(self, one: Any, other: Any) -> None:
        procedure = f"{self.config['prefix']}.shared"
        await one.register(lambda: "one", procedure, RegisterOptions(invoke="roundrobin"))
        await other.register(lambda: "other", procedure, RegisterOptions(invoke="roundrobin"))
        saw("shared registration", [await one.call(procedure) for _ in range(4)])

    async def events(self, one: Any, other: Any) -> None:
        prefix = self.config["prefix"]
        received: dict[str, Any] = {}

        async def subscribe(topic: str, match: str) -> None:
            received[match] = Awaited(f"EVENT of the {match} subscription")

            def event(*args: Any, details: Any, **kwargs: Any) -> None:
                received[match](list(args), kwargs, details)

            await other.subscribe(event, topic, SubscribeOptions(match=match, details_arg="details"))

        await subscribe(f"{prefix}.topic.one", "exact")
        await subscribe(f"{prefix}.top", "prefix")
        await subscribe(f"{prefix}..one", "wildcard")
        options = PublishOptions(acknowledge=True)
        publication = await one.publish(f"{prefix}.topic.one", 1, "zwei", three=[3], options=options)
        for match in "exact", "prefix", "wildcard":
            args, kwargs, details = await received[match]
            saw(f"event, {match}", [args, kwargs, details.topic == f"{prefix}.topic.one"])
            saw(f"publication, {match}", details.publication == publication.id)

    async def publications(self, one: Any, other: Any) -> None:
        topic = f"{self.config['prefix']}.news"
        received: dict[str, list[str]] = {"one": [], "other": []}
        ended = {name: Awaited(f"last EVENT of {name}") for name in received}

        def reader(name: str) -> Any:
            return lambda news: ended[name]() if news == "end" else received[name].append(news)

        await one.subscribe(reader("one"), topic)
        await other.subscribe(reader("other"), topic)
        identity = other._session_id
        one.publish(topic, "to others")
        one.publish(topic, "to all", options=PublishOptions(exclude_me=False))
        one.publish(topic, "to other", options=PublishOptions(exclude_me=False, eligible=[identity]))
        one.publish(topic, "not to other", options=PublishOptions(exclude_me=False, exclude=[identity]))
        await one.publish(topic, "end", options=PublishOptions(exclude_me=False, acknowledge=True))
        for end in ended.values():
            await end
        saw("receivers", received)

    async def authenticate(self) -> None:
        _, details = await self.join(ticket=self.config["ticket"])
        saw("welcome", [details.authid, details.authrole, details.authmethod])
        try:
            await self.join(ticket="wrong")
        except Exception as error:
            saw("wrong ticket", getattr(error, "error", repr(error)))
        try:
            await self.join()
        except Exception as error:
            saw("no ticket", getattr(error, "error", repr(error)))

    async def serve(self) -> None:
        prefix = self.config["prefix"]
        component = self.component()

        async def joined(session: Any, _: Any) -> None:
            seen: list[Any] = []

            async def relay(procedure: str, *args: Any) -> Any:
                return await session.call(procedure, *args)

            async def progress(procedure: str) -> Any:
                got: list[Any] = []
                result = await session.call(procedure, options=CallOptions(on_progress=got.append))
                return [got, result]

            async def publish(topic: str, *args: Any) -> bool:
                options = PublishOptions(acknowledge=True, exclude_me=False)
                return (await session.publish(topic, *args, options=options)).id > 0

            await session.register(lambda *args: list(args), f"{prefix}.echo")
            await session.register(relay, f"{prefix}.relay")
            await session.register(progress, f"{prefix}.progress")
            await session.register(publish, f"{prefix}.publish")
            await session.register(lambda: seen, f"{prefix}.seen")
            await session.subscribe(seen.append, f"{prefix}.inbox")
            saw("serving", True)

        component.on_join(joined)
        await component.start(self.loop)
        saw("done", "the component ended by itself")


async def run(configs: list[dict[str, Any]], loop: Any) -> None:
    for config in configs:
        saw("way", [config["transport"], config["serializer"]])
        await getattr(Client(config, loop), config["play"])()


def main() -> None:
    configs = [json.loads(argument) for argument in sys.argv[1:]]
    if configs[0]["framework"] == "twisted":
        txaio.use_twisted()
        from twisted.internet.defer import ensureDeferred
        from twisted.internet.task import react

        react(lambda reactor: ensureDeferred(run(configs, reactor)))
    else:
        txaio.use_asyncio()

        async def in_loop() -> None:
            txaio.config.loop = asyncio.get_running_loop()
            await run(configs, txaio.config.loop)

        asyncio.run(in_loop())


if __name__ == "__main__":
    main()
