"""A router with schemas, a history, two realms and certificates that are about to expire; and its dashboard."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.certificates import DAY, write_certificate
from tests.clients.processes import Process
from tests.peers import Peer
from tests.routers import RunningRouter, free_port
from tests.web.conftest import Page
from tests.web.markup import MARKUP

CONFIG = """\
dashboard: true
realms:
  - name: realm1
    schemas: {{directory: schemas, validate: true}}
    history:
      topics: [{{uri: com.example.kept, limit: 100}}]
    calls:
      max_pending: 4096
    authentication:
      anonymous: {{role: anonymous}}
      ticket: true
    principals:
      - {{authid: joe, role: anonymous, ticket: {{env: HOME}}}}
    roles:
      - name: anonymous
        permissions:
          - {{uri: "", match: prefix, allow: [call, register, publish, subscribe]}}
          - {{uri: wamp., match: prefix, allow: [call, subscribe]}}
          - {{uri: wamplex., match: prefix, allow: [call, subscribe]}}
  - name: realm2
    authentication: {{anonymous: {{role: anonymous}}}}
    roles: [{{name: anonymous, permissions: [{{uri: "", match: prefix, allow: [call, register, publish, subscribe]}}]}}]
limits:
  max_message_size: 2 MiB
listeners:
  - {{host: 127.0.0.1, port: {port}}}
  - host: 127.0.0.1
    port: {secure}
    max_connections: 5000
    tls: {{certificate: cert.pem, key: key.pem, others: [{{certificate: shop/cert.pem, key: shop/key.pem}}]}}
    allowed_origins: [same-origin, "https://*.example.com"]
  - {{host: 127.0.0.1, port: {plain}, redirect_to_https: {{port: {secure}}}}}
"""
ADD = """
procedure: com.example.add2
title: Add two numbers
description: Adds the second number to the first.
kwargs:
  type: object
  properties: {a: {type: number, description: The first one}, b: {type: number}}
  required: [a, b]
  additionalProperties: false
args: {type: array, maxItems: 0}
"""
ALL_KINDS = """
procedure: com.example.kinds
args:
  type: array
  prefixItems:
    - {title: word, type: string}
    - {title: size, type: integer, minimum: 1, maximum: 9}
    - {title: exact, type: boolean}
    - {title: unit, enum: [kg, lb, 3]}
    - {title: list, type: array}
  items: false
  minItems: 5
kwargs:
  type: object
  properties:
    note: {anyOf: [{type: string}, {type: "null"}]}
    person: {$ref: "type:com.example.age"}
    loud: {type: boolean, default: false}
"""
AGE = "{type: com.example.age, schema: {type: integer, description: In years}}"
TOPIC = """
topic: com.example.weather
description: How warm it is, by city.
args:
  {type: array, prefixItems: [{title: city, type: string}, {title: degrees, type: number}], items: false, minItems: 2}
"""
EVIL = {
    "type": "array",
    "prefixItems": [{"title": MARKUP, "type": "string", "description": MARKUP}, {"title": "one", "enum": [MARKUP]}],
    "minItems": 2,
}
XSS = json.dumps({"procedure": "com.example.evil", "title": MARKUP, "description": MARKUP, "args": EVIL})


class Secure(RunningRouter):
    """A router with schemas, a history, two realms and certificates that are about to expire."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.secure, self.plain = free_port(), free_port()
        self.config_file.write_text(CONFIG.format(port=self.port, secure=self.secure, plain=self.plain))
        (folder / "schemas").mkdir()
        for name, text in {"add": ADD, "kinds": ALL_KINDS, "age": AGE, "topic": TOPIC, "evil": XSS}.items():
            (folder / "schemas" / f"{name}.yaml").write_text(text)
        write_certificate(folder, names=["wamplex.example.com"], life=(-80 * DAY, 5.5 * DAY))
        (folder / "shop").mkdir()
        write_certificate(folder / "shop", names=["*.shop.example.com"], life=(-60 * DAY, 20.5 * DAY))


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    running = Secure(tmp_path_factory.mktemp("console"))
    running.start()
    worker = Process("clients", "calculator", "--url", running.ws_url)
    worker.wait_for("joined realm1")
    yield running
    worker.end()
    running.close()


@pytest.fixture
def page(browser: Chrome, own: Secure) -> Iterator[Page]:
    first = browser.current_window_handle
    browser.get_log("browser")
    opened = Page(browser, f"{own.url}/dashboard/#procedures")
    yield opened.wait_connected()
    opened.run("sessionStorage.clear()")
    browser.close()
    browser.switch_to.window(first)


@pytest.fixture
def peer(own: Secure) -> Iterator[Peer]:
    with closing(Peer(own.port).join()) as joined:
        yield joined
