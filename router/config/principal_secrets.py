"""The secrets of principals, as verifiers: what config.yaml gives, and what may stand there.

Where config.yaml itself would hold a secret, it must hold a verifier instead: it is backed up, mailed and committed.
What comes from the environment or a file may be either. All functions raise ValueError with the end of a sentence that
the operator can act upon, and without the secret.
"""

from realms.authentication.principals import CraSecret, ScramSecret
from realms.authentication.saslprep import saslprep
from realms.authentication.verifiers import (
    check_ticket_verifier,
    digest_verifier,
    is_meant,
    parse_cra,
    parse_scram,
    parse_totp,
    scram_secret,
)
from router.config.authentication import Principal
from router.config.scalars import Secret


def check_secrets(principal: Principal) -> list[tuple[str, str]]:
    """What is wrong with the secrets of an entry, each with its key; nothing costly is computed."""
    wrong = []
    for key, check in (("ticket", ticket_of), ("wampcra", cra_of), ("scram", _check_scram), ("totp", totp_of)):
        secret = getattr(principal, key)
        if isinstance(secret, Secret):
            try:
                check(secret)
            except ValueError as error:
                wrong.append((key, str(error)))
    return wrong


def ticket_of(secret: Secret) -> str:
    """The verifier of a ticket."""
    text = _verifier(secret, "ticket")
    return digest_verifier(secret.reveal()) if text is None else check_ticket_verifier(text)


def cra_of(secret: Secret) -> CraSecret:
    """What WAMP-CRA needs."""
    text = _verifier(secret, "wampcra")
    return CraSecret(secret.reveal().encode()) if text is None else parse_cra(text)


def scram_of(secret: Secret) -> ScramSecret:
    """What SCRAM needs."""
    text = _verifier(secret, "scram")
    return scram_secret(secret.reveal()) if text is None else parse_scram(text)


def totp_of(secret: Secret) -> bytes:
    """The key of the second factor: nothing else would do, so it must not stand in config.yaml at all."""
    if secret.inline:
        raise ValueError("the key of a second factor is a secret: give it as {env: VARIABLE} or {file: PATH}")
    return parse_totp(secret.reveal())


def _check_scram(secret: Secret) -> None:
    text = _verifier(secret, "scram")
    if text is None:
        saslprep(secret.reveal())
    else:
        parse_scram(text)


def _verifier(secret: Secret, method: str) -> str | None:
    """The text, if it is to be a verifier; None if it is the secret itself and may be so."""
    text = secret.reveal()
    if is_meant(text):
        return text
    if secret.inline:
        raise ValueError(
            f"no secret may stand here as it is: put the line that `wamplex hash --method {method}` prints, "
            "or {env: VARIABLE} or {file: PATH}"
        )
    return None
