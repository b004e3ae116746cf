"""What must fit together in the trust roots of a realm."""

from collections.abc import Sequence

from router.config.authentication import Cryptosign
from router.config.checking import check_named, check_unique, known
from router.config.decoding import Decoder
from router.trustroots import UnusableTrustroot, trustroots_of


def check_trustroots(section: Cryptosign, roles: Sequence[str], decoder: Decoder) -> None:
    """Note what is wrong; `roles` are those of the realm."""
    if not known(section.trustroots):
        return
    check_unique(section.trustroots, "address", "trust root", decoder)
    for root in section.trustroots:
        check_named(root.role, list(roles), root, "role", "the realm has no role", decoder)
        if not all(known(getattr(root, key)) for key in root.__struct_fields__):
            continue
        try:
            trustroots_of([root])
        except UnusableTrustroot as why:
            key = "certificates" if decoder.says(root, "certificates") else "address"
            decoder.note(decoder.place(root, key), str(why))
