"""From `trustroots` in config.yaml to a source of principals.

What it takes to check the certificates is an extra of the package, `wamplex[trustroots]`, and imported when it is asked
for.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from router.config.authentication import Trustroot
from router.config.source import explain_os_error
from router.principals.database_file import CannotUse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from realms.authentication.trustroots import Signed, Trustroots


class UnusableTrustroot(CannotUse):
    """A trust root cannot be used; the text is one line for the operator."""


def trustroots_of(sections: "Iterable[Trustroot]") -> "Trustroots":
    """Make the source; raises UnusableTrustroot."""
    try:
        from realms.authentication import trustroots
    except ImportError as missing:
        raise UnusableTrustroot(f"{missing.name} is missing: pip install 'wamplex[trustroots]'") from None
    return trustroots.Trustroots(
        trustroots.Trustroot(
            section.address,
            section.realm,
            section.chain_id,
            section.contract,
            section.role,
            sum(trustroots.CAPABILITIES[name] for name in section.capabilities),
            () if section.certificates is None else _kept(section.certificates),
        )
        for section in sections
    )


def _kept(file: Path) -> "tuple[Signed, ...]":
    """Read the certificates of authorities."""
    from realms.authentication.trustroots import Authority, Unusable, read

    try:
        entries = json.loads(file.read_bytes())
    except OSError as error:
        raise UnusableTrustroot(f"{file}: {explain_os_error(error)}") from None
    except (ValueError, RecursionError):
        entries = None
    if not isinstance(entries, list):
        raise UnusableTrustroot(f"{file}: expected a JSON list of certificates")
    kept = []
    for number, entry in enumerate(entries, 1):
        try:
            one = read(entry)
        except Unusable as why:
            raise UnusableTrustroot(f"{file}: certificate {number}: {why}") from None
        if not isinstance(one.certificate, Authority):
            raise UnusableTrustroot(f"{file}: certificate {number} is not one of an authority")
        if one.signer is None or one.signer.lower() != one.certificate.issuer.lower():
            raise UnusableTrustroot(f"{file}: certificate {number} is not signed by its issuer")
        kept.append(one)
    return tuple(kept)
