"""A router with TLS for tests, and those who look at it from outside; commands of `wamplex` in this process."""

import socket
import ssl
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from hashlib import sha256
from io import StringIO
from pathlib import Path

from cryptography.x509 import load_der_x509_certificate

from router.cli import main
from router.config.pem import names_of
from tests.certificates import write_certificate
from tests.routers import RunningRouter, free_port

RULES = """
pid_file: wamplex.pid
realms:
  - name: realm1
    authentication: {{anonymous: {{role: user}}, ticket: true}}
    principals: [{{authid: joe, role: user, ticket: $sha256${ticket}}}]
    roles: [{{name: user, permissions: [{{uri: com., match: prefix, allow: [call, register, publish, subscribe]}}]}}]
web: {{directory: web}}
limits: {{handshake_timeout: 1.5}}
listeners:
  - port: {port}
    tls:
      certificate: tls/cert.pem
      key: tls/key.pem
      others: [{{certificate: shop/cert.pem, key: shop/key.pem}}]
      hsts: 86400
  - {{port: {plain}, redirect_to_https: {{port: {port}}}}}
"""


@dataclass
class Done:
    """What came of a command."""

    returncode: int | str | None
    stdout: str
    stderr: str


def wamplex(*arguments: str) -> Done:
    """Run a command, in this process: there are many of them."""
    with redirect_stdout(StringIO()) as said, redirect_stderr(StringIO()) as reported:
        try:
            status: int | str | None = main(arguments)
        except SystemExit as end:
            status = end.code
    return Done(status, said.getvalue(), reported.getvalue())


class SecureRouter(RunningRouter):
    """A router with a certificate by `wamplex certificate`, another one, and a listener that redirects."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.plain = free_port()
        made = wamplex("certificate", "--out", str(folder / "tls"))
        assert made.returncode == 0, made.stderr
        (folder / "shop").mkdir()
        write_certificate(folder / "shop", names=["*.shop.example.com"])
        (folder / "web" / ".well-known" / "acme-challenge").mkdir(parents=True)
        (folder / "web" / "index.html").write_text("hello")
        ticket = sha256(b"bob").hexdigest()
        self.config_file.write_text(RULES.format(port=self.port, plain=self.plain, ticket=ticket))
        self.trust = folder / "tls" / "cert.pem"

    def reload(self) -> Done:
        return wamplex("reload", "--config", str(self.config_file))


def shown(port: int, name: str | None = None) -> list[str]:
    """The names of the certificate that a client is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    plain = socket.create_connection(("127.0.0.1", port), 5)
    with context.wrap_socket(plain, server_hostname=name) as connection:
        octets = connection.getpeercert(True)
    assert octets is not None
    return names_of(load_der_x509_certificate(octets))


class Backend:
    """A RawSocket connection over TLS, which is up."""

    def __init__(self, router: SecureRouter) -> None:
        context = ssl.create_default_context(cafile=router.trust)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        plain = socket.create_connection(("127.0.0.1", router.port), 5)
        self.socket = context.wrap_socket(plain, server_hostname="localhost")
        self.socket.sendall(b"\x7f\xf1\0\0")
        assert self.socket.recv(4)[0] == 0x7F

    def is_served(self) -> bool:
        """A RawSocket PING is answered."""
        self.socket.sendall(b"\x01\0\0\x02hi")
        return self.socket.recv(6) == b"\x02\0\0\x02hi"
