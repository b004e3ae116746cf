"""How people join: each method with what is right and what is wrong, and which client can do it in which way.

A client of `clients/joining_*` is told its attempts as JSON, makes them one after the other, and prints what became of
each as a line of JSON, `{"saw": name, "value": [authid, authrole, authmethod]}`, or `[reason, message]` of a refusal.
"""

from base64 import b32encode
from collections.abc import Iterator
from pathlib import Path
from time import time
from typing import Any, Literal, NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from realms.authentication.verifiers import cra_secret, cra_verifier, digest_verifier, scram_secret, scram_verifier
from tests.certificates import Authority, write_certificate
from tests.routers import RunningRouter, free_port

PASSWORD = "correct horse"
SESAME = "sesame"
SIGNING_SECRET = "s" * 32
KEYS = {"ann": "11" * 32, "nobody": "22" * 32}
ROUTER_KEY = "33" * 32

DENIED = ["wamp.error.authentication_denied", "the credentials were not accepted"]
FAILED = ["wamp.error.authentication_failed", "the authenticator failed"]
EXPIRED = [DENIED[0], "the token has expired"]
NOT_SHOWN = [DENIED[0], "this connection has shown no client certificate"]
REQUIRED = ["wamp.error.authentication_required"]


class Way(NamedTuple):
    """How a client is connected."""

    transport: Literal["websocket", "rawsocket", "longpoll"]
    layer: Literal["plain", "tls 1.2", "tls 1.3"]


class Client(NamedTuple):
    """A client library, and what it can do at all."""

    name: str
    script: str
    settings: dict[str, Any]
    ways: tuple[Way, ...]
    cannot: tuple[str, ...] = ()


PLAIN = (Way("websocket", "plain"), Way("rawsocket", "plain"))
TLS_12 = (Way("websocket", "tls 1.2"), Way("rawsocket", "tls 1.2"))
TLS_13 = (Way("websocket", "tls 1.3"), Way("rawsocket", "tls 1.3"))
OF_JS = (*PLAIN, TLS_13[0])  # its RawSocket knows no TLS
LONG_POLL = Way("longpoll", "plain")

PYTHON = Client("autobahn-python", "joining_python.py", {}, PLAIN + TLS_12 + TLS_13, ("wamp-scram",))
OLD_JS = Client("autobahn-js-22", "joining_js.cjs", {"package": "autobahn22"}, OF_JS, ("scram", "bound cryptosign"))
JS = Client(
    "autobahn-js-26",
    "joining_js.cjs",
    {"package": "autobahn"},
    (*OF_JS, LONG_POLL),
    # The WebSocket of Node.js itself, which it uses, has neither certificates nor headers.
    (*OLD_JS.cannot, "tls", "cookie"),
)
CLIENTS = (PYTHON, JS, OLD_JS)


class Case(NamedTuple):
    """Something that clients try, and what they are told."""

    method: str
    what: str
    given: dict[str, Any]
    told: list[str]
    ways: tuple[Way, ...] = (*PLAIN, *TLS_13, LONG_POLL)

    def name(self, way: Way) -> str:
        """Names an attempt."""
        return f"{way.transport}-{way.layer}-{self.method}-{self.what}"


def token(sub: str, signed_with: str = SIGNING_SECRET, **claims: Any) -> str:
    """A token as an identity provider makes it."""
    return jwt.encode({"sub": sub, "role": "user", "exp": time() + 3600, **claims}, signed_with, "HS256")


def public(key: str) -> str:
    """The public key of a private one, in hexadecimal."""
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key)).public_key().public_bytes_raw().hex()


def phone_of(client: Client, way: Way) -> str:
    """Who has a phone, and its key: one for each way, as a code is good once."""
    return "-".join(("phone", client.name, way.transport, way.layer.replace(" ", "")))


def code_key(authid: str) -> str:
    """The key of somebody's second factor, base32."""
    return b32encode(authid.encode()).decode()


def _ticket(authid: str, ticket: str) -> dict[str, Any]:
    return {"authmethod": "ticket", "authid": authid, "ticket": ticket}


def _cra(authid: str, secret: str, **more: Any) -> dict[str, Any]:
    return {"authmethod": "wampcra", "authid": authid, "secret": secret, **more}


def _scram(method: str, authid: str, password: str) -> dict[str, Any]:
    return {"authmethod": method, "authid": authid, "password": password}


def _sign(key: str, **more: Any) -> dict[str, Any]:
    return {"authmethod": "cryptosign", "key": KEYS[key], **more}


def _show(certificate: str | None = None, **more: Any) -> dict[str, Any]:
    return {"authmethod": "tls", "certificate": certificate, **more}


BOUND = {"channel_binding": "tls-unique"}
ENCRYPTED = TLS_12 + TLS_13  # what the connection itself shows may differ
WEBSOCKET = (PLAIN[0], TLS_13[0])  # it alone has headers

CASES = (
    Case("anonymous", "where all may", {"authmethod": "anonymous", "realm": "open"}, ["", "guest", "anonymous"]),
    Case("anonymous", "where none may", {"authmethod": "anonymous"}, REQUIRED),
    Case("ticket", "right", _ticket("tom", SESAME), ["tom", "user", "ticket"]),
    Case("ticket", "wrong", _ticket("tom", "guess"), DENIED),
    Case("ticket", "unknown name", _ticket("nobody", SESAME), DENIED),
    Case("ticket", "right, of the database", _ticket("dora", SESAME), ["dora", "user", "ticket"], PLAIN),
    Case("ticket", "wrong, of the database", _ticket("dora", "guess"), DENIED, PLAIN),
    Case("jwt", "right", _ticket("kate", token("kate")), ["kate", "user", "ticket"]),
    Case("jwt", "signed by another", _ticket("kate", token("kate", "x" * 32)), DENIED),
    Case("jwt", "expired", _ticket("kate", token("kate", exp=time() - 60)), EXPIRED),
    Case("wampcra", "right secret", _cra("plain", PASSWORD), ["plain", "user", "wampcra"]),
    Case("wampcra", "wrong secret", _cra("plain", "guess"), DENIED),
    Case("wampcra", "right password, salted", _cra("salted", PASSWORD), ["salted", "user", "wampcra"]),
    Case("wampcra", "wrong password, salted", _cra("salted", "guess"), DENIED),
    Case("wampcra", "unknown name", _cra("nobody", PASSWORD), DENIED),
    Case("scram", "right", _scram("scram", "argon2", PASSWORD), ["argon2", "user", "scram"]),
    Case("scram", "wrong", _scram("scram", "argon2", "guess"), DENIED),
    Case("wamp-scram", "right", _scram("wamp-scram", "pbkdf2", PASSWORD), ["pbkdf2", "user", "wamp-scram"]),
    Case("wamp-scram", "wrong", _scram("wamp-scram", "pbkdf2", "guess"), DENIED),
    Case("cryptosign", "right key", _sign("ann"), ["ann", "user", "cryptosign"]),
    Case("cryptosign", "right key and name", _sign("ann", authid="ann"), ["ann", "user", "cryptosign"]),
    Case("cryptosign", "key of nobody", _sign("nobody"), DENIED),
    Case("cryptosign", "key of nobody, name of somebody", _sign("nobody", authid="ann"), DENIED),
    Case("cryptosign", "name of another", _sign("ann", authid="machine"), DENIED),
    Case("bound cryptosign", "right key", _sign("ann", **BOUND), ["ann", "user", "cryptosign"], TLS_12),
    Case("bound cryptosign", "key of nobody", _sign("nobody", **BOUND), DENIED, TLS_12),
    # CHALLENGE says that there is no such binding here, and autobahn does not look.
    Case("bound cryptosign", "in vain", _sign("ann", **BOUND), DENIED, TLS_13),
    Case("tls", "right", _show("machine"), ["machine", "user", "tls"], ENCRYPTED),
    Case("tls", "right, required", _show("machine", port="strict"), ["machine", "user", "tls"], ENCRYPTED),
    Case("tls", "of nobody", _show("other"), DENIED, ENCRYPTED),
    Case("tls", "forged", _show("forged"), ["failed"], ENCRYPTED),
    Case("tls", "none", _show(), NOT_SHOWN, ENCRYPTED),
    Case("tls", "none, required", _show(port="strict"), ["failed"], ENCRYPTED),
    Case("cookie", "right", {"authmethod": "cookie", "cookie": "logged in"}, ["tom", "user", "cookie"], WEBSOCKET),
    Case("cookie", "logged out", {"authmethod": "cookie", "cookie": "logged out"}, DENIED, WEBSOCKET),
    Case("cookie", "made up", {"authmethod": "cookie", "cookie": "made up"}, DENIED, WEBSOCKET),
    # Whose phone it is depends on client and way.
    Case("second factor", "wrong code", _cra("phone", PASSWORD, totp=code_key("nobody")), DENIED),
    Case("second factor", "wrong password", _cra("phone", "guess", totp="phone"), DENIED),
    Case("second factor", "right", _cra("phone", PASSWORD, totp="phone"), ["phone", "user", "wampcra"]),
    Case("dynamic", "right ticket", _ticket("joe", "moon"), ["joe", "member", "ticket"]),
    Case("dynamic", "wrong ticket", _ticket("joe", "sun"), DENIED),
    Case("dynamic", "right secret", _cra("amy", "sun"), ["amy", "reader", "wampcra"]),
    Case("dynamic", "wrong secret", _cra("joe", "sun"), DENIED),
    Case("dynamic", "unknown name", _ticket("stranger", "moon"), DENIED),
    Case("dynamic", "unknown name by secret", _cra("stranger", "moon"), DENIED),
    Case("dynamic", "the worker fails", _ticket("bug", "moon"), FAILED),
)


def attempts_of(client: Client) -> Iterator[tuple[Way, Case]]:
    """All that a client tries."""
    for way in client.ways:
        for case in CASES:
            if case.method not in client.cannot and way in case.ways:
                yield way, case


# --- the router that they join ---


CONFIG = """
realms:
  - name: open
    authentication: {{anonymous: {{role: guest}}}}
    roles: [{{name: guest}}]
  - name: members
    authentication:
      ticket: true
      wampcra: true
      scram: true
      cryptosign: {{router_key: {{file: router.key}}}}
      tls: true
      cookie: true
      jwt: {{secret: {{file: signing}}}}
      dynamic: {{procedure: com.example.authenticate, methods: [ticket, wampcra]}}
      lockout: false
    principals_database: users.db
    principals:
      - {{authid: tom, role: user, ticket: "{ticket}"}}
      - {{authid: backend, role: backend, ticket: "{ticket}"}}
      - {{authid: plain, role: user, wampcra: {{file: secret}}}}
      - {{authid: salted, role: user, wampcra: "{cra}"}}
      - {{authid: argon2, role: user, scram: "{argon2}"}}
      - {{authid: pbkdf2, role: user, scram: "{pbkdf2}"}}
      - {{authid: ann, role: user, cryptosign: [{ann}]}}
      - {{authid: machine, role: user, tls: ["{machine}"]}}
{phones}
    roles:
      - name: user
      - name: member
      - name: reader
      - {{name: backend, permissions: [{{uri: com.example., match: prefix, allow: [register]}}]}}
listeners:
  - {{host: 127.0.0.1, port: {port}}}
  - host: 127.0.0.1
    port: {tls}
    tls: {{certificate: cert.pem, key: key.pem, client_certificates: {{authorities: authority.pem}}}}
  - host: 127.0.0.1
    port: {strict}
    tls:
      certificate: cert.pem
      key: key.pem
      client_certificates: {{authorities: authority.pem, required: true}}
web: {{login: {{realm: members}}}}
"""
PHONE = "      - {{authid: {0}, role: user, wampcra: {{file: secret}}, totp: {{file: {0}}}}}"


class House(RunningRouter):
    """A router with three listeners: in clear, with TLS, and with TLS for clients with certificates only."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        write_certificate(folder)
        authority = Authority(folder, "authority")
        machine, _ = authority.issue("machine"), authority.issue("other")
        Authority(folder, "stranger").issue("forged")
        phones = [phone_of(client, way) for client in CLIENTS for way in client.ways]
        secrets = {"secret": PASSWORD, "router.key": ROUTER_KEY, "signing": SIGNING_SECRET}
        for name, secret in (secrets | {phone: code_key(phone) for phone in phones}).items():
            (folder / name).write_text(secret)
        self.ports = {"plain": self.port, "tls": free_port(), "strict": free_port()}
        text = CONFIG.format(
            ticket=digest_verifier(SESAME),
            cra=cra_verifier(cra_secret(PASSWORD, iterations=1000)),
            argon2=scram_verifier(scram_secret(PASSWORD, "argon2id13", iterations=1, memory=1024)),
            pbkdf2=scram_verifier(scram_secret(PASSWORD, "pbkdf2", iterations=4096)),
            ann=public(KEYS["ann"]),
            machine=machine.fingerprint,
            phones="\n".join(PHONE.format(phone) for phone in phones),
            port=self.port,
            tls=self.ports["tls"],
            strict=self.ports["strict"],
        )
        self.config_file.write_text(text)

    def attempt(self, client: Client, way: Way, case: Case, cookies: dict[str, str]) -> dict[str, Any]:
        """What the client is told to do."""
        is_plain = way.layer == "plain"
        port = self.ports[case.given.get("port", "plain" if is_plain else "tls")]
        scheme, path = {"websocket": ("ws", "/ws"), "rawsocket": ("rs", ""), "longpoll": ("http", "/lp")}[way.transport]
        told = {"name": case.name(way), "realm": "members", "transport": way.transport} | case.given
        told["url"] = f"{scheme}{'' if is_plain else 's'}://127.0.0.1:{port}{path}"
        if not is_plain:
            told["tls"] = {"authority": str(self.folder / "cert.pem"), "version": way.layer.removeprefix("tls ")}
        if told.get("certificate") is not None:
            told["certificate"] = str(self.folder / f"{told['certificate']}.pem")
        if "cookie" in told:
            told["cookie"] = f"wamplex={cookies[told['cookie']]}"
        if "totp" in told:
            told["authid"] = phone_of(client, way)
            told["totp"] = code_key(told["authid"]) if told["totp"] == "phone" else told["totp"]
        return told
