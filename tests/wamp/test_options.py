"""Option values: a wrong type or an unknown choice makes the message undecodable ("no polymorphism")."""

import pytest

from tests.wamp.strategies import ALL_CODECS, ENCODERS
from wamp.errors import InvalidMessage

every_codec = pytest.mark.parametrize("codec", ALL_CODECS, ids=lambda codec: codec.name)

NO_BOOLEAN = (1, 0, "true", None, [], {}, 1.0)
NO_INTEGER = (True, 1.5, 1.0, "1", None, [], {})
NO_TEXT = (1, True, None, ["a"], {})
NO_LIST_OF_IDS = (1, "1", None, {}, ["a"], [True], [1.5], [None], [[1]], [1, "a"])
NO_LIST_OF_TEXT = ("a", 1, None, {}, [1], [None], [["a"]], ["a", 1])
NO_MATCH = ("", "Exact", "regex", 1, None, ["exact"], True)

OPTIONS_AT = {
    "PUBLISH": lambda options: [16, 123, options, "com.example.topic"],
    "SUBSCRIBE": lambda options: [32, 123, options, "com.example.topic"],
    "CALL": lambda options: [48, 123, options, "com.example.add"],
    "CANCEL": lambda options: [49, 123, options],
    "REGISTER": lambda options: [64, 123, options, "com.example.add"],
    "YIELD": lambda options: [70, 123, options],
    "HELLO": lambda options: [1, "realm1", {"roles": {"caller": {}}, **options}],
    "GOODBYE": lambda options: [6, options, "wamp.close.close_realm"],
    "ABORT": lambda options: [3, options, "wamp.error.no_such_realm"],
}

WRONG = {
    ("PUBLISH", "acknowledge"): NO_BOOLEAN,
    ("PUBLISH", "exclude_me"): NO_BOOLEAN,
    ("PUBLISH", "retain"): NO_BOOLEAN,
    ("PUBLISH", "disclose_me"): NO_BOOLEAN,
    ("PUBLISH", "exclude"): NO_LIST_OF_IDS,
    ("PUBLISH", "eligible"): NO_LIST_OF_IDS,
    ("PUBLISH", "exclude_authid"): NO_LIST_OF_TEXT,
    ("PUBLISH", "exclude_authrole"): NO_LIST_OF_TEXT,
    ("PUBLISH", "eligible_authid"): NO_LIST_OF_TEXT,
    ("PUBLISH", "eligible_authrole"): NO_LIST_OF_TEXT,
    ("PUBLISH", "ppt_scheme"): NO_TEXT,
    ("SUBSCRIBE", "match"): NO_MATCH,
    ("SUBSCRIBE", "get_retained"): NO_BOOLEAN,
    ("CALL", "timeout"): NO_INTEGER,
    ("CALL", "receive_progress"): NO_BOOLEAN,
    ("CALL", "progress"): NO_BOOLEAN,
    ("CALL", "disclose_me"): NO_BOOLEAN,
    ("CALL", "ppt_scheme"): NO_TEXT,
    ("CANCEL", "mode"): ("", "Kill", "abort", 1, None, ["kill"], True),
    ("REGISTER", "match"): NO_MATCH,
    ("REGISTER", "invoke"): ("", "all", "Single", 1, None, ["single"], True),
    ("REGISTER", "disclose_caller"): NO_BOOLEAN,
    ("YIELD", "progress"): NO_BOOLEAN,
    ("YIELD", "ppt_scheme"): NO_TEXT,
    ("HELLO", "roles"): (1, "caller", None, ["caller"], {"caller": 1}, {"callee": {"features": {"call_timeout": 1}}}),
    ("HELLO", "authmethods"): NO_LIST_OF_TEXT,
    ("HELLO", "authid"): (1, True, [], {}),
    ("HELLO", "agent"): NO_TEXT,
    ("HELLO", "authextra"): (1, "a", [], True),
    ("GOODBYE", "message"): NO_TEXT,
    ("ABORT", "message"): NO_TEXT,
}

RIGHT = [
    ("PUBLISH", {"exclude": [], "eligible": [], "exclude_authid": [], "eligible_authrole": []}),
    ("PUBLISH", {"exclude": [1, 2**53], "exclude_me": False, "acknowledge": True, "retain": True}),
    ("PUBLISH", {"eligible_authid": ["joe", ""], "exclude_authrole": ["user"], "disclose_me": True}),
    *[("SUBSCRIBE", {"match": match}) for match in ("exact", "prefix", "wildcard")],
    *[("REGISTER", {"invoke": invoke}) for invoke in ("single", "roundrobin", "random", "first", "last")],
    *[("CANCEL", {"mode": mode}) for mode in ("skip", "kill", "killnowait")],
    ("CALL", {"timeout": 0, "receive_progress": True, "x_unknown": {"any": ["thing"]}}),
    ("HELLO", {"authid": None, "authrole": None, "authextra": None, "authmethods": []}),
    ("GOODBYE", {"message": "bye"}),
]


@every_codec
@pytest.mark.parametrize(
    ("message", "option", "value"),
    [(message, option, value) for (message, option), wrong in WRONG.items() for value in wrong],
    ids=repr,
)
def test_a_wrong_option_value_breaks_the_protocol(codec, message, option, value):
    with pytest.raises(InvalidMessage):
        codec.decode(ENCODERS[codec](OPTIONS_AT[message]({option: value})))


@every_codec
@pytest.mark.parametrize(("message", "options"), RIGHT, ids=repr)
def test_a_right_option_value_is_taken(codec, message, options):
    codec.decode(ENCODERS[codec](OPTIONS_AT[message](options)))
