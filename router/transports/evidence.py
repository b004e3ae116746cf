"""What a connection proves about its peer: its address, its cookies, its certificate, its TLS channel."""

import asyncio
import ssl
from functools import partial
from http.cookies import CookieError, SimpleCookie

from realms.transport import Evidence, no_channel_id
from router.transports.channel_binding import channel_id
from router.transports.whereabouts import Whereabouts


def evidence_of(
    transport: asyncio.Transport, where: Whereabouts, cookie: str, authmethods: frozenset[str] | None
) -> Evidence:
    """Collect it; `cookie` is the field of the HTTP request, `authmethods` are those of the listener.

    Certificate and channel are those of the TLS that ends here: with a proxy's word for them, nothing is proved.
    """
    tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
    return Evidence(
        address=where.address,
        cookies=_cookies(cookie) if cookie else {},
        certificate=tls.getpeercert(binary_form=True) if tls is not None else None,
        channel_id=partial(channel_id, tls) if tls is not None else no_channel_id,
        authmethods=authmethods,
    )


def _cookies(field: str) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(field).items()}
    except CookieError:
        return {}
