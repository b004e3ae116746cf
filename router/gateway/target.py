"""A target: somebody's server that gets POSTs of JSON.

Only the address of the configuration is ever asked: no redirect is followed, no proxy of the environment is used, no
cookie is kept. What is read of an answer is bounded. aiohttp does HTTP and TLS, with the system's authorities.

A request with a secret is signed as standardwebhooks.com has it, see `hook_signatures`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from router.gateway.deliveries import Delivery, Outcome
from router.gateway.hook_signatures import standard_signature

if TYPE_CHECKING:
    import aiohttp

AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses after which the same request may go well another time."""

DELIVERED: Final = range(200, 300)


class Reply(NamedTuple):
    """What a server answered."""

    status: int
    kind: str
    body: bytes
    retry_after: float = 0.0


class Unreachable(Exception):  # noqa: N818 - it reads as what it says
    """There was no answer that can be used; says why."""

    def __init__(self, why: str, *, is_late: bool = False) -> None:
        super().__init__(why)
        self.is_late = is_late


class Target:
    """See above. It opens no connection before there is something to send."""

    def __init__(
        self,
        url: str,
        *,
        secret: bytes | None,
        timeout: float,
        connections: int,
        most: int,
        agent: str,
        now: Callable[[], float],
    ) -> None:
        """`timeout` in seconds, for the whole of a request; `most` octets of an answer are read."""
        # Loading it takes a third of a second: only where it is needed, and before there is traffic.
        from aiohttp import ClientSession

        self._make_client = ClientSession
        self._url = url
        self._secret = secret
        self._timeout = timeout
        self._connections = connections
        self._most = most
        self._agent = agent
        self._now = now
        self._client: aiohttp.ClientSession | None = None

    async def deliver(self, delivery: Delivery) -> Outcome:
        """One attempt."""
        try:
            reply = await self.post(delivery)
        except Unreachable as why:
            return Outcome(False, str(why), again=True)
        if reply.status in DELIVERED:
            return Outcome(True)
        return Outcome(False, f"it answers {reply.status}", reply.status in AGAIN, reply.retry_after)

    async def post(self, delivery: Delivery) -> Reply:
        """Send, and read the answer; raises Unreachable."""
        import aiohttp

        try:
            async with self._session().post(
                self._url, data=delivery.body, headers=self._fields(delivery), allow_redirects=False
            ) as response:
                body = await self._read(response)
                wait = response.headers.get("Retry-After", "")
                seconds = float(wait) if wait.isascii() and wait.isdigit() else 0.0
                return Reply(response.status, response.content_type, body, seconds)
        except TimeoutError:
            raise Unreachable(f"no answer within {self._timeout:g} s", is_late=True) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unreachable(f"{type(error).__name__}: {error}"[:200]) from None

    async def close(self) -> None:
        """Let go of the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _session(self) -> "aiohttp.ClientSession":
        import aiohttp

        if self._client is None:
            self._client = self._make_client(
                connector=aiohttp.TCPConnector(limit=self._connections),
                timeout=aiohttp.ClientTimeout(total=self._timeout),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self._agent},
                trust_env=False,
            )
        return self._client

    async def _read(self, response: "aiohttp.ClientResponse") -> bytes:
        body = bytearray()
        async for piece in response.content.iter_any():
            body += piece
            if len(body) > self._most:
                raise Unreachable(f"the answer has more than {self._most} octets")
        return bytes(body)

    def _fields(self, delivery: Delivery) -> dict[str, str]:
        seconds = int(self._now())
        fields = {"Content-Type": "application/json", "webhook-id": delivery.id, "webhook-timestamp": str(seconds)}
        if self._secret is not None:
            fields["webhook-signature"] = standard_signature(self._secret, delivery.id, seconds, delivery.body)
        return fields
