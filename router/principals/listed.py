"""From the principals of config.yaml to those that methods know."""

from realms.authentication.principals import Principal
from router.config.authentication import Principal as Listing
from router.config.principal_secrets import cra_of, scram_of, ticket_of, totp_of


def principal_of(listing: Listing) -> Principal:
    """Make the principal of an entry; a password for SCRAM takes a processor for some 50 ms."""
    return Principal(
        listing.authid,
        listing.role,
        ticket=None if listing.ticket is None else ticket_of(listing.ticket),
        cra=None if listing.wampcra is None else cra_of(listing.wampcra),
        scram=None if listing.scram is None else scram_of(listing.scram),
        keys=frozenset(bytes.fromhex(key) for key in listing.cryptosign),
        certificates=frozenset(fingerprint.replace(":", "").lower() for fingerprint in listing.tls),
        totp=None if listing.totp is None else totp_of(listing.totp),
    )
