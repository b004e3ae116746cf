"""`wamplex token`: a signed token, as the application would hand one out; for development."""

import argparse
import sys
import time
from pathlib import Path
from typing import Final

from router.commands.configuration import DEFAULT, Commands, Refused, load_or_refuse
from router.config.model import Config
from router.config.realms import Realm
from router.tokens import signer_of

LIFETIME: Final = 3600
"""Seconds: an hour of trying out."""

LONGEST: Final = 366 * 86_400
"""Seconds: nobody can take a token back."""


def add_to(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "token",
        help="sign a token (JWT) with the secret of a realm, for development",
        description="Print a token that is signed with `jwt.secret` of a realm. Clients show it by the method `ticket` "
        "or `jwt`. Nobody can take it back before it expires.",
    )
    parser.add_argument("--authid", required=True, help="who the client is to be")
    parser.add_argument("--role", required=True, help="one of the realm's roles")
    parser.add_argument("--realm", help="by default the only one that has a secret")
    parser.add_argument(
        "--for", dest="lifetime", type=_seconds, default=LIFETIME, metavar="SECONDS", help="by default %(default)s"
    )
    parser.add_argument("--config", metavar="FILE", type=Path, help=f"the configuration; {DEFAULT}")
    parser.set_defaults(run=make)


def make(asked: argparse.Namespace) -> int:
    """Print the token."""
    realm = _realm_of(load_or_refuse(asked.config), asked.realm)
    signer = signer_of(realm)
    if signer is None:
        raise Refused(
            f"realm {realm.name} has no secret to sign with: give `jwt` of its `authentication` a `secret`, for HS256"
        )
    roles = [role.name for role in realm.roles]
    if asked.role not in roles:
        raise Refused(f"realm {realm.name} has no role {asked.role}; known here: {', '.join(roles)}")
    token = signer.sign((realm.name, asked.authid, asked.role), time.time(), asked.lifetime)
    sys.stdout.write(f"{token}\n")
    return 0


def _realm_of(config: Config, name: str | None) -> Realm:
    names = [realm.name for realm in config.realms]
    if name is not None:
        if name not in names:
            raise Refused(f"there is no realm {name}; the realms are {', '.join(names)}")
        return config.realms[names.index(name)]
    able = [realm for realm in config.realms if signer_of(realm) is not None] or list(config.realms)
    if len(able) > 1:
        raise Refused(f"which realm? Say --realm, one of {', '.join(realm.name for realm in able)}")
    return able[0]


def _seconds(text: str) -> int:
    seconds = int(text)
    if not 0 < seconds <= LONGEST:
        raise argparse.ArgumentTypeError(f"must be from 1 to {LONGEST}")
    return seconds
