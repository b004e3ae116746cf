"""Webhooks: requests of others' servers that become events or calls.

    POST <path>/hooks/<name>  ->  [{"hook", "method", "headers", "body"}]

`body` is the value if it is JSON, a text if it is a form or text, and else base64. A delivery that comes twice is
answered like the first time, and not done again.
"""

# mypy: disallow-untyped-calls=False

from base64 import b64encode
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from msgspec import Raw

from realms.authentication import Accepted as Identity
from router.config.bridge import Hook
from router.gateway.addresses import Address, called, published
from router.gateway.bodies import Accepted, CallRequest, PublishRequest, write
from router.gateway.exchange import Exchange, Response
from router.gateway.gate import Gate
from router.gateway.hook_signatures import TOLERANCE, check, secret_of
from router.gateway.link import Link
from router.gateway.proofs import applicant_of
from router.gateway.refusal import RETRY_AFTER, Refusal, retry_after
from router.gateway.seen import Seen
from router.gateway.signatures import BadSignature
from wamp.errors import InvalidMessage

PASSED_ON: Final = frozenset(
    {
        "content-type",
        "user-agent",
        "x-github-event",
        "x-github-delivery",
        "x-gitea-event",
        "x-gitea-delivery",
        "x-forgejo-event",
        "x-forgejo-delivery",
        "x-event-key",
        "webhook-id",
        "webhook-timestamp",
    }
)
"""What tells of which kind a delivery is; nothing that proves anything."""

REMEMBERED: Final = 2 * TOLERANCE
"""Seconds that ids of deliveries are remembered."""


class Receiving(Address):
    """`<path>/hooks/<name>`, of all names."""

    takes_json = False
    is_branch = True

    def __init__(self, gate: Gate, hooks: Iterable[Hook], seen: Seen) -> None:
        super().__init__(gate)
        self._hooks = {hook.name: hook for hook in hooks}
        self._seen = seen

    async def respond(self, exchange: Exchange) -> Response:
        """Take a delivery."""
        hook = self._hooks.get(b"/".join(exchange.request.postpath).decode("latin-1"))
        if hook is None:
            raise Refusal.because(404, "there is no such hook")
        body, now = exchange.body, self.gate.now()
        secret = b"" if hook.secret is None else secret_of(hook.secret.reveal())
        try:
            id = check(hook.signature, secret, exchange.fields, body, now)
        except BadSignature as why:
            raise self.gate.unauthorized(str(why)) from None
        if id is not None and self._seen.has(hook.name, id, now):
            return Response.of(202, Accepted(duplicate=True))
        if id is not None and not self._seen.add(hook.name, id, now):
            raise Refusal.because(503, "too many deliveries", Retry_After=retry_after(RETRY_AFTER))
        try:
            accepted = await self._pass_on(hook, self._link(hook, exchange), delivery_of(hook, exchange, body))
        except BaseException:
            if id is not None:  # one that failed comes again under its id
                self._seen.forget(hook.name, id)
            raise
        return Response.of(202, accepted)

    def _link(self, hook: Hook, exchange: Exchange) -> Link:
        """The session in which the deliveries of a hook are passed on."""
        applicant = applicant_of(exchange.sender, self.gate.config.realm, "hook", hook.authid)
        return self.gate.visitors.vouch(applicant, Identity(hook.authid, hook.role, "hook", "bridge"))

    async def _pass_on(self, hook: Hook, link: Link, args: Raw) -> Accepted:
        try:
            if hook.topic is not None:
                return Accepted(await published(link, PublishRequest(hook.topic, args)))
            assert hook.procedure is not None  # noqa: S101 - the configuration was checked
            await called(self.gate, link, CallRequest(hook.procedure, args))
        except InvalidMessage as why:
            raise Refusal.because(400, str(why)) from None
        return Accepted()


def delivery_of(hook: Hook, exchange: Exchange, body: bytes) -> Raw:
    """The one argument of the event or call; raises Refusal."""
    names = PASSED_ON.union(name.lower() for name in hook.headers)
    delivery = {
        "hook": hook.name,
        "method": exchange.method,
        "headers": {name: ", ".join(values) for name, values in exchange.fields.items() if name in names},
        "body": content_of(exchange.kind, body),
    }
    return Raw(write([delivery]))


def content_of(kind: str, body: bytes) -> Any:
    """The body as a value; JSON as it came. Raises Refusal."""
    if kind == "application/json" or kind.endswith("+json"):
        try:
            msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Refusal.because(400, "the body is no JSON") from None
        return Raw(body)
    if kind.startswith("text/") or kind == "application/x-www-form-urlencoded":
        try:
            return body.decode()
        except UnicodeDecodeError:
            pass
    return b64encode(body).decode()
