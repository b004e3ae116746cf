"""What must fit together in the authentication of a realm of config.yaml."""

from typing import Any, Final

from router.config.authentication import Authentication, Cryptosign, Jwt
from router.config.checking import check_named, known
from router.config.decoding import Decoder
from router.config.mistakes import InvalidConfig
from router.config.principal_checks import check_principals
from router.config.principals_file import read_principals
from router.config.realms import Realm
from router.config.scalars import Secret
from router.config.tls_checks import check_router_key
from router.config.token_checks import check_jwt
from router.config.trustroot_checks import check_trustroots
from router.principals.database_file import why_unusable

NO_METHODS: Final = frozenset({"lockout", "decoy_key"})
SHORTEST_DECOY_KEY: Final = 32


def check_authentication(realm: Realm, decoder: Decoder) -> None:
    """Note what is wrong with how clients join a realm."""
    authentication = realm.authentication
    if not known(authentication):
        return
    methods = [name for name in authentication.__struct_fields__ if name not in NO_METHODS]
    if not any(getattr(authentication, name) for name in methods):
        decoder.note(decoder.place(authentication), "nobody could join: at least one method is needed")
    roles = [role.name for role in realm.roles]
    assigning: list[Any] = [authentication.anonymous, authentication.jwt]
    for one in assigning:
        if one:
            check_named(one.role, roles, one, "role", "the realm has no role", decoder)
    check_principals(realm.principals, roles, decoder)
    _check_decoy_key(authentication, decoder)
    if isinstance(authentication.jwt, Jwt):
        check_jwt(authentication.jwt, decoder)
    if isinstance(authentication.cryptosign, Cryptosign):
        check_router_key(authentication.cryptosign, realm.principals, decoder)
        check_trustroots(authentication.cryptosign, roles, decoder)
    _check_file(realm, roles, decoder)
    _check_database(realm, decoder)


def _check_decoy_key(authentication: Authentication, decoder: Decoder) -> None:
    key = authentication.decoy_key
    if isinstance(key, Secret) and (key.inline or len(key.reveal()) < SHORTEST_DECOY_KEY):
        decoder.note(
            decoder.place(authentication, "decoy_key"),
            f"expected {SHORTEST_DECOY_KEY} random letters or more, as {{env: VARIABLE}} or {{file: PATH}}",
        )


def _check_file(realm: Realm, roles: list[str], decoder: Decoder) -> None:
    if realm.principals_file is None or not known(realm.principals_file):
        return
    try:
        read_principals(realm.principals_file, roles if all(map(known, roles)) else [], decoder.environment)
    except InvalidConfig as invalid:
        for line in str(invalid).splitlines():
            decoder.note(decoder.place(realm, "principals_file"), line)


def _check_database(realm: Realm, decoder: Decoder) -> None:
    if realm.principals_database is None or not known(realm.principals_database):
        return
    why = why_unusable(realm.principals_database)
    if why is not None:
        decoder.note(decoder.place(realm, "principals_database"), f"{realm.principals_database}: {why}")
