"""From the `jwt` of a realm, and the `login` of `web`, to those who judge and sign tokens."""

import time
from dataclasses import dataclass, field
from secrets import token_bytes, token_hex

from realms.authentication.jwt import OWN_TERMS, Authority, Signer, Terms, Tokens
from realms.authentication.logins import LoggedIn
from realms.authentication.token_keys import FixedKeys, Key, Keys, Several, public_key, secret_key
from router.config import model, realms, web
from router.config.authentication import Jwt
from router.jwks import FileKeys, UrlKeys
from router.logins import LoginStore
from router.principals.directory import Directory


@dataclass(frozen=True, slots=True)
class WebLogin:
    """How browsers log in, and who is logged in."""

    config: web.Login
    store: LoginStore
    key: Key = field(default_factory=lambda: Key("HS256", token_bytes(32), f"wamplex-{token_hex(4)}"))
    """Signs the tokens of those who are logged in, where the realm has no secret of its own."""

    def logged_in(self, realm: realms.Realm, directory: Directory) -> LoggedIn | None:
        """Who has logged in to a realm; None if nobody can."""
        if realm.name != self.config.realm:
            return None
        return LoggedIn(realm.name, self.store, directory.find_now)


def web_login_of(config: model.Config) -> WebLogin | None:
    """Open the logins; raises CannotOpen."""
    login = None if config.web is None else config.web.login
    return None if login is None else WebLogin(login, LoginStore(time.time, login.file))


def tokens_of(
    config: realms.Realm, login: WebLogin | None, logged_in: LoggedIn | None, key_sets: dict[str, Keys]
) -> Tokens | None:
    """Who judges tokens for a realm; None if it takes none. Realms that name one key set share it, in `key_sets`."""
    jwt = config.authentication.jwt
    if jwt is None and logged_in is None:
        return None
    return Tokens(
        None if jwt is None else Authority(_keys_of(jwt, key_sets), _terms_of(jwt)),
        frozenset(role.name for role in config.roles),
        time.time,
        own=login.key if login is not None and logged_in is not None else None,
        logins=logged_in,
    )


def signer_of(config: realms.Realm) -> Signer | None:
    """Who signs tokens that the realm accepts and that others with its secret can verify; None if it has none."""
    jwt = config.authentication.jwt
    if jwt is None or jwt.secret is None or (jwt.algorithms and "HS256" not in jwt.algorithms):
        return None
    return Signer(secret_key(jwt.secret.reveal().encode()), _terms_of(jwt))


def login_signer(login: WebLogin, config: realms.Realm) -> Signer:
    """Who signs the tokens of those who are logged in."""
    return signer_of(config) or Signer(login.key, OWN_TERMS)


def _keys_of(jwt: Jwt, key_sets: dict[str, Keys]) -> Keys:
    sources: list[Keys] = []
    if jwt.secret is not None:
        sources.append(FixedKeys([secret_key(jwt.secret.reveal().encode())]))
    if jwt.public_key is not None:
        sources.append(FixedKeys([public_key(jwt.public_key.read_bytes())]))
    if jwt.jwks is not None:
        sources.append(key_sets.setdefault(str(jwt.jwks), FileKeys(jwt.jwks)))
    if jwt.jwks_url is not None:
        name = f"{jwt.jwks_url} for {jwt.jwks_max_age}"
        sources.append(key_sets.setdefault(name, UrlKeys(jwt.jwks_url, jwt.jwks_max_age)))
    return Several(sources, frozenset(jwt.algorithms) or None)


def _terms_of(jwt: Jwt) -> Terms:
    claims = jwt.claims
    return Terms(claims.authid, claims.role, claims.realm, jwt.role, jwt.issuer, jwt.audience, jwt.leeway)
