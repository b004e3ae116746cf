"""From the configuration of a realm to the principals that do not exist there, which look like those who do."""

from collections.abc import Iterator
from hmac import digest
from typing import Literal

from realms.authentication.decoys import Decoys
from realms.authentication.principals import CraSecret, Principal, ScramSecret
from realms.authentication.verifiers import CRA_ITERATIONS, KEY_LENGTH, RECOMMENDED, SALT_LENGTH
from router.config import realms
from router.principals.directory import Directory


def decoys_of(config: realms.Realm, directory: Directory, secret: bytes) -> Decoys:
    """Make the decoys of a realm; `secret` is what they follow from unless the configuration has its own."""
    key = config.authentication.decoy_key
    seed = digest(secret if key is None else key.reveal().encode(), config.name.encode(), "sha256")
    dynamic = config.authentication.dynamic
    decoys = Decoys(seed, _presumed(config, "dynamic" if dynamic is None or dynamic.function is None else "function"))
    for principal in directory.listed():
        decoys.note(principal)
    if config.principals_database is not None:  # it may hold millions; `wamplex user` makes them all alike
        for principal in _presumed(config, "database"):
            decoys.note(principal)
    return decoys


def _presumed(config: realms.Realm, provider: Literal["database", "dynamic", "function"]) -> Iterator[Principal]:
    """Principals as they are likely to be: one for each role that somebody may have who proves who it is."""
    anonymous = config.authentication.anonymous
    salted = CraSecret(b"", "0" * 2 * SALT_LENGTH, CRA_ITERATIONS, KEY_LENGTH)
    for role in config.roles:
        if anonymous is None or role.name != anonymous.role:
            yield Principal(
                "",
                role.name,
                provider=provider,
                cra=salted if provider == "database" else CraSecret(b""),
                scram=ScramSecret("argon2id13", bytes(SALT_LENGTH), RECOMMENDED.passes, RECOMMENDED.memory, b"", b""),
            )
