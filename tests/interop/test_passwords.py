"""Stock autobahn, in Python and JavaScript, joins with passwords: WAMP-CRA, SCRAM, and a code from a phone."""

import json
import subprocess
import sys
from base64 import b32encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from realms.authentication.verifiers import cra_secret, cra_verifier, scram_secret, scram_verifier
from tests.interop.conftest import NODE, SCRIPTS
from tests.routers import RunningRouter

WITHIN = 30.0
"""Seconds; all attempts of a client take two."""

PHONES = {"websocket": b"0123456789", "rawsocket": b"1234567890", "js": b"2345678901"}
"""The keys of second factors: one for each way, as a code is good once."""

DENIED = ["wamp.error.authentication_denied", "the credentials were not accepted"]
PASSWORD = "correct horse"


def config(folder: Path) -> str:
    """Everybody's password is the same; who has a phone is called by it."""
    (folder / "secret").write_text(PASSWORD)
    for phone, key in PHONES.items():
        (folder / phone).write_text(b32encode(key).decode())
    cra = cra_verifier(cra_secret(PASSWORD, iterations=1000))
    argon2 = scram_verifier(scram_secret(PASSWORD, "argon2id13", iterations=1, memory=1024))
    pbkdf2 = scram_verifier(scram_secret(PASSWORD, "pbkdf2", iterations=4096))
    secret = f"{{file: {folder / 'secret'}}}"
    phones = "".join(
        f"\n      - {{authid: {phone}, role: user, wampcra: {secret}, totp: {{file: {folder / phone}}}}}"
        for phone in PHONES
    )
    return f"""
realms:
  - name: passwords
    authentication: {{wampcra: true, scram: {{}}, lockout: false}}
    principals:
      - {{authid: plain, role: user, wampcra: {secret}}}
      - {{authid: salted, role: user, wampcra: "{cra}"}}
      - {{authid: argon2, role: user, scram: "{argon2}"}}
      - {{authid: pbkdf2, role: user, scram: "{pbkdf2}"}}{phones}
    roles:
      - {{name: user, permissions: [{{uri: "", match: prefix, allow: [call]}}]}}
"""


@pytest.fixture(scope="module")
def router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRouter]:
    folder = tmp_path_factory.mktemp("passwords")
    running = RunningRouter(folder, config(folder)).start()
    yield running
    running.close()


def converse(command: list[str], told: Any, environment: dict[str, str] | None = None) -> dict[str, Any]:
    """Run a client; what it was told, by the name of the attempt."""
    done = subprocess.run([*command, json.dumps(told)], capture_output=True, text=True, timeout=WITHIN, env=environment)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"saw"')]
    return {line["saw"]: line["value"]["told"] for line in lines} or {"it said": done.stderr}


@pytest.mark.parametrize("way", ["websocket", "rawsocket"])
def test_autobahn_python_joins_with_passwords(router: RunningRouter, way: str) -> None:
    """E4, E5, E7, E8, E18, E20"""

    def cra(authid: str, secret: str = PASSWORD) -> dict[str, Any]:
        return {"wampcra": {"authid": authid, "secret": secret}}

    def scram(authid: str, password: str = PASSWORD) -> dict[str, Any]:
        return {"scram": {"authid": authid, "password": password}}

    phone, another = (b32encode(PHONES[name]).decode() for name in (way, "js"))
    expected: dict[str, tuple[Any, str | None, list[str]]] = {
        "a secret": (cra("plain"), None, ["plain", "user", "wampcra"]),
        "a salted password": (cra("salted"), None, ["salted", "user", "wampcra"]),
        "a wrong secret": (cra("plain", "wrong"), None, DENIED),
        "a wrong password": (cra("salted", "wrong"), None, DENIED),
        "an unknown name": (cra("nobody"), None, DENIED),
        "scram": (scram("argon2"), None, ["argon2", "user", "scram"]),
        "scram, a wrong password": (scram("argon2", "wrong"), None, DENIED),
        "a wrong code": (cra(way), another, DENIED),
        "a code": (cra(way), phone, [way, "user", "wampcra"]),
    }
    url = {"websocket": router.ws_url, "rawsocket": router.rs_url}[way]
    attempts = [[name, url, authentication, totp] for name, (authentication, totp, _) in expected.items()]
    said = converse([sys.executable, str(SCRIPTS / "passwords_python.py")], {"attempts": attempts})
    assert said == {name: outcome for name, (_, _, outcome) in expected.items()}


def test_autobahn_js_joins_with_passwords(router: RunningRouter, node_modules: Path) -> None:
    """E4, E5, E7, E8, E18, E20: SCRAM is not its own, but made with its `onchallenge`"""
    cra, scram, phone = ["wampcra"], ["wamp-scram"], PHONES["js"].decode()
    expected = {
        "a secret": (["plain", cra, PASSWORD], ["plain", "user", "wampcra"]),
        "a salted password": (["salted", cra, PASSWORD], ["salted", "user", "wampcra"]),
        "a wrong secret": (["plain", cra, "wrong"], DENIED),
        "a wrong password": (["salted", cra, "wrong"], DENIED),
        "an unknown name": (["nobody", cra, PASSWORD], DENIED),
        "scram": (["pbkdf2", scram, PASSWORD], ["pbkdf2", "user", "wamp-scram"]),
        "scram, a wrong password": (["pbkdf2", scram, "wrong"], DENIED),
        "a wrong code": (["js", cra, PASSWORD, PHONES["websocket"].decode()], DENIED),
        "a code": (["js", cra, PASSWORD, phone], ["js", "user", "wampcra"]),
    }
    attempts = [[name, *details] for name, (details, _) in expected.items()]
    command = [str(NODE), str(SCRIPTS / "passwords_js.cjs")]
    said = converse(command, {"url": router.ws_url, "attempts": attempts}, {"NODE_PATH": str(node_modules)})
    assert said == {name: outcome for name, (_, outcome) in expected.items()}
