"""Key sets: from a file that changes, and from an identity provider that rotates its keys, is slow, or is down."""

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from twisted.internet.defer import Deferred, fail, succeed
from twisted.python.failure import Failure

from realms.authentication.token_keys import Found, KeysUnavailable, UnfitKey
from router.jwks import MAX_SIZE, MOST_WAITING, PAUSE, FileKeys, UrlKeys, check_url, fetch_url


def key_set(*ids: str) -> bytes:
    keys = []
    for id in ids:
        public = ed25519.Ed25519PrivateKey.generate().public_key()
        keys.append(json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(public)) | {"kid": id})
    return json.dumps({"keys": keys}).encode()


def ids(found: Any) -> list[str | None]:
    return [key.id for key in found]


class Provider:
    """An identity provider, as the keys see it, and the time."""

    def __init__(self, max_age: float = 600) -> None:
        self.time = 1000.0
        self.asked: list[Deferred[bytes]] = []
        self.keys = UrlKeys("https://id.example.com/keys", max_age, lambda: self.time, self._fetch)

    def _fetch(self, url: str) -> Deferred[bytes]:
        self.asked.append(Deferred())
        return self.asked[-1]

    def answers(self, *ids: str) -> None:
        self.asked[-1].callback(key_set(*ids))

    def fails(self) -> None:
        self.asked[-1].errback(OSError("down"))

    def find(self, id: str | None) -> Any:
        """The ids that are found, or that nobody could say; None while it takes time."""
        try:
            found: Found | Deferred[Found] = self.keys.find("EdDSA", id)
        except KeysUnavailable:
            return "unavailable"
        seen: list[Any] = []
        if not isinstance(found, Deferred):
            return ids(found)
        found.addCallbacks(lambda keys: seen.append(ids(keys)), lambda failure: seen.append("unavailable"))
        return seen


def test_keys_are_fetched_for_the_first_token_once_for_all_who_wait() -> None:
    provider = Provider()
    assert provider.asked == []
    waiting = [provider.find("a"), provider.find("a"), provider.find("b")]
    assert waiting == [[], [], []]
    provider.answers("a")
    assert waiting == [[["a"]], [["a"]], [[]]]
    assert provider.find("a") == ["a"]
    assert len(provider.asked) == 1


def test_a_key_that_is_not_known_is_asked_for_but_not_over_and_over() -> None:
    """Rotation."""
    provider = Provider()
    provider.find("a")
    provider.answers("a")
    assert provider.find("b") == []
    provider.time += PAUSE
    waiting = provider.find("b")
    provider.answers("a", "b")
    assert waiting == [["b"]]
    assert [provider.find("made up") for _ in range(3)] == [[], [], []]
    assert len(provider.asked) == 2


def test_a_key_that_the_provider_took_back_is_not_good_any_more() -> None:
    provider = Provider(max_age=100)
    provider.find("a")
    provider.answers("a")
    provider.time += 100
    waiting = provider.find("a")
    provider.answers("b")
    assert waiting == [[]]


def test_while_the_provider_is_down_the_keys_that_were_there_are_good() -> None:
    provider = Provider(max_age=100)
    provider.find("a")
    provider.answers("a")
    provider.time += 100
    waiting = provider.find("a")
    provider.fails()
    assert waiting == [["a"]]
    assert provider.find("a") == ["a"]  # and nobody waits for a while
    provider.time += PAUSE
    provider.find("a")
    provider.asked[-1].callback(b"<html>maintenance</html>")
    assert provider.find("a") == ["a"]
    assert len(provider.asked) == 3


def test_if_the_first_fetch_fails_it_is_nobodys_fault_and_tried_again() -> None:
    """E20"""
    provider = Provider()
    waiting = provider.find("a")
    provider.fails()
    assert waiting == ["unavailable"]
    assert provider.find("a") == "unavailable"
    provider.time += PAUSE
    waiting = provider.find("a")
    provider.answers("a")
    assert waiting == [["a"]]


def test_no_more_than_a_bounded_number_waits() -> None:
    provider = Provider()
    waiting = [provider.find("a") for _ in range(MOST_WAITING)]
    assert provider.find("a") == "unavailable"
    provider.answers("a")
    assert all(one == [["a"]] for one in waiting)


def test_who_left_meanwhile_is_not_told() -> None:
    provider = Provider()
    gone = provider.keys.find("EdDSA", "a")
    assert isinstance(gone, Deferred)
    gone.addErrback(lambda failure: None).cancel()
    waiting = provider.find("a")
    provider.answers("a")
    assert waiting == [["a"]]


def test_secrets_are_not_asked_of_a_provider() -> None:
    provider = Provider()
    assert provider.keys.find("HS256", None) == ()
    assert provider.asked == []


@pytest.mark.parametrize("answer", [succeed(key_set("a")), fail(OSError("down"))])
def test_an_answer_may_come_at_once(answer: Deferred[bytes]) -> None:
    keys = UrlKeys("https://id.example.com/keys", 600, lambda: 0.0, lambda url: answer)
    try:
        assert ids(keys.find("EdDSA", None)) == ["a"]
    except KeysUnavailable:
        assert isinstance(answer.result, Failure | None)


# --- files ---


def test_a_file_is_read_again_when_it_changes_and_a_bad_one_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(key_set("a"))
    keys = FileKeys(path)
    assert ids(keys.find("EdDSA", None)) == ["a"]
    path.write_bytes(key_set("b", "c"))
    assert ids(keys.find("EdDSA", None)) == ["b", "c"]
    path.write_bytes(b"half a fi")
    assert ids(keys.find("EdDSA", None)) == ["b", "c"]
    path.unlink()
    assert ids(keys.find("EdDSA", None)) == ["b", "c"]
    other = tmp_path / "new.json"
    other.write_bytes(key_set("d"))
    os.replace(other, path)
    assert ids(keys.find("EdDSA", None)) == ["d"]


def test_a_file_of_any_size_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(b" " * MAX_SIZE + key_set("a"))
    with pytest.raises(UnfitKey):
        FileKeys(path)


# --- over the network ---


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/to/"):
                self.send_response(302)
                self.send_header("Location", self.path[4:])
                self.end_headers()
                return
            self.send_response(404 if self.path == "/nothing" else 200)
            self.end_headers()
            self.wfile.write(b"x" * (MAX_SIZE + 1) if self.path == "/large" else b"keys")

        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    running = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()


def fetched(url: str) -> bytes:
    async def fetch() -> bytes:
        return await fetch_url(url).asFuture(asyncio.get_running_loop())

    return asyncio.run(fetch())


def test_a_document_is_fetched_and_a_redirect_followed(server: str) -> None:
    assert fetched(f"{server}/keys") == b"keys"
    assert fetched(f"{server}/to//keys") == b"keys"


@pytest.mark.parametrize("path", ["/nothing", "/large", "/to/http://192.0.2.1/keys", "/to/file:///etc/passwd"])
def test_what_is_not_to_be_trusted_is_not_fetched(server: str, path: str) -> None:
    with pytest.raises(OSError, match=r"404|more than|https|not allowed"):
        fetched(server + path)


def test_a_provider_that_cannot_be_reached_is_an_ordinary_failure() -> None:
    with pytest.raises(OSError, match="refused"):
        fetched("http://127.0.0.1:1/keys")


@pytest.mark.parametrize(
    "url", ["http://id.example.com/", "ftp://id.example.com/", "https:///keys", "keys.json", "http://127.0.0.1.ab.com/"]
)
def test_keys_come_over_https_or_from_this_machine(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        check_url(url)
    check_url("https://id.example.com/keys")
    check_url("http://localhost:8000/keys")
    check_url("http://[::1]:8000/keys")
