"""Whom config.yaml says to ask: what is wrong with it is told with its line, and functions are found."""

import asyncio
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred

from realms.authentication.dynamic import Asked
from realms.authorization import AskingRole
from realms.clock import Clock
from router.config import load
from router.functions import answering, find_function
from router.inquiries import Reach, asked_of, authorizer_of, offered
from tests.router.test_config_mistakes import report

CONFIG = """\
realms:
  - name: realm1
    authentication:
      dynamic: %s
    roles:
      - name: user
        authorizer: %s
"""
RIGHT = "{procedure: com.example.who}"
AUTHENTICATOR, AUTHORIZER = "4:16", "7:21"


@pytest.mark.parametrize(
    ("section", "column", "wrong"),
    [
        ("{}", 0, "needs either `procedure` or `function`"),
        ("{procedure: com.a, function: 'a:b'}", 0, "needs either `procedure` or `function`"),
        ("{procedure: com..a}", 12, "`com..a` is no URI that can be registered"),
        ("{procedure: wamp.session.count}", 12, "`wamp.session.count` is no URI that can be registered"),
        ("{procedure: com.a, realm: realm2}", 26, "there is no realm `realm2`; did you mean `realm1`?"),
        ("{function: asked_here}", 11, "`asked_here`: expected `package.module:function`"),
        ("{function: 'asked_here:none'}", 11, "`asked_here:none`: asked_here has no none"),
        ("{function: 'asked_here:text'}", 11, "`asked_here:text`: asked_here:text is no function"),
        ("{function: 'nowhere:who'}", 11,
         "`nowhere:who`: cannot import nowhere: ModuleNotFoundError: No module named 'nowhere'"),
        ("{function: 'asked_here:who', realm: realm1}", 36, "a function is called in the router, in no realm"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, section: str, column: int, wrong: str) -> None:
    """E19, F3"""
    (tmp_path / "asked_here.py").write_text("text = 'no function'\ndef who(*_): return 'user'\n")
    for place, told in ((AUTHENTICATOR, (section, RIGHT)), (AUTHORIZER, (RIGHT, section))):
        line, start = place.split(":")
        expected = f"config.yaml:{line}:{int(start) + column}: {wrong}"
        assert report(tmp_path, CONFIG % told) == expected


def test_what_is_right_is_made(tmp_path: Path) -> None:
    """E19, F3: the methods that somebody is asked about are offered."""
    (tmp_path / "asked_there.py").write_text("class Users:\n    @staticmethod\n    def who(*_): return 'user'\n")
    dynamic = "{function: 'asked_there:Users.who', methods: [wampcra, scram]}"
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG % (dynamic, RIGHT))
    (realm,) = load(path).realms
    methods = offered(realm.authentication)
    assert (methods.wampcra is not None, methods.scram is not None, methods.ticket) == (True, True, None)
    assert isinstance(asked_of(realm, Reach(), _NO_CLOCK), Asked)
    assert realm.roles[0].authorizer is not None
    role = AskingRole("user", (), authorizer_of(realm.roles[0].authorizer, "realm1", Reach(), _NO_CLOCK), _NO_CLOCK)
    assert role.would_grant("call", "exact", "com.a") is None


_NO_CLOCK: Clock = None  # type: ignore[assignment] - nobody waits for anything here


def test_a_coroutine_is_as_good_as_a_deferred() -> None:
    """E19, F3: of asyncio."""

    async def slow(number: int) -> int:
        await asyncio.sleep(0)
        return number + 1

    async def ask() -> int:
        answer = answering(slow)(1)
        assert isinstance(answer, Deferred)
        return await answer.asFuture(asyncio.get_running_loop())

    assert asyncio.run(ask()) == 2
    assert answering(lambda number: number + 1)(1) == 2


def test_a_function_of_the_standard_library_can_be_named() -> None:
    assert find_function("operator:add")(1, 2) == 3
