"""Ways to log in, and what becomes of who is refused."""

import time
from base64 import b32decode
from collections.abc import Callable, Iterator
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from realms.authentication.verifiers import cra_secret, cra_verifier, digest_verifier
from tests.routers import RunningRouter
from tests.web.client.programs import Program

Programs = Callable[..., Program]

SIGNED_WITH = "s" * 32
PHONE = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CONFIG = f"""
realms:
  - name: realm1
    authentication: {{ticket: true, wampcra: true, jwt: {{secret: {{file: signing}}, leeway: 0}}, lockout: false}}
    principals:
      - {{authid: ann, role: user, ticket: "{digest_verifier("sesame")}"}}
      - {{authid: salted, role: user, wampcra: "{cra_verifier(cra_secret("sesame", iterations=1000))}"}}
      - {{authid: plain, role: user, wampcra: {{file: secret}}}}
      - {{authid: careful, role: user, wampcra: {{file: secret}}, totp: {{file: phone}}}}
    roles:
      - {{name: user, permissions: [{{uri: "", match: prefix, allow: [call, publish, subscribe]}}]}}
"""


def signed(lifetime: float = 60, **claims: object) -> str:
    return jwt.encode({"sub": "tom", "role": "user", "exp": time.time() + lifetime, **claims}, SIGNED_WITH)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRouter]:
    folder: Path = tmp_path_factory.mktemp("house")
    for name, secret in (("signing", SIGNED_WITH), ("secret", "sesame"), ("phone", PHONE)):
        (folder / name).write_text(secret)
    running = RunningRouter(folder, CONFIG).start()
    yield running
    running.close()


def code() -> str:
    return TOTP(b32decode(PHONE), 6, SHA1(), 30).generate(int(time.time())).decode()  # noqa: S303


@pytest.mark.parametrize("autobahn", ["autobahn", "autobahn22"])
@pytest.mark.parametrize(
    ("login", "authid"),
    [
        ('ticket({ authid: "ann", secret: "sesame" })', "ann"),
        ('ticket({ authid: "ann", secret: async () => "sesame" })', "ann"),
        ('wampcra({ authid: "salted", secret: "sesame" })', "salted"),
        ('wampcra({ authid: "plain", secret: "sesame" })', "plain"),
    ],
)
def test_who_shows_what_is_right_joins(
    program: Programs, house: RunningRouter, login: str, authid: str, autobahn: str
) -> None:
    client = program(house.ws_url, login=f"return wamplex.{login}", autobahn=autobahn)
    client.run("connection.open()")
    assert client.wait_until("joined", authid=authid)["authrole"] == "user"


def test_a_second_factor_is_asked_for(program: Programs, house: RunningRouter) -> None:
    login = 'return wamplex.wampcra({ authid: "careful", secret: "sesame", totp: () => here.code })'
    client = program(house.ws_url, login=login)
    client.run(f"here.code = '{code()}'; connection.open()")
    client.wait_until("joined", authid="careful")
    forgetful = program(house.ws_url, login='return wamplex.wampcra({ authid: "careful", secret: "sesame" })')
    forgetful.run("connection.open()")
    forgetful.wait_until("waiting", reason="A second factor is needed", refused=True)


def test_wrong_credentials_wait_for_long_and_better_ones_are_taken_at_once(
    program: Programs, house: RunningRouter
) -> None:
    client = program(house.ws_url, login='return wamplex.ticket({ authid: "ann", secret: "guess" })')
    client.run("connection.open()")
    waiting = client.wait_until("waiting", refused=True)
    assert "wamp.error.authentication_denied" in waiting["reason"]
    assert waiting["until"] - 1000 * time.time() > 10_000
    client.run('connection.login = wamplex.ticket({ authid: "ann", secret: "sesame" }); connection.retryNow()')
    client.wait_until("joined", authid="ann")


def test_each_try_gets_a_fresh_token_and_an_expired_one_is_replaced(program: Programs, house: RunningRouter) -> None:
    login = "return wamplex.token({ fetch: () => (say('asked', null), here.tokens.shift()) })"
    client = program(house.ws_url, login=login, retry={"first": 100})
    client.run(f"here.tokens = {[signed(-60), signed(2), signed()]}; connection.open()")
    client.wait_until("joined")  # the first one was too old already: that is tried again soon
    assert client.heard("state")[1]["refused"]
    client.wait_for("asked", 3)  # the session ended with its token
    client.wait_until("joined", authid="tom")
    assert ["wamp.close.expired" in state.get("reason", "") for state in client.heard("state")].count(True) == 1


def test_a_token_that_cannot_be_had_is_tried_again_and_one_that_is_refused_later(
    program: Programs, house: RunningRouter
) -> None:
    login = "return wamplex.token({ fetch: () => here.fetch() })"
    client = program(house.ws_url, login=login)
    client.run("here.fetch = () => { throw new TypeError('no network'); }; connection.open()")
    assert client.wait_until("waiting", refused=False)["reason"] == "Could not log in: no network"
    client.run("here.fetch = () => { throw new wamplex.Refused('you are not logged in'); }")
    client.run("connection.retryNow()")
    client.wait_until("waiting", refused=True, reason="you are not logged in")
    client.run("connection.retryNow()")
    assert client.wait_for("state", 6)[-1]["until"] - 1000 * time.time() > 10_000
