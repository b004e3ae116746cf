"""Mistakes in `bridges` are told with their line and column."""

from pathlib import Path

import pytest

from router.config import InvalidConfig, load

CONFIG = """\
realms:
  - name: realm1
    authentication:
      anonymous: {role: guest}
    roles:
      - name: guest
bridges:
  - realm: realm1
    BRIDGE
"""


def report(folder: Path, bridge: str) -> str:
    path = folder / "config.yaml"
    path.write_text(CONFIG.replace("BRIDGE", bridge))
    try:
        load(path, {"SECRET": "0123456789abcdef", "SHORT": "0123456789"})
    except InvalidConfig as invalid:
        return str(invalid).replace(f"{folder}/config.yaml:", "")
    return ""


@pytest.mark.parametrize(
    ("bridge", "said"),
    [
        ("path: /\n    anonymous: true", "9:11: a bridge needs a path of its own, such as `/bridge`"),
        ("path: /ws/\n    anonymous: true", "9:11: `/ws/` is the path of WebSocket already"),
        ("idle_timeout: 3", "8:5: of no use: one of keys, bearer, basic, cookie, anonymous, hooks and forwards"),
        ("basic: true", "9:12: the realm has no method `ticket`"),
        ("bearer: true", "9:13: the realm takes no tokens: it has neither `jwt` nor a login"),
        ("cookie: true", "9:13: the realm needs the method `cookie`, and `login` of `web` must be for it"),
        ("allowed_origins: [example.com]", "9:22: `example.com` has no scheme: origins are like `https://shop."),
        (
            "keys: [{id: a, secret: abcdefghijklmnop, role: guest}]",
            "9:28: no secret may stand here as it is: put {env: VARIABLE} or {file: PATH}",
        ),
        ("keys: [{id: a, secret: {env: SHORT}, role: guest}]", "9:28: a secret has at least 16 characters"),
        ("keys: [{id: a, secret: {env: SECRET}, role: gest}]", "9:49: the realm has no role `gest`; did you mean"),
        ("hooks: [{name: a, role: guest, signature: none}]", "9:13: one of `topic` and `procedure` says what it is"),
        ("hooks: [{name: a, role: guest, signature: github, topic: a}]", "9:13: a secret is needed to verify"),
        ("hooks: [{name: a, role: guest, signature: none, topic: wamp.x}]", "9:60: `wamp.x` is the router's own"),
        (
            "hooks: [{name: a, role: guest, signature: none, topic: a, headers: [Cookie]}]",
            "9:72: `Cookie` proves who the sender is, and stays here",
        ),
        ("forwards: [{url: 'ftp://x', role: guest, topic: a}]", "9:22: `ftp://x` is no address such as"),
        ("forwards: [{url: 'http://u:p@x', role: guest, topic: a}]", "9:22: a name or password in a URL would be"),
        ("forwards: [{url: 'http://x', role: guest, topic: a b}]", "9:54: `a b` is no exact URI"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, bridge: str, said: str) -> None:
    assert said in report(tmp_path, bridge)


def test_what_is_right_is_right(tmp_path: Path) -> None:
    assert report(tmp_path, "anonymous: true") == ""
    assert report(tmp_path, "forwards: [{url: 'http://x/y?z=1', role: guest, topic: wamp.session.on_join}]") == ""


def test_no_two_bridges_have_a_path(tmp_path: Path) -> None:
    assert "a second bridge at `/bridge`" in report(tmp_path, "path: /bridge\n  - {realm: realm1}")
