"""What must fit together in the principals of a realm, wherever they are listed."""

from collections.abc import Iterable, Sequence

from realms.authentication.scram import MAX_AUTHID, is_prepared
from router.config.authentication import Principal
from router.config.checking import check_named, check_unique, known
from router.config.decoding import Decoder
from router.config.principal_secrets import check_secrets
from router.config.wording import quoted

_PROOFS = ("ticket", "wampcra", "scram", "cryptosign", "tls")


def check_principals(principals: Iterable[Principal], roles: Sequence[str], decoder: Decoder) -> None:
    """Note what is wrong; `roles` are those of the realm."""
    principals = tuple(principals)
    check_unique(principals, "authid", "principal", decoder)
    _check_keys(principals, decoder)
    for principal in principals:
        check_named(principal.role, list(roles), principal, "role", "the realm has no role", decoder)
        for key, wrong in check_secrets(principal):
            decoder.note(decoder.place(principal, key), wrong)
        if known(principal.authid) and decoder.says(principal, "scram") and not is_prepared(principal.authid):
            decoder.note(
                decoder.place(principal, "authid"),
                f"{quoted(principal.authid)} could never join by `scram`: its names are at most {MAX_AUTHID} "
                "characters, as SASLprep (RFC 4013) leaves them",
            )
        if known(principal) and not any(decoder.says(principal, key) for key in _PROOFS):
            needed = f"one of {', '.join(_PROOFS)} is needed"
            who = f"{quoted(principal.authid)} " if known(principal.authid) else ""
            decoder.note(decoder.place(principal), f"{who}could never prove who it is: {needed}")


def _check_keys(principals: Iterable[Principal], decoder: Decoder) -> None:
    """A key or certificate says whom it is about, so it must be of one principal."""
    seen: dict[tuple[str, str], str] = {}
    for principal in principals:
        for kind, keys in (("cryptosign", principal.cryptosign), ("tls", principal.tls)):
            for key in keys:
                if not known(key) or not known(principal.authid):
                    continue
                owner = seen.setdefault((kind, key.replace(":", "").lower()), principal.authid)
                if owner != principal.authid:
                    decoder.note(decoder.place(principal, kind), f"{quoted(owner)} has {quoted(key)} already")
