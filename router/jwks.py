"""Key sets that verify tokens: a file, or the URL of an identity provider (RFC 7517, section 5).

The provider changes its keys without telling us. So a set is read again when it is older than `max_age`, and when a
token names a key that is not in it. Meanwhile those who want to join wait, for all of them there is one fetch; if it
fails, the keys that were there before go on to be good, and the next attempt waits a while.
"""

import asyncio
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.parse import urlsplit

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from realms.authentication.token_keys import Algorithm, Found, KeysUnavailable, UnfitKey, fitting, keys_of

MAX_SIZE: Final = 256 * 1024
"""Octets of a key set; real ones have a few thousand."""

FETCH_DEADLINE: Final = 10.0
"""Seconds that a fetch may take in all; a client waits for AUTHENTICATE's answer meanwhile."""

OPERATION_TIMEOUT: Final = 4.0
"""Seconds that a fetch may wait for the next octets."""

PAUSE: Final = 15.0
"""Seconds between two fetches, whatever tokens say: anybody can send tokens that name unknown keys."""

MOST_WAITING: Final = 1000
"""Clients that may wait for a fetch; more are refused."""

log = Logger(namespace="jwks")


class FileKeys:
    """The keys of a file, which is read again when it has changed."""

    def __init__(self, path: Path) -> None:
        """Read it; raises UnfitKey or OSError."""
        self._path = path
        self._seen: tuple[int, int, int] | None = _look_of(path)
        self._keys = keys_of(read_key_set(path))

    def find(self, algorithm: Algorithm, id: str | None) -> Found:
        """See `Keys.find`."""
        try:
            look = _look_of(self._path)
            if look != self._seen:
                self._seen = look  # first: a file that cannot be used is complained about once
                self._keys = keys_of(read_key_set(self._path))
                log.info("the key set {path} was read again", path=str(self._path))
        except (OSError, UnfitKey) as error:
            if self._seen is not None:
                self._seen = None
                log.error("the key set {path} cannot be used: {why}", path=str(self._path), why=str(error))
        return fitting(self._keys, algorithm, id)


class UrlKeys:
    """The keys behind a URL."""

    def __init__(
        self,
        url: str,
        max_age: float,
        seconds: Callable[[], float] = time.monotonic,
        fetch: Callable[[str], Deferred[bytes]] | None = None,
    ) -> None:
        """Nothing is fetched until the first token comes."""
        self._url = url
        self._max_age = max_age
        self._seconds = seconds
        self._fetch = fetch if fetch is not None else fetch_url
        self._keys: Found | None = None
        self._fetched = self._tried = -float("inf")
        self._waiting: list[Deferred[None]] | None = None
        """While a fetch is on its way: those who wait for it."""

    def find(self, algorithm: Algorithm, id: str | None) -> Found | Deferred[Found]:
        """See `Keys.find`."""
        if algorithm == "HS256":
            return ()  # a set of public keys has no secrets
        if not self._is_worth_fetching(algorithm, id):
            return self._known(algorithm, id)
        if self._waiting is None:
            self._start()
        if self._waiting is None:  # it ended at once
            return self._known(algorithm, id)
        if len(self._waiting) >= MOST_WAITING:
            raise KeysUnavailable
        waiter: Deferred[None] = Deferred()
        self._waiting.append(waiter)
        return waiter.addCallback(lambda _: self._known(algorithm, id))

    def _known(self, algorithm: Algorithm, id: str | None) -> Found:
        if self._keys is None:
            raise KeysUnavailable
        return fitting(self._keys, algorithm, id)

    def _is_worth_fetching(self, algorithm: Algorithm, id: str | None) -> bool:
        now = self._seconds()
        if self._waiting is None and now - self._tried < PAUSE:
            return False
        return self._keys is None or now - self._fetched >= self._max_age or not fitting(self._keys, algorithm, id)

    def _start(self) -> None:
        self._waiting = []
        self._tried = self._seconds()
        self._fetch(self._url).addCallback(self._came).addErrback(self._failed).addBoth(self._done)

    def _came(self, document: bytes) -> None:
        self._keys = keys_of(document)
        self._fetched = self._seconds()
        log.info("{count} keys were fetched from {url}", count=len(self._keys), url=self._url)

    def _failed(self, failure: Any) -> None:
        failure.trap(OSError, UnfitKey)
        log.error("no keys came from {url}: {why}", url=self._url, why=failure.getErrorMessage())

    def _done(self, result: Any) -> Any:
        waiting, self._waiting = self._waiting or [], None
        for waiter in waiting:
            if not waiter.called:  # nobody waits any more for one that was cancelled
                waiter.callback(None)
        if result is not None:
            log.failure("fetching {url} failed", failure=result, url=self._url)


def check_url(url: str) -> None:
    """Raise ValueError if the keys could be changed on their way from there: whoever does that can sign tokens."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https" and host:
        return
    if parts.scheme == "http" and _is_loopback(host):
        return
    raise ValueError("an https URL is needed; http is for this machine only")


def fetch_url(url: str) -> Deferred[bytes]:
    """Fetch a document, within `FETCH_DEADLINE`; fails with OSError.

    In a thread of its own: the standard library knows proxies, redirects and certificates, and blocks; and the threads
    that hash passwords are not to wait for somebody else's server. A daemon, so that it does not keep us from ending.
    """
    loop = asyncio.get_event_loop()
    answer: Deferred[bytes] = Deferred()
    timer = loop.call_later(FETCH_DEADLINE + 1, lambda: tell(None, TimeoutError("it took too long")))

    def tell(document: bytes | None, error: Exception | None) -> None:
        timer.cancel()
        if answer.called:
            return
        if document is not None:
            answer.callback(document)
        else:
            answer.errback(error)

    def work() -> None:
        try:
            outcome = partial(tell, _download(url), None)
        except Exception as error:
            outcome = partial(tell, None, error)
        try:
            loop.call_soon_threadsafe(outcome)
        except RuntimeError:
            return  # the router has stopped meanwhile

    threading.Thread(target=work, name="jwks", daemon=True).start()
    return answer


def _download(url: str) -> bytes:
    deadline = time.monotonic() + FETCH_DEADLINE
    opener = urllib.request.build_opener(
        _CarefulRedirects, urllib.request.HTTPSHandler(context=ssl.create_default_context())
    )
    request = urllib.request.Request(url, headers={"Accept": "application/json", "User-Agent": "Wamplex"})  # noqa: S310
    document = b""
    try:
        with opener.open(request, timeout=OPERATION_TIMEOUT) as response:
            while piece := response.read1(65_536):
                document += piece
                if len(document) > MAX_SIZE:
                    raise OSError(f"more than {MAX_SIZE} octets")
                if time.monotonic() > deadline:
                    raise TimeoutError("it took too long")
    except (ValueError, EOFError) as error:
        raise OSError(str(error)) from None
    return document


class _CarefulRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects only to where keys may come from."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        try:
            check_url(newurl)
        except ValueError as error:
            raise URLError(f"redirected: {error}") from None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _look_of(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


def read_key_set(path: Path) -> bytes:
    """Read a file; raises OSError, or UnfitKey if it is too large."""
    with path.open("rb") as file:
        document = file.read(MAX_SIZE + 1)
    if len(document) > MAX_SIZE:
        raise UnfitKey(f"more than {MAX_SIZE} octets")
    return document
