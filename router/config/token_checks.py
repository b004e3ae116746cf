"""What must fit together about signed tokens, and about logging in over HTTP."""

from typing import Any

from realms.authentication.token_keys import Found, UnfitKey, keys_of, public_key, secret_key
from router.config.authentication import Authentication, Jwt
from router.config.checking import check_named, known
from router.config.decoding import Decoder
from router.config.model import Config
from router.config.realms import Realm
from router.config.scalars import Secret
from router.config.source import explain_os_error
from router.config.web import Login, Web
from router.jwks import check_url, read_key_set

PUBLIC = ("public_key", "jwks", "jwks_url")


def check_jwt(jwt: Jwt, decoder: Decoder) -> None:
    """Read the keys as the router will."""
    given = [key for key in PUBLIC if getattr(jwt, key) is not None]
    if len(given) > 1:
        decoder.note(decoder.place(jwt, given[1]), f"the public keys come from one place, and there is `{given[0]}`")
    if not given and jwt.secret is None:
        decoder.note(decoder.place(jwt), f"no token could be verified: one of secret, {', '.join(PUBLIC)} is needed")
    found = {key: _algorithms(jwt, key, decoder) for key in ("secret", *given)}
    wanted: frozenset[str] = frozenset(jwt.algorithms)
    verifiable = frozenset().union(*found.values())
    for algorithm in jwt.algorithms:
        if algorithm not in verifiable and all(found[key] for key in given):
            decoder.note(decoder.place(jwt, "algorithms"), f"there is no key for {algorithm}")
    for key, algorithms in found.items():
        if wanted and algorithms and not algorithms & wanted:
            fit = " or ".join(sorted(algorithms))
            decoder.note(decoder.place(jwt, key), f"this is for {fit}, which `algorithms` leaves out")


def check_logins(config: Config, decoder: Decoder) -> None:
    """Logging in, and the cookies that come of it."""
    if not known(config.web):
        return
    login = config.web.login if isinstance(config.web, Web) else None
    for realm in config.realms:
        _check_cookie(realm, login, decoder)
    if not isinstance(login, Login):
        return
    names = [realm.name for realm in config.realms]
    check_named(login.realm, names, login, "realm", "there is no realm", decoder)
    for realm in config.realms:
        if not known(realm.name) or realm.name != login.realm or not known(realm.authentication):
            continue
        why = ""
        if not _has_passwords(realm.authentication):
            why = "the realm needs the method `ticket`, which `authmethods` of listeners may leave out"
        elif not _has_principals(realm):
            why = "no principal of the realm has a `ticket`"
        if why:
            decoder.note(decoder.place(login, "realm"), f"nobody could log in: {why}")
    if config.listeners and all(listener.http is False for listener in config.listeners):
        decoder.note(decoder.place(login), "nobody could log in: no listener has `http`")


def _check_cookie(realm: Realm, login: Any, decoder: Decoder) -> None:
    authentication = realm.authentication
    if not known(authentication) or not authentication.cookie or not known(login) or not known(realm.name):
        return
    if login is None or (known(login.realm) and login.realm != realm.name):
        sentence = "nobody could have a cookie for this realm: `login` of `web` is for another one"
        if login is None:
            sentence = "nobody could have a cookie: there is no `login` in `web`"
        decoder.note(decoder.place(authentication, "cookie"), sentence)


def _has_passwords(authentication: Authentication) -> bool:
    dynamic = authentication.dynamic
    return bool(authentication.ticket) or (bool(dynamic) and dynamic is not None and "ticket" in dynamic.methods)


def _has_principals(realm: Realm) -> bool:
    """Whether anybody has a password, as far as can be told."""
    elsewhere = (realm.principals_file, realm.principals_database)
    return (
        bool(realm.authentication.dynamic)
        or any(place is not None for place in elsewhere)
        or any(principal.ticket is not None for principal in realm.principals)
    )


def _algorithms(jwt: Jwt, key: str, decoder: Decoder) -> frozenset[str]:
    """The algorithms that a source has keys for; none if it is not there, or cannot be read, which is noted."""
    value = getattr(jwt, key)
    if value is None or not known(value):
        return frozenset()
    try:
        return frozenset(found.algorithm for found in _keys(key, value)) or frozenset({"RS256", "ES256", "EdDSA"})
    except OSError as error:
        decoder.note(decoder.place(jwt, key), f"{value}: {explain_os_error(error)}")
    except UnfitKey as unfit:
        decoder.note(decoder.place(jwt, key), str(unfit) if key == "secret" else f"{value}: {unfit}")
    except ValueError as mistake:
        decoder.note(decoder.place(jwt, key), str(mistake))
    return frozenset()


def _keys(key: str, value: Any) -> Found:
    if isinstance(value, Secret):
        return (secret_key(value.reveal().encode()),)
    if key == "public_key":
        return (public_key(value.read_bytes()),)
    if key == "jwks":
        return keys_of(read_key_set(value))
    check_url(value)
    return ()
