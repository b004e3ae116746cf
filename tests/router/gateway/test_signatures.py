"""Signed requests: what is accepted, what is not, and that nothing is good twice."""

import pytest

from router.gateway.crossbar_signatures import CrossbarSignatures
from router.gateway.hook_signatures import check, secret_of, standard_signature
from router.gateway.seen import Seen
from router.gateway.signatures import BadSignature, Key, Signatures, Signed
from tests.router.gateway.signing import crossbar_query, signed

SECRET = "a secret of thirty-two characters"
NOW = 1_790_000_000.0
BODY = b'{"topic": "com.x"}'
PATH = "/bridge/publish"
KEYS = [Key("backend", SECRET.encode(), "ann", "user"), Key("old", SECRET.encode(), "bob", "user", "crossbar")]


def request(fields: dict[str, str], body: bytes = BODY, method: str = "POST", target: str = PATH) -> Signed:
    return Signed(method, target, {name.lower(): [value] for name, value in fields.items()}, body)


def fields(**more: object) -> dict[str, str]:
    return signed(PATH, BODY, SECRET, **{"created": NOW, **more})  # type: ignore[arg-type]


@pytest.fixture
def signatures() -> Signatures:
    return Signatures(KEYS, 300)


def test_a_good_signature_says_whose_it_is(signatures: Signatures) -> None:
    assert signatures.judge(request(fields()), NOW).authid == "ann"


def test_the_example_of_the_specification_holds() -> None:
    """RFC 9421, appendix B.2.5: hmac-sha256 over date, @authority and content-type. We ask for more, hence the base."""
    from router.gateway.signatures import _base

    params = '("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"'
    shown = {
        "host": ["example.com"],
        "date": ["Tue, 20 Apr 2021 02:07:55 GMT"],
        "content-type": ["application/json"],
    }
    base = _base(Signed("POST", "/foo", shown, b""), ["date", "@authority", "content-type"], params)
    assert base == (
        '"date": Tue, 20 Apr 2021 02:07:55 GMT\n"@authority": example.com\n"content-type": application/json\n'
        f'"@signature-params": {params}'
    )


@pytest.mark.parametrize(
    "wrong",
    [
        request(fields(), body=BODY + b" "),
        request(fields(), method="PUT"),
        request(fields(), target="/bridge/call"),
        request(fields(key="other")),
        request(fields(key="old")),
        request(fields(created=NOW - 301)),
        request(fields(created=NOW + 301)),
        request(signed(PATH, BODY, "another secret", created=NOW)),
        request(fields() | {"Content-Digest": "sha-256=:" + "A" * 43 + "=:"}),
        request({name: value for name, value in fields().items() if name != "Content-Digest"}),
        request({name: value for name, value in fields().items() if name != "Signature"}),
        request(fields() | {"Signature": "other=:AAAA:"}),
        request(fields() | {"Signature": "sig=:AAA:"}),
        request(fields() | {"Signature-Input": 'sig=();created=1;keyid="backend";nonce="x"'}),
        request(fields() | {"Signature-Input": 'sig=("@method");created=1;keyid="backend"'}),
        request(fields() | {"Signature-Input": "x" * 5000}),
        request(fields() | {"Signature-Input": fields()["Signature-Input"] + ';created=1;nonce="y"'}),
        request(fields() | {"Signature-Input": fields()["Signature-Input"] + ';alg="rsa-v1_5-sha256"'}),
        request(fields() | {"Signature-Input": fields()["Signature-Input"].replace("1790000000", '"²"')}),
    ],
)
def test_what_does_not_hold_is_refused(signatures: Signatures, wrong: Signed) -> None:
    with pytest.raises(BadSignature):
        signatures.judge(wrong, NOW)


def test_a_nonce_is_good_once_and_a_wrong_signature_does_not_use_it_up(signatures: Signatures) -> None:
    good = request(fields(nonce="n1"))
    with pytest.raises(BadSignature):
        signatures.judge(request(signed(PATH, BODY, "another", created=NOW, nonce="n1")), NOW)
    signatures.judge(good, NOW)
    with pytest.raises(BadSignature, match="there before"):
        signatures.judge(good, NOW + 299)
    with pytest.raises(BadSignature, match="too old"):
        signatures.judge(good, NOW + 601)


def test_what_was_seen_is_bounded_for_each_owner_and_forgotten_in_time() -> None:
    seen = Seen(10, most=2)
    assert [seen.add("a", name, 0) for name in "xxyz"] == [True, False, True, False]
    assert seen.add("b", "x", 0)
    assert seen.add("a", "x", 10)


def test_a_request_for_crossbar_is_good_once_however_its_parts_are_cut() -> None:
    signatures = CrossbarSignatures(KEYS, 300)
    good = f"{PATH}?{crossbar_query(BODY, SECRET, now=NOW, seq='1', nonce='23')}"
    shifted = good.replace("seq=1&nonce=23", "seq=12&nonce=3")
    assert signatures.judge(request({}, target=good), NOW).authid == "bob"
    for again in (good, shifted):
        with pytest.raises(BadSignature, match="there before"):
            signatures.judge(request({}, target=again), NOW)


@pytest.mark.parametrize(
    "query",
    [
        crossbar_query(BODY, "another", now=NOW),
        crossbar_query(BODY, SECRET, now=NOW - 301),
        crossbar_query(BODY, SECRET, now=NOW, key="backend"),
        crossbar_query(BODY + b" ", SECRET, now=NOW),
        crossbar_query(BODY, SECRET, now=NOW, timestamp="yesterday"),
        crossbar_query(BODY, SECRET, now=NOW) + "&nonce=1",
        "signature=x",
        "signature=%ff&" + "a=1&" * 30,
    ],
)
def test_what_does_not_hold_for_crossbar_is_refused(query: str) -> None:
    with pytest.raises(BadSignature):
        CrossbarSignatures(KEYS, 300).judge(request({}, target=f"{PATH}?{query}"), NOW)


def test_the_example_of_github_holds() -> None:
    """From its documentation of "Validating webhook deliveries"."""
    shown = {"x-hub-signature-256": ["sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"]}
    assert check("github", b"It's a Secret to Everybody", shown, b"Hello, World!", NOW) is None
    with pytest.raises(BadSignature):
        check("github", b"It's a Secret to Everybody", shown, b"Hello, World", NOW)


def test_the_example_of_standard_webhooks_holds() -> None:
    """From the tests that come with the specification."""
    secret = secret_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert standard_signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == expected
    shown = {
        "webhook-id": ["msg_p5jXN8AQM9LWM0D4loKWxJek"],
        "webhook-timestamp": ["1614265330"],
        "webhook-signature": [f"v1,AAAA {expected}"],
    }
    assert check("standard", secret, shown, body, 1614265330.0) == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    for now in (1614265330 - 301, 1614265330 + 301):
        with pytest.raises(BadSignature):
            check("standard", secret, shown, body, float(now))


def test_deliveries_of_stripe_have_a_time_and_may_have_two_signatures() -> None:
    import hmac

    mac = hmac.digest(b"whsec_x!", b"1790000000." + BODY, "sha256").hex()
    shown = {"stripe-signature": [f"t=1790000000,v1={'0' * 64},v1={mac},v0=x"]}
    first = check("stripe", b"whsec_x!", shown, BODY, NOW)
    assert first is not None
    assert first == check("stripe", b"whsec_x!", shown, BODY, NOW + 1)
    for body, now in ((BODY + b" ", NOW), (BODY, NOW + 301)):
        with pytest.raises(BadSignature):
            check("stripe", b"whsec_x!", shown, body, now)
