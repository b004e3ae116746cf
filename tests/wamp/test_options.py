"""Option values: a wrong type or an unknown choice makes the message undecodable ("no polymorphism")."""

import pytest

from tests.wamp.strategies import ALL_CODECS, ENCODERS
from wamp.errors import InvalidMessage

every_codec = pytest.mark.parametrize("codec", ALL_CODECS, ids=lambda codec: codec.name)

NO_BOOLEAN = (1, 0, "true", None, [], {}, 1.0)
NO_INTEGER = (True, 1.5, 1.0, "1", None, [], {})
NO_TEXT = (1, True, None, ["a"], {})
NO_NODE = (*NO_TEXT, "x" * 1025)
NO_LIST_OF_IDS = (1, "1", None, {}, ["a"], [True], [1.5], [None], [[1]], [1, "a"])
NO_LIST_OF_TEXT = ("a", 1, None, {}, [1], [None], [["a"]], ["a", 1])
NO_HOPS = (
    "hello", 1, None, {}, [1], [{}], [{"session": 1}], [{"session": "1", "authid": "a", "authrole": "b"}],
    [{"session": 1, "authid": None, "authrole": "b"}], [{"session": True, "authid": "a", "authrole": "b"}],
)  # fmt: skip
NO_ALGORITHM = ("", "invalid", "Cryptobox", "cryptobox\n", "x_", 1, None, ["cryptobox"])
NO_SERIALIZER = ("", "xml", "JSON", 1, None, ["json"])
NO_MATCH = ("", "Exact", "regex", 1, None, ["exact"], True)

OPTIONS_AT = {
    "PUBLISH": lambda options: [16, 123, options, "com.example.topic"],
    "SUBSCRIBE": lambda options: [32, 123, options, "com.example.topic"],
    "CALL": lambda options: [48, 123, options, "com.example.add"],
    "CANCEL": lambda options: [49, 123, options],
    "REGISTER": lambda options: [64, 123, options, "com.example.add"],
    "YIELD": lambda options: [70, 123, options],
    "ERROR": lambda details: [8, 68, 123, details, "com.example.error"],
    "HELLO": lambda options: [1, "realm1", {"roles": {"caller": {}}, **options}],
    "GOODBYE": lambda options: [6, options, "wamp.close.close_realm"],
    "ABORT": lambda options: [3, options, "wamp.error.no_such_realm"],
}

CARRIED = {
    "ppt_scheme": NO_TEXT,
    "ppt_serializer": NO_TEXT,
    "ppt_cipher": NO_TEXT,
    "ppt_keyid": NO_TEXT,
    "enc_algo": NO_ALGORITHM,
    "enc_key": NO_TEXT,
    "enc_serializer": NO_SERIALIZER,
    "forward_for": NO_HOPS,
    "transaction_hash": NO_TEXT,
}

WRONG = {
    **{(message, key): wrong for message in ("PUBLISH", "CALL", "YIELD", "ERROR") for key, wrong in CARRIED.items()},
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
    ("PUBLISH", "rkey"): NO_TEXT,
    ("SUBSCRIBE", "match"): NO_MATCH,
    ("SUBSCRIBE", "get_retained"): NO_BOOLEAN,
    ("SUBSCRIBE", "nkey"): NO_NODE,
    ("SUBSCRIBE", "forward_for"): NO_HOPS,
    ("CALL", "timeout"): NO_INTEGER,
    ("CALL", "receive_progress"): NO_BOOLEAN,
    ("CALL", "progress"): NO_BOOLEAN,
    ("CALL", "disclose_me"): NO_BOOLEAN,
    ("CALL", "rkey"): NO_TEXT,
    ("CALL", "runon"): ("", "some", "All", 1, None, ["all"]),
    ("CALL", "runmode"): ("", "fast", "Gather", 1, None, ["gather"]),
    ("CANCEL", "mode"): ("", "Kill", "abort", 1, None, ["kill"], True),
    ("REGISTER", "match"): NO_MATCH,
    ("REGISTER", "invoke"): ("", "all", "Single", 1, None, ["single"], True),
    ("REGISTER", "disclose_caller"): NO_BOOLEAN,
    ("REGISTER", "forward_timeout"): NO_BOOLEAN,
    ("REGISTER", "force_reregister"): NO_BOOLEAN,
    ("REGISTER", "nkey"): NO_NODE,
    ("REGISTER", "concurrency"): (*NO_INTEGER, 0, -1),
    ("REGISTER", "forward_for"): NO_HOPS,
    ("YIELD", "progress"): NO_BOOLEAN,
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
    ("PUBLISH", {"transaction_hash": "abc123", "forward_for": []}),
    ("PUBLISH", {"forward_for": [{"session": 123, "authid": "router1", "authrole": "router", "more": 1}]}),
    *[("CALL", {"enc_algo": algorithm}) for algorithm in ("null", "cryptobox", "mqtt", "xbr", "x_mine")],
    ("YIELD", {"enc_algo": "cryptobox", "enc_key": "k", "enc_serializer": "x_mine"}),
    ("ERROR", {"ppt_scheme": "x_mine", "ppt_serializer": "native", "ppt_cipher": "c", "ppt_keyid": "k"}),
    ("REGISTER", {"forward_timeout": True, "nkey": "a", "concurrency": 1}),
    ("CALL", {"rkey": "a", "runon": "all", "runmode": "gather"}),
    ("CALL", {"rkey": "a", "runmode": "partition"}),
]


@every_codec
@pytest.mark.parametrize(
    ("message", "option", "value"),
    [(message, option, value) for (message, option), wrong in WRONG.items() for value in wrong],
    ids=repr,
)
def test_a_wrong_option_value_breaks_the_protocol(codec, message, option, value):
    """A16, K2"""
    with pytest.raises(InvalidMessage):
        codec.decode(ENCODERS[codec](OPTIONS_AT[message]({option: value})))


@every_codec
@pytest.mark.parametrize(("message", "options"), RIGHT, ids=repr)
def test_a_right_option_value_is_taken(codec, message, options):
    """A16, K2"""
    codec.decode(ENCODERS[codec](OPTIONS_AT[message](options)))
